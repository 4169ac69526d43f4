"""Deciding a report (报备): the validity check, the judgement list, who waits for whom (CLM-03 to CLM-05, CLM-27)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime

from domain.claims import clocks, conflicts, credit
from domain.claims.lifecycle import ClaimState, ClaimTrigger, refused
from domain.claims.model import Claim, Clock, Outside, Resemblance, Waiting
from domain.claims.numbers import has_place, in_the_way
from domain.claims.permissions import authorise, awaits_comment, gainers, is_heard_first
from domain.claims.relatives import kept_by_relative
from domain.matters.draft import Draft, Take, Task
from domain.matters.matter import Command, Matter
from domain.matters.setting import Setting
from domain.people.access import Actor
from domain.people.organisation import ChangeKind
from domain.policy.policy import Policy
from domain.pools.limits import Attempt, is_entry
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_accept, would_refuse


def report(draft: Draft, command: Command) -> None:
    """A received report meets the validity check for the first time (CLM-03)."""
    claim = draft.put(replace(draft.matter.claims[command.claim], decided=True))
    credit.tell_if_none(draft, claim)
    refused_before = command.data.get("would_refuse")
    if refused_before is not None:  # what it met before its receipt, in a trial
        claim = would_refuse(draft, claim, **refused_before)
    consider(draft, claim)


def consider(draft: Draft, claim: Claim, *, sent_back: bool = False) -> None:
    """Accept ``claim``, reject it as a collision, list it for a judge, or let it wait (contract section 5).

    ``sent_back``: it was corrected on a judge's wish and goes back to the judgement list in any case. What the company
    gave its reporter nobody need judge (LEAD-16), nor what it has told in an opening load (INT-10).
    """
    given = claim.given or claim.opening is not None
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    if is_taken(draft.matter, claim, draft):
        _collide(draft, claim)
        return
    claim = replace(claim, related=())  # what collides is seen at receipt, and that is over (CUS-14)
    queued = claim.waiting is Waiting.QUEUE
    by_visit = policy.protection_shape == "visit_deal" and claim.opening is None
    visited = by_visit and claim.visited_at is not None  # a number was in the way of what the visit accepts
    claim = claim.without_clock(Clock.QUEUE)
    if in_the_way(draft.matter.rivals, claim, at=draft.at):
        draft.put(replace(claim, waiting=Waiting.NUMBER))
    elif by_visit and not visited:
        draft.put(replace(claim, waiting=Waiting.VISIT))
    elif earlier(draft.matter, claim) is not None:
        draft.put(replace(claim, waiting=Waiting.EARLIER))
    elif sent_back or (not (given or visited) and _needs_judge(claim, policy)):
        _list_for_judge(draft, claim)
    elif queued or given:
        accept_claim(draft, claim, actor=None)  # before any pool (CLM-27), or handed out of one (LEAD-03): no take
    else:
        _accept_or_out_of_room(draft, claim)


def _accept_or_out_of_room(draft: Draft, claim: Claim) -> None:
    """Accept; out of a pool, only if there still is room: another take may have used it up since receipt (POOL-03)."""
    try:
        claim, takes = taken_from_pool(draft, claim)
    except Refusal as refusal:
        _reject(draft, claim, reason=refusal.code, actor=None, text=None, rule=refusal.rule or "POOL-03")
        return
    accept_claim(draft, claim, actor=None, takes=takes)


def taken_from_pool(draft: Draft, claim: Claim) -> tuple[Claim, bool]:
    """Whether accepting ``claim`` takes a customer out of a pool; refused where the reporter has no room for it.

    In a trial it is accepted all the same (POL-08), and so is what a special approval let in (CLM-34).
    """
    if not is_entry(draft.matter, draft.at):
        return claim, False
    attempt = Attempt(draft.matter, draft.setting, claim.reporter, draft.at)
    try:
        if not claim.excused:
            attempt.check_room()
            attempt.check_day()
    except Refusal as refusal:
        if not in_trial(draft):
            raise
        claim = would_refuse(draft, claim, code=refusal.code, rule=refusal.rule, facts=refusal.facts)
    return claim, True


def accept_claim(
    draft: Draft, claim: Claim, *, actor: str | None, text: str | None = None, takes: bool = False
) -> Claim:
    """``claim`` holds the customer from now on, with all its clocks; everybody behind it collides (CLM-11).

    ``takes``: out of a pool, by taking or reporting, so it counts for the day (POOL-06). Nothing else does: not the
    queue, a named colleague or a customer who is there (POOL-03).
    """
    if takes:
        assert draft.matter.pool is not None
        draft.takes.append(Take(person=claim.reporter, claim=claim.id, pool=draft.matter.pool, at=draft.at))
        draft.matter = draft.matter.with_take(claim.reporter, draft.at)
    # One that waited in the queue could not be worked meanwhile: what it lacks it may complete from here on.
    provisional_from = draft.at if claim.waiting is Waiting.QUEUE else claim.received_at
    claim = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.ACCEPT),
        owner=claim.reporter,
        accepted_at=draft.at,
        terms=draft.setting.terms_at(claim.program, at=draft.at),
        customer_level=draft.matter.customer_level,
        referral=claim.referral or draft.matter.brought,
        waiting=None,
        correct_by=None,
        reason=None,
        reason_text=None,  # why an objection was made stands in its history
        changes_seen=last_change(draft, claim.reporter),
        migrations_seen=_last_migration(draft, claim.program),
    )
    terms = draft.setting.terms_of(claim)
    begin = clocks.started_at_acceptance if claim.opening is None else clocks.started_at_go_live
    claim = begin(claim, at=draft.at, terms=terms, awarded_on=draft.matter.awarded_on)
    if claim.provisional:
        claim = clocks.started(
            claim,
            Clock.PROVISIONAL,
            at=provisional_from,
            length=terms.policy.duration("claim.provisional_days"),
            rule="claim.provisional_days",
            terms=terms,
        )
    draft.put(claim)
    _close_judging(draft, claim)
    draft.record(
        "accepted",
        claim,
        before=ClaimState.REPORTED,
        actor=actor,
        data={"owner": claim.owner, "clocks": clock_data(claim), **({"text": text} if text else {})},
    )
    if in_trial(draft):
        would_accept(draft, claim)
    urgency = "normal" if claim.opening is None else "digest"
    draft.tell(claim.owner, "claim.accepted", claim, rule="CLM-03", urgency=urgency, facts={"deadline": claim.deadline})
    if claim.last_qualified_at is not None:  # an opening load knows of work before acceptance
        claim = draft.put(replace(claim, state=draft.move(claim, ClaimTrigger.WORK)))
        draft.record("worked", claim, before=ClaimState.PROTECTED, data={"clocks": clock_data(claim)})
    if claim.possible or claim.ambiguous:
        _alert_possible(draft, claim)
    if claim.outside is not None and not claim.outside.asked:
        _warn_holder(draft, claim, claim.outside)
    leave_pool(draft, claim)
    _end_grace(draft)
    if claim.excused:
        draft.use_excuse(claim.reporter)
    advance(draft)
    return claim


def leave_pool(draft: Draft, claim: Claim) -> None:
    """The customer has an owner again: it lies in no pool, and nobody need assign it any more (POOL-02)."""
    if draft.matter.pooled:
        draft.closed_tasks.append(lapsed_key(claim))
    draft.matter = draft.matter.out_of_pool()


def lapsed_key(claim: Claim) -> str:
    """The task of whoever must say what becomes of a lapsed customer (`claim.lapse_to`, CLM-20)."""
    return f"lapsed:{claim.matter}"


def _end_grace(draft: Draft) -> None:
    """The customer has an owner again: what lapsed before is no longer anybody's to rescue (CLM-20)."""
    for other in draft.matter.claims.values():
        if other.state is ClaimState.LAPSED and other.grace_until is not None:
            draft.put(replace(other, grace_until=None))


