"""Runs of neighbouring numbers among a person's blind checks (CUS-08)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers import normalise_phone
from domain.customers.probe_runs import BLOCK, Probe, Run, completes_run, neighbourhoods, runs

START = datetime(2026, 11, 28, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def digest(text: str) -> str:
    """Stands for the keyed digest: equal texts are equal, and nothing else can be told."""
    return sha256(text.encode()).hexdigest()


def probe(written: str, at: datetime) -> Probe:
    phone = normalise_phone(written, region="CN")
    number = phone.e164 or (phone.masked.visible if phone.masked else "")
    return Probe(at, digest(number), tuple(digest(text) for text in neighbourhoods(phone)))


def probes(numbers: list[int], *, every: timedelta = MINUTE) -> list[Probe]:
    return [probe(str(number), START + every * n) for n, number in enumerate(numbers)]


def alarms(asked: list[Probe], *, window: timedelta = DAY, at_least: int = 10) -> list[int]:
    """The positions of the probes that raise one."""
    return [n for n, p in enumerate(asked) if completes_run(asked[:n], p, window=window, at_least=at_least) is not None]


def found(asked: list[Probe], *, at_least: int = 10) -> tuple[Run, ...]:
    return runs(asked, now=asked[-1].at, window=DAY, at_least=at_least)


@pytest.mark.parametrize(
    "numbers",
    [
        list(range(13812345600, 13812345610)),
        list(range(13812345609, 13812345599, -1)),
        [13812345000 + 53 * n for n in range(10)],
        [13812345000 + n * n for n in (7, 2, 9, 4, 1, 8, 3, 6, 0, 5)],
        # over the edge of a thousand, and of the other grid
        list(range(13812345995, 13812346005)),
        list(range(13812345495, 13812345505)),
        list(range(13812999995, 13813000005)),
    ],
    ids=["up", "down", "with gaps", "in any order", "over a thousand", "over five hundred", "over a million"],
)
def test_ten_neighbours_raise_one_alarm_with_the_tenth(numbers: list[int]) -> None:
    """CUS-08."""
    asked = probes(numbers)
    assert alarms(asked) == [9]
    run = completes_run(asked[:9], asked[9], window=DAY, at_least=10)
    assert run is not None
    assert (run.count, run.first_at, run.last_at) == (10, START, START + 9 * MINUTE)


def test_a_run_that_goes_on_raises_no_second_alarm() -> None:
    """CUS-08: also where it leaves one block of a grid while it stays in that of the other."""
    assert alarms(probes(list(range(13812345600, 13812345900)))) == [9]
    assert alarms(probes(list(range(13812345200, 13812348200, 20)))) == [9]


def test_customers_of_an_honest_day_are_no_run() -> None:
    """CUS-08: 300 checks, which is the whole of the day's limit, in a town with two hundred segments of numbers."""
    chance = random.Random(8)
    segments = [1380000000 + chance.randrange(10_000_000) for _ in range(200)]
    for _ in range(4):
        asked = probes([chance.choice(segments) // 1000 * 10_000 + chance.randrange(10_000) for _ in range(300)])
        assert alarms(asked) == []


def test_one_number_asked_about_often_is_no_run() -> None:
    """CUS-08: a customer is looked up again and again."""
    assert alarms(probes([13812345678] * 30)) == []
    asked = probes([13812345600 + n % 9 for n in range(60)])
    assert alarms(asked) == []
    assert found(asked, at_least=9)[0].count == 9


def test_what_left_the_window_counts_no_more() -> None:
    """CUS-08: half open: a probe exactly a window ago is out."""
    asked = probes(list(range(13812345600, 13812345610)), every=DAY / 9)
    assert alarms(asked) == []
    asked = probes(list(range(13812345600, 13812345610)), every=DAY / 9 - timedelta(microseconds=1))
    assert alarms(asked) == [9]


def test_a_list_of_runs_leaves_out_what_is_older_than_the_window() -> None:
    """CUS-08."""
    asked = probes(list(range(13812345600, 13812345612)))
    late = runs(asked, now=asked[2].at + DAY, window=DAY, at_least=9)
    assert {(run.count, run.first_at) for run in late} == {(9, asked[3].at)}
    assert runs(asked, now=asked[3].at + DAY, window=DAY, at_least=9) == ()


def test_probes_after_now_are_not_seen() -> None:
    """CUS-08: a run is told as of an instant."""
    asked = probes(list(range(13812345600, 13812345620)))
    assert runs(asked, now=asked[8].at, window=DAY, at_least=10) == ()
    assert {run.count for run in runs(asked, now=asked[9].at, window=DAY, at_least=10)} == {10}


def test_masked_numbers_have_neighbours_of_their_own_kind() -> None:
    """CUS-06, CUS-08: trying out visible digits is trying out numbers."""
    at = [START + MINUTE * n for n in range(10)]
    assert alarms([probe(f"138****560{n}", at[n]) for n in range(10)]) == [9]
    assert alarms([probe(f"138**34560{n}", at[n]) for n in range(10)]) == [9]
    mixed = [probe(f"138****560{n}" if n % 2 else f"1385****60{n}", at[n]) for n in range(10)]
    assert alarms(mixed) == []


def test_landlines_have_neighbours_too_and_another_country_is_far() -> None:
    """CUS-08."""
    asked = [probe(f"010-1234567{n}", START + MINUTE * n) for n in range(10)]
    assert alarms(asked) == [9]
    assert set(neighbourhoods(normalise_phone("+85261234567", region="CN"))).isdisjoint(
        neighbourhoods(normalise_phone("+6561234567", region="CN"))
    )


@given(st.integers(13_000_000_000, 19_999_000_000), st.integers(0, BLOCK // 2))
def test_numbers_within_half_a_block_share_a_neighbourhood(number: int, apart: int) -> None:
    """CUS-08: no place in the number plan is better for hiding a run."""
    near, far = (
        set(neighbourhoods(normalise_phone(str(n), region="CN"))) for n in (number + apart, number + apart + 2 * BLOCK)
    )
    own = set(neighbourhoods(normalise_phone(str(number), region="CN")))
    assert own & near
    assert not own & far


def test_the_order_in_which_probes_are_handed_over_does_not_matter() -> None:
    """CUS-08: rows come as the database gives them."""
    asked = probes([*range(13812345995, 13812346010), 13912345678, *range(13812345995, 13812346000)])
    shuffled = asked[:]
    random.Random(1).shuffle(shuffled)
    assert runs(shuffled, now=asked[-1].at, window=DAY, at_least=5) == found(asked, at_least=5) != ()


@pytest.mark.parametrize(("window", "at_least"), [(timedelta(0), 10), (-DAY, 10), (DAY, 1)])
def test_a_run_needs_a_window_and_two_numbers(window: timedelta, at_least: int) -> None:
    """CUS-08."""
    with pytest.raises(ValueError, match="a run needs"):
        runs([], now=START, window=window, at_least=at_least)
    with pytest.raises(ValueError, match="a run needs"):
        completes_run([], probe("13812345678", START), window=window, at_least=at_least)
