"""``python -m bench [--only reports,follow_ups,…]``: measure, print a table, write JSON and docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from bench import speed
from bench.world import machine, world
from worker.progress import progress_on_stderr


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="reports,follow_ups")
    wanted = parser.parse_args().only.split(",")
    progress = progress_on_stderr()
    results: dict[str, Any] = {"machine": machine()}
    with world(progress) as made:
        for name in wanted:
            with progress.step(name):
                results[name] = asyncio.run(getattr(speed, name)(made))
            print(name, results[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