def advance(draft: Draft) -> None:
    """Something changed before them: those who wait are considered again, first come first (CLM-05, CLM-27)."""
    for behind in waiting_line(draft.matter):
        claim = draft.matter.claims[behind.id]
        # An acceptance further up this line may have decided it already.
        if claim.state is ClaimState.REPORTED and claim.waiting is behind.waiting:
            consider(draft, claim)


def offered_to_queue(draft: Draft) -> bool:
    """The customer is free: those who wait for it are considered before any pool; whether one holds it now (CLM-27)."""
    advance(draft)
    return draft.matter.owner_claim is not None


def comes_free(draft: Draft) -> None:
    """A grace period ended without a rescue: the queue has its turn (CLM-20, CLM-27)."""
    _end_grace(draft)
    advance(draft)


def way_is_clear(draft: Draft, claim: Claim) -> None:
    """Nothing that may be the same customer's is before it any more: judged as it would have been then (CUS-07)."""
    # One that had been sent back goes before its judge again.
    consider(draft, claim, sent_back=bool(claim.judges))


def accept(draft: Draft, command: Command) -> None:
    """A judge accepts (CLM-04)."""
    claim = draft.matter.claims[command.claim]
    _judging(draft, command, claim)
    if claim.waiting is Waiting.VISIT:
        raise _waits("visit", rule="CLM-12")
    if in_the_way(draft.matter.rivals, claim, at=draft.at):
        raise _waits("number", rule="CUS-07")
    first = earlier(draft.matter, claim)
    if first is not None:
        raise Refusal(
            "illegal_transition",
            rule="CLM-04",
            facts={"earlier": first.id},
            current_state=claim.state.value,
            allowed=("reject", "withdraw"),
        )
    if is_taken(draft.matter, claim, draft):
        raise Refusal("customer_owned", rule="TER-01", current_state=claim.state.value)
    claim, takes = taken_from_pool(draft, claim)
    accept_claim(draft, claim, actor=command.actor, text=command.data.get("text"), takes=takes)


