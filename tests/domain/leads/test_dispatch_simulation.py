"""Smart dispatch beats round robin on the spread of workload, and the committed plot shows it (LEAD-05)."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench.dispatch import SEED, by_fit, compared, in_turn, plot, spread

PLOT = Path(__file__).parents[3] / "docs" / "reports" / "dispatch-spread.svg"


def test_the_committed_plot_shows_dispatch_ahead_of_the_rotation() -> None:
    """`python -m bench.dispatch` draws it anew."""
    lines = compared(SEED)
    assert plot(lines) == PLOT.read_text(encoding="utf-8"), "the simulation has changed: python -m bench.dispatch"
    means = {name: statistics.fmean(values) for name, (_, values) in lines.items()}
    assert means["smart dispatch"] < means["round robin"] / 2


def test_dispatch_is_ahead_on_any_floor(seed: int) -> None:
    """The committed seed is no lucky one."""
    assert statistics.fmean(spread(seed, by_fit())) < statistics.fmean(spread(seed, in_turn()))
