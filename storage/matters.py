"""Matters in the database: locked, loaded for a decision, saved with everything it wrote (design section 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import ENDED, ClaimState
from domain.claims.model import Arrival, Claim, Referral, Request, RequestKind, RequestState, Waiting
from domain.disputes.model import Dispute
from domain.leads.model import Lead
from domain.matters.draft import Draft, NewFollowUp, Notice, Task
from domain.matters.inbox import goes_on, next_instant
from domain.matters.matter import Command, CommandKind, FollowUpFact, Matter
from domain.matters.setting import Setting
from domain.money.model import Assist, ChannelDeals, Deal
from domain.money.referrals import credited
from domain.pools.limits import Holdings, Taker, Uncounted
from domain.refusals import Refusal
from domain.territories.division import Customer
from storage import (
    approvals,
    case_facts,
    confirmations,
    conflicts,
    customers,
    deals,
    discussions,
    disputes,
    history,
    leads,
    ledger,
    letters,
    merges,
    number_rivals,
    overload,
    pools,
    projects,
    receptions,
    referrals,
    reminders,
    trial,
)
from storage import tables as t
from storage.claim_rows import claim_of, claim_row, request_of, request_row
from storage.codec import pack, plain, unpack
from storage.database import StaleReadError, Transaction, mint
from storage.notices import queue_notices
from storage.territories import facets_of

_IN_NO_POOL = {"pool": None, "pool_at": None, "pool_locked": False, "pool_only": None}
_OPEN_STATES = [s.value for s in ClaimState if s not in ENDED]


@dataclass(frozen=True)
class Locked:
    """A matter whose row this transaction holds, and the stamp taken after the lock."""

    row: Mapping[str, Any]
    now: datetime
    fresh: bool = False  # made by this transaction: nothing hangs on it yet


def lock(tx: Transaction, matter: str, *, of: str | None = None) -> Locked:
    """Take the matter's lock in a statement of its own, then stamp; `received_at` is strictly increasing in it.

    Raises :class:`StaleReadError` where two records were joined or parted meanwhile, so that what was to be decided
    here lies elsewhere (CUS-13). ``of``: the claim, case or lead that it is about.
    """
    locked = lock_even_merged(tx, matter)
    if locked.row["merged_into"] is not None or (of is not None and locked.row["split"] and _lies(tx, of) != matter):
        raise StaleReadError
    return locked


def lock_all(tx: Transaction, matters: Iterable[str]) -> None:
    """Hold several matters, by id, so that each :func:`lock` of them, whenever it comes, waits for nobody."""
    if not tx.is_sqlite:
        c = t.matter.c
        tx.execute(sa.select(c.id).where(c.id.in_(set(matters))).order_by(c.id).with_for_update()).all()


def lock_even_merged(tx: Transaction, matter: str) -> Locked:
    """The same of a matter that may lie in another one, for whoever joins, parts or forgets them."""
    row = tx.execute(_MATTER if tx.is_sqlite else _LOCKED_MATTER, {"matter": matter}).mappings().one()
    return Locked(row=dict(row), now=tx.stamp(row["last_at"]))


def _lies(tx: Transaction, stream: str) -> str | None:
    return tx.execute(sa.select(t.stream.c.matter).where(t.stream.c.id == stream)).scalar()


def made(
    tx: Transaction,
    row: Mapping[str, Any],
    *,
    kind: str,
    level: str | None,
    source: str | None,
    awarded_on: date | None,
) -> Locked:
    """A matter that this transaction has just inserted, and so holds."""
    return Locked(
        row={
            "rivalled": False,
            **row,
            "kind": kind,
            "level": level,
            "source": source,
            "awarded_on": awarded_on,
            **_IN_NO_POOL,
        },
        now=tx.stamp(row["last_at"]),
        fresh=True,
    )


def peek(tx: Transaction, matter: str, *, now: datetime) -> Locked:
    """The matter without its lock and stamp, for look-ups that save nothing."""
    row = tx.execute(_MATTER, {"matter": matter}).mappings().one()
    return Locked(row=dict(row), now=max(now, row["last_at"] + timedelta(microseconds=1)))


def load(
    tx: Transaction,
    locked: Locked,
    *,
    also: Collection[str] = (),
    case: str | None = None,
    lead: str | None = None,
    quiet: bool = False,
    contesting: bool = False,
    taker: str | None = None,
    counted_later: str | None = None,
    counting: bool = True,
    on_demand: bool = False,
) -> Matter:
    """The locked matter with its undecided commands and every claim they or a due instant may concern.

    ``also``: claims wanted whatever their state; ``case``, ``lead``: one wanted likewise. ``quiet``: probably nothing
    is undecided, so the claims are read first and say whether anything is. ``contesting``: a collision becomes a case
    by itself (CLM-27), so what cases are judged by is read too. ``taker``: somebody who is about to report and may take
    the customer out of a pool by it; they, or ``counted_later``, are counted by the caller afterwards, so they are
    locked with whoever is locked here. ``counting``: people whose quotas a decision may ask for are locked and counted.
    ``on_demand``: not for deadlines alone, few of which make anybody an owner; such a decision raises
    :class:`~domain.pools.limits.UncountedError`, and is made again without this.
    """
    row = locked.row
    claims: dict[str, dict[str, Any]] = {}
    commands: tuple[Command, ...] = ()
    if quiet and not locked.fresh:
        claims = _claims(tx, row["id"], set(also), locked.now)
    if not locked.fresh and (not claims or next(iter(claims.values()))["busy"]):
        commands = _commands(tx, row["id"])
        # A command is decided as of its receipt: a grace period that was open then may be over by now.
        since = min((c.received_at for c in commands), default=locked.now)
        named = {c.claim for c in commands} | set(also)
        if any(_concerns_refused(c) for c in commands):
            named |= disputes.contenders(tx, row["id"])
        claims = _claims(tx, row["id"], named, since)
    found_leads = leads.load(tx, row, commands, also=(lead,) if lead is not None else ())
    claims |= _claims_of_leads(tx, row["id"], found_leads, claims, locked.now)
    brought = leads.brought(tx, row["id"]) if row["pooled"] and counting else None
    talks = discussions.load(tx, row, commands)
    found_deals = deals.load(tx, row, commands)
    if talks:
        wanted = {d.claim for d in talks.values()} | {c for d in talks.values() for c in d.claims}
        claims |= _claims(tx, row["id"], wanted - claims.keys(), locked.now)
    cases = disputes.load(tx, row["id"], commands, claims.values(), also=case)
    ids = list(claims)
    requests = _requests(tx, ids) if any(r["asked"] for r in claims.values()) else {}
    opening = contesting or any(c.kind in _OPENING for c in commands)
    ruling = any(c.kind is CommandKind.DISPUTE_RULE for c in commands)
    voiding = [c.claim for c in commands if c.kind is CommandKind.VOID]
    receivers = _receivers(commands, requests) | discussions.named(talks, commands)
    counted = counting and (bool(commands) or not on_demand)
    taking = _taking(locked, commands, claims, taker) | _offered(found_leads) if counted else set()
    # One statement locks them all, in order: two decisions that count the same two people do not lock one another out.
    pairs = _assisting(commands)
    givers = approvals.givers(commands)
    people = receivers | taking | givers | {person for pair in pairs for person in pair}
    later = taker if taker is not None else counted_later
    lock_people(tx, people | {later} if people and later is not None else people)
    known = {id_: claim_of(r) for id_, r in claims.items()}
    owed = counting and _owed(row, claims.values(), (brought, *(one.referral for one in found_leads.values())))
    is_excused = any(c.excused and c.state is ClaimState.REPORTED for c in known.values())
    # Silence may accept a lead that is a take, without a command (LEAD-16).
    is_excused |= row["pooled"] and any(lead.accept_by is not None for lead in found_leads.values())
    return Matter(
        id=row["id"],
        program=row["program"],
        customer=row["customer"],
        customer_kind=row["kind"],
        customer_level=row["level"],
        customer_source=row["source"],
        division=_division(tx, locked),
        project=row["project"],
        awarded_on=row["awarded_on"],
        track=row["track"],
        last_at=row["last_at"],
        pooled=row["pooled"],
        pool_at=row["pool_at"],
        pool=row["pool"],
        pool_locked=row["pool_locked"],
        pool_only=pools.restriction_of(row["pool_only"]),
        brought=brought,
        arrivals=_arrivals(tx, row, commands, cases.values(), giving=bool(talks) or _gives(requests.values())),
        channelled=owed and referrals.has_channel_deal(tx, row["customer"], program=row["program"]),
        channel_holders=referrals.channel_holders(tx, row["customer"], program=row["program"]) if owed else (),
        channel_deals=_channel_deals(tx, row, found_deals.values()) if counting else None,
        takers=_takers(tx, locked, commands, taking) if counted else Uncounted() if counting else None,
        claims=known,
        erased=not locked.fresh and row["sealed_key"] is None,
        rivals=number_rivals.load(tx, row["id"]) if row["rivalled"] else (),
        requests=requests,
        deals=found_deals,
        commands=commands,
        disputes=cases,
        discussions=talks,
        evidence=disputes.evidence_times(tx, commands),
        records=disputes.records(tx, row["id"], commands, cases),
        similar=disputes.similar(tx, row, commands, cases),
        likeness=disputes.likeness(tx, row["customer"], commands),
        facts=case_facts.facts(tx, row["id"], dispute=_judged(commands, cases)) if opening or ruling else (),
        contested=disputes.contested(tx, row["id"]) if opening else frozenset(),
        amounts=case_facts.amounts(tx, row["id"]) if opening else (),
        follow_ups=_follow_ups(tx, voiding),
        holdings=_holdings(tx, receivers),
        lost=_lost(tx, row["id"], commands, requests, receivers | _offered(found_leads)),
        leads=found_leads,
        assists=_assists(tx, row["program"], pairs),
        approvals=approvals.load(tx, row["id"], commands, excused=is_excused),
        granted=approvals.granted(tx, givers),
        parked=_parked(tx, row["id"]) if row["poisoned"] else frozenset(),
    )


def _owed(row: Mapping[str, Any], claims: Iterable[Mapping[str, Any]], told: Iterable[Referral | None]) -> bool:
    """Whether somebody brought the customer and a deal may credit them: else nobody asks for the channel (CNF-05)."""
    owed = any("referral" in claim["detail"] for claim in claims) or any(told)
    return owed and row["track"] != referrals.CHANNEL


def _arrivals(
    tx: Transaction, row: Mapping[str, Any], commands: Iterable[Command], cases: Iterable[Dispute], *, giving: bool
) -> tuple[Arrival, ...]:
    """Asked for only where the credit of a partner's report does: at its receipt, a take, when the customer is given to
    somebody by name, and at a deal (LEAD-14), also one that a case gives back, by its time alone (DSP-15).

    ``giving``: time alone, or the end of a discussion, may give them.
    """
    if row["track"] != referrals.CHANNEL:
        return ()
    if not (giving or any(c.kind in _CREDITING for c in commands) or any(case.is_open for case in cases)):
        return ()
    of = (row["customer"], row["project"])
    return receptions.arrivals(tx, row["program"], (of,))[of]


_CREDITING = (
    CommandKind.REPORT,
    CommandKind.TAKE,
    CommandKind.POOL_ASSIGN,
    CommandKind.RELEASE,
    CommandKind.OVERRIDE,
    CommandKind.WIN,
    CommandKind.DEAL,
    CommandKind.DEAL_ALLOCATE,
)


def _gives(requests: Iterable[Request]) -> bool:
    """Whether a release is asked for that gives the customer to somebody by name (CLM-23)."""
    asked = (r for r in requests if r.kind is RequestKind.RELEASE and r.state is RequestState.OPEN)
    return any((r.data or {}).get("to") is not None for r in asked)


def _channel_deals(tx: Transaction, row: Mapping[str, Any], found: Iterable[Deal]) -> ChannelDeals | None:
    """Asked for only where who brought the customer was credited with a deal (CNF-05)."""
    if row["track"] == referrals.CHANNEL or not any(credited(d) or d.yielded for d in found):
        return None
    return referrals.channel_deals(tx, row["customer"], program=row["program"])


def _tell_referred(tx: Transaction, before: Matter, after: Matter) -> None:
    """The channel has a deal, or one less: what was credited for bringing the customer may have to go, or come back.
    So does one that a ruling gives its credit back to, or takes it from (LEAD-14).
    """
    stood, stand = ({(d.id, d.no_credit is None) for d in m.deals.values() if d.live} for m in (before, after))
    if after.track != referrals.CHANNEL or stood == stand:
        return
    for claim in referrals.claims_credited(tx, after.customer, program=after.program):
        ring_later(tx, claim, "claim", at=after.last_at)


def _division(tx: Transaction, locked: Locked) -> Customer | None:
    """The customer as territories see them (TER-02): a decision asks for it only of a matter that was there before."""
    if locked.fresh:
        return None
    row = locked.row
    records = merges.records_of(tx, row["customer"]) if row["has_merged"] else (row["customer"],)
    return Customer(records=frozenset(records), facets=facets_of(row["facets"]))


#: Commands by which a case may be opened.
_OPENING = (CommandKind.DISPUTE_OPEN, CommandKind.DISCUSSION_ANSWER)


def _concerns_refused(command: Command) -> bool:
    """Whether reports refused for the customer's owner have a part in it: in a case, a settlement, a discussion."""
    if command.kind is CommandKind.REQUEST_ACCEPT:
        return command.data.get("digest") is not None
    return command.kind in (CommandKind.DISPUTE_OPEN, CommandKind.SETTLE, CommandKind.DISCUSSION_OPEN)