def _waits(what: str, *, rule: str) -> Refusal:
    state = ClaimState.REPORTED.value
    return Refusal("illegal_transition", rule=rule, facts={"waits_for": what}, current_state=state)


def reject(draft: Draft, command: Command) -> None:
    """A judge refuses the report with a reason; those behind it move up (CLM-04)."""
    claim = draft.matter.claims[command.claim]
    _judging(draft, command, claim)
    _reject(draft, claim, reason="judged", actor=command.actor, text=command.data["text"], rule="CLM-04")
    advance(draft)


def send_back(draft: Draft, command: Command) -> None:
    """A judge wants a correction; in time it keeps the time of the report (CLM-04, CLM-05)."""
    claim = draft.matter.claims[command.claim]
    _judging(draft, command, claim)
    if claim.waiting is not Waiting.JUDGE:
        raise refused(state=claim.state, trigger="send_back")
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    limit = policy.duration("claim.correction_wh")
    until = draft.setting.calendar(claim.program).add(draft.at, limit).at if limit else None
    claim = replace(claim.without_clock(Clock.APPROVAL), waiting=Waiting.CORRECTION, correct_by=until)
    draft.put(claim)
    _close_judging(draft, claim)
    draft.record(
        "sent_back",
        claim,
        actor=command.actor,
        data={"text": command.data["text"], "correct_by": until},
    )
    draft.tell(claim.reporter, "claim.sent_back", claim, rule="CLM-05", urgency="urgent", facts={"until": until})


