"""Record the histories that every later version must be able to replay: ``python -m tests.replay.record [NAME …]``.

Runs of a claim, a case or a lead live for months, so a change of workflow code meets histories made by the code before
it. A new branch of a workflow records a new history here; an old one is never recorded again: it is what customers
have.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowExecutionStatus

from activities.ports import OpenMatter, StoreTroubleError
from storage import installation, schema
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.keys import KeyRing
from storage.setting import Snapshots, ask_for_fresh_runs
from tests.support.company import Person, person_customer
from tests.support.contested import Contested
from tests.support.live import LiveCompany
from tests.support.waiting import eventually
from worker.engine import EmbeddedServer, EngineOptions, locate
from worker.progress import progress_on_stderr

FOLDER = Path(__file__).parent / "histories"
_NOTE = "谈了户型、预算和下次看房时间安排"
_QUICK = {"claim.first_follow_up_wh": "PT2S", "claim.idle_days": "PT2S"}


def _report(rep: Person, program: str, phone: str = "13800000001") -> str:
    return str(rep.made("/v1/claims", {"program": program, "customer": person_customer(phone=phone)})["id"])


def _call(rep: Person, claim: str, place: int = 0) -> None:
    rep.made(f"/v1/claims/{claim}/follow-ups", {"kind": "call", "note": f"{_NOTE}{place}"})


def _team(live: LiveCompany) -> tuple[Person, Person]:
    """A rep and the leader above."""
    team = live.team()
    return live.rep(team=team), live.leader(team)


def lapse_without_work(live: LiveCompany) -> str:
    claim = _report(live.rep(), live.program(policy=_QUICK))
    return _until_ended(live, claim)


def six_follow_ups_then_lapse(live: LiveCompany) -> str:
    rep = live.rep()
    claim = _report(rep, live.program(policy={**_QUICK, "claim.first_follow_up_wh": "PT20S"}))
    for place in range(6):
        _call(rep, claim, place)
    return _until_ended(live, claim)


def collision(live: LiveCompany) -> str:
    program = live.program()
    _report(live.rep("甲"), program)
    return _until_ended(live, _report(live.rep("乙"), program))


def judged_and_accepted(live: LiveCompany) -> str:
    rep, leader = _team(live)
    claim = _report(rep, live.program(policy={**_QUICK, "claim.judgement_mode": "manual"}))
    leader.made(f"/v1/claims/{claim}/accept", {})
    return _until_ended(live, claim)


def sent_back_and_rejected(live: LiveCompany) -> str:
    rep, leader = _team(live)
    claim = _report(rep, live.program(policy={"claim.judgement_mode": "manual"}))
    leader.made(f"/v1/claims/{claim}/send_back", {"reason": "写清楚需求"})
    version = rep.get(f"/v1/claims/{claim}").json()["version"]
    answer = rep.patch(f"/v1/claims/{claim}", {"version": version, "need": "三居室"})
    assert answer.status_code == 200, answer.text
    leader.made(f"/v1/claims/{claim}/reject", {"reason": "重复"})
    return _until_ended(live, claim)


def withdrawn(live: LiveCompany) -> str:
    rep, _ = _team(live)
    claim = _report(rep, live.program(policy={"claim.judgement_mode": "manual"}))
    rep.made(f"/v1/claims/{claim}/withdraw", {})
    return _until_ended(live, claim)


def won_and_cancelled(live: LiveCompany) -> str:
    rep = live.rep()
    finance = live.person("财务", roles=("finance",), company_wide=True)
    claim = _report(rep, live.program(policy={"claim.idle_days": "PT2S", "claim.first_follow_up_wh": "PT20S"}))
    amount = {"amount_minor": 100, "currency": "CNY"}
    rep.made(
        f"/v1/claims/{claim}/win",
        {"amount": amount, "contract_at": "2026-01-01T00:00:00Z", "contract_end": "2099-01-01"},
    )
    finance.made(f"/v1/claims/{claim}/cancel_deal", {"reason": "退房"})
    return _until_ended(live, claim)


def released(live: LiveCompany) -> str:
    rep = live.rep()
    claim = _report(rep, live.program())
    rep.made(f"/v1/claims/{claim}/release", {"reason": "lost"})
    return _until_ended(live, claim)


def transferred(live: LiveCompany) -> str:
    rep, colleague = live.rep("甲"), live.rep("乙")
    claim = _report(rep, live.program(policy={**_QUICK, "claim.first_follow_up_wh": "PT3S"}))
    asked = rep.made(f"/v1/claims/{claim}/transfer", {"to": colleague.id})
    colleague.made(f"/v1/requests/{asked['requests'][0]['id']}/accept", {})
    return _until_ended(live, claim)


def extended(live: LiveCompany) -> str:
    rep, _ = _team(live)
    claim = _report(
        rep, live.program(policy={**_QUICK, "claim.extension_decide_wh": "PT1S", "claim.first_follow_up_wh": "PT3S"})
    )
    rep.made(f"/v1/claims/{claim}/extend", {"reason": "客户出差"})
    return _until_ended(live, claim)


def paused_and_resumed(live: LiveCompany) -> str:
    rep, leader = _team(live)
    claim = _report(rep, live.program(policy={**_QUICK, "claim.first_follow_up_wh": "PT3S"}))
    leader.made(f"/v1/claims/{claim}/pause", {"kind": "legal", "reason": "查封"})
    leader.made(f"/v1/claims/{claim}/unpause", {})
    return _until_ended(live, claim)


def rung_after_the_end(live: LiveCompany) -> str:
    rep = live.rep()
    claim = _report(rep, live.program())
    rep.made(f"/v1/claims/{claim}/release", {"reason": "invalid"})
    _until_ended(live, claim)
    rep.post(f"/v1/claims/{claim}/release", {"reason": "invalid"})
    return _until_ended(live, claim)


def engine_away_then_all_at_once(live: LiveCompany) -> str:
    rep = live.rep()
    claim = _report(rep, live.program(policy={**_QUICK, "claim.first_follow_up_wh": "PT5S"}))
    live.worker.stop()
    live.settings.wait_s = 0.2
    for place in range(3):
        rep.post(f"/v1/claims/{claim}/follow-ups", {"kind": "call", "note": f"{_NOTE}{place}"})
    live.worker.start()
    return _until_ended(live, claim)


class _AwayAtFirst(DatabaseMatters):
    """A database that is away for the first tries, so that the drain falls back to a normal activity."""

    tries = 0

    def within(self, stream: str, work: Callable[[OpenMatter], Any]) -> Any:
        self.tries += 1
        if self.tries <= 4:
            raise StoreTroubleError
        return super().within(stream, work)


def database_away_for_a_while(live: LiveCompany) -> str:
    rep, program = live.rep(), live.program(policy=_QUICK)
    live.worker.stop()
    live.worker.store = _AwayAtFirst(live.database, Snapshots())
    live.worker.start()
    return _until_ended(live, _report(rep, program))


def fresh_run_on_request(live: LiveCompany) -> str:
    rep = live.rep()
    claim = _report(rep, live.program(policy={**_QUICK, "claim.first_follow_up_wh": "PT5S"}))
    live.database.transact(ask_for_fresh_runs)
    _call(rep, claim)
    first = live.worker.run(live.handle(claim).fetch_history())
    assert any(
        e.HasField("workflow_execution_continued_as_new_event_attributes") for e in _first_run(live, claim, first)
    )
    return claim


def _first_run(live: LiveCompany, claim: str, history: Any) -> Any:
    """The run that continued as new: the one to be kept."""
    started = history.events[0].workflow_execution_started_event_attributes
    run = started.continued_execution_run_id or started.first_execution_run_id
    kept = live.worker.client.get_workflow_handle(f"claim/{claim}", run_id=run)
    live.first_run = live.worker.run(kept.fetch_history())  # type: ignore[attr-defined]
    return live.first_run.events  # type: ignore[attr-defined]


# --- cases: every path of table 0.3 ----------------------------------------------------------------------------------

#: A window that ends by itself while it is recorded, and one that does not.
_SOON, _LATER = "PT1S", "PT60S"


class _Case(Contested):
    """A contested customer of a company on the engine."""

    def __init__(self, live: LiveCompany, **policy: object) -> None:
        super().__init__(live, **policy)
        self.live = live

    def until(self, **wanted: object) -> None:
        """Its timer has brought it so far."""
        eventually(lambda: wanted.items() <= self.read().items(), within_s=30, what=f"the case is {wanted}")

    def ended(self, state: str) -> str:
        _until_ended(self.live, self.id, kind="dispute")
        assert self.read()["state"] == state
        return self.id


def case_proposed_and_final(live: LiveCompany) -> str:
    return _Case(live, auto_settle=True, objection_wh=_SOON).ended("final")


def case_objected_and_settled(live: LiveCompany) -> str:
    case = _Case(live, auto_settle=True, objection_wh=_LATER)
    case.act(case.second, "object", missing="缺少周六的到访接待记录")
    case.agreed(case.first, accept=(case.second,))
    return case.ended("settled")


def case_mediated_and_settled(live: LiveCompany) -> str:
    case = _Case(live, mediation="always", negotiation_wh=_SOON, mediation_wh=_LATER)
    mediator = live.person("调解员", roles=("mediator",), company_wide=True)
    case.until(state="mediating")
    case.act(live.admin, "mediator", person=mediator.id)
    case.agreed(mediator, accept=case.parties)
    return case.ended("settled")


def case_mediated_in_vain_and_dismissed(live: LiveCompany) -> str:
    case = _Case(live, mediation="always", mediation_wh=_SOON)
    case.all_say("waive")
    case.until(state="arbitrating")
    case.act(case.leader, "dismiss", reason="没有依据")
    return case.ended("dismissed")


def case_ruled_and_final(live: LiveCompany) -> str:
    case = _Case(live, negotiation_wh=_SOON, evidence_wh=_LATER, appeal_wd=_SOON)
    case.until(state="arbitrating")
    case.all_say("heard")
    case.ruled(case.leader, case.second)
    return case.ended("final")


def case_missed_by_a_tier_and_ruled_by_the_next(live: LiveCompany) -> str:
    case = _Case(live, tier_wh="PT4S", evidence_wh=_SOON)
    case.all_say("waive")
    case.until(state="arbitrating", tier=2)
    case.all_say("heard")
    case.ruled(case.above, case.first)
    return case.ended("final")


def case_appealed_and_final(live: LiveCompany) -> str:
    case = _Case(live)
    case.all_say("waive")
    case.all_say("heard")
    case.ruled(case.leader, case.second)
    case.appealed(case.first)
    case.all_say("heard")
    case.ruled(case.above, case.first)
    return case.ended("final")


def case_dismissed(live: LiveCompany) -> str:
    case = _Case(live)
    case.act(live.admin, "dismiss", reason="没有依据")
    return case.ended("dismissed")


def case_withdrawn(live: LiveCompany) -> str:
    case = _Case(live, objection_wh=_SOON)
    case.act(case.second, "withdraw", reason="误会")
    return case.ended("withdrawn")


def case_carried_on_and_settled(live: LiveCompany) -> str:
    case = _Case(live, objection_wh=_LATER)
    case.act(case.second, "withdraw", reason="误会")
    case.act(case.first, "continue")
    case.agreed(case.first, accept=(case.second,))
    return case.ended("settled")


def case_rung_after_the_end(live: LiveCompany) -> str:
    case = _Case(live)
    case.act(live.admin, "dismiss", reason="没有依据")
    case.ended("dismissed")
    case.first.post(f"/v1/disputes/{case.id}/waive")
    return case.ended("dismissed")


# --- leads: given out, missed, accepted, returned --------------------------------------------------------------------


def _lead(live: LiveCompany, *, limit: str = _LATER) -> tuple[str, Person, Person]:
    """A lead in the hands of the one rep there is, the rep and the sender."""
    team = live.team()
    live.leader(team)
    rep, sender = live.rep(team=team), live.person("市场", team=team, roles=("marketing",))
    policy = {"lead.first_response_oh": {"C": limit}, "lead.accept_oh": _LATER}
    body = {"program": live.program(policy=policy), "source": "fair", "customer": person_customer(phone="13800000001")}
    return str(sender.made("/v1/leads", body)["id"]), rep, sender


def lead_accepted_and_not_contacted(live: LiveCompany) -> str:
    lead, rep, _ = _lead(live, limit="PT2S")
    rep.made(f"/v1/leads/{lead}/accept")
    return _until_ended(live, lead, kind="lead")


def lead_missed_escalated_and_named(live: LiveCompany) -> str:
    lead, rep, sender = _lead(live, limit=_SOON)
    eventually(
        lambda: sender.get(f"/v1/leads/{lead}").json()["state"] == "escalated", within_s=30, what="it is escalated"
    )
    leader = str(live.admin.get("/v1/teams").json()["items"][0]["leader"])
    token = live.admin.made(f"/v1/people/{leader}/tokens", {"name": "record"})["token"]
    Person(live, leader, token).made(f"/v1/leads/{lead}/assign", {"person": rep.id})
    rep.made(f"/v1/leads/{lead}/contact", {"kind": "call", "note": _NOTE})
    rep.made(f"/v1/leads/{lead}/accept")
    return _until_ended(live, lead, kind="lead")


def lead_returned_and_closed(live: LiveCompany) -> str:
    lead, rep, sender = _lead(live)
    rep.made(f"/v1/leads/{lead}/return", {"reason": "no_need"})
    sender.made(f"/v1/leads/{lead}/close", {"reason": "不再需要"})
    return _until_ended(live, lead, kind="lead")


SCENARIOS: dict[str, Callable[[LiveCompany], str]] = {
    f.__name__: f
    for f in (
        lapse_without_work,
        six_follow_ups_then_lapse,
        collision,
        judged_and_accepted,
        sent_back_and_rejected,
        withdrawn,
        won_and_cancelled,
        released,
        transferred,
        extended,
        paused_and_resumed,
        rung_after_the_end,
        engine_away_then_all_at_once,
        database_away_for_a_while,
        fresh_run_on_request,
        case_proposed_and_final,
        case_objected_and_settled,
        case_mediated_and_settled,
        case_mediated_in_vain_and_dismissed,
        case_ruled_and_final,
        case_missed_by_a_tier_and_ruled_by_the_next,
        case_appealed_and_final,
        case_dismissed,
        case_withdrawn,
        case_carried_on_and_settled,
        case_rung_after_the_end,
        lead_accepted_and_not_contacted,
        lead_missed_escalated_and_named,
        lead_returned_and_closed,
    )
}


def kind_of(name: str) -> str:
    """Whose history a scenario keeps: that of a case, of a lead, or of a claim."""
    if name.startswith("lead_"):
        return "lead"
    return "dispute" if name.startswith("case_") else "claim"


def _until_ended(live: LiveCompany, stream: str, *, kind: str = "claim", limit_s: float = 30) -> str:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        described = live.worker.run(live.handle(stream, kind).describe())
        if described.status is WorkflowExecutionStatus.COMPLETED:
            return stream
        time.sleep(0.05)
    raise TimeoutError(f"{kind} {stream} has not ended")


def record(name: str, address: str) -> None:
    """Play one scenario in a company of its own and keep the history of its claim or case."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/fairclaim.db", keys=KeyRing.fresh())
        schema.upgrade(database)
        token = installation.install(database).token
        assert token is not None
        live = LiveCompany(database, token, Path(folder), address=address, namespace="fairclaim")
        try:
            handle = live.handle(SCENARIOS[name](live), kind_of(name))
            history = getattr(live, "first_run", None) or live.worker.run(handle.fetch_history())
            (FOLDER / f"{name}.json").write_text(history.to_json() + "\n", encoding="utf-8")
        finally:
            live.close()
            database.close()


def main(names: list[str]) -> int:
    wanted: list[Any] = names or [n for n in SCENARIOS if not (FOLDER / f"{n}.json").exists()]
    progress = progress_on_stderr()
    located = locate(env=os.environ, pinned_only=True, progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(located=located, folder=Path(folder), options=EngineOptions())
        server.start(progress=progress)
        try:
            for name in wanted:
                with progress.step(name):
                    record(name, server.address)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
