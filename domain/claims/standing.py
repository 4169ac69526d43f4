"""Facts that concern many claims at once, each read by the next drain: absences, leavers, calendars, migrations.

They are rows of the company, not commands (design: "bulk changes are one fact with an effective instant"). Each claim
remembers how far it has taken them in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from domain.claims import clocks
from domain.claims.holding import ask
from domain.claims.lifecycle import ENDED, ClaimState
from domain.claims.model import (
    Claim,
    Clock,
    Pause,
    PauseKind,
    Request,
    RequestKind,
    RequestState,
    RunningClock,
    Waiting,
)
from domain.claims.permissions import SUPERVISED
from domain.claims.reports import clock_data, next_judge
from domain.claims.requests import end_pause, hand_over
from domain.matters.draft import Draft, Task
from domain.matters.matter import Matter
from domain.matters.setting import Setting
from domain.people.organisation import Absence, ChangeKind, PersonChange
from domain.programs.program import Migration
from domain.trial.going_live import went_live

_HELD = (ClaimState.PROTECTED, ClaimState.ACTIVE, ClaimState.WON)


def next_absence(claim: Claim, setting: Setting) -> tuple[datetime, datetime] | None:
    """The next long absence of the owner that stops clocks, as (from, to); None if there is none (PPL-05).

    It counts from when it was entered at the earliest, so that it never revives what lapsed before. Overlapping
    absences count once.
    """
    if claim.owner is None or claim.state not in _HELD or claim.accepted_at is None:
        return None
    terms = setting.terms_of(claim)
    longer_than = terms.policy.duration("absence.pause_after_wd")
    if longer_than is None:
        return None
    since = max(claim.accepted_at, claim.absence_seen or claim.accepted_at)
    found = [
        (max(start, known_at, since), end)
        for start, end, known_at in _long_absences(claim.owner, setting, after=since)
        if terms.calendar.add(start, longer_than).at < end
    ]
    return min((window for window in found if window[0] < window[1]), default=None)


def absence_starts(draft: Draft, claim: Claim, *, until: datetime) -> None:
    """The first-follow-up and idle clocks stand still while the owner is away for long (PPL-05)."""
    claim = replace(claim, absence_seen=until)
    pause = Pause(kind=PauseKind.ABSENCE, since=draft.at, until=until)
    claim = clocks.paused(claim, pause, at=draft.at, terms=draft.setting.terms_of(claim))
    draft.put(claim)
    draft.record("paused", claim, data={"kind": "absence", "until": until, "clocks": clock_data(claim)})
    draft.tell(claim.owner, "claim.paused", claim, rule="PPL-05", facts={"until": until})


def pause_ends(draft: Draft, claim: Claim, kind: PauseKind) -> None:
    """A pause reached its end by itself (CLM-21, PPL-05)."""
    end_pause(draft, claim, kind, actor=None)


def next_change(claim: Claim, setting: Setting) -> PersonChange | None:
    """The next leaving or moving of the owner that this claim has not taken in yet (PPL-06)."""
    if claim.owner is None or claim.state not in _HELD:
        return None
    return next(
        (
            c
            for c in setting.organisation.changes.get(claim.owner, ())
            if c.number > claim.changes_seen and c.program in (None, claim.program)
        ),
        None,
    )


def owner_changed(draft: Draft, claim: Claim, change: PersonChange) -> None:
    """Clocks stand still until the supervisor has decided on the customer (PPL-06)."""
    terms = draft.setting.terms_of(claim)
    claim = replace(claim, changes_seen=change.number)
    limit = terms.policy.duration("people.leaver_handover_wd")
    by = terms.calendar.add(draft.at, limit).at if limit else None
    if not any(p.kind is PauseKind.HANDOVER for p in claim.pauses):
        claim = clocks.paused(claim, Pause(kind=PauseKind.HANDOVER, since=draft.at), at=draft.at, terms=terms)
    owner = claim.owner or ""
    supervisor = draft.supervisor(owner)
    if change.kind is ChangeKind.LEFT:
        claim = replace(claim, hand_over_by=by)
    _withdraw_handovers(draft, claim)
    draft.put(claim)
    draft.record("paused", claim, data={"kind": "handover", "until": by, "clocks": clock_data(claim)})
    if change.kind is ChangeKind.LEFT:
        if supervisor is not None:
            draft.tasks.append(
                Task(
                    key=f"handover:{claim.id}",
                    person=supervisor,
                    kind="request.handover",
                    subject_type="claim",
                    subject=claim.id,
                    due=by,
                )
            )
            draft.tell(
                supervisor,
                "request.handover",
                claim,
                rule="PPL-06",
                urgency="urgent",
                facts={"until": by},
            )
        return
    ask(
        draft,
        claim,
        Request(
            id=draft.mint(),
            kind=RequestKind.HANDOVER,
            claim=claim.id,
            by=None,
            waiting_for=(supervisor,) if supervisor is not None else (),
            created_at=draft.at,
            decide_by=by,
            data={},
        ),
        rule="PPL-06",
        urgency="urgent",
    )


def judge_left_at(claim: Claim, matter: Matter, setting: Setting) -> datetime | None:
    """When whoever judges the report has left, if somebody else is there to judge it (CLM-04, PPL-06)."""
    if claim.waiting is not Waiting.JUDGE or not claim.judges:
        return None
    approval = claim.clock(Clock.APPROVAL)
    at = _left_at(claim.judges[-1], setting, since=approval.start if approval is not None else claim.received_at)
    return at if at is not None and next_judge(claim, matter, setting, at=at) is not None else None


def deciders_left(claim: Claim, matter: Matter, setting: Setting) -> Iterator[tuple[datetime, Request]]:
    """Requests that wait for a supervisor who has left, where there is another one (PPL-06, CLM-31)."""
    for request in matter.requests_of(claim.id):
        if request.state is not RequestState.OPEN:
            continue
        if request.kind is RequestKind.DELIVERY:
            instead = _leads_instead(request, setting)
            if instead is not None:
                yield instead[0], request
        if not _is_supervised(request):
            continue
        for person in request.waiting_for:
            at = _left_at(person, setting, since=request.created_at)
            if at is not None and _next_decider(claim, request, setting, at=at) is not None:
                yield at, request


def decider_left(draft: Draft, claim: Claim, request: Request) -> None:
    """The next supervisor decides, in the time that is left (PPL-06), or who leads the delivering team now (CLM-31)."""
    following = _next_decider(claim, request, draft.setting, at=draft.at)
    assert following is not None  # else nothing would have fallen due
    draft.closed_tasks.append(f"request:{request.id}")
    ask(draft, claim, replace(request, waiting_for=(following,)), rule="PPL-06", urgency="urgent")


def _is_supervised(request: Request) -> bool:
    return request.kind in SUPERVISED or (request.data or {}).get("step") == "approval"


def _next_decider(claim: Claim, request: Request, setting: Setting, *, at: datetime) -> str | None:
    if request.kind is RequestKind.DELIVERY:
        instead = _leads_instead(request, setting)
        return instead[1] if instead is not None else None
    to = (request.data or {}).get("to")
    interested = (*request.waiting_for, *((to,) if to is not None else ()))
    person = claim.owner or claim.reporter
    return setting.supervisor(person, program=claim.program, at=at, interested=interested)


def _leads_instead(request: Request, setting: Setting) -> tuple[datetime, str] | None:
    """Since when somebody else than whoever was asked leads the delivering team, and who (CLM-31).

    While it has no leader, because that one has left: the nearest leader above.
    """
    organisation, team = setting.organisation, (request.data or {})["team"]
    present = next(reversed(organisation.leaderships.get(team, ())), None)
    if present is not None and present.end is None:
        at = max(present.start, request.created_at)
        new = present.object not in request.waiting_for and organisation.is_active(present.object, at=at)
        return (at, present.object) if new else None
    for person in request.waiting_for:
        left = _left_at(person, setting, since=request.created_at)
        if left is None:
            continue
        leaders = (organisation.leader_of(one, at=left) for one in organisation.path_up(team))
        above = next((one for one in leaders if one is not None and organisation.is_active(one, at=left)), None)
        if above is not None:
            return left, above
    return None


def _left_at(person: str, setting: Setting, *, since: datetime) -> datetime | None:
    """When ``person`` left the company for good, not before ``since``."""
    left = (
        max(change.at, since)
        for change in setting.organisation.changes.get(person, ())
        if change.kind is ChangeKind.LEFT and change.program is None
    )
    return next((at for at in left if not setting.organisation.is_active(person, at=at)), None)


def _withdraw_handovers(draft: Draft, claim: Claim) -> None:
    """What was asked about an earlier move is settled by what is asked now; who has left keeps nothing (PPL-06)."""
    for request in draft.matter.requests_of(claim.id):
        if request.kind is RequestKind.HANDOVER and request.state is RequestState.OPEN:
            draft.put_request(replace(request, state=RequestState.WITHDRAWN, decided_at=draft.at))
            draft.closed_tasks.append(f"request:{request.id}")


def handover_missed(draft: Draft, claim: Claim) -> None:
    """The leaver's customer was not decided on, or the mover's time with it is over (PPL-06)."""
    draft.closed_tasks.append(f"handover:{claim.id}")
    hand_over(draft, claim, actor=None)


def calendar_changed_at(claim: Claim, setting: Setting) -> datetime | None:
    """When the calendar version took effect that this claim's clocks were not counted with yet (TER-06)."""
    if claim.ended_at is not None or not claim.clocks:
        return None
    calendar = setting.programs[claim.program].calendar
    if claim.terms.calendar_version >= setting.calendars[calendar].version:
        return None
    return setting.calendar_changes.get(calendar)