def comment(draft: Draft, command: Command) -> None:
    """The holder of the territory says what they have to say about the report; its judge waits no longer (TER-05)."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.state is not ClaimState.REPORTED or claim.outside is None or not awaits_comment(claim):
        raise refused(state=claim.state, trigger="comment")
    claim = draft.put(replace(claim, outside=replace(claim.outside, comment=command.data["text"])))
    draft.record("commented", claim, actor=command.actor, data={"text": command.data["text"]})
    _end_hearing(draft, claim)


def withdraw(draft: Draft, command: Command) -> None:
    """The reporter takes the report back (table 0.2), or an admin a wrong row of the opening load (INT-10)."""
    claim = draft.matter.claims[command.claim]
    authorise(
        command.kind,
        claim,
        actor=Actor(command.actor or ""),
        setting=draft.setting,
        at=draft.at,
        interested=gainers(claim, draft.matter.claims.values()),
    )
    withdraw_now(draft, claim, actor=command.actor, text=command.data.get("text"))
    if command.actor != claim.reporter:
        draft.tell(claim.reporter, "claim.withdrawn", claim, rule="INT-10", facts={"cause": "opening"})
    advance(draft)


def withdraw_now(draft: Draft, claim: Claim, *, actor: str | None, text: str | None) -> None:
    """The report is taken back; whoever waits behind it is not looked at here."""
    before = claim.state
    claim = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.WITHDRAW),
        reason_text=text,
        ended_at=draft.at,
        clocks=(),
        waiting=None,
        correct_by=None,
    )
    draft.put(claim)
    _close_judging(draft, claim)
    _close_completion(draft, claim)
    draft.record("withdrawn", claim, before=before, actor=actor, data={"text": text})


def waiting_reports(matter: Matter, person: str) -> tuple[Claim, ...]:
    """What ``person`` has reported of the customer and waits to be decided or accepted, first come first.

    What was not looked at yet is left out, and an opening load, which is decided by its time (INT-10).
    """
    reports = (c for c in matter.claims.values() if c.state is ClaimState.REPORTED and c.reporter == person)
    waiting = (c for c in reports if c.decided and c.opening is None)
    return tuple(sorted(waiting, key=lambda c: (c.rank_at, c.receipt)))


def lay_down_own(draft: Draft, person: str, *, actor: str | None) -> None:
    """The customer comes to ``person`` by another way: what they reported themselves has no object any more.

    Left standing, it would give them the customer again after a loss, without any wait (CLM-26, CLM-27).
    """
    for report in waiting_reports(draft.matter, person):
        withdraw_now(draft, report, actor=actor, text=None)


def correct(draft: Draft, command: Command) -> None:
    """Fields changed by owner or reporter: a correction, a completion, or just news (CLM-02, CLM-05, CLM-28)."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.ended_at is not None:
        raise refused(state=claim.state, trigger="correct")
    if command.data["version"] != claim.version:
        raise Refusal("version_conflict", rule="CUS-01", facts={"versions": [command.data["version"], claim.version]})
    claim = replace(claim, version=claim.version + 1)
    was_missing = bool(claim.missing)
    claim = replace(claim, missing=tuple(f for f in claim.missing if f not in command.data["present"]))
    if command.data.get("possible"):
        close = tuple(Resemblance(**one) for one in command.data.get("close", ()))
        claim = replace(claim, possible=tuple(command.data["possible"]), close=close)
        _alert_possible(draft, claim)
    sent_back = claim.waiting is Waiting.CORRECTION
    if sent_back:
        in_time = claim.correct_by is not None and draft.at <= claim.correct_by
        claim = replace(
            claim,
            waiting=None,
            correct_by=None,
            rank_at=claim.rank_at if in_time else draft.at,
        )
    if was_missing and not claim.missing:
        claim = replace(claim.without_clock(Clock.PROVISIONAL), provisional=False, complete_by=None)
        draft.closed_tasks.append(f"complete:{claim.id}")
    moved = moved_with_award(draft, claim, command)
    recounted, claim = moved != claim, moved
    claim = _recorded(draft, claim, command.data.get("present", ()))
    draft.put(claim)
    draft.columns.append((claim.id, command.data["columns"]))
    draft.record(
        "completed" if was_missing and not claim.missing else "corrected",
        claim,
        actor=command.actor,
        data={
            "fields": sorted(command.data["fields"]),
            "missing": list(claim.missing),
            **({"possible": len(command.data["possible"])} if command.data.get("possible") else {}),
            **({"clocks": clock_data(claim)} if recounted else {}),
        },
    )
    if sent_back:
        consider(draft, claim, sent_back=True)


