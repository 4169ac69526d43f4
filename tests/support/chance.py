"""The seed of what is drawn by lot in tests.

``make test`` draws the same every time: whoever changes something learns of the change, and not of the day's luck. What
nobody has drawn yet is looked for with ``FAIRCLAIM_TEST_SEED=random``, and by the larger runs of ``make acceptance``.
"""

from __future__ import annotations

import os
import secrets

_USUAL = 20_261_122


def seed() -> int:
    """The usual one, that in ``FAIRCLAIM_TEST_SEED``, or for ``random`` one drawn by lot; printed, to repeat it."""
    told = os.environ.get("FAIRCLAIM_TEST_SEED") or str(_USUAL)
    drawn = secrets.randbelow(10**6) if told == "random" else int(told)
    print(f"FAIRCLAIM_TEST_SEED={drawn} repeats this run")
    return drawn
