"""What a desk decides, under the lock of its site: who serves an arrival, and what its steps do (LEAD-08 to LEAD-15).

Pure: a queue and a reception in, both out, with what is to be logged and who is to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.calendar.working_calendar import WorkingCalendar
from domain.leads.rotation import Skip, Turn, given_back, next_turn
from domain.policy.policy import Policy
from domain.reception.lifecycle import ReceptionState, ReceptionTrigger, fire, refused
from domain.reception.model import Reception, Recognition, Way, missing_steps
from domain.reception.queue import Presence, Queue
from domain.refusals import FieldError, Refusal

#: What the owner is waited for, `standin.wait_min` long.
_WAITED_FOR = frozenset({Skip.BUSY, Skip.SERVING})
_SAID = {Presence.BUSY: Skip.BUSY, Presence.DUTY: Skip.DUTY}


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry of a history: of the site's where ``reception`` is None, else of that reception's."""

    reception: str | None
    kind: str
    data: Mapping[str, Any]
    before: ReceptionState | None = None
    after: ReceptionState | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A notice for one person; None: the duty manager of the site."""

    person: str | None
    kind: str
    rule: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Desk:
    """A site at the instant ``at``. ``unable``: who is absent (PPL-05), or at work on another reception of the site.

    ``barred``: who is signed in and may not receive the visitor in hand, since a pool keeps them for others (POOL-08).
    """

    queue: Queue
    at: datetime
    policy: Policy
    calendar: WorkingCalendar
    unable: Mapping[str, Skip] = field(default_factory=dict)
    barred: frozenset[str] = frozenset()
    logged: list[Logged] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def why_not(self, person: str) -> Skip | None:
        """Why ``person`` cannot serve now, None if they can."""
        presence = self.queue.present.get(person)
        if presence is None:
            return Skip.ABSENT
        if person in self.barred:
            return Skip.RESTRICTED
        return self.unable.get(person) or _SAID.get(presence)

    def require_listed(self, person: str) -> None:
        """Nobody may name somebody whom the visitor is kept from: ``restricted`` (POOL-08)."""
        if person in self.barred:
            raise Refusal("restricted", rule="POOL-08")

    def until(self, name: str, since: datetime) -> datetime | None:
        """The end of the time that the parameter ``name`` allows, None where it sets no limit."""
        length = self.policy.duration(name)
        return self.calendar.add(since, length).at if length is not None else None

    def log(self, kind: str, reception: Reception, *, before: ReceptionState | None = None, **data: Any) -> None:
        """Append to the history of the reception, whose state after the step is its present one."""
        after = reception.state if before is not None else None
        self.logged.append(Logged(reception.id, kind, data, before, after))

    def log_turn(self, kind: str, **data: Any) -> None:
        """Append to the history of the queue."""
        self.logged.append(Logged(None, kind, data))


# --- who serves ------------------------------------------------------------------------------------------------------


def arrive(desk: Desk, reception: Reception) -> Reception:
    """Somebody has arrived: to the owner, or to whoever has the turn (LEAD-08)."""
    return _given(desk, reception)


def call_next(desk: Desk, reception: Reception) -> Reception:
    """Who was called did not come, or was waited for long enough: the next one (LEAD-09, LEAD-15)."""
    before = reception.state
    if before is ReceptionState.CALLED:
        assert reception.called_at is not None
        limit = "standin.wait_min" if reception.way is Way.OWNER else "rotation.call_min"
        _require_over(desk, reception, desk.until(limit, reception.called_at))
        missed = reception.server
        assert missed is not None
        reception = replace(reception, passed=(*reception.passed, missed), server=None, turn_of=None, way=None)
        # Absent when called: the turn is lost, and one that was owed as well.
        desk.log("missed", reception, person=missed)
        desk.log_turn("missed", reception=reception.id, person=missed)
    elif before is not ReceptionState.WAITING:
        raise refused(state=before, trigger="next")
    elif reception.owner is not None and desk.why_not(reception.owner) in _WAITED_FOR:
        _require_over(desk, reception, reception.wait_until)
    return _given(desk, reception)


def assign(desk: Desk, reception: Reception, person: str, *, text: str | None) -> Reception:
    """The duty manager names who serves now; that decides nothing else (LEAD-08, LEAD-15)."""
    if person not in desk.queue.present:
        raise Refusal("field_invalid", rule="LEAD-08", errors=(FieldError("person", "field_invalid"),))
    desk.require_listed(person)
    before = reception.state
    if before is ReceptionState.CALLED:
        _give_back(desk, reception)
        reception = replace(reception, turn_of=None)
    return _call(desk, reception, person, Way.NAMED, text=text)


def _given(desk: Desk, reception: Reception) -> Reception:
    owner = reception.owner
    if owner is None:
        turn = _turn(desk, reception)
        return _wait(desk, reception) if turn is None else _take_turn(desk, reception, turn, Way.TURN)
    why = Skip.ABSENT if owner in reception.passed else desk.why_not(owner)
    if why is None:
        return _call(desk, reception, owner, Way.OWNER)
    until = reception.wait_until or desk.until("standin.wait_min", reception.arrived_at)
    if why in _WAITED_FOR and until is not None and desk.at <= until:
        return _wait(desk, replace(reception, wait_until=until))
    return _stand_in(desk, reception, owner)


def _stand_in(desk: Desk, reception: Reception, owner: str) -> Reception:
    """The owner's buddy, else the next in the queue, serves for the owner, who hears of it at once (LEAD-15)."""
    buddy = desk.queue.buddies.get(owner)
    if buddy is not None and buddy not in reception.passed and desk.why_not(buddy) is None:
        found = _call(desk, reception, buddy, Way.STAND_IN)
    else:
        turn = _turn(desk, reception, without=owner)
        if turn is None:
            return _wait(desk, reception)
        found = _take_turn(desk, reception, turn, Way.STAND_IN)
    desk.told.append(Told(owner, "reception.stand_in", "LEAD-15", {"by": found.server}))
    return found