def _claims_of_leads(
    tx: Transaction, matter: str, found: Mapping[str, Lead], claims: Mapping[str, Any], now: datetime
) -> dict[str, dict[str, Any]]:
    """Claims that leads became, whatever their state: whether they were worked is asked for (LEAD-11)."""
    named = {lead.claim for lead in found.values() if lead.claim is not None and lead.is_watched} - claims.keys()
    return _claims(tx, matter, {c for c in named if c is not None}, now) if named else {}


def _judged(commands: Collection[Command], cases: Mapping[str, Dispute]) -> str | None:
    """The case whose own items count beside what is on record: the one to be decided, none while one is opened."""
    named = (c.data["dispute"] for c in commands if c.kind is CommandKind.DISPUTE_RULE)
    return next((d for d in named if d in cases), None)


def save(tx: Transaction, before: Matter, draft: Draft, *, setting: Setting, decided_at: datetime) -> None:
    """Write what ``draft`` decided: claims, history, notices, tasks, answers, bells for others. One unit (CLM-01)."""
    after = draft.matter
    for claim in draft.new_claims:
        _insert_claim(tx, claim, after)
    disputes.save(tx, before, draft)
    changed = _save_claims(tx, before, after, at=draft.at)
    fresh_ids = {c.id for c in draft.new_claims}
    for claim in draft.new_claims:
        _update_claim(tx, after.claims[claim.id], former=claim)
    for claim_id, columns in draft.columns:
        if columns:
            tx.execute(t.claim.update().where(t.claim.c.id == claim_id).values(dict(columns)))
    _save_requests(tx, before, after)
    approvals.save(tx, before, after)
    confirmations.send(tx, before, after, at=draft.at)
    letters.keep(tx, draft.new_letters)
    pools.keep_takes(tx, draft.takes, matter=after.id)
    trial.keep(tx, after.program, draft.would_have)
    deals.save(tx, before, after, new=draft.new_deals, at=draft.at)
    _tell_referred(tx, before, after)
    leads.save(tx, before, after)
    discussions.save(tx, before, after)
    ledger.post(tx, draft.entries)
    if draft.rewards:
        tx.insert(t.referral_reward, [{**asdict(r), "program": after.program} for r in draft.rewards])
    if draft.assists:
        tx.insert(t.assist, [{**asdict(a), "one": a.pair[0], "other": a.pair[1]} for a in draft.assists])
    if draft.mistaken_assists:  # the deal keeps them; here stands who credits whom
        tx.execute(t.assist.delete().where(t.assist.c.id.in_(draft.mistaken_assists)))
    if draft.performance:
        tx.insert(t.performance_line, [asdict(line) for line in draft.performance])
    for entry in draft.follow_ups:
        _insert_follow_up(tx, entry)
    if draft.stage_moves:
        tx.insert(t.stage_move, [asdict(move) for move in draft.stage_moves])
    for follow_up, by, text in draft.voided:
        tx.execute(
            t.follow_up.update()
            .where(t.follow_up.c.id == follow_up)
            .values(voided_by=by, voided_at=draft.at, voided_text=text)
        )
    history.append(
        tx,
        [
            history.Entry(
                stream=e.stream,
                stream_kind=e.stream_kind,
                kind=e.kind,
                at=e.at,
                actor=e.actor,
                reason=e.reason,
                policy_version=e.policy_version,
                before=e.before.value if e.before else None,
                after=e.after.value if e.after else None,
                data=e.data,
            )
            for e in draft.events
        ],
        fresh=fresh_ids | {d.id for d in draft.new_disputes} | {d.id for d in draft.new_deals},
    )
    notices = [*overload.told(tx, draft.notices, setting, at=draft.at), *conflicts.save(tx, draft)]
    queue_notices(tx, [*notices, *_alarms(before, draft, setting)], at=draft.at)
    save_tasks(tx, draft.tasks, draft.closed_tasks, at=decided_at)
    for answer in draft.answers:
        tx.update(
            t.command,
            {"id": answer.command},
            {
                "decided_at": decided_at,
                "problem": problem_data(answer.refusal) if answer.refusal is not None else None,
            },
        )
    for command, dispute in draft.retargeted:
        tx.update(t.command, {"id": command}, {"target": dispute})
    for claim in [*changed, *(after.claims[i] for i in fresh_ids)]:
        reminders.plan(tx, claim, former=before.claims.get(claim.id), setting=setting, at=draft.at)


