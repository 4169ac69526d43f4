"""Collision sets: every order in which numbers are completed ends in the owners that full numbers give (CUS-07)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from domain.customers import MaskedPhone, MaskPattern
from domain.customers.collision_set import CollisionSet, NumberReport, Seat
from domain.customers.masked_numbers import visible_in

#: All show 138****5678; the longer patterns tell some of them apart.
NUMBERS = ["+8613811115678", "+8613811225678", "+8613822115678", "+8613822225678", "+8613833335678"]
PATTERNS = [MaskPattern.FIRST_3_LAST_4, MaskPattern.FIRST_4_LAST_3, MaskPattern.FIRST_3_LAST_6]
HOLDING = {Seat.HOLDS, Seat.CONTESTED}


@dataclass(frozen=True)
class Told:
    """What a customer is in truth: the number behind every mask, and the surname the reporter wrote."""

    number: str
    surname: str = "王"

    def report(self, place: int, pattern: MaskPattern | None) -> NumberReport:
        if pattern is None:
            return NumberReport(f"r{place}", place, self.surname, self.number)
        visible = visible_in(self.number, pattern)
        assert visible is not None
        return NumberReport(f"r{place}", place, self.surname, MaskedPhone(pattern, visible))


def owners_by_full_numbers(truth: Sequence[Told]) -> set[str]:
    """First report of each number owns: written down here once more, in the plainest way (CLM-05)."""
    first: dict[str, str] = {}
    for place, told in enumerate(truth):
        first.setdefault(told.number, f"r{place}")
    return set(first.values())


def groupings(size: int) -> Iterator[list[int]]:
    """Every way in which ``size`` reports can share customers: 52 for five."""
    if size == 0:
        yield []
        return
    for shorter in groupings(size - 1):
        for group in range(max(shorter, default=-1) + 2):
            yield [*shorter, group]


@dataclass
class Walk:
    """Walks from the empty set over every order of reports and completions; each state is walked on from once.

    Reports come in order of place, each masked in any of ``patterns`` or full, and any masked one may be completed at
    any time afterwards. States are compared whole, seats included, so nothing is taken for granted about the order.
    """

    truth: Sequence[Told]
    patterns: Sequence[MaskPattern | None]
    contested_allowed: bool = False
    orders: dict[tuple[int, CollisionSet], int] = field(default_factory=dict)
    ends: list[CollisionSet] = field(default_factory=list)

    def from_here(self, reported: int, now: CollisionSet) -> int:
        """The number of orders from this state to the end."""
        key = (reported, now)
        if key not in self.orders:
            steps = [(reported, after) for after in self._completions(now)]
            if reported < len(self.truth):
                told = self.truth[reported]
                steps += [(reported + 1, now.joined_by(told.report(reported, p))) for p in self.patterns]
            for _, after in steps:
                self._check_step(now, after)
            if not steps:
                self.ends.append(now)
            self.orders[key] = sum(self.from_here(*step) for step in steps) if steps else 1
        return self.orders[key]

    def _completions(self, now: CollisionSet) -> Iterator[CollisionSet]:
        for seated in now:
            if not seated.report.complete:
                yield now.completed(seated.report.id, self.truth[seated.report.place].number)

    def _check_step(self, now: CollisionSet, after: CollisionSet) -> None:
        owners = owners_by_full_numbers(self.truth)
        before = {s.report.id: s.seat for s in now}
        for s in after:
            if s.seat is Seat.COLLIDES:
                assert s.report.id not in owners
            if s.seat in HOLDING and not self.contested_allowed:
                assert s.seat is Seat.HOLDS
                assert s.report.id in owners
            if before.get(s.report.id) in {Seat.HOLDS, Seat.COLLIDES} and not self.contested_allowed:
                assert s.seat is before[s.report.id]
            assert (s.rival is None) is (s.seat is Seat.HOLDS)


def owners(end: CollisionSet) -> set[str]:
    """Who owns in the end: of those in a contest the earlier, as a case between them would find (CUS-13)."""
    assert all(s.seat is not Seat.WAITS for s in end)
    contested: dict[object, str] = {}
    for s in end:
        if s.seat is Seat.CONTESTED:
            contested.setdefault(s.report.number, s.report.id)
    return {s.report.id for s in end if s.seat is Seat.HOLDS} | set(contested.values())


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_every_order_of_completion_ends_in_the_owners_of_full_numbers(
    size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """CUS-07: sets of up to 5 reports, each masked or full, in every order of reports and completions."""
    orders = states = 0
    for grouping in groupings(size):
        walk = Walk([Told(NUMBERS[group]) for group in grouping], [MaskPattern.FIRST_3_LAST_4, None])
        orders += walk.from_here(0, CollisionSet())
        states += len(walk.orders)
        assert walk.ends
        assert all(owners(end) == owners_by_full_numbers(walk.truth) for end in walk.ends)
    with capsys.disabled():
        print(f"\n{size} reports: {orders} orders over {states} states")


@pytest.mark.parametrize("size", [2, 3, 4])
def test_patterns_may_be_mixed(size: int) -> None:
    """CUS-06, CUS-07: a program that changed its mode has sets of several patterns."""
    for grouping in groupings(size):
        walk = Walk([Told(NUMBERS[group]) for group in grouping], [*PATTERNS, None])
        walk.from_here(0, CollisionSet())
        assert all(owners(end) == owners_by_full_numbers(walk.truth) for end in walk.ends)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_disagreeing_surnames_end_in_a_case_whose_first_is_the_owner_of_full_numbers(size: int) -> None:
    """CUS-07, CUS-13: one customer reported as 王 and as 黄 is in two sets until both numbers are known."""
    contests = 0
    for grouping in groupings(size):
        for written in range(2**size):
            truth = [Told(NUMBERS[g], "王黄"[written >> n & 1]) for n, g in enumerate(grouping)]
            walk = Walk(truth, [MaskPattern.FIRST_3_LAST_4, None], contested_allowed=True)
            walk.from_here(0, CollisionSet())
            assert all(owners(end) == owners_by_full_numbers(truth) for end in walk.ends)
            contests += sum(s.seat is Seat.CONTESTED for end in walk.ends for s in end)
    assert contests > 0


def seats(now: CollisionSet) -> str:
    return " ".join(f"{s.report.id}:{s.seat}" + (f"<{s.rival}" if s.rival else "") for s in now)


def three_masked(*numbers: int, surname: str = "王") -> CollisionSet:
    now = CollisionSet()
    for place, number in enumerate(numbers):
        now = now.joined_by(Told(NUMBERS[number], surname).report(place, MaskPattern.FIRST_3_LAST_4))
    return now


def test_the_first_keeps_its_place_and_later_ones_wait() -> None:
    """CUS-07: neither refused nor protected."""
    assert seats(three_masked(0, 0, 1)) == "r0:holds r1:waits<r0 r2:waits<r0"


def test_another_number_leaves_the_set_unharmed_and_an_equal_one_collides() -> None:
    """CUS-07."""
    now = three_masked(0, 1, 0).completed("r1", NUMBERS[1])
    assert seats(now) == "r0:holds r1:waits<r0 r2:waits<r0"
    now = now.completed("r0", NUMBERS[0])
    assert seats(now) == "r0:holds r1:holds r2:waits<r0"
    assert seats(now.completed("r2", NUMBERS[0])) == "r0:holds r1:holds r2:collides<r0"


def test_nobody_collides_with_one_who_only_waits() -> None:
    """CLM-05: two equal full numbers behind a masked one are both undecided."""
    now = three_masked(0, 1, 1).completed("r1", NUMBERS[1]).completed("r2", NUMBERS[1])
    assert seats(now) == "r0:holds r1:waits<r0 r2:waits<r0"
    assert seats(now.completed("r0", NUMBERS[1])) == "r0:holds r1:collides<r0 r2:collides<r0"
    assert seats(now.completed("r0", NUMBERS[0])) == "r0:holds r1:holds r2:collides<r1"


def test_the_next_moves_up_when_the_first_ends() -> None:
    """CUS-07."""
    now = three_masked(0, 0, 0)
    assert seats(now.without("r0")) == "r1:holds r2:waits<r1"
    assert now.without("r0").without("r0") == now.without("r0")


def test_a_step_tells_whose_seat_it_changed() -> None:
    """CUS-07: what is to be carried out and told."""
    now = three_masked(0, 1, 0)
    assert [s.report.id for s in now.moves_to(now.without("r0"))] == ["r1", "r2"]
    assert now.moves_to(now.completed("r1", NUMBERS[1])) == ()
    settled = now.completed("r1", NUMBERS[1]).completed("r0", NUMBERS[0])
    assert [s.report.id for s in now.moves_to(settled)] == ["r1"]


def test_nobody_waits_for_one_who_collided() -> None:
    """CUS-07: the first ends, and the one that it kept out for good does not keep out the next."""
    now = three_masked(0, 0, 0).completed("r0", NUMBERS[0]).completed("r1", NUMBERS[0])
    assert seats(now) == "r0:holds r1:collides<r0 r2:waits<r0"
    assert seats(now.without("r0")) == "r1:collides<r0 r2:holds"


def test_another_surname_and_other_visible_digits_are_no_rivals() -> None:
    """CUS-07: visible digits and surname."""
    now = three_masked(0).joined_by(Told(NUMBERS[0], "黄").report(1, MaskPattern.FIRST_3_LAST_4))
    now = now.joined_by(Told("+8613811115679").report(2, MaskPattern.FIRST_3_LAST_4))
    assert seats(now) == "r0:holds r1:holds r2:holds"
    assert now.rivals("r0") == ()


def test_a_masked_report_without_a_surname_has_no_rivals() -> None:
    """CUS-02: a masked number is a key together with a surname only."""
    nameless = NumberReport("n", 9, None, three_masked(0).of("r0").report.number)
    also = NumberReport("m", 10, None, nameless.number)
    assert seats(CollisionSet().joined_by(nameless).joined_by(also)) == "n:holds m:holds"


def test_a_full_number_waits_for_a_masked_one_before_it() -> None:
    """CUS-07: masked or full."""
    now = three_masked(0).joined_by(Told(NUMBERS[0]).report(1, None))
    assert seats(now) == "r0:holds r1:waits<r0"
    assert now.rivals("r1") == ("r0",)


def test_full_numbers_collide_at_once_whatever_the_surname() -> None:
    """CUS-02: the whole number is the key."""
    now = CollisionSet().joined_by(Told(NUMBERS[0]).report(0, None))
    assert seats(now.joined_by(Told(NUMBERS[0], "黄").report(1, None))) == "r0:holds r1:collides<r0"


def test_a_held_place_is_kept_against_an_earlier_report_that_comes_later() -> None:
    """CUS-07, CUS-13: the first keeps its place; equal numbers are ranked at their original times, in a case."""
    now = CollisionSet().joined_by(Told(NUMBERS[0]).report(5, MaskPattern.FIRST_3_LAST_4))
    now = now.joined_by(Told(NUMBERS[0]).report(2, MaskPattern.FIRST_3_LAST_4))
    assert seats(now) == "r2:waits<r5 r5:holds"
    now = now.completed("r2", NUMBERS[0]).completed("r5", NUMBERS[0])
    assert seats(now) == "r2:contested<r5 r5:contested<r2"
    assert seats(now.without("r2")) == "r5:holds"


def test_a_completed_number_must_be_the_one_that_was_reported() -> None:
    """CUS-06, CUS-07: another customer's number is not put in the place of this one."""
    now = three_masked(0).completed("r0", NUMBERS[0])
    assert now.completed("r0", NUMBERS[0]) == now
    for wrong in (NUMBERS[1], "+8613911115678", "13811115678", "+861012345678"):
        with pytest.raises(ValueError, match="not the number"):
            now.completed("r0", wrong)
    with pytest.raises(KeyError):
        now.completed("r9", NUMBERS[0])


def test_two_reports_never_share_an_id_or_a_place() -> None:
    """CLM-05: equal times are told apart by the receipt number."""
    for twin in (NumberReport("r0", 1, "王", NUMBERS[0]), NumberReport("r1", 0, "王", NUMBERS[0])):
        with pytest.raises(ValueError, match="taken"):
            three_masked(0).joined_by(twin)


def test_neither_numbers_nor_names_are_shown_in_logs() -> None:
    """AUD-03: what a log prints of a set tells no digit."""
    shown = repr(three_masked(0).joined_by(Told(NUMBERS[1]).report(1, None)))
    assert "1381" not in shown
    assert "王" not in shown