def _turn(desk: Desk, reception: Reception, *, without: str | None = None) -> Turn | None:
    """Whose turn it is; the queue goes on behind them."""
    queue = desk.queue
    found = {p: Skip.ABSENT if p in reception.passed else desk.why_not(p) for p in queue.present}
    if without in found:
        found[without] = found[without] or Skip.ABSENT
    skips = {p: why for p, why in found.items() if why is not None}
    turn, rotation = next_turn(
        queue.rotation, tuple(queue.present), skips=skips, makeup=desk.policy.switch("rotation.makeup")
    )
    desk.queue = queue.with_rotation(rotation)
    return turn


def _take_turn(desk: Desk, reception: Reception, turn: Turn, way: Way) -> Reception:
    skipped = [{"person": person, "reason": why.value} for person, why in turn.skipped]
    desk.log_turn("turn", reception=reception.id, person=turn.person, makeup=turn.makeup, skipped=skipped)
    reception = replace(reception, makeup=turn.makeup, turn_of=turn.person)
    return _call(desk, reception, turn.person, way, skipped=skipped)


def _call(desk: Desk, reception: Reception, person: str, way: Way, **data: Any) -> Reception:
    before = reception.state
    reception = replace(
        reception,
        state=fire(state=before, trigger=ReceptionTrigger.CALL),
        server=person,
        way=way,
        called_at=desk.at,
        greeted_at=None,
        wait_until=None,
    )
    desk.log("called", reception, before=before, person=person, way=way.value, makeup=reception.makeup, **data)
    desk.told.append(Told(person, "reception.called", "LEAD-08"))
    return reception


def _wait(desk: Desk, reception: Reception) -> Reception:
    """For the owner to be free, or for the duty manager to name somebody."""
    before = reception.state
    reception = replace(reception, state=fire(state=before, trigger=ReceptionTrigger.WAIT))
    cause = {"cause": "restricted"} if desk.barred else {}
    desk.log("waiting", reception, before=before, until=reception.wait_until, **cause)
    if reception.wait_until is None or desk.at > reception.wait_until:
        desk.told.append(Told(None, "reception.waiting", "POOL-08" if cause else "LEAD-08", cause))
    return reception


def _require_over(desk: Desk, reception: Reception, until: datetime | None) -> None:
    if until is not None and desk.at <= until:
        refusal = refused(state=reception.state, trigger="next")
        raise Refusal(
            refusal.code,
            rule="LEAD-09",
            facts={**refusal.facts, "until": until},
            current_state=refusal.current_state,
            allowed=refusal.allowed,
        )


# --- visitors nobody recognises -----------------------------------------------------------------------------------


def post(desk: Desk, reception: Reception) -> Reception:
    """Somebody who says they were here before, and whose customer they are is not known: posted to the program's reps
    for `customer.recognise_days` (0: not at all); those who are here are told at once (CUS-13).
    """
    until = desk.until("customer.recognise_days", reception.arrived_at)
    if until is None or reception.owner is not None:
        return reception
    reception = replace(reception, recognise_by=until)
    desk.log("posted", reception, until=until)
    here = (person for person in desk.queue.present if person != reception.server)
    desk.told += [Told(person, "reception.unrecognised", "CUS-13", {"until": until}) for person in here]
    return reception


