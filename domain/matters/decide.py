"""Decide one item of a matter's inbox. Pure: a matter in, a draft out (design section 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from domain.claims import (
    collaborators,
    confirmations,
    deals,
    delivery,
    follow_ups,
    granting,
    holding,
    letters,
    opening,
    projects,
    reports,
    requests,
    stages,
    standing,
)
from domain.claims.clocks import lapse_due
from domain.claims.model import PauseKind
from domain.discussions import course
from domain.disputes import cases, recusals
from domain.disputes.model import Dispute, Window
from domain.leads import handling
from domain.leads.model import Desk, Lead
from domain.matters.draft import Draft
from domain.matters.inbox import Due, DueKind, next_item
from domain.matters.matter import Command, CommandKind, Matter
from domain.matters.setting import Setting
from domain.money import agreement, performance, referrals
from domain.money import events as money
from domain.pools import taking
from domain.reception import completing
from domain.refusals import Refusal

Mint = Callable[[], str]

#: A drain decides at most so many items, then asks to be woken again at once (design section 2, "Poison").
MAX_ITEMS = 50

_COMMANDS: Mapping[CommandKind, Callable[[Draft, Command], None]] = {
    CommandKind.REPORT: reports.report,
    CommandKind.OPENING: opening.listed,
    CommandKind.TAKE: taking.take,
    CommandKind.POOL_ASSIGN: taking.assign,
    CommandKind.ACCEPT: reports.accept,
    CommandKind.REJECT: reports.reject,
    CommandKind.SEND_BACK: reports.send_back,
    CommandKind.COMMENT: reports.comment,
    CommandKind.WITHDRAW: reports.withdraw,
    CommandKind.CORRECT: reports.correct,
    CommandKind.PROJECT_AWARD: projects.awarded,
    CommandKind.PROJECT_MET: projects.met,
    CommandKind.FOLLOW_UP: follow_ups.follow_up,
    CommandKind.VOID: follow_ups.void,
    CommandKind.WIN: deals.win,
    CommandKind.CANCEL_DEAL: deals.cancel_deal,
    CommandKind.RELEASE: holding.release,
    CommandKind.TRANSFER: requests.transfer,
    CommandKind.TRANSFER_LISTED: requests.transfer_listed,
    CommandKind.EXTEND: requests.extend,
    CommandKind.PAUSE: requests.pause,
    CommandKind.UNPAUSE: requests.unpause,
    CommandKind.OVERRIDE: granting.grant,
    CommandKind.LETTER: letters.issue,
    CommandKind.STAGE_MOVE: stages.move,
    CommandKind.DELIVER: delivery.hand_off,
    CommandKind.DELIVERY_TICK: delivery.tick,
    CommandKind.CONFIRM_ASK: confirmations.ask,
    CommandKind.CONFIRM_ANSWER: confirmations.answered,
    CommandKind.CONFIRM_OVERRIDE: confirmations.override,
    CommandKind.SETTLE: requests.settle,
    CommandKind.COLLABORATE: collaborators.invite,
    CommandKind.COLLABORATOR_REMOVE: collaborators.remove,
    CommandKind.REQUEST_ACCEPT: requests.accept_request,
    CommandKind.REQUEST_REFUSE: requests.refuse_request,
    CommandKind.REQUEST_WITHDRAW: requests.withdraw_request,
    CommandKind.DISPUTE_OPEN: cases.open_case,
    CommandKind.DISPUTE_OBJECT: cases.object_to,
    CommandKind.DISPUTE_WAIVE: cases.waive,
    CommandKind.DISPUTE_MEDIATOR: cases.name_mediator,
    CommandKind.DISPUTE_PROPOSE: cases.propose,
    CommandKind.DISPUTE_AGREE: cases.accept_proposal,
    CommandKind.DISPUTE_DECLINE: cases.decline_proposal,
    CommandKind.DISPUTE_EVIDENCE: cases.add_evidence,
    CommandKind.DISPUTE_HEARD: cases.heard,
    CommandKind.DISPUTE_ASK_MORE: cases.more_evidence,
    CommandKind.DISPUTE_CHALLENGE: recusals.challenge,
    CommandKind.DISPUTE_RECUSE: recusals.decide_challenge,
    CommandKind.DISPUTE_ARBITRATOR: recusals.name_arbitrator,
    CommandKind.DISPUTE_RULE: cases.rule,
    CommandKind.DISPUTE_APPEAL: cases.appeal,
    CommandKind.DISPUTE_WITHDRAW: cases.withdraw,
    CommandKind.DISPUTE_CONTINUE: cases.carry_on,
    CommandKind.DISPUTE_DISMISS: cases.dismiss,
    CommandKind.DISCUSSION_OPEN: course.open_discussion,
    CommandKind.DISCUSSION_PROPOSE: course.propose,
    CommandKind.DISCUSSION_VOTE: course.vote,
    CommandKind.DISCUSSION_DECIDE: course.decide,
    CommandKind.DISCUSSION_ANSWER: course.answer,
    CommandKind.DEAL: deals.further,
    CommandKind.DEAL_AMEND: deals.amend,
    CommandKind.DEAL_ALLOCATE: deals.allocate,
    CommandKind.DEAL_SHARES: agreement.propose_shares,
    CommandKind.DEAL_SHARES_ACCEPT: agreement.accept_shares,
    CommandKind.DEAL_SHARES_SET: agreement.set_shares,
    CommandKind.DEAL_RECEIPT: money.receipt,
    CommandKind.DEAL_REFUND: money.refund,
    CommandKind.DEAL_STAGE: money.stage,
    CommandKind.DEAL_ASSIST: money.assist,
    CommandKind.DEAL_REVERSAL: money.reverse,
    CommandKind.DEAL_PAID: money.paid,
    CommandKind.LEAD_RECEIVE: handling.receive,
    CommandKind.LEAD_ACCEPT: handling.accept,
    CommandKind.LEAD_RETURN: handling.return_lead,
    CommandKind.LEAD_CONTACT: handling.contact,
    CommandKind.LEAD_ASSIGN: handling.assign,
    CommandKind.LEAD_ASSESS: handling.assess,
    CommandKind.LEAD_GRADE: handling.grade,
    CommandKind.LEAD_CLOSE: handling.close,
    CommandKind.RECEPTION: completing.complete,
    CommandKind.VISIT: follow_ups.follow_up,
}


def decide(matter: Matter, item: Command | Due, *, setting: Setting, mint: Mint, other: Matter | None = None) -> Draft:
    """The draft of deciding ``item``. A refused command is an answer; its matter stays as it was (CLM-01).

    ``other``: the matter that a case of kind identity concerns beside ``matter``, locked as well (CUS-13).
    """
    if isinstance(item, Command):
        return _command(matter, item, setting=setting, mint=mint, other=other)
    draft = Draft(matter=matter, at=item.at, setting=setting, mint=mint, other=other)
    _due(draft, item)
    _contest(draft)
    course.follow(draft)
    handling.follow(draft)
    confirmations.follow(draft)
    return draft


def settled(matter: Matter, *, setting: Setting, now: datetime, mint: Mint) -> Matter:
    """``matter`` as it will be once everything up to ``now`` is decided; nothing is saved.

    For checks before receipt, which must see a lapse that fell due while the engine was away (CLM-19, CLM-26). An item
    that cannot be decided ends it: the drain will park it, and nobody else is kept from reporting meanwhile.
    """
    if matter.leads and matter.desk is None:
        # Whose turn it would be makes no difference to whoever reports; nothing of it is kept.
        matter = replace(matter, desk=Desk(now=now))
    for _ in range(MAX_ITEMS):
        item = next_item(matter, setting=setting, now=now)
        if item is None:
            break
        try:
            matter = decide(matter, item, setting=setting, mint=mint).matter
        except Exception:  # noqa: BLE001 - whatever it is, it is the drain that finds it and tells of it
            break
    return matter


def _command(matter: Matter, command: Command, *, setting: Setting, mint: Mint, other: Matter | None) -> Draft:
    draft = Draft(matter=matter, at=command.received_at, setting=setting, mint=mint, other=other)
    try:
        _COMMANDS[command.kind](draft, command)
        _contest(draft)
        course.follow(draft)
        handling.follow(draft)
        confirmations.follow(draft)
    except Refusal as refusal:
        if refusal.policy_version is None:
            # Whoever takes a customer has no claim yet; the rules of the day decide.
            about = matter.leads.get(command.claim) or matter.claims.get(command.claim)
            terms = about.terms if about is not None else setting.terms_at(matter.program, at=draft.at)
            refusal.policy_version = terms.version
        refused = Draft(matter=matter, at=command.received_at, setting=setting, mint=mint, other=other)
        if refusal.code == "customer_owned" and command.kind is CommandKind.FOLLOW_UP:
            holder = matter.owner_claim
            if holder is not None:
                reports.attempted(refused, holder, by=command.actor, data={"follow_up": command.data["follow_up"]})
        if refusal.code == "customer_owned" and command.kind is CommandKind.PROJECT_MET:
            # Of two who tender for one thing the other one is told, as of any report of it (CLM-27).
            reports.attempted(
                refused, matter.claims[command.claim], by=command.actor, data={"claim": command.data["claim"]}
            )
        if refusal.code == "overloaded" and command.kind is CommandKind.TAKE:
            taking.tell_overload(refused, command, refusal)
        refused.answer(command, refusal)
        return refused
    draft.answer(command)
    return draft


def _contest(draft: Draft) -> None:
    """Reports that met an owned customer become a case where policy says so (CLM-27)."""
    for claim in draft.contested:
        cases.contest(draft, draft.matter.claims[claim])


def _due(draft: Draft, due: Due) -> None:
    untouched = draft.matter
    if due.claim in draft.matter.disputes:
        _due_in_case(draft, draft.matter.disputes[due.claim], due)
        return
    if due.claim in draft.matter.leads:
        _due_of_lead(draft, draft.matter.leads[due.claim], due)
        if draft.matter is untouched:
            raise RuntimeError(f"{due.kind.value} changed nothing and would fall due for ever")
        return
    claim = draft.matter.claims[due.claim]
    match due.kind:
        case DueKind.LAPSE:
            found = lapse_due(claim, requests=draft.matter.requests_of(claim.id))
            assert found is not None
            holding.lapse(draft, claim, found[1])
        case DueKind.APPROVAL:
            reports.approval_missed(draft, claim)
        case DueKind.OPENING:
            opening.objections_over(draft)
        case DueKind.CORRECTION:
            reports.correction_missed(draft, claim)
        case DueKind.FREE:
            reports.comes_free(draft)
        case DueKind.NUMBER:
            reports.way_is_clear(draft, claim)
        case DueKind.REQUEST:
            requests.expire_request(draft, draft.matter.requests[due.ref])
        case DueKind.PAUSE_END:
            standing.pause_ends(draft, claim, PauseKind(due.ref))
        case DueKind.SHARES:
            cases.contest_shares(draft, draft.matter.deals[due.ref])
        case DueKind.DISCUSSION:
            course.time_over(draft, draft.matter.discussions[due.ref])
        case DueKind.RECOGNITION:
            performance.signed(draft, claim, draft.matter.deals[due.ref])
        case DueKind.REFERRAL:
            referrals.channel_changed(draft, claim, draft.matter.deals[due.ref])
        case DueKind.HANDOVER:
            standing.handover_missed(draft, claim)
        case DueKind.JUDGE if due.ref:
            standing.decider_left(draft, claim, draft.matter.requests[due.ref])
        case DueKind.JUDGE:
            reports.judge_left(draft, claim)
        case DueKind.CALENDAR:
            standing.calendar_changed(draft, claim)
        case DueKind.MIGRATION:
            migration = standing.next_migration(claim, draft.setting)
            assert migration is not None
            standing.migrated(draft, claim, migration)
        case DueKind.CHANGE:
            change = standing.next_change(claim, draft.setting)
            assert change is not None
            standing.owner_changed(draft, claim, change)
        case DueKind.ABSENCE:
            absence = standing.next_absence(claim, draft.setting)
            assert absence is not None
            standing.absence_starts(draft, claim, until=absence[1])
    if draft.matter == untouched:  # by value: a claim may have been put back as it was
        raise RuntimeError(f"{due.kind.value} changed nothing and would fall due for ever")


def _due_of_lead(draft: Draft, lead: Lead, due: Due) -> None:
    match due.kind:
        case DueKind.ASSESSMENT:
            handling.assessment_missed(draft, lead)
        case DueKind.RESPONSE:
            handling.response_missed(draft, lead)
        case _:
            handling.silence(draft, lead)


def _due_in_case(draft: Draft, dispute: Dispute, due: Due) -> None:
    match due.kind:
        case DueKind.SUCCESSION:
            recusals.succeed(draft, dispute, due.ref)
        case DueKind.SEAT:
            recusals.reassign(draft, dispute)
        case DueKind.MEDIATOR:
            cases.mediator_gone(draft, dispute)
        case _ if due.ref == Window.RECUSAL.value:
            recusals.undecided(draft, dispute)
        case _:
            cases.window_over(draft, dispute, Window(due.ref))
