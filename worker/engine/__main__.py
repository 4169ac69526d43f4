"""``python -m worker.engine [--pinned]``: make sure that there is an engine, and print its path or address."""

from __future__ import annotations

import argparse
import os
import sys

from worker.engine.binary import EngineUnavailableError, locate
from worker.progress import progress_on_stderr


def main() -> int:
    """Print where the engine is; exit 1 if none can be had."""
    parser = argparse.ArgumentParser(prog="python -m worker.engine", description=__doc__)
    parser.add_argument("--pinned", action="store_true", help="the pinned plain server only, as the tests use it")
    arguments = parser.parse_args()
    progress = progress_on_stderr()
    try:
        located = locate(env=os.environ, pinned_only=arguments.pinned, progress=progress)
    except EngineUnavailableError as unavailable:
        print(unavailable, file=sys.stderr)
        return 1
    progress.say(f"engine: {located.kind} {located.version or ''} ({located.why})")
    print(located.path_or_address)
    return 0


if __name__ == "__main__":
    sys.exit(main())