def calendar_changed(draft: Draft, claim: Claim) -> None:
    """Future deadlines are counted again, with the minimum notice; the owner is told of a difference (TER-06)."""
    terms = draft.setting.terms_of(claim)
    before = {c.clock: c.deadline for c in claim.clocks}
    claim = replace(claim, terms=replace(claim.terms, calendar_version=terms.calendar.version))
    claim = clocks.recounted(
        claim, at=draft.at, terms=terms, min_notice=terms.policy.duration("calendar.min_notice_wd")
    )
    draft.put(claim)
    _tell_if_moved(draft, claim, before, rule="TER-06", cause="calendar")


def next_migration(claim: Claim, setting: Setting) -> Migration | None:
    """The next policy migration that concerns this claim and that it has not taken in yet (POL-02, POL-08)."""
    return next(
        (
            m
            for m in setting.programs[claim.program].migrations
            if m.number > claim.migrations_seen and _concerns(m, claim)
        ),
        None,
    )


def _concerns(migration: Migration, claim: Claim) -> bool:
    """One that goes live concerns whatever was received in the trial and is open, also before a judge or in a case."""
    if migration.goes_live:
        return claim.state not in ENDED and claim.received_at < migration.at
    return claim.state in _HELD and (migration.claims is None or claim.id in migration.claims)


