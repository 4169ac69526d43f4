"""Every state against every trigger, by a table written by hand from requirements table 0.2 (CLM-01)."""

from __future__ import annotations

import itertools

import pytest

from domain.claims.lifecycle import ENDED, HOLDING, OPEN, ClaimState, ClaimTrigger, allowed, fire
from domain.refusals import Refusal

S, T = ClaimState, ClaimTrigger

# Read down the columns: what each trigger makes of each state. `.` = refused.
# Where the caller chooses among several targets, all of them stand there, separated by `|`.
MATRIX = """
              reported   protected  active     won        disputed   arbitrated lapsed    released  rejected  withdrawn
accept        protected  .          .          .          .          .          .         .         .         .
reject        rejected   .          .          .          .          .          .         .         .         .
withdraw      withdrawn  .          .          .          .          .          .         .         .         .
work          .          active     .          .          .          .          .         .         .         .
win           .          won        won        .          .          .          .         .         .         .
cancel_deal   .          .          .          active     .          .          .         .         .         .
lapse         lapsed     lapsed     lapsed     lapsed     .          .          .         .         .         .
rescue        .          .          .          .          .          .          active    .         .         .
release       .          released   released   .          .          .          .         .         .         .
transfer      .          protected  protected  won        .          .          .         .         .         .
dispute       disputed   disputed   disputed   disputed   .          .          disputed  disputed  disputed  .
restore       .          .          .          .          BACK       BACK       .         .         .         .
rule          .          .          .          .          arbitrated .          .         .         .         .
appeal        .          .          .          .          .          disputed   .         .         .         .
keep          .          .          .          .          .          KEPT       .         .         .         .
end           .          .          .          .          .          ENDED      .         .         .         .
"""
CHOICES = {
    "BACK": "reported protected active won lapsed released rejected",
    "KEPT": "protected active won",
    "ENDED": "released rejected lapsed",
}


def table() -> dict[tuple[str, str], set[str]]:
    """(state, trigger) → targets, empty = refused."""
    header, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    cells: dict[tuple[str, str], set[str]] = {}
    for trigger, *targets in rows:
        for state, target in zip(header, targets, strict=True):
            cells[state, trigger] = set() if target == "." else set(CHOICES.get(target, target).split())
    return cells


CELLS = table()


def test_the_table_names_every_state_and_every_trigger() -> None:
    assert {state for state, _ in CELLS} == {s.value for s in S}
    assert {trigger for _, trigger in CELLS} == {t.value for t in T}


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(S, T)), ids=lambda v: v.value)
def test_each_cell_is_a_move_of_the_table_or_refused(state: ClaimState, trigger: ClaimTrigger) -> None:
    """CLM-01: any other move is refused and the state stays."""
    targets = CELLS[state.value, trigger.value]
    chosen = len(targets) > 1
    for wanted in [*S, None]:
        legal = (wanted is not None and wanted.value in targets) if chosen else bool(targets)
        if legal:
            after = fire(state=state, trigger=trigger, to=wanted)
            assert after.value in targets
            assert not chosen or after is wanted
            continue
        with pytest.raises(Refusal) as refused:
            fire(state=state, trigger=trigger, to=wanted)
        expected = "claim_disputed" if state in (S.DISPUTED, S.ARBITRATED) else "illegal_transition"
        assert refused.value.code == expected
        assert refused.value.current_state == state.value


@pytest.mark.parametrize("state", list(S), ids=lambda s: s.value)
def test_allowed_lists_exactly_the_triggers_with_a_target(state: ClaimState) -> None:
    assert {t.value for t in allowed(state)} == {t for (s, t), targets in CELLS.items() if s == state.value and targets}


def test_states_hold_end_and_stay_open_as_table_0_2_says() -> None:
    assert {s.value for s in HOLDING} == {"protected", "active", "won"}
    assert {s.value for s in ENDED} == {"lapsed", "released", "rejected", "withdrawn"}
    assert set(S) == OPEN | ENDED
    assert not OPEN & ENDED
