"""`/v1/disputes` (contract section 6)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.call import TheCall
from api.commands import disputes
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing, Track
from api.schemas.claims import OptionalReason, TimelinePage
from api.schemas.disputes import (
    AdviceOut,
    AppealIn,
    ArbitratorIn,
    DigestIn,
    DismissIn,
    DisputeIn,
    DisputeOut,
    DisputePage,
    DisputeStateName,
    EvidenceIn,
    EvidenceOut,
    EvidencePage,
    MediatorIn,
    ObjectionIn,
    ProposalIn,
    ProposalOut,
    ProposalPage,
    QuestionIn,
    RulingIn,
)
from api.views.disputes import advice_view, dispute_page, dispute_view, evidence_page, proposal_views, visible_dispute
from api.views.lists import timeline_page
from domain.matters.matter import CommandKind
from storage.database import Transaction
from storage.disputes import dispute_of

router = APIRouter(prefix="/v1/disputes", tags=["disputes"], route_class=StrictRoute)

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post("", status_code=201, response_model=DisputeOut)
async def open_dispute(call: TheCall, body: DisputeIn) -> Response:
    """Open a case (争议), or join the one that is open about the customer: DSP-01, DSP-02, DSP-03."""
    return await call.command(lambda tx: disputes.open_case(tx, call.caller, body))


@router.get("", response_model=DisputePage)
def list_disputes(
    call: TheCall,
    state: DisputeStateName | None = None,
    program: Id | None = None,
    track: Track | None = None,
    project: Id | None = None,
    party: Id | None = None,
    arbitrator: Id | None = None,
    customer: Id | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Cases the caller reads, newest first."""
    filters = {
        "state": state,
        "program": program,
        "track": track,
        "project": project,
        "party": party,
        "arbitrator": arbitrator,
        "customer": customer,
    }
    return call.read(lambda tx: dispute_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=DisputeOut)
