"""Every state of a lead against every trigger, by a table written by hand (LEAD-01, LEAD-03, LEAD-11, LEAD-16)."""

from __future__ import annotations

import itertools

import pytest

from domain.leads.lifecycle import ENDED, OPEN, TABLE, LeadState, LeadTrigger, allowed, fire
from domain.refusals import Refusal

S, T = LeadState, LeadTrigger

# Read down the columns: what each trigger makes of each state. `.` = refused.
MATRIX = """
          received  assessing offered   escalated returned  accepted attached pooled closed
assess    assessing .         .         .         .         .        .        .      .
offer     offered   offered   offered   offered   offered   .        .        .      .
accept    .         .         accepted  .         .         .        .        .      .
return    .         .         returned  .         .         .        .        .      .
escalate  escalated escalated escalated .         escalated .        .        .      .
attach    attached  attached  attached  attached  attached  .        .        .      .
pool      pooled    pooled    .         pooled    pooled    .        .        .      .
close     .         closed    .         closed    closed    .        .        .      .
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
def test_each_cell_is_a_move_of_the_table_or_refused(state: LeadState, trigger: LeadTrigger) -> None:
    """Any other move is refused, and the refusal names what is allowed."""
    target = CELLS[state.value, trigger.value]
    if target is not None:
        assert fire(state=state, trigger=trigger).value == target
        return
    with pytest.raises(Refusal) as refused:
        fire(state=state, trigger=trigger)
    assert (refused.value.code, refused.value.rule) == ("illegal_transition", "LEAD-16")
    assert refused.value.current_state == state.value
    assert refused.value.allowed == tuple(t.value for t in allowed(state))


def test_nothing_leaves_an_end_and_everything_else_is_open() -> None:
    """LEAD-03: never unassigned in silence, so from every open state somebody can still be given the lead."""
    assert {s.value for s in ENDED} == {"accepted", "attached", "pooled", "closed"}
    assert set(S) == set(OPEN) | ENDED
    assert not any(allowed(state) for state in ENDED)
    assert all(T.OFFER in allowed(state) and T.ATTACH in allowed(state) for state in OPEN)
    assert len(TABLE) == sum(target is not None for target in CELLS.values())
