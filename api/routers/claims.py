"""`/v1/claims` (contract section 5)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import TheCall
from api.commands import approvals, arrival_codes, buyers, claims, confirmations, dossiers, follow_ups, letters, reports
from api.commands.received import visible_claim
from api.paging import Cursor, Limit
from api.reads import note_claims, note_reads
from api.routing import StrictRoute
from api.schemas.approvals import OverrideIn
from api.schemas.base import Id, Instant, Nothing, Str, Track
from api.schemas.claims import (
    BuyersIn,
    CancelDealIn,
    ClaimOut,
    ClaimPage,
    ClaimPatch,
    ClaimStateName,
    CollaboratorIn,
    CommentIn,
    ConfirmationIn,
    ConfirmationLinkOut,
    DeliveryIn,
    ExtendIn,
    FollowUpIn,
    FollowUpOut,
    FollowUpPage,
    NeededReason,
    OptionalReason,
    PauseIn,
    ReleaseIn,
    ReportIn,
    RequestOut,
    SalesStageIn,
    SettleIn,
    TimelinePage,
    TransferIn,
    WinIn,
)
from api.schemas.confirmations import FormIn
from api.schemas.deals import NamedBuyers
from api.schemas.dossiers import DossierOut, DossierPatch
from api.schemas.leads import RecommendationOut
from api.schemas.letters import LetterIn
from api.schemas.receptions import ArrivalCodeOut
from api.views.claim_advice import recommendation_view
from api.views.claims import claim_view
from api.views.lists import claim_page, claim_timeline, follow_up_page
from domain.matters.matter import CommandKind
from storage.claim_queries import ClaimFilters
from storage.database import Transaction

router = APIRouter(prefix="/v1/claims", tags=["claims"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=ClaimOut)
async def report_claim(call: TheCall, body: ReportIn) -> Response:
    """Report a customer (客户报备): CLM-02, CLM-03. The caller's own open claim is given back unchanged."""
    return await call.command(
        lambda tx: reports.report_or_tell(tx, call.caller, body, call.services.names), may_rehearse=True
    )


@router.post("/{id}/follow-ups", status_code=201, response_model=FollowUpOut)
async def log_follow_up(call: TheCall, id: Id, body: FollowUpIn) -> Response:
    """Log work on the customer (跟进): CLM-15, CLM-16."""
    return await call.command(lambda tx: follow_ups.log(tx, call.caller, id, body), may_rehearse=True)