def save_other(tx: Transaction, before: Matter, after: Matter, *, setting: Setting, at: datetime) -> None:
    """What a case of kind identity did to the other record's matter; its history is in the draft of the case."""
    changed = _save_claims(tx, before, after, at=at)
    _save_requests(tx, before, after)
    approvals.save(tx, before, after)
    confirmations.send(tx, before, after, at=at)
    deals.save(tx, before, after, at=at)
    _tell_referred(tx, before, after)
    discussions.save(tx, before, after)
    for claim in changed:
        reminders.plan(tx, claim, former=before.claims[claim.id], setting=setting, at=at)


def _save_claims(tx: Transaction, before: Matter, after: Matter, *, at: datetime) -> list[Claim]:
    """Write claims that were there before and are different now, and void letters of those that ended; these."""
    changed = [
        after.claims[i]
        for i in after.claims
        if i in before.claims and after.claims[i] is not before.claims[i] and after.claims[i] != before.claims[i]
    ]
    # A claim that lets go is written before one that takes hold: the database refuses two owners at any moment.
    for claim in sorted(changed, key=lambda c: c.holds):
        _update_claim(tx, claim, former=before.claims[claim.id])
    letters.void(tx, changed, former=before.claims, at=at)
    return changed


def _alarms(before: Matter, draft: Draft, setting: Setting) -> list[Notice]:
    """Somebody told other content under a cause that is posted already: those in charge are told (COM-06)."""
    refused = {a.command: a.refusal for a in draft.answers if a.refusal and a.refusal.code == "ledger_conflict"}
    if not refused:
        return []
    told = sorted({*setting.programs[before.program].oversight, *setting.organisation.admins(at=draft.at)})
    return [
        Notice(
            person=person,
            kind="alarm.ledger",
            urgency="urgent",
            subject_type="deal",
            subject=command.data["deal"],
            rule="COM-06",
            policy_version=refusal.policy_version,
            facts={"person": command.actor},
        )
        for command in before.commands
        if (refusal := refused.get(command.id)) is not None and "deal" in command.data
        for person in told
    ]


