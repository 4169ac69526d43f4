"""200 acts of the walk through the real engine: HTTP, ring, workflow, drain."""

from __future__ import annotations

import pytest

from tests.model.companies import KINDS, Installations
from tests.model.engine_walk import EngineWalk
from tests.support.engine import Engine

OPERATIONS = 200


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_workflows_and_model_agree_on_every_act(
    kind: str, installations: Installations, engine: Engine, seed: int
) -> None:
    """Issue "A claim lives": what the rules decide is what the workflows bring about, on either database."""
    where = {"address": engine.address, "namespace": engine.namespace}
    with installations.live_company(kind, **where) as company:
        tally = EngineWalk(company, seed + KINDS.index(kind)).run(OPERATIONS // len(KINDS))
    print(f"{kind}: {tally}")
    assert tally.share >= 0.4