def migrated(draft: Draft, claim: Claim, migration: Migration) -> None:
    """An open claim takes on another policy version; a deadline that moves nearer keeps the notice (POL-02)."""
    if migration.goes_live:
        went_live(draft, _under(claim, migration, setting=draft.setting))
        return
    before = {c.clock: c.deadline for c in claim.clocks}
    claim = migrated_claim(claim, migration, setting=draft.setting)
    draft.put(claim)
    _tell_if_moved(draft, claim, before, rule="POL-02", cause="policy")


def migrated_claim(claim: Claim, migration: Migration, *, setting: Setting) -> Claim:
    """``claim`` under the migration's policy, every running clock counted again from where it started.

    Pure, so that the preview of a migration is what the migration does.
    """
    claim = _under(claim, migration, setting=setting)
    terms = setting.terms_of(claim)
    notice = terms.policy.duration("policy.migration_notice_wd")
    floor = terms.calendar.add(migration.at, notice).at if notice else migration.at
    for clock in claim.clocks:
        claim = _recounted_under(claim, clock, terms=terms, floor=floor)
    return claim


def _under(claim: Claim, migration: Migration, *, setting: Setting) -> Claim:
    """``claim`` under the migration's policy, its clocks untouched."""
    return replace(
        claim,
        migrations_seen=max(claim.migrations_seen, migration.number),
        terms=replace(
            claim.terms,
            policy=migration.policy.id,
            # The company's policy of that instant lies beneath, as it does for claims accepted then.
            company_policy=setting.terms_at(claim.program, at=migration.at).company_policy,
            version=migration.policy.version,
        ),
    )