def save_streams(tx: Transaction, before: Matter, after: Matter, *, own: str | None, setting: Setting) -> None:
    """Set what each workflow should be armed with; ring those of others that must know sooner (design section 2)."""
    _save_case_streams(tx, before, after, own=own, setting=setting)
    _save_lead_streams(tx, before, after, own=own, setting=setting)
    discussed = {d.claim for d in after.discussions.values() if before.discussions.get(d.id) is not d}
    for claim in after.claims.values():
        was = before.claims.get(claim.id)
        # One that queues, or may be objected to, is woken by what becomes of another claim (CLM-27, INT-10); a
        # discussion runs in the stream of one.
        others_move = claim.waiting in (Waiting.QUEUE, Waiting.OPENING) or claim.id in discussed
        still = was is claim and not others_move
        if still and claim.id != own:
            continue
        instant = next_instant(after, claim.id, setting=setting)
        is_open = goes_on(claim, after, setting=setting)
        if claim.id == own:
            tx.execute(_SET_STREAM, {"of": claim.id, "next_instant": instant, "open": is_open})
            continue
        if was is None and _has_stream(tx, claim.id):
            # Made under the id that a take was given, and decided for another stream of the matter (POOL-03).
            tx.execute(_SET_STREAM, {"of": claim.id, "next_instant": instant, "open": is_open})
            ring_later(tx, claim.id, "claim", at=after.last_at)
            continue
        if was is None:
            tx.insert(
                t.stream,
                {
                    "id": claim.id,
                    "kind": "claim",
                    "matter": after.id,
                    "open": is_open,
                    "next_instant": instant,
                    "epoch": setting.epoch,
                },
            )
            ring_later(tx, claim.id, "claim", at=after.last_at)
            continue
        armed = next_instant(before, claim.id, setting=setting)
        # An ended claim that is contested lives again, though nothing of it falls due while the case is open.
        reopened = is_open and not goes_on(was, before, setting=setting)
        if not is_open or reopened or instant != armed:
            tx.execute(_SET_STREAM, {"of": claim.id, "next_instant": instant, "open": is_open})
            # A later instant needs no bell: its workflow wakes at the old one and arms again.
            if not is_open or reopened or (instant is not None and (armed is None or instant < armed)):
                ring_later(tx, claim.id, "claim", at=after.last_at)


