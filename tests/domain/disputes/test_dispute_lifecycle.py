"""Every state against every trigger, by a table written by hand from requirements table 0.3 (DSP-01)."""

from __future__ import annotations

import itertools

import pytest

from domain.disputes.lifecycle import ENDED, OPEN, TABLE, DisputeState, DisputeTrigger, allowed, fire
from domain.refusals import Refusal

S, T = DisputeState, DisputeTrigger

# Read down the columns: what each trigger makes of each state. `.` = refused.
MATRIX = """
           opened      proposed    negotiating mediating   arbitrating ruled       final settled dismissed withdrawn
propose    proposed    .           .           .           .           .           .     .       .         .
object     .           negotiating .           .           .           .           .     .       .         .
negotiate  negotiating .           .           .           .           .           .     .       .         .
mediate    .           .           mediating   .           .           .           .     .       .         .
arbitrate  .           .           arbitrating arbitrating .           .           .     .       .         .
escalate   .           .           .           .           arbitrating .           .     .       .         .
rule       .           .           .           .           ruled       .           .     .       .         .
appeal     .           .           .           .           .           arbitrating .     .       .         .
conclude   .           final       .           .           .           final       .     .       .         .
settle     .           .           settled     settled     .           .           .     .       .         .
dismiss    dismissed   .           dismissed   .           dismissed   .           .     .       .         .
withdraw   withdrawn   withdrawn   withdrawn   withdrawn   withdrawn   .           .     .       .         .
"""


def table() -> dict[tuple[str, str], str | None]:
    """(state, trigger) → target, None = refused."""
    header, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    return {
        (state, trigger): None if target == "." else target
        for trigger, *targets in rows
        for state, target in zip(header, targets, strict=True)
    }


CELLS = table()


def test_the_table_names_every_state_and_every_trigger() -> None:
    assert {state for state, _ in CELLS} == {s.value for s in S}
    assert {trigger for _, trigger in CELLS} == {t.value for t in T}


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(S, T)), ids=lambda v: v.value)
def test_each_cell_is_a_move_of_the_table_or_refused(state: DisputeState, trigger: DisputeTrigger) -> None:
    """DSP-01: any other move is refused, and the refusal names what is allowed."""
    target = CELLS[state.value, trigger.value]
    if target is not None:
        assert fire(state=state, trigger=trigger).value == target
        return
    with pytest.raises(Refusal) as refused:
        fire(state=state, trigger=trigger)
    assert (refused.value.code, refused.value.rule) == ("illegal_transition", "DSP-01")
    assert refused.value.current_state == state.value
    assert refused.value.allowed == tuple(t.value for t in allowed(state))


@pytest.mark.parametrize("state", list(S), ids=lambda s: s.value)
def test_allowed_lists_exactly_the_triggers_with_a_target(state: DisputeState) -> None:
    assert {t.value for t in allowed(state)} == {t for (s, t), target in CELLS.items() if s == state.value and target}


def test_nothing_leaves_an_end_and_everything_else_is_open() -> None:
    assert {s.value for s in ENDED} == {"final", "settled", "dismissed", "withdrawn"}
    assert set(S) == OPEN | ENDED
    assert not any(allowed(state) for state in ENDED)


def test_every_open_state_can_reach_every_kind_of_end_that_table_0_3_names() -> None:
    """No case can be caught: from each open state some way leads to an end."""
    reached = {state: {state} for state in S}
    for _ in S:
        for row in TABLE:
            reached[row.source] |= reached[row.target]
    assert all(reached[state] & ENDED for state in S)
    assert reached[S.OPENED] == set(S)
