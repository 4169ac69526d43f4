"""Round robin against smart dispatch on the spread of workload (LEAD-04, LEAD-05): ``python -m bench.dispatch``.

A year of a sales floor, simulated without a database: leads come at random, cost very different work, and people work
at different speeds, are away now and then, and have different capacities. The same leads are dealt out twice, by the
product's own rotation and by its own ranking; every lead the spread of workload over the people present is noted. The
seed is fixed, so the figures and the plot are always the same.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.leads.dispatch import Candidate, Wanted, rank
from domain.leads.model import Facets, Load
from domain.leads.rotation import Rotation, Skip, next_turn
from domain.people.profile import Profile
from domain.policy.policy import Policy

SEED = 20_261_128
PEOPLE, LEADS = 16, 1_200
_HOUR = timedelta(hours=1)
_START = datetime(2026, 1, 5, 1, tzinfo=UTC)
_POLICY = Policy.resolve(version=1)
_WANTED = Wanted(facets=Facets(), customer_kind="company", customer_level=None)
_PLOT = Path(__file__).parents[1] / "docs" / "reports" / "dispatch-spread.svg"


@dataclass(frozen=True)
class Coming:
    """A lead: when it comes, and how many hours of somebody's work it takes."""

    at: datetime
    hours: float


@dataclass
class Seller:
    """Somebody of the floor. ``pace``: hours of work done in an hour; ``away``: periods in hours from the start."""

    person: str
    number: int
    capacity_points: int
    pace: float
    away: list[tuple[float, float]]
    open: list[float] = field(default_factory=list)  # hours left of each lead in hand
    last: datetime | None = None

    def is_away(self, hours: float) -> bool:
        return any(start <= hours < end for start, end in self.away)

    def worked(self, hours: float) -> None:
        """Work off what is in hand, the oldest first."""
        left = hours * self.pace
        while self.open and left > 0:
            done = min(left, self.open[0])
            left -= done
            self.open[0] -= done
            if self.open[0] <= 0:
                self.open.pop(0)

    @property
    def ratio(self) -> float:
        """Workload: points in hand per point of capacity."""
        return len(self.open) / self.capacity_points

    def candidate(self) -> Candidate:
        return Candidate(
            person=self.person,
            number=self.number,
            load=Load(leads=len(self.open), last_lead_at=self.last),
            capacity_points=self.capacity_points,
            profile=Profile(),
        )


Choice = Callable[[Sequence[Seller], Sequence[Seller]], Seller]


def floor(seed: int) -> tuple[list[Seller], list[Coming]]:
    """The people and the year's leads of one seed."""
    chance = random.Random(seed)
    sellers = []
    for number in range(PEOPLE):
        starts = [chance.uniform(0, 2_000) for _ in range(3)]
        away = [(start, start + chance.choice((8, 40, 80))) for start in starts]
        sellers.append(Seller(f"p{number}", number, chance.choice((10, 20, 30)), chance.uniform(0.6, 1.4), away))
    at, coming = 0.0, []
    for _ in range(LEADS):
        at += chance.expovariate(0.6)
        coming.append(Coming(_START + at * _HOUR, min(80.0, chance.lognormvariate(2.6, 0.9))))
    return sellers, coming


def in_turn() -> Choice:
    """The product's rotation."""
    rotation = Rotation()

    def choose(everybody: Sequence[Seller], present: Sequence[Seller]) -> Seller:
        nonlocal rotation
        here = {s.person for s in present}
        skips = {s.person: Skip.ABSENT for s in everybody if s.person not in here}
        turn, rotation = next_turn(rotation, [s.person for s in everybody], skips=skips, makeup=True)
        assert turn is not None
        return next(s for s in present if s.person == turn.person)

    return choose


def by_fit() -> Choice:
    """The product's ranking."""

    def choose(_: Sequence[Seller], present: Sequence[Seller]) -> Seller:
        best = rank([s.candidate() for s in present], _WANTED, _POLICY)[0]
        return next(s for s in present if s.person == best.person)

    return choose


def spread(seed: int, choose: Choice) -> list[float]:
    """The standard deviation of workload over the people present, after each lead was given out."""
    sellers, coming = floor(seed)
    found, now = [], _START
    for lead in coming:
        passed = (lead.at - now) / _HOUR
        hours = (lead.at - _START) / _HOUR
        for one in sellers:
            if not one.is_away(hours):
                one.worked(passed)
        now = lead.at
        present = [s for s in sellers if not s.is_away(hours)]
        chosen = choose(sellers, present)
        chosen.open.append(lead.hours)
        chosen.last = lead.at
        found.append(statistics.pstdev(s.ratio for s in present))
    return found


def plot(lines: dict[str, tuple[str, list[float]]]) -> str:
    """The spreads as an SVG: one line per way, its name, colour and values."""
    width, height, left, top = 860, 360, 60, 30
    most = max(max(values) for _, values in lines.values())
    count = max(len(values) for _, values in lines.values())

    def x(place: float) -> float:
        return left + place * (width - left - 20) / count

    def y(value: float) -> float:
        return height - 40 - value * (height - 40 - top) / most

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="18">Workload after each lead: standard deviation of points per capacity</text>',
        f'<line x1="{left}" y1="{y(0):.1f}" x2="{width - 20}" y2="{y(0):.1f}" stroke="#999"/>',
        f'<line x1="{left}" y1="{y(0):.1f}" x2="{left}" y2="{top}" stroke="#999"/>',
        f'<text x="8" y="{y(0):.1f}">0</text><text x="8" y="{top + 8}">{most:.2f}</text>',
        f'<text x="{width - 90}" y="{height - 10}">lead {count}</text>',
    ]
    for place, (name, (colour, values)) in enumerate(lines.items()):
        points = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in enumerate(values) if n % 4 == 0)
        mean = statistics.fmean(values)
        drawn.append(f'<polyline fill="none" stroke="{colour}" points="{points}"/>')
        drawn.append(
            f'<text x="{left + 20}" y="{top + 20 + 16 * place}" fill="{colour}">{name}: mean {mean:.3f}</text>'
        )
    return "\n".join([*drawn, "</svg>", ""])


def compared(seed: int) -> dict[str, tuple[str, list[float]]]:
    """Both ways over the same leads."""
    return {
        "round robin": ("#b5432e", spread(seed, in_turn())),
        "smart dispatch": ("#2a6f97", spread(seed, by_fit())),
    }


if __name__ == "__main__":
    found = compared(SEED)
    _PLOT.write_text(plot(found), encoding="utf-8")
    for name, (_, values) in found.items():
        print(f"{name}: mean {statistics.fmean(values):.3f}, worst {max(values):.3f}")