def recognise(desk: Desk, reception: Reception, said: Recognition, *, text: str | None, told: str) -> Reception:
    """A rep says whose customer it is; ``told``, of the desk, decides whether the two records are one (CUS-13).

    The same again changes nothing. After `customer.recognise_days`: ``deadline_passed``.
    """
    if reception.recognise_by is None or desk.at > reception.recognise_by:
        raise Refusal("deadline_passed", rule="CUS-13", facts={"until": reception.recognise_by})
    if any((known.person, known.claim) == (said.person, said.claim) for known in reception.recognised):
        return reception
    reception = replace(reception, recognised=(*reception.recognised, said))
    desk.log("recognised", reception, person=said.person, claim=said.claim, text=text)
    desk.told.append(Told(told, "reception.recognised", "CUS-13", {"by": said.person}))
    return reception


# --- steps of the procedure ------------------------------------------------------------------------------------------


def greet(desk: Desk, reception: Reception) -> Reception:
    """The server meets the visitor. Who stands in for the owner is owed a turn for it (LEAD-15)."""
    before = reception.state
    state = fire(state=before, trigger=ReceptionTrigger.GREET)
    reception = replace(reception, state=state, greeted_at=desk.at)
    desk.log("greeted", reception, before=before, person=reception.server)
    if reception.way is Way.STAND_IN and reception.server is not None:
        desk.queue = desk.queue.with_rotation(given_back(desk.queue.rotation, reception.server))
        desk.log_turn("owed", reception=reception.id, person=reception.server)
        # Made good by that, whoever serves on: a turn that they used up comes back no second time.
        reception = replace(reception, turn_of=None)
    return reception


def record(
    desk: Desk,
    reception: Reception,
    *,
    need: str | None,
    features: tuple[str, ...] | None,
    identifying: tuple[str, ...] | None,
    asked: tuple[str | None] | None,
) -> Reception:
    """Need and features of the visitor, and who served them first; what is not given stays (LEAD-10)."""
    if reception.state is not ReceptionState.SERVING:
        raise refused(state=reception.state, trigger="record")
    reception = replace(
        reception,
        need=need or reception.need,
        features=reception.features if features is None else features,
        identifying=reception.identifying if identifying is None else identifying,
        asked=reception.asked or asked is not None,
        served_before=reception.served_before if asked is None else asked[0],
    )
    desk.log("recorded", reception, text=need, served_before=reception.served_before)
    return reception


def hand_over(desk: Desk, reception: Reception, to: str, *, text: str | None) -> Reception:
    """Somebody else who is there serves on; whose customer it is does not change by that (交接, LEAD-10)."""
    if reception.state is not ReceptionState.SERVING:
        raise refused(state=reception.state, trigger="hand_over")
    if to not in desk.queue.present or to == reception.server:
        raise Refusal("field_invalid", rule="LEAD-10", errors=(FieldError("to", "field_invalid"),))
    desk.require_listed(to)
    former, reception = reception.server, replace(reception, server=to)
    desk.log("handed_over", reception, former=former, to=to, text=text)
    desk.told.append(Told(to, "reception.called", "LEAD-10"))
    return reception


def complete(desk: Desk, reception: Reception) -> Reception:
    """The procedure is done; without one of its steps it makes no claim (`reception_incomplete`, LEAD-10)."""
    before = reception.state
    state = fire(state=before, trigger=ReceptionTrigger.COMPLETE)
    missing = missing_steps(reception, desk.policy)
    if missing:
        facts = {"missing": list(missing)}
        raise Refusal("reception_incomplete", rule="LEAD-10", facts=facts, current_state=before.value)
    reception = replace(reception, state=state, completed_at=desk.at, ended_at=desk.at)
    desk.log("completed", reception, before=before, person=reception.server, owner=reception.owner)
    return reception


def close(desk: Desk, reception: Reception, *, text: str | None) -> Reception:
    """Not a buyer: the turn comes back, if that shows soon enough (`rotation.giveback_min`, LEAD-09)."""
    before = reception.state
    reception = replace(reception, state=fire(state=before, trigger=ReceptionTrigger.CLOSE), ended_at=desk.at)
    until = desk.until("rotation.giveback_min", reception.called_at) if reception.called_at is not None else None
    if until is not None and desk.at <= until:
        _give_back(desk, reception)
    desk.log("closed", reception, before=before, text=text)
    return reception


def _give_back(desk: Desk, reception: Reception) -> None:
    """The turn that the reception used up did not count. Who stood in has been made good already."""
    person = reception.turn_of
    if person is None or (reception.way is Way.STAND_IN and reception.greeted_at is not None):
        return
    desk.queue = desk.queue.with_rotation(given_back(desk.queue.rotation, person))
    desk.log_turn("given_back", reception=reception.id, person=person)
