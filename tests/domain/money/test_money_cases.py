"""The worked money cases come out as written, and no rate and no share can change without one of them failing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from domain.refusals import Refusal
from tests.support.money_cases import Worked, worked_cases

CASES = worked_cases()


@pytest.mark.parametrize("worked", CASES, ids=lambda worked: worked.name)
def test_a_worked_case_comes_out_as_written(worked: Worked) -> None:
    worked.play()


def test_there_are_more_than_thirty_worked_cases() -> None:
    assert len(CASES) > 30
    assert all(worked.told and any(step.accounts is not None for step in worked.steps) for worked in CASES)


def changed_rates() -> Iterator[tuple[str, Worked]]:
    for worked in CASES:
        for place, (pct, when) in enumerate(worked.rates):
            yield f"{worked.name}: {pct + 1} % {when}", worked.with_rate(place, pct + 1)
            yield f"{worked.name}: {pct - Decimal('0.5')} % {when}", worked.with_rate(place, pct - Decimal("0.5"))


def changed_shares() -> Iterator[tuple[str, Worked]]:
    for worked in CASES:
        yield from worked.share_changes()


def comes_out(worked: Worked) -> bool:
    try:
        worked.play()
    except (AssertionError, Refusal):
        return False
    return True


RATES, SHARES = dict(changed_rates()), dict(changed_shares())


@pytest.mark.parametrize("said", RATES)
def test_every_rate_matters(said: str) -> None:
    """One per cent more, or half a per cent less: the case fails."""
    assert not comes_out(RATES[said])


@pytest.mark.parametrize("said", SHARES)
def test_every_share_matters(said: str) -> None:
    """One per cent of a part more, at the cost of another: the case fails."""
    assert not comes_out(SHARES[said])


def test_the_changes_are_many() -> None:
    assert len(RATES) >= 2 * len(CASES)
    assert len(SHARES) >= 40