def _save_case_streams(tx: Transaction, before: Matter, after: Matter, *, own: str | None, setting: Setting) -> None:
    """The same for cases. Their streams are mostly written with the command that opens them."""
    for dispute in after.disputes.values():
        was = before.disputes.get(dispute.id)
        # One that only freezes claims of this matter is armed with its own (CUS-13).
        if (was is dispute and dispute.id != own) or dispute.matter != after.id:
            continue
        instant = next_instant(after, dispute.id, setting=setting)
        armed = next_instant(before, dispute.id, setting=setting) if was is not None else None
        if was is None and not _has_stream(tx, dispute.id):
            # No command opened it; or one that was to join a case, which had ended before the command's turn came.
            tx.insert(
                t.stream,
                {
                    "id": dispute.id,
                    "kind": "dispute",
                    "matter": after.id,
                    "open": True,
                    "next_instant": instant,
                    "epoch": setting.epoch,
                },
            )
        if dispute.id == own or instant != armed or not dispute.is_open:
            tx.execute(_SET_STREAM, {"of": dispute.id, "next_instant": instant, "open": dispute.is_open})
        if dispute.id == own:
            continue
        if was is None or not dispute.is_open or (instant is not None and (armed is None or instant < armed)):
            ring_later(tx, dispute.id, "dispute", at=after.last_at)


def _save_lead_streams(tx: Transaction, before: Matter, after: Matter, *, own: str | None, setting: Setting) -> None:
    """The same for leads, whose streams are written with the command that received them."""
    for lead in after.leads.values():
        was = before.leads.get(lead.id)
        if was is lead and lead.id != own:
            continue
        instant = next_instant(after, lead.id, setting=setting)
        armed = next_instant(before, lead.id, setting=setting) if was is not None else None
        if lead.id == own or instant != armed or not lead.is_watched:
            tx.execute(_SET_STREAM, {"of": lead.id, "next_instant": instant, "open": lead.is_watched})
        ended = was is not None and was.is_watched and not lead.is_watched
        if lead.id != own and (ended or (instant is not None and (armed is None or instant < armed))):
            ring_later(tx, lead.id, "lead", at=after.last_at)


def _has_stream(tx: Transaction, stream: str) -> bool:
    return tx.execute(sa.select(t.stream.c.id).where(t.stream.c.id == stream)).first() is not None


def ring_later(tx: Transaction, stream: str, kind: str, *, at: datetime) -> None:
    """A bell for another stream; the relay rings it."""
    tx.insert(t.bell, {"id": mint(), "stream": stream, "kind": kind, "not_before": at, "tries": 0})


def touch(tx: Transaction, matter: str, at: datetime) -> None:
    """Remember the latest stamp given in a matter."""
    tx.update(t.matter, {"id": matter}, {"last_at": at})


def undecided(tx: Transaction, *, at_most: int) -> int:
    """How many commands wait for a decision, counted no further than ``at_most``."""
    waiting = sa.select(t.command.c.id).where(t.command.c.decided_at.is_(None)).limit(at_most).subquery()
    return int(tx.execute(sa.select(sa.func.count()).select_from(waiting)).scalar_one())


def problem_data(refusal: Refusal) -> dict[str, Any]:
    """What a refused command keeps of its refusal."""
    return {
        "code": refusal.code,
        "rule": refusal.rule,
        "policy_version": refusal.policy_version,
        "facts": plain(refusal.facts),
        "errors": [[e.field, e.code] for e in refusal.errors],
        "current_state": refusal.current_state,
        "allowed": list(refusal.allowed) if refusal.allowed is not None else None,
    }


#: Columns of a claim that a decision may change.
_CHANGEABLE = (
    "team",
    "owner",
    "state",
    "holds",
    "decided",
    "reason",
    "reason_text",
    "release_reason",
    "customer_level",
    "provisional",
    "rank_at",
    "accepted_at",
    "ended_at",
    "complete_by",
    "grace_until",
    "deadline",
    "last_qualified_at",
    "policy",
    "company_policy",
    "policy_version",
    "calendar_version",
    "detail",
    "proposed",
    "by_reception",
    "dispute",
    "version",
)
_SET_STREAM = (
    t.stream.update()
    .where(t.stream.c.id == sa.bindparam("of"))
    .values(next_instant=sa.bindparam("next_instant"), open=sa.bindparam("open"))
)