def moved_with_award(draft: Draft, claim: Claim, command: Command) -> Claim:
    """``claim`` with the protection that follows from another day of award, where ``command`` tells of one (CLM-33)."""
    told = command.data.get("awarded_on")
    if not told:
        return claim
    was, now = (date.fromisoformat(day) if day is not None else None for day in told)
    terms = draft.setting.terms_of(claim)
    assert now is not None
    return clocks.recounted_for_award(
        claim,
        was=was,
        awarded_on=now,
        present=draft.matter.awarded_on,
        at=draft.at,
        terms=terms,
        min_notice=terms.policy.duration("calendar.min_notice_wd"),
    )


def _recorded(draft: Draft, claim: Claim, present: Collection[str]) -> Claim:
    """What the last follow-up was to record is there now: its period begins here (LEAD-12).

    When a field was first told is kept: an earlier follow-up that left it open counts from then, if no later one does.
    """
    if claim.clock(Clock.RHYTHM) is not None:
        known = {name for name, _ in claim.recorded}
        first = tuple((name, draft.at) for name in present if name not in known)
        claim = replace(claim, recorded=(*claim.recorded, *first))
    left = tuple(field for field in claim.unrecorded if field not in present)
    if left or not claim.unrecorded or claim.clock(Clock.RHYTHM) is None:
        return replace(claim, unrecorded=left)
    claim = clocks.started_rhythm(claim, at=draft.at, terms=draft.setting.terms_of(claim))
    return replace(claim, rhythm_since=draft.at)


def approval_missed(draft: Draft, claim: Claim) -> None:
    """No decision in time: it moves one supervisor up, the report time stays (CLM-04).

    Where the holder of a territory had the time to speak, it is the judge's turn only now (TER-05).
    """
    if is_heard_first(claim):
        _end_hearing(draft, claim)
        return
    following = next_judge(claim, draft.matter, draft.setting, at=draft.at)
    judges = (*claim.judges, following) if following is not None else claim.judges
    _close_judging(draft, claim)
    _start_judging(draft, replace(claim, judges=judges))


def next_judge(claim: Claim, matter: Matter, setting: Setting, *, at: datetime) -> str | None:
    """One supervisor up from whoever judges or judged the report (CLM-04)."""
    return setting.organisation.next_supervisor(
        claim.reporter,
        after=claim.judges,
        at=at,
        oversight=setting.programs[claim.program].oversight,
        interested=gainers(claim, matter.claims.values()),
    )


def judge_left(draft: Draft, claim: Claim) -> None:
    """Whoever judges has left: the next one does, in the time that is left (CLM-04, PPL-06)."""
    following = next_judge(claim, draft.matter, draft.setting, at=draft.at)
    assert following is not None  # else nothing would have fallen due
    _close_judging(draft, claim)
    claim = draft.put(replace(claim, judges=(*claim.judges, following)))
    draft.record("judge_left", claim, data={"by": following})
    _ask_judge(draft, claim)


def correction_missed(draft: Draft, claim: Claim) -> None:
    """Not corrected in time: it loses its place, later reports no longer wait for it (CLM-05)."""
    claim = draft.put(replace(claim, correct_by=None))
    draft.tell(claim.reporter, "claim.sent_back", claim, rule="CLM-05", facts={"late": True})
    advance(draft)


def earlier(matter: Matter, claim: Claim) -> Claim | None:
    """The first undecided report before ``claim`` on the same subject that keeps its place (CLM-05), or None."""
    before = [
        c
        for c in matter.claims.values()
        if c.id != claim.id and has_place(c) and (c.rank_at, c.receipt) < (claim.rank_at, claim.receipt)
    ]
    return min(before, key=lambda c: (c.rank_at, c.receipt), default=None)


def waiting_line(matter: Matter) -> tuple[Claim, ...]:
    """Reports that an acceptance or an end before them may decide, first come first."""
    line = [
        c for c in matter.claims.values() if c.state is ClaimState.REPORTED and c.decided and _may_move_up(matter, c)
    ]
    return tuple(sorted(line, key=lambda c: (c.rank_at, c.receipt)))