@router.get("", response_model=ClaimPage)
def list_claims(
    call: TheCall,
    state: ClaimStateName | None = None,
    program: Id | None = None,
    track: Track | None = None,
    project: Id | None = None,
    owner: Id | None = None,
    reporter: Id | None = None,
    team: Id | None = None,
    customer: Id | None = None,
    external_id: Annotated[Str | None, Query(min_length=1)] = None,
    due_before: Instant | None = None,
    follow_up_overdue: bool = False,
    q: Annotated[Str | None, Query(min_length=1)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Claims the caller reads, newest first (CUS-01, AUD-04)."""
    filters = ClaimFilters(
        state=state,
        program=program,
        track=track,
        project=project,
        owner=owner,
        reporter=reporter,
        team=team,
        customer=customer,
        external_id=external_id,
        due_before=due_before,
        follow_up_overdue=follow_up_overdue,
        q=q,
    )
    found = call.read(lambda tx: claim_page(tx, call.caller, filters, limit=limit, cursor=cursor))
    note_claims(call, found["items"])
    return found


@router.get("/{id}", response_model=ClaimOut)
def read_claim(call: TheCall, id: Id) -> dict[str, Any]:
    """One claim (CUS-09)."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_claim(tx, call.caller, id)
        return claim_view(tx, call.caller, id)

    found = call.read(work)
    note_claims(call, [found])
    return found


@router.get("/{id}/recommendation", response_model=RecommendationOut)
def recommend_for_claim(call: TheCall, id: Id) -> dict[str, Any]:
    """Up to three people who fit a customer that is to be released, or that two claim; it decides nothing: LEAD-07."""
    return call.read(lambda tx: recommendation_view(tx, call.caller, visible_claim(tx, call.caller, id)))


@router.get("/{id}/timeline", response_model=TimelinePage)
def read_timeline(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The history of a claim, newest first (AUD-01)."""

    def work(tx: Transaction) -> dict[str, Any]:
        row = visible_claim(tx, call.caller, id)
        return claim_timeline(tx, call.caller, row, limit=limit, cursor=cursor)

    return call.read(work)


@router.patch("/{id}", response_model=ClaimOut)
async def correct_claim(call: TheCall, id: Id, body: ClaimPatch) -> Response:
    """Correct or complete a report (CLM-02, CLM-05, CLM-28)."""
    return await call.command(lambda tx: claims.correct(tx, call.caller, id, body, call.services.names))


@router.post("/{id}/accept", response_model=ClaimOut)
async def accept_claim(call: TheCall, id: Id, body: OptionalReason) -> Response:
    """A judge accepts a report (CLM-04)."""
    return await call.command(lambda tx: claims.judge(tx, call.caller, id, CommandKind.ACCEPT, body.reason))


@router.post("/{id}/reject", response_model=ClaimOut)
async def reject_claim(call: TheCall, id: Id, body: NeededReason) -> Response:
    """A judge rejects a report with a reason (CLM-04)."""
    return await call.command(lambda tx: claims.judge(tx, call.caller, id, CommandKind.REJECT, body.reason))


@router.post("/{id}/send_back", response_model=ClaimOut)
async def send_back_claim(call: TheCall, id: Id, body: NeededReason) -> Response:
    """A judge sends a report back for correction (CLM-04, CLM-05)."""
    return await call.command(lambda tx: claims.judge(tx, call.caller, id, CommandKind.SEND_BACK, body.reason))


@router.post("/{id}/comment", response_model=ClaimOut)
async def comment_on_claim(call: TheCall, id: Id, body: CommentIn) -> Response:
    """The holder of the territory speaks about a report before it is judged (TER-05)."""
    return await call.command(lambda tx: claims.comment(tx, call.caller, id, body.text))


@router.post("/{id}/withdraw", response_model=ClaimOut)
async def withdraw_claim(call: TheCall, id: Id, body: OptionalReason) -> Response:
    """The reporter takes the report back (table 0.2)."""
    return await call.command(lambda tx: claims.withdraw(tx, call.caller, id, body.reason))


@router.post("/{id}/win", response_model=ClaimOut)
async def win_claim(call: TheCall, id: Id, body: WinIn) -> Response:
    """A deal (CLM-32, COM-01)."""
    return await call.command(lambda tx: claims.win(tx, call.caller, id, body))


@router.post("/{id}/cancel_deal", response_model=ClaimOut)
async def cancel_deal(call: TheCall, id: Id, body: CancelDealIn) -> Response:
    """A deal is off (CLM-32)."""
    return await call.command(lambda tx: claims.cancel_deal(tx, call.caller, id, body))


@router.post("/{id}/release", response_model=ClaimOut)
async def release_claim(call: TheCall, id: Id, body: ReleaseIn) -> Response:
    """Give the customer up, or ask for it (CLM-23)."""
    return await call.command(lambda tx: claims.release(tx, call.caller, id, body))


@router.post("/{id}/transfer", response_model=ClaimOut)
async def transfer_claim(call: TheCall, id: Id, body: TransferIn) -> Response:
    """Offer the customer to a colleague (CLM-24)."""
    return await call.command(lambda tx: claims.transfer(tx, call.caller, id, body))


@router.post("/{id}/extend", response_model=ClaimOut)
async def extend_claim(call: TheCall, id: Id, body: ExtendIn) -> Response:
    """Ask for, or give, more time (CLM-22)."""
    return await call.command(lambda tx: claims.extend(tx, call.caller, id, body))


@router.post("/{id}/override", response_model=ClaimOut)
async def override_claim(call: TheCall, id: Id, body: OverrideIn) -> Response:
    """Let happen once what a rule refuses (领导特批): CLM-34."""
    return await call.command(lambda tx: approvals.grant(tx, call.caller, id, body))


@router.post("/{id}/letters", response_model=ClaimOut)
async def issue_letter(call: TheCall, id: Id, body: LetterIn) -> Response:
    """Be given an authorisation letter (授权书) for a project one holds: CLM-33."""
    return await call.command(lambda tx: letters.issue(tx, call.caller, id, body))


@router.post("/{id}/arrival-code", status_code=201, response_model=ArrivalCodeOut)
def give_arrival_code(call: TheCall, id: Id, body: Nothing) -> Response:
    """A one-time code that the customer shows on arrival (到访确认): LEAD-10."""
    return call.write(lambda tx: arrival_codes.give(tx, call.caller, id))


@router.post("/{id}/pause", response_model=ClaimOut)
async def pause_claim(call: TheCall, id: Id, body: PauseIn) -> Response:
    """Ask for, or order, a stop of all clocks (CLM-21)."""
    return await call.command(lambda tx: claims.pause(tx, call.caller, id, body))


@router.post("/{id}/unpause", response_model=ClaimOut)
async def unpause_claim(call: TheCall, id: Id, body: Nothing) -> Response:
    """Let the clocks run on (CLM-21)."""
    return await call.command(lambda tx: claims.unpause(tx, call.caller, id))


@router.post("/{id}/stage", response_model=ClaimOut)
async def move_stage(call: TheCall, id: Id, body: SalesStageIn) -> Response:
    """Move a claim to a sales stage (销售阶段), or name who answers for it (CLM-30)."""
    return await call.command(lambda tx: claims.move_stage(tx, call.caller, id, body))


@router.post("/{id}/delivery", response_model=ClaimOut)
async def hand_off_delivery(call: TheCall, id: Id, body: DeliveryIn) -> Response:
    """Hand what was won to the team that delivers it (交付交接): CLM-31."""
    return await call.command(lambda tx: claims.hand_off(tx, call.caller, id, body))


@router.post("/{id}/confirmations", response_model=ClaimOut)
async def ask_customer(call: TheCall, id: Id, body: ConfirmationIn) -> Response:
    """Have the customer asked who served them first (客户确认): CNF-01."""
    return await call.command(lambda tx: confirmations.ask(tx, call.caller, id, body))


@router.post("/{id}/confirmations/override", response_model=ClaimOut)
async def override_confirmation(call: TheCall, id: Id, body: NeededReason) -> Response:
    """Go on without the customer's confirmation, with a reason (CNF-01)."""
    return await call.command(lambda tx: confirmations.override(tx, call.caller, id, body.reason))


@router.post("/{id}/confirmations/{confirmation}/link", response_model=ConfirmationLinkOut)
def print_confirmation_link(call: TheCall, id: Id, confirmation: Id, body: Nothing) -> Response:
    """A new one-time code to hand to the customer (CNF-01)."""
    return call.write(lambda tx: confirmations.link(tx, call.caller, id, confirmation))


@router.post("/{id}/confirmations/{confirmation}/form", response_model=ClaimOut)
async def enter_confirmation_form(call: TheCall, id: Id, confirmation: Id, body: FormIn) -> Response:
    """What the customer signed on paper (签字确认单): CNF-01."""
    return await call.command(lambda tx: confirmations.form(tx, call.caller, id, confirmation, body))


@router.post("/{id}/collaborators", response_model=ClaimOut)
async def invite_collaborator(call: TheCall, id: Id, body: CollaboratorIn) -> Response:
    """Let a colleague read or work a complex customer (协作人): CLM-29."""
    return await call.command(lambda tx: claims.collaborate(tx, call.caller, id, body))


@router.post("/{id}/collaborators/{person}/remove", response_model=ClaimOut)
async def remove_collaborator(call: TheCall, id: Id, person: Id, body: Nothing) -> Response:
    """End the rights of a collaborator (CLM-29)."""
    return await call.command(lambda tx: claims.end_collaboration(tx, call.caller, id, person))


@router.post("/{id}/settle", status_code=201, response_model=RequestOut)
async def settle_claim(call: TheCall, id: Id, body: SettleIn) -> Response:
    """Settle with whom one met on the customer, in one step and without a case (协商): DSP-05."""
    return await call.command(lambda tx: claims.settle(tx, call.caller, id, body))


@router.get("/{id}/buyers", response_model=NamedBuyers)
def list_buyers(call: TheCall, id: Id) -> dict[str, Any]:
    """Who subscribes and signs beside the customer (认购人、共有人), and who did before (CUS-14)."""
    return call.read(lambda tx: buyers.read(tx, call.caller, id))


@router.post("/{id}/buyers", response_model=NamedBuyers)
def name_buyers(call: TheCall, id: Id, body: BuyersIn) -> Response:
    """Name who subscribes (认购) beside the customer, or who signs from now on (更名): CUS-14."""
    return call.write(lambda tx: buyers.name(tx, call.caller, id, body))


@router.get("/{id}/dossier", response_model=DossierOut)
def read_dossier(call: TheCall, id: Id) -> dict[str, Any]:
    """What is known of the customer (客户档案): for owner, collaborators and supervisors (CUS-11)."""

    def work(tx: Transaction) -> tuple[dict[str, Any], bool]:
        row = visible_claim(tx, call.caller, id)
        return dossiers.read(tx, call.caller, id), row["owner"] != call.person

    found, another = call.read(work)
    note_reads(call, int(another))
    return found


@router.patch("/{id}/dossier", response_model=DossierOut)
def edit_dossier(call: TheCall, id: Id, body: DossierPatch) -> Response:
    """Change what is known of the customer: whoever works them (CUS-11)."""
    return call.write(lambda tx: dossiers.edit(tx, call.caller, id, body))


@router.get("/{id}/follow-ups", response_model=FollowUpPage)
def list_follow_ups(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """What was logged on a claim, newest first (CLM-15)."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_claim(tx, call.caller, id)
        return follow_up_page(tx, id, limit=limit, cursor=cursor)

    return call.read(work)
