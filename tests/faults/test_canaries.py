"""No name, number or sentence that a person typed leaves our own database, and there it is unreadable (AUD-03, AUD-05).

Exceptions are provoked on the way, for their texts are how such things usually get out: whatever fails says a canary.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote_plus

import httpx2
import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.faults.canaries import Flock, forms, found_in, found_in_files, found_in_tables
from tests.faults.conftest import DATABASES
from tests.faults.gossip import Gossip
from tests.support.receivers import MailReceiver, WebhookReceiver
from tests.support.service import FAIRCLAIM, Parts, RemoteCompany
from tests.support.waiting import eventually
from worker.engine import EngineOptions, Located
from workflows.connection import connect
from workflows.names import NAMESPACE

LOUD = (*FAIRCLAIM[:-1], "tests.faults.loud")

pytestmark = pytest.mark.timeout(600)


class Scene:
    """Engine, worker and API at their most talkative, with a mail server and a webhook's receiver that refuse."""

    def __init__(self, parts: Parts, company: RemoteCompany, gossip: Gossip) -> None:
        self.parts, self.company, self.gossip = parts, company, gossip

    @property
    def outside(self) -> list[Path]:
        """Every file in which nothing may be: the engine's store with its log, our processes' output."""
        files = [self.parts.log("api"), self.parts.log("worker")]
        return files + [path for path in (self.parts.data / "engine").rglob("*") if path.is_file()]

    @property
    def ours(self) -> list[Path]:
        """Everything else in the data folder: the database with its log of writes, checkpoints, sealed files."""
        return [p for p in self.parts.data.rglob("*") if p.is_file() and (self.parts.data / "engine") not in p.parents]

    def found_outside(self, canaries: Mapping[str, str]) -> dict[str, set[str]]:
        found = found_in_files(self.outside, canaries)
        metrics = httpx2.get(f"{self.parts.url}/metrics").content
        return found | {canaries[text]: {"/metrics"} for text in found_in(metrics, canaries)}

    def found_at_home(self, canaries: Mapping[str, str]) -> dict[str, set[str]]:
        found = found_in_files(self.ours, canaries)
        if not self.company.database.is_sqlite:
            found |= found_in_tables(self.company.database.engine, canaries)
        return found


@pytest.fixture(scope="module", params=DATABASES)
def scene(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    pinned_server: Located,
    empty_databases: Callable[[str], str | None],
) -> Iterator[Scene]:
    """Everything has been typed and everything has failed."""
    refusing = Flock()
    words = f"{refusing.name('receiver')} {refusing.phone('receiver')}"
    with ExitStack() as stack:
        mail = stack.enter_context(MailReceiver().serving())
        hook = stack.enter_context(WebhookReceiver().serving())
        # A mail server speaks ASCII.
        mail.refusal = f"550 no such user {refusing.email('mail server')}"
        hook.answer, hook.answer_text = (lambda _request: 500), words
        parts = Parts(
            tmp_path_factory.mktemp(request.param),
            server=pinned_server,
            database_url=empty_databases(request.param),
            env={**hook.env, "FAIRCLAIM_SMTP_URL": mail.url, "FAIRCLAIM_LOG_LEVEL": "DEBUG"},
            entry=LOUD,
            engine_options=EngineOptions(log_level="debug"),
        )
        stack.enter_context(parts)
        company = parts.company()
        stack.callback(company.close)
        gossip = Gossip(company)
        gossip.failed.out |= refusing.out
        gossip.type_everything()
        gossip.be_refused()
        gossip.break_the_api()
        gossip.poison()
        gossip.fail_activities()
        eventually(lambda: _failed_channels(company) == {"email", "webhook"}, within_s=30, what="both channels failed")
        yield Scene(parts, company, gossip)