def is_taken(matter: Matter, claim: Claim, draft: Draft) -> bool:
    """Somebody else's claim holds the customer, or a relative; a case is open, or a grace period reserves it for its
    former owner.
    """
    if matter.in_case or kept_by_relative(matter.rivals, claim):
        return True
    owner = matter.owner_claim
    if owner is not None and owner.id != claim.id:
        return True
    reserved = matter.reserved_for(draft.at)
    return reserved is not None and reserved.owner != claim.reporter


def clock_data(claim: Claim) -> list[dict[str, object]]:
    """The clocks as history keeps them."""
    return [
        {
            "clock": c.clock.value,
            "deadline": c.deadline,
            "rule": c.rule,
            **({"remaining_us": c.remaining.microseconds} if c.remaining else {}),
        }
        for c in claim.clocks
    ]


def _may_move_up(matter: Matter, claim: Claim) -> bool:
    """Whether a change may decide it: a free customer moves the queue, an owned one everybody else.

    What members may object to is decided by its time alone (INT-10).
    """
    if claim.waiting is Waiting.OPENING:
        return False
    if claim.waiting is Waiting.QUEUE:
        return matter.owner_claim is None and not kept_by_relative(matter.rivals, claim)
    if claim.waiting in (Waiting.EARLIER, Waiting.VISIT, Waiting.BESIDE):
        return True
    return matter.owner_claim is not None and claim.waiting is not None


def _needs_judge(claim: Claim, policy: Policy) -> bool:
    mode = policy.choice("claim.judgement_mode")
    if claim.outside is not None and policy.choice("claim.out_of_territory") == "approve":
        return True
    if mode == "manual":
        return True
    if mode == "auto":
        return False
    return claim.ambiguous or (bool(claim.possible) and policy.choice("claim.on_possible") == "judge")


def _list_for_judge(draft: Draft, claim: Claim) -> None:
    claim = replace(claim, waiting=Waiting.JUDGE)
    if claim.outside is not None:
        claim = _ask_holder(draft, claim, claim.outside)
        if is_heard_first(claim):
            draft.put(claim)
            return
    if not claim.judges:
        judge = draft.supervisor(claim.reporter, interested=_gainers(draft, claim))
        claim = replace(claim, judges=(judge,) if judge is not None else ())
    _start_judging(draft, claim)


def _start_judging(draft: Draft, claim: Claim) -> None:
    claim = draft.put(_limited(draft, claim))
    _ask_judge(draft, claim)


def _limited(draft: Draft, claim: Claim) -> Claim:
    """``claim`` with the time that whoever is asked now has for it (`claim.approval_wh`)."""
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    return clocks.started(
        claim,
        Clock.APPROVAL,
        at=draft.at,
        length=policy.duration("claim.approval_wh"),
        rule="claim.approval_wh",
        terms=clocks.Terms(policy=policy, calendar=draft.setting.calendar(claim.program)),
    )


def _ask_holder(draft: Draft, claim: Claim, outside: Outside) -> Claim:
    """The holder of the territory is heard before anybody judges, once, for as long as a judge has (TER-05).

    Without a limit the judge need not wait: else a report could be held up for ever by saying nothing.
    """
    if outside.asked or outside.holder is None:
        return replace(claim, outside=replace(outside, hearing=False))
    claim = _limited(draft, claim)
    approval = claim.clock(Clock.APPROVAL)
    until = approval.deadline if approval is not None else None
    claim = replace(claim, outside=replace(outside, asked=True, hearing=approval is not None))
    draft.tasks.append(
        Task(
            key=_hearing_key(claim),
            person=outside.holder,
            kind="comment",
            subject_type="claim",
            subject=claim.id,
            due=until,
        )
    )
    draft.record("holder_asked", claim, data={"person": outside.holder, "until": until})
    draft.tell(outside.holder, "claim.out_of_territory", claim, rule="TER-05", urgency="urgent", facts={"until": until})
    return claim


def _end_hearing(draft: Draft, claim: Claim) -> None:
    draft.closed_tasks.append(_hearing_key(claim))
    if is_heard_first(claim):
        _list_for_judge(draft, claim)


