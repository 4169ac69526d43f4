"""`/v1/programs` (contract section 3)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import lead_rules, programs, trial
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.deals import AssistPairPage
from api.schemas.leads import LeadRulesOut, LeadRulesPatch
from api.schemas.programs import MemberIn, MemberOut, ProgramIn, ProgramOut, ProgramPage, ProgramPatch
from api.schemas.trial import ResultKindName, TrialOut, TrialResultPage, WentLiveOut
from api.views.assists import assist_pair_page
from api.views.lead_rules import shown_rules
from api.views.programs import program_page, shown_program
from api.views.trial import result_page, trial_view

router = APIRouter(prefix="/v1/programs", tags=["programs"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=ProgramOut)
def open_program(call: TheCall, body: ProgramIn) -> Response:
    """Open a program (业务项目) with its policy version 1: TER-01, PPL-07, POL-03."""
    return change(call, lambda made: programs.open_program(made, body))


@router.get("", response_model=ProgramPage)
def list_programs(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Programs of the company, newest first (TER-01)."""
    return call.read(lambda tx: program_page(tx, call.caller, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=ProgramOut)
def read_program(call: TheCall, id: Id) -> dict[str, Any]:
    """One program; its oversight is shown to everybody (PPL-07)."""
    return call.read(lambda tx: shown_program(tx, call.caller, id))


@router.patch("/{id}", response_model=ProgramOut)
def edit_program(call: TheCall, id: Id, body: ProgramPatch) -> Response:
    """Change name, oversight, panel or calendar (PPL-07, TER-06)."""
    return change(call, lambda made: programs.edit_program(made, id, body))


@router.post("/{id}/close", response_model=ProgramOut)
def close_program(call: TheCall, id: Id, body: Nothing) -> Response:
    """Take no new reports; open claims run on (TER-01)."""
    return change(call, lambda made: programs.set_open(made, id, is_open=False))


@router.post("/{id}/open", response_model=ProgramOut)
def reopen_program(call: TheCall, id: Id, body: Nothing) -> Response:
    """Take reports again (TER-01, PPL-07)."""
    return change(call, lambda made: programs.set_open(made, id, is_open=True))


@router.post("/{id}/members", status_code=201, response_model=MemberOut, responses={200: {"model": MemberOut}})
def add_member(call: TheCall, id: Id, body: MemberIn) -> Response:
    """Let a team with its subtree, or a person, into the program (TER-01)."""
    return change(call, lambda made: programs.add_member(made, id, body))


@router.post("/{id}/members/{mid}/remove", response_model=MemberOut)
def remove_member(call: TheCall, id: Id, mid: Id, body: Nothing) -> Response:
    """End a membership; customers held wait for the supervisor (TER-01, PPL-06)."""
    return change(call, lambda made: programs.remove_member(made, id, mid))


@router.get("/{id}/assist-pairs", response_model=AssistPairPage)
def list_assist_pairs(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Colleagues who credit each other often (相互协助), for those who oversee the program: COM-05."""
    return call.read(lambda tx: assist_pair_page(tx, call.caller, id, limit=limit, cursor=cursor))


@router.get("/{id}/lead-rules", response_model=LeadRulesOut)
def read_lead_rules(call: TheCall, id: Id) -> dict[str, Any]:
    """Who gets which leads of the program, in order (线索分配规则): LEAD-03."""
    return call.read(lambda tx: shown_rules(tx, call.caller, id))


@router.patch("/{id}/lead-rules", response_model=LeadRulesOut)
def set_lead_rules(call: TheCall, id: Id, body: LeadRulesPatch) -> Response:
    """Set the rules; leads that somebody has stay where they are (LEAD-03)."""
    return change(call, lambda made: lead_rules.set_rules(made, id, body))


@router.get("/{id}/trial", response_model=TrialOut)
def read_trial(call: TheCall, id: Id) -> dict[str, Any]:
    """The trial run (试运行) of the program, with counts of what the rules would have done: POL-08."""
    return call.read(lambda tx: trial_view(tx, call.caller, id))


@router.get("/{id}/trial/results", response_model=TrialResultPage)
def list_trial_results(
    call: TheCall,
    id: Id,
    kind: ResultKindName | None = None,
    person: Id | None = None,
    otherwise: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """What the rules would have done, the latest first (POL-08)."""
    return call.read(
        lambda tx: result_page(
            tx, call.caller, id, kind=kind, person=person, otherwise=otherwise, limit=limit, cursor=cursor
        )
    )


@router.post("/{id}/go-live", response_model=WentLiveOut)
def go_live(call: TheCall, id: Id, body: Nothing) -> Response:
    """End the trial: the rules hold from now on; where people acted otherwise is recorded and answered (POL-08)."""
    return change(call, lambda made: trial.go_live(made, id))
