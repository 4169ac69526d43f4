"""Committed histories replay on today's workflow code (AUD-07): runs of claims and cases live for months."""

from __future__ import annotations

import ast
import json
from itertools import pairwise
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from domain.disputes.lifecycle import ENDED
from tests.replay.record import FOLDER, SCENARIOS, kind_of
from worker.process import workflow_runner
from workflows.claim import ClaimWorkflow
from workflows.connection import DATA_CONVERTER
from workflows.dispute import DisputeWorkflow
from workflows.lead import LeadWorkflow
from workflows.messages import ClaimStart

_WORKFLOWS = Path(__file__).parents[2] / "workflows"
_FINGERPRINTS = Path(__file__).parent / "fingerprints.json"
_HISTORIES = sorted(FOLDER.glob("*.json"))
#: Calls whose order a history fixes: each becomes commands of the engine.
_ORDERED = {
    "execute_local_activity_method",
    "execute_activity_method",
    "start_activity",
    "start_local_activity",
    "wait_condition",
    "sleep",
    "continue_as_new",
    "patched",
    "deprecate_patch",
    "upsert_search_attributes",
    "upsert_memo",
    "start_child_workflow",
    "execute_child_workflow",
    "get_external_workflow_handle",
    "uuid4",
    "random",
}


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"{kind_of(path.stem)}/{path.stem}", path.read_text(encoding="utf-8"))


def replayer(*workflows: type) -> Replayer:
    return Replayer(workflows=workflows, data_converter=DATA_CONVERTER, workflow_runner=workflow_runner())


def test_every_scenario_has_a_committed_history() -> None:
    assert {p.stem for p in _HISTORIES} == set(SCENARIOS)
    assert len(_HISTORIES) >= 12


@pytest.mark.parametrize("path", _HISTORIES, ids=lambda p: p.stem)
async def test_a_recorded_run_replays(path: Path) -> None:
    await replayer(ClaimWorkflow, DisputeWorkflow, LeadWorkflow).replay_workflow(history(path))


@pytest.mark.parametrize("path", _HISTORIES, ids=lambda p: p.stem)
def test_a_recorded_run_holds_ids_and_codes_only(path: Path) -> None:
    """AUD-05: no name, number or note crosses the engine."""
    text = path.read_text(encoding="utf-8")
    assert not any(ord(c) > 127 for c in text), "something that is neither an id nor a code"
    assert "1380000" not in text


def test_recorded_cases_went_every_way_of_table_0_3() -> None:
    """A case is opened and goes on in one drain; a ruling that nobody may appeal from is final in one."""
    walks = [["opened", *_states(history(p))] for p in _HISTORIES if kind_of(p.stem) == "dispute"]
    went = {(before, after) for walk in walks for before, after in pairwise(walk)}
    assert went >= {
        ("opened", "proposed"),
        ("opened", "negotiating"),
        ("proposed", "negotiating"),
        ("proposed", "final"),
        ("negotiating", "settled"),
        ("negotiating", "mediating"),
        ("negotiating", "arbitrating"),
        ("negotiating", "dismissed"),
        ("negotiating", "withdrawn"),
        ("mediating", "settled"),
        ("mediating", "arbitrating"),
        ("arbitrating", "arbitrating"),
        ("arbitrating", "ruled"),
        ("arbitrating", "dismissed"),
        ("arbitrating", "final"),
        ("ruled", "arbitrating"),
        ("ruled", "final"),
    }
    assert {walk[-1] for walk in walks} == {state.value for state in ENDED}


def _states(run: WorkflowHistory) -> list[str]:
    """What each drain of a run answered."""
    results = [
        event.marker_recorded_event_attributes.details["result"].payloads[0].data
        for event in run.events
        if event.HasField("marker_recorded_event_attributes")
    ]
    return [str(json.loads(result)["state"]) for result in results]


@workflow.defn(name="claim", sandboxed=False)
class _OtherOrder:
    """A claim that sleeps before it drains: what nobody may change without a patch."""

    @workflow.init
    def __init__(self, start: ClaimStart) -> None:
        self.rung = False

    @workflow.run
    async def run(self, start: ClaimStart) -> None:
        await workflow.sleep(1)

    @workflow.update(name="ring")
    async def ring(self) -> None:
        self.rung = True


async def test_a_changed_order_is_found() -> None:
    """The check itself can fail."""
    with pytest.raises(NondeterminismError):
        await replayer(_OtherOrder).replay_workflow(history(next(p for p in _HISTORIES if kind_of(p.stem) == "claim")))


def fingerprint(path: Path) -> list[str]:
    """The calls of a workflow module that become commands, in the order of the source."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        (node.lineno, node.col_offset, name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (name := _name(node)) in _ORDERED
    ]
    return [name for _, _, name in sorted(calls)]


def _name(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def test_the_order_of_commands_is_the_committed_one() -> None:
    """A different order breaks every run that is open today: replay meets a command where history has another.

    If the change is meant: gate it with `workflow.patched(...)`, record a new history
    (`python -m tests.replay.record`), and write the new fingerprint that this test prints.
    """
    present = {p.name: fingerprint(p) for p in sorted(_WORKFLOWS.glob("*.py")) if fingerprint(p)}
    committed = json.loads(_FINGERPRINTS.read_text(encoding="utf-8"))
    assert present == committed, f"new fingerprints: {json.dumps(present)}"