def _warn_holder(draft: Draft, claim: Claim, outside: Outside) -> None:
    """Accepted all the same: whose territory it is and the reporter's supervisor are told (TER-05)."""
    told = {outside.holder, draft.supervisor(claim.reporter)}
    for person in sorted(p for p in told if p is not None):
        facts = {"cause": "accepted", "by": claim.reporter, "territory": outside.territory}
        draft.tell(person, "claim.out_of_territory", claim, rule="TER-05", facts=facts)


def _ask_judge(draft: Draft, claim: Claim) -> None:
    if claim.judges:
        approval = claim.clock(Clock.APPROVAL)
        due = approval.deadline if approval else None
        draft.tasks.append(
            Task(
                key=_judge_key(claim),
                person=claim.judges[-1],
                kind="judge",
                subject_type="claim",
                subject=claim.id,
                due=due,
            )
        )
        draft.tell(claim.judges[-1], "claim.received", claim, rule="CLM-04", urgency="urgent", facts={"until": due})


def _judging(draft: Draft, command: Command, claim: Claim) -> None:
    authorise(
        command.kind,
        claim,
        actor=Actor(command.actor or ""),
        setting=draft.setting,
        at=draft.at,
        interested=_gainers(draft, claim),
    )
    if claim.state is not ClaimState.REPORTED:
        raise refused(state=claim.state, trigger=command.kind.value)
    if is_heard_first(claim):
        facts = {"waits_for": "holder", "until": claim.deadline}
        raise Refusal("illegal_transition", rule="TER-05", facts=facts, current_state=claim.state.value)
    if claim.waiting is Waiting.OPENING:
        facts = {"waits_for": "objections"}
        raise Refusal("illegal_transition", rule="INT-10", facts=facts, current_state=claim.state.value)


def _gainers(draft: Draft, claim: Claim) -> tuple[str, ...]:
    return tuple(sorted(gainers(claim, draft.matter.claims.values())))


def _collide(draft: Draft, claim: Claim) -> None:
    """The customer is owned in this track: refused, queued or contested, and a conflict signal (CLM-27, DSP-19).

    What an opening load has told is contested whatever policy says: no rule refuses it for its place (INT-10).
    """
    if claim.waiting is Waiting.QUEUE or (claim.waiting is Waiting.BESIDE and in_trial(draft)):
        return  # it has its place already
    holder = draft.matter.owner_claim or draft.matter.reserved_for(draft.at)
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    way = policy.choice("claim.on_collision")
    if (way == "dispute" or claim.opening is not None) and _may_contest(draft, claim):
        _close_judging(draft, claim)
        # Should the case end without an outcome, it is considered again.
        draft.put(replace(claim.without_clock(Clock.APPROVAL), waiting=Waiting.EARLIER, correct_by=None))
        draft.contested.append(claim.id)
    elif way != "queue":
        _turn_down(draft, claim, reason="customer_owned")
    elif len(queue(draft.matter.claims.values())) >= policy.integer("claim.queue_max"):
        _turn_down(draft, claim, reason="queue_full")
    else:
        _enqueue(draft, claim, policy)
    if claim.waiting is Waiting.BESIDE:
        return
    if holder is not None:
        attempted(draft, holder, by=claim.reporter, data={"claim": claim.id}, through=claim)
    conflicts.met_by_relative(draft, claim, apart=holder.owner if holder is not None else None)


def _turn_down(draft: Draft, claim: Claim, *, reason: str) -> None:
    """The rules refuse it: it is rejected, or in a trial stands beside the claim that holds the customer (POL-08)."""
    if not in_trial(draft):
        _reject(draft, claim, reason=reason, actor=None, text=None, rule="CLM-27")
        return
    _close_judging(draft, claim)
    claim = would_refuse(draft, claim, code=reason, rule="CLM-27")
    draft.put(replace(claim.without_clock(Clock.APPROVAL), waiting=Waiting.BESIDE, correct_by=None))


