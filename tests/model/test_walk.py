"""Tries."""

import os
import time

from tests.model.walk import Walk


def test_walk(stopped):
    walk = Walk(stopped, int(os.environ.get("FAIRCLAIM_WALK_SEED", "1")))
    t = time.perf_counter()
    tally = walk.run(int(os.environ.get("OPS", "300")))
    print(
        "RESULT",
        time.perf_counter() - t,
        time.process_time(),
        tally.share,
        tally.kinds,
        tally.codes,
        tally.triggers,
        walk.now,
        len(walk.model.claims),
    )