def _update_claim(tx: Transaction, claim: Claim, *, former: Claim) -> None:
    """Write what differs, and nothing else: a column that is set touches its indexes, whatever its value."""
    was, row = claim_row(former), claim_row(claim)
    values = {name: row[name] for name in _CHANGEABLE if row[name] != was[name]}
    if values:
        tx.update(t.claim, {"id": claim.id}, values)
    if claim.collaborators != former.collaborators:
        tx.execute(t.collaborator.delete().where(t.collaborator.c.claim == claim.id))
        if claim.collaborators:
            tx.insert(t.collaborator, [{"person": c.person, "claim": claim.id} for c in claim.collaborators])


def _commands(tx: Transaction, matter: str) -> tuple[Command, ...]:
    found = tx.execute(_UNDECIDED, {"matter": matter}).mappings()
    return tuple(
        Command(
            id=r["id"],
            kind=CommandKind(r["kind"]),
            claim=r["claim"],
            actor=r["actor"],
            received_at=r["received_at"],
            data=unpack(r["data"]),
        )
        for r in found
    )


def _claims(tx: Transaction, matter: str, named: set[str], now: datetime) -> dict[str, dict[str, Any]]:
    found = tx.execute(_CONCERNED, {"matter": matter, "now": now, "named": sorted(named)}).mappings()
    return {r["id"]: dict(r) for r in sorted(found, key=lambda r: r["receipt"])}


#: What the domain's claim is made of; names, dates and amounts of a report stay behind.
_CLAIM_COLUMNS = [
    t.claim.c[name]
    for name in (
        "id",
        "receipt",
        "matter",
        "program",
        "reporter",
        "channel",
        "source",
        "customer_kind",
        "received_at",
        "asked",
        *_CHANGEABLE,
    )
]


#: The matter with what of its customer and project is asked for: rules need kind, level and award date, texts the key.
_MERGED = t.customer.alias("merged")
_MATTER = (
    sa.select(
        t.matter,
        t.customer.c.kind,
        customers.LEVEL,
        t.customer.c.source,
        t.customer.c.masked,
        t.customer.c.facets,
        sa.exists().where(_MERGED.c.merged_into == t.matter.c.customer).label("has_merged"),
        projects.AWARDED_ON,
        t.customer_secret.c.sealed_key,
    )
    .join(t.customer, t.customer.c.id == t.matter.c.customer)
    .outerjoin(t.customer_secret, t.customer_secret.c.customer == t.matter.c.customer)
    .outerjoin(t.project, t.project.c.id == t.matter.c.project)
    .where(t.matter.c.id == sa.bindparam("matter"))
)
_LOCKED_MATTER = _MATTER.with_for_update(of=t.matter)
_UNDECIDED = (
    sa.select(
        t.command.c.id,
        t.command.c.kind,
        t.command.c.claim,
        t.command.c.actor,
        t.command.c.received_at,
        t.command.c.data,
    )
    .where(t.command.c.matter == sa.bindparam("matter"), t.command.c.decided_at.is_(None))
    .order_by(t.command.c.received_at)
)
#: Claims that a due instant or a command may concern: open ones, those in grace, those named. A command is decided as
#: of its receipt, so a grace period that was open then counts, though it may be over by now.
_CONCERNED = sa.select(
    *_CLAIM_COLUMNS,
    sa.exists()
    .where(t.command.c.matter == sa.bindparam("matter"), t.command.c.decided_at.is_(None))
    .label("busy"),  # whether anything is undecided: mostly nothing is, and nobody need ask again
).where(
    t.claim.c.matter == sa.bindparam("matter"),
    sa.or_(
        t.claim.c.state.in_(_OPEN_STATES),
        t.claim.c.grace_until
        >= sa.func.coalesce(
            sa.select(sa.func.min(t.command.c.received_at))
            .where(t.command.c.matter == sa.bindparam("matter"), t.command.c.decided_at.is_(None))
            .scalar_subquery(),
            sa.bindparam("now", type_=t.claim.c.grace_until.type),
        ),
        t.claim.c.id.in_(sa.bindparam("named", expanding=True)),
    ),
)


def _requests(tx: Transaction, claims: list[str]) -> dict[str, Request]:
    found = tx.rows(sa.select(t.request).where(t.request.c.claim.in_(claims)))
    return {r["id"]: request_of(r) for r in found}


def _follow_ups(tx: Transaction, claims: list[str]) -> dict[str, tuple[FollowUpFact, ...]]:
    facts: dict[str, tuple[FollowUpFact, ...]] = {}
    for claim in claims:
        rows = tx.rows(sa.select(t.follow_up).where(t.follow_up.c.claim == claim).order_by(t.follow_up.c.received_at))
        facts[claim] = tuple(
            FollowUpFact(
                id=r["id"],
                author=r["author"],
                received_at=r["received_at"],
                qualified=r["qualified"],
                voided=r["voided_at"] is not None,
                unrecorded=tuple(r["unrecorded"] or ()),
            )
            for r in rows
        )
    return facts


def _receivers(commands: tuple[Command, ...], requests: Mapping[str, Request]) -> set[str]:
    """Whoever may receive the customer by a transfer that is decided now (CLM-24)."""
    receivers = {c.data["to"] for c in commands if c.kind in (CommandKind.TRANSFER, CommandKind.TRANSFER_LISTED)}
    for command in commands:
        if command.kind is CommandKind.REQUEST_ACCEPT:
            request = requests.get(command.data["request"])
            if request is not None and request.data and request.data.get("to"):
                receivers.add(request.data["to"])
    return receivers


