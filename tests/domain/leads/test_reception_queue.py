"""Turns at a site stay fair by count whatever happens on the floor (LEAD-08, LEAD-09, LEAD-15)."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar.working_calendar import WorkingCalendar
from domain.leads.rotation import Skip, given_back
from domain.policy.policy import Policy
from domain.reception import desk as steps
from domain.reception.desk import Desk
from domain.reception.lifecycle import ReceptionState
from domain.reception.model import Reception, Way
from domain.reception.queue import Presence, Queue
from domain.refusals import Refusal
from storage.receptions import queue_of, queue_row

ARRIVALS = 5_000
PER_DAY = 50
#: Free all the time and there when called: equals.
EQUALS = ("a", "b", "c", "d")
CALENDAR = WorkingCalendar("Asia/Shanghai", frozenset(range(1, 8)), 540, 1080, {})
OPENED = datetime(2031, 3, 3, 1, tzinfo=UTC)


class Floor:
    """A site on which visitors come one after the other; every step is taken on the queue as a row kept it."""

    def __init__(self, order: str = "carry_over", **policy: object) -> None:
        named = {name.replace("__", "."): value for name, value in policy.items()}
        self.policy = Policy.resolve({"rotation.order": order, **named}, version=1)
        self.queue = Queue()
        self.at = OPENED
        self.unable: dict[str, Skip] = {}
        self.barred: frozenset[str] = frozenset()
        self._count = 0

    def desk(self) -> Desk:
        self.restart()
        day = CALENDAR.local_date(self.at)
        queue = self.queue.on(day, carry_over=self.policy.choice("rotation.order") == "carry_over")
        return Desk(queue, self.at, self.policy, CALENDAR, self.unable, self.barred)

    def restart(self) -> None:
        """All that is left is what was stored."""
        self.queue = queue_of(json.loads(json.dumps(queue_row(self.queue))))

    def sign_in(self, *people: str, presence: Presence | None = Presence.FREE) -> None:
        desk = self.desk()
        for person in people:
            desk.queue = desk.queue.with_presence(person, presence)
        self.queue = desk.queue

    def arrival(self, **more: object) -> Reception:
        self._count += 1
        here = {"id": f"r{self._count}", "site": "s", "program": "p", "matter": "m", "customer": "c"}
        fresh = Reception(**{**here, "state": ReceptionState.WAITING, "arrived_at": self.at, **more})  # type: ignore[arg-type]
        return self.step(steps.arrive, fresh)

    def step(self, act: object, one: Reception, **more: object) -> Reception:
        desk = self.desk()
        found: Reception = act(desk, one, **more)  # type: ignore[operator]
        self.queue = desk.queue
        return found

    def later(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@pytest.mark.parametrize("order", ["carry_over", "sign_in"])
def test_turns_stay_fair_over_5000_arrivals(seed: int, order: str) -> None:
    """LEAD-08, LEAD-09: equals never differ by more than one, at no moment, through make-up turns, no-shows, visitors
    who are no buyers, stand-ins, late comers, nights, and restarts at every step. `sign_in` begins anew every day.
    """
    chance = random.Random(seed)
    floor = Floor(order)
    net = Counter[str]()  # turns used, less those given back
    shown = Counter[str]()
    for number in range(ARRIVALS):
        if number % PER_DAY == 0:
            floor.at = OPENED + timedelta(days=number // PER_DAY)
            people = [*EQUALS, "duty", "busy", "late", "sleepy"]
            if order == "sign_in":
                chance.shuffle(people)
                net = Counter({p: -floor.queue.rotation.owed_to(p) for p in people})
            floor.sign_in(*(p for p in people if p != "late"))
        if number % PER_DAY == 20:
            floor.sign_in("late")
        floor.later(minutes=6)
        floor.unable = {}
        if chance.random() < 0.1:
            floor.unable["duty"] = Skip.DUTY
        if chance.random() < 0.1:
            floor.unable["busy"] = Skip.BUSY
        one = floor.arrival(owner="gone" if chance.random() < 0.1 else None)
        while one.server == "sleepy" and chance.random() < 0.5:
            net["sleepy"] += 1  # absent when called: the turn is lost
            floor.later(minutes=4)
            one = floor.step(steps.call_next, one)
        assert one.server is not None
        assert one.server not in floor.unable
        shown[one.server] += 1
        net[one.server] += 1
        one = floor.step(steps.greet, one)
        if one.way is Way.STAND_IN:
            net[one.server] -= 1
        elif chance.random() < 0.1:
            floor.step(steps.close, one, text=None)
            net[one.server] -= 1
        due = {p: net[p] + floor.queue.rotation.owed_to(p) for p in (*EQUALS, "sleepy")}
        # Who brought no buyer or stood in has a turn coming: it counts as had.
        assert max(due.values()) - min(due.values()) <= 1, (number, due)
    assert sum(shown.values()) == ARRIVALS
    assert min(shown.values()) > 0


def test_a_turn_missed_for_duty_comes_first_and_one_missed_by_absence_is_lost() -> None:
    """LEAD-09: duty and an owned customer are made good; absent when called, or serving a turn: not."""
    for why, expected in (
        (Skip.DUTY, ["b", "a", "c"]),
        (Skip.BUSY, ["b", "a", "c"]),
        (Skip.ABSENT, ["b", "c", "a"]),
        (Skip.SERVING, ["b", "c", "a"]),
    ):
        floor = Floor()
        floor.sign_in("a", "b", "c")
        floor.unable = {"a": why}
        turns = [floor.arrival().server]
        floor.unable = {}
        turns += [floor.arrival().server for _ in range(2)]
        assert turns == expected, why


@pytest.mark.parametrize("makeup", [True, False])
def test_a_visitor_kept_for_others_costs_nobody_a_turn(makeup: bool) -> None:
    """POOL-08, LEAD-08: who may not receive them keeps the place in the queue, and a turn that is owed."""
    floor = Floor(rotation__makeup=makeup)
    floor.sign_in("a", "b", "c", "d")
    floor.unable, floor.barred = {"b": Skip.SERVING}, frozenset("a")
    assert floor.arrival().server == "c"
    floor.unable, floor.barred = {}, frozenset()
    # b, who was serving, lost the turn; a did not.
    assert [floor.arrival().server for _ in range(5)] == ["a", "d", "b", "c", "a"]
    floor.queue = floor.queue.with_rotation(given_back(floor.queue.rotation, "b"))
    floor.barred = frozenset("bd")
    assert [floor.arrival().server for _ in range(2)] == ["c", "a"]
    floor.barred = frozenset()
    back = [floor.arrival() for _ in range(4)]
    assert [(one.server, one.makeup) for one in back] == [("b", True), ("d", False), ("b", False), ("c", False)]


def test_a_visitor_kept_for_others_waits_for_them_and_stand_ins_are_chosen_among_them() -> None:
    """POOL-08, LEAD-15: neither the lead nor whoever serves may name somebody else; a buddy is passed over as well."""
    floor = Floor()
    floor.sign_in("a", "b", "owner")
    floor.queue = floor.queue.with_buddy("owner", "a")
    floor.unable, floor.barred = {"owner": Skip.DUTY}, frozenset("a")
    one = floor.step(steps.greet, floor.arrival(owner="owner"))
    assert (one.server, one.way) == ("b", Way.STAND_IN)
    with pytest.raises(Refusal, match="restricted"):
        floor.step(steps.hand_over, one, to="a", text=None)
    floor.unable = {"b": Skip.SERVING, "owner": Skip.DUTY}
    desk = floor.desk()
    waits = steps.arrive(desk, replace(one, state=ReceptionState.WAITING, owner=None))
    assert (waits.state, [told.rule for told in desk.told]) == (ReceptionState.WAITING, ["POOL-08"])
    with pytest.raises(Refusal, match="restricted"):
        floor.step(steps.assign, waits, person="a", text=None)
    assert floor.step(steps.assign, waits, person="b", text=None).server == "b"


def test_a_new_day_begins_anew_or_goes_on_and_owed_turns_stay() -> None:
    """`rotation.order`, LEAD-08."""
    for order, expected in (("sign_in", "c"), ("carry_over", "b")):
        floor = Floor(order)
        floor.sign_in("a", "b", "c")
        assert floor.arrival().server == "a"
        floor.later(days=1)
        assert floor.desk().queue.present == {}
        floor.sign_in("c", "a", "b")
        assert floor.arrival().server == expected
    floor = Floor()
    floor.sign_in("a", "b")
    floor.unable = {"a": Skip.DUTY}
    assert floor.arrival().server == "b"
    floor.unable = {}
    floor.later(days=1)
    floor.sign_in("b", "a")
    again = floor.arrival()
    assert (again.server, again.makeup) == ("a", True)


def test_two_who_both_want_it_change_places_and_the_last_turn_stays_where_it_was() -> None:
    """LEAD-09: a swap needs both reps."""
    floor = Floor()
    floor.sign_in("a", "b", "c")
    assert floor.arrival().server == "a"
    floor.queue, is_done = floor.queue.with_swap("a", "c")
    assert not is_done
    floor.queue, is_done = floor.queue.with_swap("c", "a")
    assert is_done
    assert [floor.arrival().server for _ in range(4)] == ["b", "a", "c", "b"]
    floor.queue, _ = floor.queue.with_swap("a", "b")
    floor.sign_in("a", presence=None)
    assert floor.queue.swaps == {}


def test_a_turn_is_given_back_in_time_only_and_to_whoever_used_it() -> None:
    """LEAD-09, `rotation.giveback_min`: at the limit still; after a hand-over to whoever was called first."""
    for minutes, expected in ((30, "a"), (30.01, "b")):
        floor = Floor()
        floor.sign_in("a", "b")
        one = floor.step(steps.greet, floor.arrival())
        one = floor.step(steps.hand_over, one, to="b", text=None)
        floor.later(minutes=minutes)
        floor.step(steps.close, one, text=None)
        assert floor.arrival().server == expected


def test_who_does_not_come_is_passed_after_their_time_and_not_called_again() -> None:
    """LEAD-09, `rotation.call_min`: nobody else left: the duty manager is told."""
    floor = Floor()
    floor.sign_in("a", "b")
    one = floor.arrival()
    floor.later(minutes=3)
    with pytest.raises(Exception, match="illegal_transition"):
        floor.step(steps.call_next, one)
    floor.later(seconds=1)
    one = floor.step(steps.call_next, one)
    assert (one.server, one.passed) == ("b", ("a",))
    floor.later(minutes=4)
    desk = floor.desk()
    one = steps.call_next(desk, one)
    assert (one.state, one.server) == (ReceptionState.WAITING, None)
    assert [(told.person, told.kind) for told in desk.told] == [(None, "reception.waiting")]


def test_the_owner_is_waited_for_then_stood_in_for_by_the_buddy_or_the_next() -> None:
    """LEAD-15, `standin.wait_min`: busy: ten minutes; not there, or away on duty: at once; the stand-in is owed one."""
    floor = Floor()
    floor.sign_in("a", "b", "owner")
    floor.unable = {"owner": Skip.SERVING}
    one = floor.arrival(owner="owner")
    assert (one.state, one.wait_until) == (ReceptionState.WAITING, floor.at + timedelta(minutes=10))
    floor.later(minutes=10)
    with pytest.raises(Exception, match="illegal_transition"):
        floor.step(steps.call_next, one)
    floor.later(seconds=1)
    one = floor.step(steps.call_next, one)
    assert (one.server, one.way, one.served_for) == ("a", Way.STAND_IN, "owner")
    assert floor.queue.rotation.owed_to("a") == 0
    floor.step(steps.greet, one)
    assert floor.queue.rotation.owed_to("a") == 1
    floor.queue = floor.queue.with_buddy("owner", "b")
    floor.unable = {"owner": Skip.DUTY}
    desk = floor.desk()
    one = steps.arrive(desk, Reception(**{**_fields(one), "state": ReceptionState.WAITING, "wait_until": None}))
    assert (one.server, one.way, one.turn_of) == ("b", Way.STAND_IN, None)
    assert [(told.person, told.kind) for told in desk.told][-1] == ("owner", "reception.stand_in")
    floor.unable = {}
    one = floor.arrival(owner="owner")
    assert (one.server, one.way, one.turn_of) == ("owner", Way.OWNER, None)


def test_who_stood_in_is_made_good_once() -> None:
    """LEAD-09, LEAD-15: greeted, then somebody else is named, and the visitor turns out to be no buyer."""
    floor = Floor()
    floor.sign_in("a", "b")
    one = floor.arrival(owner="owner")
    assert (one.server, one.way) == ("a", Way.STAND_IN)
    one = floor.step(steps.greet, one)
    one = floor.step(steps.assign, one, person="b", text=None)
    one = floor.step(steps.greet, one)
    floor.step(steps.close, one, text=None)
    assert floor.queue.rotation.owed_to("a") == 1


def test_a_turn_that_was_used_up_comes_back_though_somebody_else_was_named() -> None:
    """LEAD-09: by turn, named anew while serving, no buyer: the turn is given back once."""
    floor = Floor()
    floor.sign_in("a", "b")
    one = floor.step(steps.greet, floor.arrival())
    one = floor.step(steps.greet, floor.step(steps.assign, one, person="b", text=None))
    floor.step(steps.close, one, text=None)
    assert (floor.queue.rotation.owed_to("a"), floor.queue.rotation.owed_to("b")) == (1, 0)


def _fields(one: Reception) -> dict[str, object]:
    named = ("id", "site", "program", "matter", "customer", "owner", "arrived_at")
    return {name: getattr(one, name) for name in named}


def test_a_day_is_that_of_the_programs_zone() -> None:
    """LEAD-08: who signed in late in the evening is gone after local midnight."""
    floor = Floor("sign_in")
    floor.at = datetime(2031, 3, 3, 15, 59, tzinfo=UTC)
    floor.sign_in("a")
    assert floor.queue.day == date(2031, 3, 3)
    floor.later(minutes=2)
    assert floor.arrival().server is None


@pytest.mark.parametrize(
    ("named", "done", "missing"),
    [
        (None, {}, ["ask_first_served", "record"]),
        (None, {"asked": True, "need": "text"}, ["record"]),
        (None, {"asked": True, "features": ("text",)}, ["record"]),
        (None, {"asked": True, "need": "text", "features": ("text",)}, []),
        (None, {"asked": True, "need": "text", "identifying": ("text",)}, []),
        (None, {"asked": True, "source": "call"}, []),
        (["record_need"], {"features": ("text",)}, ["record_need"]),
        (["record_need"], {"need": "text"}, []),
        (["record_features"], {"need": "text"}, ["record_features"]),
        (["record_features"], {"identifying": ("text",)}, []),
        (
            ["record_features", "ask_first_served", "record_need"],
            {},
            ["record_features", "ask_first_served", "record_need"],
        ),
        (["record_need", "record_features"], {"source": "call"}, []),
        (["register", "assign", "greet"], {}, []),
        ([], {}, []),
    ],
)
def test_a_reception_is_complete_with_the_steps_that_the_policy_names(
    named: list[str] | None, done: dict[str, object], missing: list[str]
) -> None:
    """LEAD-10: `reception.steps`, in its order; need and features by themselves or both; no claim without them."""
    floor = Floor(**({} if named is None else {"reception__steps": named}))  # type: ignore[arg-type]
    floor.sign_in("a")
    one = floor.step(steps.greet, floor.arrival(**done))
    if missing:
        with pytest.raises(Refusal) as refusal:
            floor.step(steps.complete, one)
        assert (refusal.value.code, refusal.value.facts) == ("reception_incomplete", {"missing": missing})
    else:
        assert floor.step(steps.complete, one).state is ReceptionState.COMPLETED
