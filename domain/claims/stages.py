"""Sales stages (销售阶段): moved with their conditions, who answers for them, what a missed deadline does (CLM-30).

A claim that was never moved is in the first stage of `stage.list`. Going forward asks the entry conditions of every
stage that is passed, so that nobody jumps over one; going back asks for none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.claims import clocks
from domain.claims.lifecycle import HOLDING, ClaimState, refused
from domain.claims.model import Claim, Clock
from domain.claims.permissions import authorise
from domain.claims.reports import clock_data
from domain.customers import dossier
from domain.matters.draft import Draft, StageMove, Task
from domain.matters.matter import Command
from domain.matters.setting import Setting
from domain.people.access import Actor, has_any_scope
from domain.people.organisation import Organisation, Role
from domain.policy.parameters import FOLLOW_UP_KINDS
from domain.policy.policy import Policy, SalesStage
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial, would_refuse_act

#: Conditions that the record shows: fields of the report, qualified follow-ups by kind, parts of the dossier, a live
#: deal. Every other word is the program's own, and whoever moves the claim says that it is met.
SHOWN: Final = frozenset(
    {
        "need",
        "progress",
        "next_follow_up_at",
        "expected_close",
        "expected_amount",
        "source",
        *FOLLOW_UP_KINDS,
        *dossier.FIELDS,
        "deal",
    }
)


def move(draft: Draft, command: Command) -> None:
    """To another stage, its deadline afresh; or, in the stage it is in, to somebody else who answers for it.

    Conditions that are not met refuse it with ``stage_conditions``, unless a reason says why they are skipped; in a
    trial that is noted, and they are skipped without one (POL-08).
    """
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.state not in HOLDING:
        raise refused(state=claim.state, trigger="stage")
    policy = draft.setting.terms_of(claim).policy
    wanted, person = command.data["stage"], command.data["person"]
    named = None if person == claim.owner else person  # the owner answers as owner, whoever that is later
    if wanted not in policy.stages:
        raise Refusal("field_invalid", rule="CLM-30", errors=(FieldError("stage", "field_invalid"),))
    if wanted == policy.sales_stage(claim.stage).name:
        if person is not None and named != claim.stage_person:
            _answered_by(draft, replace(claim, stage_person=named), command)
        return
    passed = passed_through(policy, claim.stage, wanted)
    lacking = unmet(passed, shown=command.data["shown"], said=command.data["said"])
    if lacking and command.data["text"] is None:
        against = Refusal(
            "stage_conditions",
            rule="CLM-30",
            facts={"stage": wanted, "unmet": list(lacking)},
            current_state=claim.state.value,
        )
        if not in_trial(draft):
            raise against
        would_refuse_act(draft, claim, against, person=command.actor)
    _moved(draft, claim, command, named=named, skipped=lacking, counts=bool(passed) and not lacking)


def passed_through(policy: Policy, present: str | None, wanted: str) -> tuple[SalesStage, ...]:
    """The stages that a move forward enters, ``wanted`` being the last; none where it is a move back.

    From a stage that the list lost meanwhile every move is one from the beginning.
    """
    order, here = policy.stages, policy.sales_stage(present).name
    begin = order.index(here) + 1 if here in order else 0
    return policy.sales_stages[begin : order.index(wanted) + 1]


def unmet(entered: Collection[SalesStage], *, shown: Collection[str], said: Collection[str]) -> tuple[str, ...]:
    """Entry conditions that neither the record shows nor anybody says to be met, in their order, each once."""
    asked = dict.fromkeys(word for stage in entered for word in stage.conditions)
    return tuple(word for word in asked if word not in (shown if word in SHOWN else said))


def responsible(claim: Claim, *, setting: Setting, at: datetime) -> str | None:
    """Who answers for the stage now: whoever was named, else the owner, unless the stage asks for another role.

    None: the role that the stage names answers for it, and nobody who wears it was named.
    """
    organisation = setting.organisation
    if claim.stage_person is not None and organisation.is_active(claim.stage_person, at=at):
        return claim.stage_person
    role = setting.terms_of(claim).policy.sales_stage(claim.stage).role
    owner = claim.owner
    return owner if owner is not None and wears(owner, role, organisation=organisation, at=at) else None


def wears(person: str, role: str | None, *, organisation: Organisation, at: datetime) -> bool:
    """Whether ``person`` wears the role that a stage asks for, anywhere; leaders are team leads without a grant."""
    if role is None:
        return True
    if has_any_scope(Actor(person), {Role(role)}, organisation=organisation, at=at):
        return True
    return role == Role.TEAM_LEAD.value and bool(organisation.led_by(person))


def warned(draft: Draft, claim: Claim) -> bool:
    """The deadline of the stage is over, and that only warns: owner, supervisor and whoever answers for it.

    By `stage.on_miss`, and always once the customer is won: payment or delivery that is late takes nobody's customer.
    Told once; the claim goes on in its stage without a deadline. False: it lapses.
    """
    policy = draft.setting.terms_of(claim).policy
    if claim.state is not ClaimState.WON and policy.choice("stage.on_miss") != "warn":
        return False
    stage = policy.sales_stage(claim.stage).name
    claim = draft.put(replace(claim.without_clock(Clock.SALES_STAGE), stage_missed=True))
    draft.record("corrected", claim, data={"cause": "stage_missed", "stage": stage, "clocks": clock_data(claim)})
    owner = claim.owner or claim.reporter
    told = (owner, responsible(claim, setting=draft.setting, at=draft.at), draft.supervisor(owner))
    for person in dict.fromkeys(told):
        draft.tell(person, "reminder.sales_stage", claim, rule="CLM-30", urgency="urgent", facts={"stage": stage})
    return True


def _moved(
    draft: Draft, claim: Claim, command: Command, *, named: str | None, skipped: tuple[str, ...], counts: bool
) -> None:
    data, owner = command.data, claim.owner
    assert owner is not None  # a claim that holds the customer has one
    terms = draft.setting.terms_of(claim)
    before = terms.policy.sales_stage(claim.stage).name
    if claim.stage_person is not None:
        draft.closed_tasks.append(_task_key(claim))
    former = claim
    claim = replace(
        claim,
        stage=data["stage"],
        proposed=terms.policy.is_proposed(data["stage"]),
        stage_at=draft.at,
        stage_person=named,
        stage_skipped=skipped,
    )
    claim = clocks.started_sales_stage(claim, at=draft.at, terms=terms)
    if claim.state is not ClaimState.WON:  # nobody follows up by the procedure there
        claim = clocks.moved_rhythm(claim, former=former, at=draft.at, terms=terms)
    draft.put(claim)
    draft.stage_moves.append(
        StageMove(
            id=draft.mint(),
            claim=claim.id,
            stage=data["stage"],
            person=owner,
            actor=command.actor,
            at=draft.at,
            counts=counts,
        )
    )
    draft.record(
        "stage_reached",
        claim,
        actor=command.actor,
        data={
            "stage": data["stage"],
            "before": before,
            "responsible": responsible(claim, setting=draft.setting, at=draft.at),
            "said": data["said"],
            "skipped": list(skipped),
            "text": data["text"],
            "clocks": clock_data(claim),
        },
    )
    _tell(draft, claim, actor=command.actor)


def _answered_by(draft: Draft, claim: Claim, command: Command) -> None:
    """Somebody else answers for the stage that the claim is in."""
    draft.closed_tasks.append(_task_key(claim))
    draft.put(claim)
    stage = command.data["stage"]
    data = {"cause": "stage_person", "stage": stage, "person": claim.stage_person or claim.owner}
    draft.record("corrected", claim, actor=command.actor, data=data)
    _tell(draft, claim, actor=command.actor)


def _tell(draft: Draft, claim: Claim, *, actor: str | None) -> None:
    """Whoever answers now, and the owner, unless they did it; another one than the owner has it as a task, too."""
    running = claim.clock(Clock.SALES_STAGE)
    due = running.deadline if running is not None else None
    facts = {"stage": draft.setting.terms_of(claim).policy.sales_stage(claim.stage).name, "deadline": due}
    answers = responsible(claim, setting=draft.setting, at=draft.at)
    if answers is not None and answers != actor:
        draft.tell(answers, "claim.stage_reached", claim, rule="CLM-30", facts={**facts, "cause": "responsible"})
    if claim.owner not in (actor, answers):
        draft.tell(claim.owner, "claim.stage_reached", claim, rule="CLM-30", facts=facts)
    if claim.stage_person is not None:
        draft.tasks.append(
            Task(
                key=_task_key(claim),
                person=claim.stage_person,
                kind="stage",
                subject_type="claim",
                subject=claim.id,
                due=due,
            )
        )


def _task_key(claim: Claim) -> str:
    return f"stage:{claim.id}"