def _holdings(tx: Transaction, receivers: set[str]) -> Mapping[str, Holdings]:
    """Open claims of ``receivers``, locked already, by state and source, without an opening load (CLM-24, INT-10)."""
    if not receivers:
        return {}
    c = t.claim.c
    counted = tx.rows(
        sa.select(c.owner, c.state, c.source, sa.func.count().label("held"))
        .where(c.owner.in_(sorted(receivers)), c.state.in_(_OPEN_STATES), c.opening.is_(None))
        .group_by(c.owner, c.state, c.source)
    )
    found: dict[str, dict[tuple[str, str | None], int]] = {}
    for row in counted:
        found.setdefault(row["owner"], {})[row["state"], row["source"]] = row["held"]
    return found


def _assisting(commands: tuple[Command, ...]) -> set[tuple[str, str]]:
    """Who is about to credit whom, each two in order."""
    asked = [(c.actor, c.data["person"]) for c in commands if c.kind is CommandKind.DEAL_ASSIST and c.actor is not None]
    return {(min(pair), max(pair)) for pair in asked}


def _assists(tx: Transaction, program: str, pairs: set[tuple[str, str]]) -> tuple[Assist, ...]:
    """What each two, who are locked already, have credited each other in the program, the oldest first (COM-05)."""
    if not pairs:
        return ()
    c = t.assist.c
    found = sa.select(t.assist).where(c.program == program, sa.tuple_(c.one, c.other).in_(sorted(pairs)))
    names = ("id", "deal", "program", "by", "person", "at")
    return tuple(Assist(*(row[name] for name in names)) for row in tx.rows(found.order_by(c.at)))


#: Reports, also those that a case may give back undecided.
_MAY_BE_ACCEPTED = frozenset(s.value for s in (ClaimState.REPORTED, ClaimState.DISPUTED, ClaimState.ARBITRATED))


#: Commands that tell of their giver's team, where it has a cap of its own (CLM-25).
_TAKING = (CommandKind.TAKE, CommandKind.LEAD_ACCEPT)


def _taking(
    locked: Locked, commands: tuple[Command, ...], claims: Mapping[str, Mapping[str, Any]], taker: str | None
) -> set[str]:
    """Whoever may come to own the customer out of a pool by a decision made now (POOL-03).

    Reporters only where the customer lies in a pool or may come into one first: most reports are of new customers.
    """
    people = {c.actor for c in commands if c.kind is CommandKind.TAKE and c.actor is not None}
    people |= {c.data["to"] for c in commands if c.kind is CommandKind.POOL_ASSIGN}
    people |= {c.data["for"] for c in commands if c.kind is CommandKind.RECEPTION}
    waiting = [r["reporter"] for r in claims.values() if r["state"] in _MAY_BE_ACCEPTED]
    waiting += [taker] if taker is not None else []
    # Of two that wait the first may be accepted, and lost, before the other is decided.
    if locked.row["pooled"] or len(waiting) > 1 or any(r["holds"] for r in claims.values()):
        people |= set(waiting)
    return people


def _offered(found: Mapping[str, Lead]) -> set[str]:
    """Whoever has a lead in hand, and whom they have it for: accepting it may be a take (POOL-03, LEAD-15)."""
    return {person for lead in found.values() if lead.is_open for person in lead.hands}


def _takers(tx: Transaction, locked: Locked, commands: tuple[Command, ...], people: set[str]) -> dict[str, Taker]:
    return pools.takers(
        tx,
        people,
        matter=locked.row["id"],
        since=min((c.received_at for c in commands), default=locked.now),
        now=locked.now,
        teams={
            c.data.get("for", c.actor): c.data["team"]
            for c in commands
            if c.kind in _TAKING and c.actor is not None and c.data.get("team") is not None
        },
    )


def _lost(
    tx: Transaction,
    matter: str,
    commands: tuple[Command, ...],
    requests: Mapping[str, Request],
    receivers: Collection[str],
) -> dict[str, datetime]:
    """When whoever a colleague names as receiver, or serves, last lost this customer, by lapse or release (CLM-26)."""
    named = {c.data.get("to") for c in commands} | {(r.data or {}).get("to") for r in requests.values()}
    named |= {c.actor for c in commands if c.kind is CommandKind.LEAD_ACCEPT}
    named |= {c.data["for"] for c in commands if c.kind is CommandKind.RECEPTION}
    people = sorted({person for person in named if person is not None} | set(receivers))
    if not people:
        return {}
    ended = tx.rows(
        sa.select(t.claim.c.owner, sa.func.max(t.claim.c.ended_at).label("at"))
        .where(
            t.claim.c.matter == matter,
            t.claim.c.owner.in_(people),
            t.claim.c.state.in_([ClaimState.LAPSED.value, ClaimState.RELEASED.value]),
        )
        .group_by(t.claim.c.owner)
    )
    return {row["owner"]: row["at"] for row in ended}


def lock_people(tx: Transaction, people: set[str]) -> None:
    """The second lock of the order: people whose caps are counted, by id."""
    if people and not tx.is_sqlite:
        tx.execute(
            sa.select(t.person.c.id).where(t.person.c.id.in_(sorted(people))).order_by(t.person.c.id).with_for_update()
        ).all()


