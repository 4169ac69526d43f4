"""``python -m bench [--only reports,follow_ups,…] [--quick]``: measure, print, write JSON and docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import money, names, scale, speed
from bench.page import page
from bench.world import World, machine, world
from worker.engine import PINNED_VERSION
from worker.progress import progress_on_stderr

Measure = Callable[[World], Coroutine[Any, Any, dict[str, Any]]]

FULL: dict[str, Measure] = {
    "reports": speed.reports,
    "follow_ups": speed.follow_ups,
    "drains": scale.drains,
    "disputes": scale.disputes,
    "memory": scale.memory,
    "lists": scale.lists,
    "posting": money.posting,
    "money": money.money,
}
#: What needs no service beside it: the full size and the small one.
BY_ITSELF: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[], dict[str, Any]]]] = {
    "names": (names.measured, partial(names.measured, count=2_000, asked_for=50)),
}
#: Small sizes, to see that the measurement itself works.
QUICK: dict[str, Measure] = {
    "reports": partial(speed.reports, rounds=1, per_round=48),
    "follow_ups": partial(speed.follow_ups, rounds=1, per_round=64),
    "drains": partial(scale.drains, count=100, lead_s=15),
    "disputes": partial(scale.disputes, count=50, lead_s=25),
    "memory": partial(scale.memory, step=200),
    "lists": partial(scale.lists, small=1_000, large=5_000, rounds=20),
    "posting": partial(money.posting, rounds=1, per_round=10),
    "money": partial(money.money, lines=(100, 1_000), postings=(5_000, 20_000)),
}


def main() -> int:
    """Each measurement in a world of its own, so that none pays for another."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = ",".join((*FULL, *BY_ITSELF))
    parser.add_argument("--only", default=known, help=f"some of: {known}")
    parser.add_argument("--quick", action="store_true", help="small sizes; nothing is written")
    arguments = parser.parse_args()
    progress = progress_on_stderr()
    results: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {
            "temporal server": PINNED_VERSION,
            **{name: version(name) for name in ("temporalio", "sqlalchemy", "fastapi", "uvicorn", "pydantic")},
        },
    }
    for name in arguments.only.split(","):
        if name in BY_ITSELF:
            with progress.step(name):
                results[name] = BY_ITSELF[name][arguments.quick]()
        else:
            with world(progress) as made, progress.step(name):
                results[name] = asyncio.run((QUICK if arguments.quick else FULL)[name](made))
        print(json.dumps({name: results[name]}, ensure_ascii=False), flush=True)
    if not arguments.quick:
        _write(results)
    return 0


def _write(results: dict[str, Any]) -> None:
    """Keep the newest figure of each measurement, and the page made of them."""
    path = Path("docs/performance.json")
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in (*FULL, *BY_ITSELF):
        if name in results:
            results[name] = {"at": results["at"], **results[name]}
    kept.update(results)
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    Path("docs/performance.md").write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