_LENGTHS: dict[Clock, str] = {
    Clock.FIRST_FOLLOW_UP: "claim.first_follow_up_wh",
    Clock.IDLE: "claim.idle_days",
    Clock.NO_DEAL: "claim.no_deal_days",
    Clock.PROTECTION: "claim.protection_days",
    Clock.STAGE: "claim.stage_length",
    Clock.SALES_STAGE: "stage.deadline_days",
    Clock.PROVISIONAL: "claim.provisional_days",
    Clock.AFTER_DEAL: "claim.after_deal_days",
    Clock.RHYTHM: "sop.rhythm_days",
}


def _recounted_under(claim: Claim, clock: RunningClock, *, terms: clocks.Terms, floor: datetime) -> Claim:
    parameter = _LENGTHS.get(clock.clock)
    if parameter is None or clock.rule != parameter or clock.paused:
        return claim
    if clock.clock is Clock.STAGE and terms.policy.protection_shape == "report_deal":
        return claim
    match clock.clock:
        case Clock.STAGE:
            length = clocks.stage_length(claim, terms=terms)
        case Clock.SALES_STAGE:
            length = clocks.sales_stage_length(claim, terms=terms)
        case Clock.RHYTHM:
            length = clocks.rhythm_length(claim, terms=terms)
        case _:
            length = terms.policy.duration(parameter)
    moved = clocks.started(claim, clock.clock, at=clock.start, length=length, rule=parameter, terms=terms)
    fresh = moved.clock(clock.clock)
    if fresh is None or fresh.deadline is None or clock.deadline is None or fresh.deadline >= clock.deadline:
        return moved
    return moved.with_clock(replace(fresh, deadline=min(clock.deadline, max(fresh.deadline, floor))))


def _tell_if_moved(draft: Draft, claim: Claim, before: dict[Clock, datetime | None], *, rule: str, cause: str) -> None:
    after = {c.clock: c.deadline for c in claim.clocks}
    if after == before:
        return
    draft.record("corrected", claim, data={"cause": cause, "clocks": clock_data(claim)})
    draft.tell(
        claim.owner,
        "policy.changed",
        claim,
        rule=rule,
        urgency="urgent",
        facts={"deadline": claim.deadline, "cause": cause},
    )


def _long_absences(person: str, setting: Setting, *, after: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Absences of ``person`` that end after ``after`` as (start, end, known since), overlapping ones joined.

    One that was entered later may make an earlier one longer: as it was known from then on, not before.
    """
    rows = setting.organisation.absences.get(person, ())
    for run in _joined(rows):
        if max(a.end for a in run) <= after:
            continue
        for known_at in sorted({a.entered_at for a in run}):
            for part in _joined([a for a in run if a.entered_at <= known_at]):
                yield part[0].start, max(a.end for a in part), known_at


def _joined(absences: Iterable[Absence]) -> list[list[Absence]]:
    """Runs of absences that overlap or touch."""
    runs: list[list[Absence]] = []
    until: datetime | None = None
    for absence in sorted(absences, key=lambda a: (a.start, a.end)):
        if until is not None and absence.start <= until:
            runs[-1].append(absence)
            until = max(until, absence.end)
        else:
            runs.append([absence])
            until = absence.end
    return runs