def _parked(tx: Transaction, matter: str) -> frozenset[str]:
    found = tx.execute(sa.select(t.poison.c.item).where(t.poison.c.matter == matter, t.poison.c.parked_at.is_not(None)))
    return frozenset(found.scalars())


def _insert_claim(tx: Transaction, claim: Claim, matter: Matter) -> None:
    """A claim that a decision made (a release to a named colleague, CLM-23), still without its later state."""
    row = claim_row(claim)
    row |= {
        "receipt": tx.next_number("receipt"),
        "customer": matter.customer,
        "project": matter.project,
        "track": matter.track,
        "reporter_team": claim.team,
        "facts_digest": "",
        "asked": False,
    }
    tx.insert(t.claim, row)


def _save_requests(tx: Transaction, before: Matter, after: Matter) -> None:
    for request in after.requests.values():
        was = before.requests.get(request.id)
        if was == request:
            continue
        row = request_row(request)
        if was is None:
            tx.insert(t.request, row)
            tx.execute(t.claim.update().where(t.claim.c.id == request.claim).values(asked=True))
        else:
            tx.execute(t.request.update().where(t.request.c.id == request.id).values(row))
            tx.execute(t.request_waiting.delete().where(t.request_waiting.c.request == request.id))
        if request.state is RequestState.OPEN and request.waiting_for:
            tx.insert(
                t.request_waiting,
                [{"person": p, "request": request.id, "claim": request.claim} for p in request.waiting_for],
            )


def _insert_follow_up(tx: Transaction, entry: NewFollowUp) -> None:
    tx.insert(t.follow_up, follow_up_row(entry))


def follow_up_row(entry: NewFollowUp) -> dict[str, Any]:
    """The row of a recorded follow-up; its text is kept under the ids in ``data`` already."""
    data = entry.data
    return {
        "id": entry.id,
        "claim": entry.claim,
        "author": entry.author,
        "kind": data["kind"],
        "note": data["note"],
        "outcome": data.get("outcome"),
        "at": data["at"],
        "received_at": entry.received_at,
        "late": entry.late,
        "answered": data["answered"],
        "next_at": data.get("next_at"),
        "files": data.get("files") or [],
        "qualified": entry.qualified,
        "why": entry.why,
        "unrecorded": list(entry.unrecorded) or None,
        "revision": 1,
        "external_id": data.get("external_id"),
    }


# Made once: a drain that changes a case writes tasks each time, and making a statement costs as much as running it.
_TASKS_DONE = (
    t.task.update()
    .where(t.task.c.key.in_(sa.bindparam("keys", expanding=True)), t.task.c.state == "open")
    .values(state="done")
)
_TASK_AGAIN = (
    t.task.update()
    .where(t.task.c.key == sa.bindparam("of"), t.task.c.person == sa.bindparam("whose"))
    .values(state="open", due=sa.bindparam("until"), subject=sa.bindparam("about"))
)


def save_tasks(tx: Transaction, tasks: Sequence[Task], closed: Sequence[str], *, at: datetime) -> None:
    """Close what is done and raise ``tasks``, each one row however often it is raised."""
    if closed:
        tx.execute(_TASKS_DONE, {"keys": list(closed)})
    for task in tasks:
        again = {"of": task.key, "whose": task.person, "until": task.due, "about": task.subject}
        present = tx.execute(_TASK_AGAIN, again).rowcount
        if not present:
            tx.insert(
                t.task,
                {
                    "id": mint(),
                    "key": task.key,
                    "person": task.person,
                    "kind": task.kind,
                    "subject_type": task.subject_type,
                    "subject": task.subject,
                    "due": task.due,
                    "state": "open",
                    "created_at": at,
                },
            )


def close(tx: Transaction, before: Matter, after: Matter, *, at: datetime) -> None:
    """Write what became of the matter itself: who holds, whether it is pooled (and where), its latest stamp."""
    values: dict[str, Any] = {"last_at": at}
    held, holds = before.owner_claim, after.owner_claim
    if (held.id if held else None) != (holds.id if holds else None):
        values["owner_claim"] = holds.id if holds else None
    values |= {name: value for name, value in _place(after).items() if value != _place(before)[name]}
    if after.leads:
        values["led"] = any(lead.is_watched for lead in after.leads.values())
    if after.discussions:
        values["discussed"] = after.open_discussion is not None
    tx.update(t.matter, {"id": after.id}, values)


def _place(matter: Matter) -> dict[str, Any]:
    """In which pool the customer lies, and for whom (POOL-01, POOL-02, POOL-08)."""
    return {
        "pooled": matter.pooled,
        "pool_at": matter.pool_at,
        "pool": matter.pool,
        "pool_locked": matter.pool_locked,
        "pool_only": pools.restriction_data(matter.pool_only),
    }


def command_row(
    command: Command, *, matter: str, target_type: str, target: str, stream: str | None = None
) -> dict[str, Any]:
    """The row of a command that was just received. ``stream``: whose workflow decides it, if not the claim's."""
    return {
        "id": command.id,
        "kind": command.kind.value,
        "matter": matter,
        "stream": stream or command.claim,
        "claim": command.claim,
        "actor": command.actor,
        "target_type": target_type,
        "target": target,
        "received_at": command.received_at,
        "data": pack(command.data),
        "tries": 0,
    }