def read_dispute(call: TheCall, id: Id) -> dict[str, Any]:
    """One case."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_dispute(tx, call.caller, id)
        return dispute_view(tx, call.caller, id)

    return call.read(work)


@router.get("/{id}/timeline", response_model=TimelinePage)
def read_dispute_timeline(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The history of a case, newest first (AUD-01)."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_dispute(tx, call.caller, id)
        return timeline_page(tx, id, limit=limit, cursor=cursor)

    return call.read(work)


@router.get("/{id}/evidence", response_model=EvidencePage)
def list_evidence(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """What was brought forward, newest first (DSP-09)."""

    def work(tx: Transaction) -> dict[str, Any]:
        return evidence_page(tx, visible_dispute(tx, call.caller, id), limit=limit, cursor=cursor)

    return call.read(work)


@router.post("/{id}/evidence", status_code=201, response_model=EvidenceOut)
async def add_evidence(call: TheCall, id: Id, body: EvidenceIn) -> Response:
    """Bring something forward (举证): DSP-09, DSP-10."""
    return await call.command(lambda tx: disputes.add_evidence(tx, call.caller, id, body))


@router.post("/{id}/heard", response_model=DisputeOut)
async def be_heard(call: TheCall, id: Id, body: Nothing) -> Response:
    """A party has nothing to add (DSP-10)."""
    return await call.command(lambda tx: disputes.heard(tx, call.caller, id))


@router.post("/{id}/more_evidence", response_model=DisputeOut)
async def ask_for_more_evidence(call: TheCall, id: Id, body: QuestionIn) -> Response:
    """The arbitrator asks for more, once (DSP-10)."""
    return await call.command(lambda tx: disputes.ask_more(tx, call.caller, id, body))


@router.post("/{id}/object", response_model=DisputeOut)
async def object_to_result(call: TheCall, id: Id, body: ObjectionIn) -> Response:
    """A party disputes what the system settled (异议): DSP-04."""
    return await call.command(lambda tx: disputes.object_to(tx, call.caller, id, body))


@router.post("/{id}/mediator", response_model=DisputeOut)
async def name_mediator(call: TheCall, id: Id, body: MediatorIn) -> Response:
    """Name a neutral person who helps the parties agree (调解员): DSP-08."""
    return await call.command(lambda tx: disputes.name_mediator(tx, call.caller, id, body))


@router.post("/{id}/arbitrator", response_model=DisputeOut)
async def name_arbitrator(call: TheCall, id: Id, body: ArbitratorIn) -> Response:
    """Name who decides where nobody neutral is left (指定仲裁人): DSP-13."""
    return await call.command(lambda tx: disputes.name_arbitrator(tx, call.caller, id, body))


@router.get("/{id}/advice", response_model=AdviceOut)
def read_advice(call: TheCall, id: Id) -> dict[str, Any]:
    """What the ownership rules say of the recorded facts (裁决建议): DSP-11."""

    def work(tx: Transaction) -> dict[str, Any]:
        return advice_view(tx, call.caller, visible_dispute(tx, call.caller, id))

    return call.read(work)


@router.post("/{id}/waive", response_model=DisputeOut)
async def waive_negotiation(call: TheCall, id: Id, body: Nothing) -> Response:
    """A party wants no negotiation (DSP-05)."""
    return await call.command(lambda tx: disputes.waive(tx, call.caller, id))


@router.get("/{id}/proposals", response_model=ProposalPage)
def list_proposals(call: TheCall, id: Id) -> dict[str, Any]:
    """Terms that were proposed, the latest first (DSP-05)."""

    def work(tx: Transaction) -> dict[str, Any]:
        row = visible_dispute(tx, call.caller, id)
        return {"items": proposal_views(tx, dispute_of(row)), "next": None}

    return call.read(work)


@router.post("/{id}/proposals", status_code=201, response_model=ProposalOut)
async def propose_terms(call: TheCall, id: Id, body: ProposalIn) -> Response:
    """Propose terms (协商): DSP-05."""
    return await call.command(lambda tx: disputes.propose(tx, call.caller, id, body))


@router.post("/{id}/proposals/{n}/accept", response_model=DisputeOut)
async def accept_proposal(call: TheCall, id: Id, n: Number, body: DigestIn) -> Response:
    """Agree to this very text; agreed by all it takes effect (DSP-05, DSP-15)."""
    return await call.command(
        lambda tx: disputes.answer_proposal(tx, call.caller, id, n, CommandKind.DISPUTE_AGREE, body)
    )


@router.post("/{id}/proposals/{n}/decline", response_model=DisputeOut)
async def decline_proposal(call: TheCall, id: Id, n: Number, body: DigestIn) -> Response:
    """Do not agree (DSP-05)."""
    return await call.command(
        lambda tx: disputes.answer_proposal(tx, call.caller, id, n, CommandKind.DISPUTE_DECLINE, body)
    )


@router.post("/{id}/ruling", response_model=DisputeOut)
async def rule_dispute(call: TheCall, id: Id, body: RulingIn) -> Response:
    """The arbitrator decides (裁决): DSP-14."""
    return await call.command(lambda tx: disputes.rule(tx, call.caller, id, body))


@router.post("/{id}/appeal", response_model=DisputeOut)
async def appeal_ruling(call: TheCall, id: Id, body: AppealIn) -> Response:
    """Appeal (申诉), once per party and on new evidence: DSP-16."""
    return await call.command(lambda tx: disputes.appeal(tx, call.caller, id, body))


@router.post("/{id}/withdraw", response_model=DisputeOut)
async def withdraw_dispute(call: TheCall, id: Id, body: OptionalReason) -> Response:
    """The opener gives up (撤回): table 0.3."""
    return await call.command(
        lambda tx: disputes.with_reason(tx, call.caller, id, CommandKind.DISPUTE_WITHDRAW, body.reason)
    )


@router.post("/{id}/continue", response_model=DisputeOut)
async def continue_dispute(call: TheCall, id: Id, body: OptionalReason) -> Response:
    """Another party carries the case on (table 0.3)."""
    return await call.command(
        lambda tx: disputes.with_reason(tx, call.caller, id, CommandKind.DISPUTE_CONTINUE, body.reason)
    )


@router.post("/{id}/dismiss", response_model=DisputeOut)
async def dismiss_dispute(call: TheCall, id: Id, body: DismissIn) -> Response:
    """No ground (驳回): DSP-14."""
    return await call.command(
        lambda tx: disputes.with_reason(tx, call.caller, id, CommandKind.DISPUTE_DISMISS, body.reason)
    )
