"""The lifecycle of a policy version, every state by every trigger (POL-04)."""

from __future__ import annotations

import itertools

import pytest

from domain.policy.lifecycle import TABLE, PolicyState, PolicyTrigger, allowed, fire
from domain.refusals import Refusal

#: Rows are states, columns triggers; a dash is a refusal.
CELLS = """
            review     approve    activate   archive
draft       reviewed   -          -          -
reviewed    -          approved   -          -
approved    -          -          active     -
active      -          -          -          archived
archived    -          -          -          -
"""


def cells() -> list[tuple[PolicyState, PolicyTrigger, str]]:
    header, *rows = [line.split() for line in CELLS.strip().splitlines()]
    return [
        (PolicyState(state), PolicyTrigger(trigger), target)
        for state, *targets in rows
        for trigger, target in zip(header, targets, strict=True)
    ]


@pytest.mark.parametrize(("state", "trigger", "target"), cells())
def test_every_state_and_trigger_is_a_move_or_a_refusal(
    state: PolicyState, trigger: PolicyTrigger, target: str
) -> None:
    """POL-04: draft → reviewed → approved → active; contract: out of order is `illegal_transition`."""
    if target != "-":
        assert fire(state=state, trigger=trigger) is PolicyState(target)
        assert trigger in allowed(state)
        return
    with pytest.raises(Refusal) as caught:
        fire(state=state, trigger=trigger)
    refusal = caught.value
    assert (refusal.code, refusal.status, refusal.rule) == ("illegal_transition", 409, "POL-04")
    assert refusal.current_state == state.value
    assert refusal.allowed == tuple(possible.value for possible in allowed(state))
    assert trigger not in allowed(state)


def test_the_table_names_every_cell_once() -> None:
    """Style: the table before the code."""
    assert {(state, trigger) for state, trigger, _ in cells()} == set(itertools.product(PolicyState, PolicyTrigger))
    assert [(row.source, row.trigger, row.target) for row in TABLE] == [
        (state, trigger, PolicyState(target)) for state, trigger, target in cells() if target != "-"
    ]


def test_nothing_moves_twice_and_an_archived_version_never_again() -> None:
    """POL-04: an earlier version is re-activated as a new one."""
    assert allowed(PolicyState.ARCHIVED) == ()
    assert allowed(PolicyState.DRAFT) == (PolicyTrigger.REVIEW,)