def _may_contest(draft: Draft, claim: Claim) -> bool:
    """Against another holder or in the open case, once: what a case gave back is not disputed by itself again."""
    if draft.matter.frozen_elsewhere or claim.dispute is not None:
        return False
    present = draft.matter.open_dispute
    if present is not None:
        return present.takes_parties
    reserved = draft.matter.reserved_for(draft.at) if claim.opening is not None else None
    holder = draft.matter.owner_claim or reserved
    return holder is not None and holder.owner != claim.reporter


def queue(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Those of ``claims``, all of one matter, that wait for its owned customer, the first in the queue first."""
    waiting = [c for c in claims if c.state is ClaimState.REPORTED and c.waiting is Waiting.QUEUE]
    return tuple(sorted(waiting, key=lambda c: (c.rank_at, c.receipt)))


def _enqueue(draft: Draft, claim: Claim, policy: Policy) -> None:
    """It waits for the customer from here on, for `claim.queue_days` at most (CLM-27)."""
    _close_judging(draft, claim)
    claim = replace(claim.without_clock(Clock.APPROVAL), waiting=Waiting.QUEUE, correct_by=None)
    claim = clocks.started(
        claim,
        Clock.QUEUE,
        at=draft.at,
        length=policy.duration("claim.queue_days"),
        rule="claim.queue_days",
        terms=clocks.Terms(policy=policy, calendar=draft.setting.calendar(claim.program)),
    )
    draft.put(claim)


def attempted(
    draft: Draft, holder: Claim, *, by: str | None, data: dict[str, object], through: Claim | None = None
) -> None:
    """Somebody reached for an owned customer; the owner's history keeps it (CLM-11, DSP-19)."""
    draft.record("attempt", holder, actor=by, data=data)
    conflicts.met(draft, "attempt", holder, by, through=through)


def _reject(draft: Draft, claim: Claim, *, reason: str, actor: str | None, text: str | None, rule: str) -> None:
    rejected = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.REJECT),
        reason=reason,
        reason_text=text,
        ended_at=draft.at,
        clocks=(),
        waiting=None,
        correct_by=None,
    )
    draft.put(rejected)
    _close_judging(draft, claim)
    _close_completion(draft, claim)
    draft.record(
        "rejected",
        rejected,
        before=ClaimState.REPORTED,
        actor=actor,
        reason=reason,
        data={"text": text} if text else {},
    )
    draft.tell(claim.reporter, "claim.rejected", rejected, rule=rule, facts={"reason": reason})


def _alert_possible(draft: Draft, claim: Claim) -> None:
    """`possible` accepted: both supervisors look at it, and are told what speaks for it (CUS-02, CUS-05)."""
    conflicts.resembles(draft, claim)
    told = {draft.supervisor(person) for person in (claim.reporter, *claim.rivals)}
    for person in sorted(p for p in told if p is not None):
        facts: dict[str, object] = {"possible": len(claim.possible) or 1}
        if claim.close:
            facts["differs"] = dict(claim.close[0].differs)
        draft.tell(person, "claim.attempt", claim, rule="CUS-05" if claim.close else "CUS-02", facts=facts)


def _close_judging(draft: Draft, claim: Claim) -> None:
    if claim.judges:
        draft.closed_tasks.append(_judge_key(claim))
    if claim.outside is not None and claim.outside.asked:
        draft.closed_tasks.append(_hearing_key(claim))


def _close_completion(draft: Draft, claim: Claim) -> None:
    if claim.missing:
        draft.closed_tasks.append(f"complete:{claim.id}")


def _hearing_key(claim: Claim) -> str:
    return f"comment:{claim.id}"


def _judge_key(claim: Claim) -> str:
    return f"judge:{claim.id}"


def last_change(draft: Draft, person: str) -> int:
    """The latest move of ``person`` by now: a claim that begins only now takes in none before it.

    Whoever has left stays away: a report of theirs that is accepted afterwards is handed over too (PPL-06).
    """
    changes = draft.setting.organisation.changes.get(person, ())
    return max((c.number for c in changes if c.at <= draft.at and c.kind is ChangeKind.MOVED), default=0)


def _last_migration(draft: Draft, program: str) -> int:
    return max((m.number for m in draft.setting.programs[program].migrations if m.at <= draft.at), default=0)
