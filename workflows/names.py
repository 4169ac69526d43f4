"""Registered names and ids: the one place where API, worker and tests agree on them."""

from __future__ import annotations

TASK_QUEUE = "fairclaim"
NAMESPACE = "fairclaim"

CLAIM_WORKFLOW = "claim"
DISPUTE_WORKFLOW = "dispute"
LEAD_WORKFLOW = "lead"
RING_UPDATE = "ring"
STATE_QUERY = "state"

RELAY_WORKFLOW = "relay"
COURIER_WORKFLOW = "courier"
SWEEP_WORKFLOW = "sweep"
HOUSE_WORKFLOW = "house"


def workflow_id(kind: str, stream: str) -> str:
    """``claim/<uuid>``; ``dispute/<uuid>`` and ``lead/<uuid>`` are made alike."""
    return f"{kind}/{stream}"


def singleton_id(workflow: str) -> str:
    """The id of a workflow of which the company has one."""
    return f"keeping/{workflow}"