def test_nothing_typed_reaches_the_engine_a_log_or_the_metrics(scene: Scene) -> None:
    """AUD-03, AUD-05, design section 2: the engine carries ids and codes only, logs say where and of which type."""
    assert len(scene.gossip.typed.out) > 100
    assert scene.found_outside(scene.gossip.typed.out) == {}


def test_what_a_failing_part_says_reaches_neither_the_engine_nor_a_log(scene: Scene) -> None:
    """Design section 2: a failure is a code and an error id. SQL, mail server, webhook's receiver, poison, activity."""
    assert len(scene.gossip.failed.out) >= 11
    assert scene.found_outside(scene.gossip.failed.out) == {}


def test_nothing_typed_stands_in_clear_in_our_own_database(scene: Scene) -> None:
    """AUD-05, CUS-01: the write-ahead log, stored answers, file names and contents included."""
    if scene.company.database.is_sqlite:
        log = scene.parts.data / "fairclaim.db-wal"
        assert log in scene.ours
        assert log.stat().st_size > 0
    assert scene.found_at_home(scene.gossip.typed.out) == {}


def test_the_failures_were_real_and_the_logs_were_at_debug(scene: Scene) -> None:
    """Without this the tests above could pass on silence."""
    api, worker = (scene.parts.log(name).read_text() for name in ("api", "worker"))
    engine = scene.parts.engine.log.read_text()
    assert '"event": "request_failed"' in api
    assert '"event": "item_parked"' in worker
    assert '"event": "failure"' in worker
    for log in (api, worker):
        assert '"logger": "sqlalchemy.engine.Engine"' in log
    assert "DEBUG" in worker
    assert "temporalio_sdk_core::" in worker
    assert "\tdebug\t" in engine.lower()
    with scene.company.database.reading() as tx:
        errors = {str(row["error"]) for row in tx.rows(sa.select(t.outbox.c.error).distinct())}
    assert {"HTTPStatusError", "address_refused"} <= errors


def test_a_canary_let_out_on_purpose_is_found(scene: Scene) -> None:
    """The scanner sees into the engine's store and into our own, so silence above means that nothing is there."""
    planted = Flock()
    in_engine, in_database = planted.name("engine"), planted.phone("database")

    async def start() -> None:
        client = await connect(scene.parts.engine.address, namespace=NAMESPACE)
        await client.start_workflow("nobody", in_engine, id="planted", task_queue="nobody")

    asyncio.run(start())
    scene.company.team(in_database)
    found = found_in_files(scene.outside, planted.out)
    assert set(found) == {"engine"}
    assert all(name.startswith("temporal-") for name in found["engine"])
    assert set(scene.found_at_home(planted.out)) == {"database"}


@pytest.mark.parametrize("text", ["金鵷鶵鸑", "13987650421", "canary.0a1b2c3d4e", "雀语0a1b2c3d4e5f"])
def test_the_scanner_knows_a_text_in_any_usual_dress(text: str) -> None:
    """As plain text, escaped, quoted, in hexadecimal digits, and in base64 wherever it begins and ends there."""
    canaries = {text: "here"}
    for before, after in (("", ""), ("a", "b"), ("ab", "cde"), ("名", "号码")):
        wrapped = before + text + after
        for dress in (
            wrapped.encode(),
            wrapped.encode("utf-16"),
            json.dumps(wrapped).encode(),
            ascii(wrapped).encode(),
            quote_plus(wrapped).encode(),
            base64.b64encode(wrapped.encode()),
            wrapped.encode().hex().encode(),
            repr(wrapped.encode()).encode(),
        ):
            assert found_in(b"\x00\xff" + dress + b"\x00", canaries) == {text}
    assert found_in(text[:-1].encode(), canaries) == set()
    assert min(len(form) for form in forms(text)) >= 8


def _failed_channels(company: RemoteCompany) -> set[str]:
    with company.database.reading() as tx:
        chosen = sa.select(t.outbox.c.channel).where(t.outbox.c.error.is_not(None)).distinct()
        return {str(row["channel"]) for row in tx.rows(chosen)}
