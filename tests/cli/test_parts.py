"""``fairclaim api`` and ``fairclaim worker`` run apart, on PostgreSQL (design section 7)."""

from __future__ import annotations

import signal
import uuid
from pathlib import Path

import pytest

from tests.support.company import person_customer
from tests.support.postgres import Postgres
from tests.support.service import Parts, closing_company
from tests.support.waiting import eventually
from worker.engine import Located

pytestmark = pytest.mark.timeout(600)


def test_the_parts_need_only_two_addresses_and_end_with_0_when_asked(
    tmp_path: Path, pinned_server: Located, postgres: Postgres
) -> None:
    """TEMPORAL_ADDRESS and FAIRCLAIM_DATABASE_URL; without a worker a report is stored and decided later (AUD-07)."""
    name = f"parts_{uuid.uuid4().hex[:16]}"
    url = postgres.create_database(name)
    try:
        with (
            Parts(tmp_path, server=pinned_server, database_url=url) as parts,
            closing_company(parts.company()) as company,
        ):
            rep, program = company.rep(), company.program()
            report = {"program": program, "customer": person_customer()}
            assert rep.made("/v1/claims", report)["state"] == "protected"
            assert parts.stop("worker", signal.SIGINT) == 0
            waiting = rep.post("/v1/claims", {"program": program, "customer": person_customer(phone="13912345678")})
            assert (waiting.status_code, waiting.json()["state"]) == (202, "reported")
            parts.start("worker")
            path = f"/v1/claims/{waiting.json()['id']}"
            eventually(lambda: rep.get(path).json()["state"] == "protected", within_s=60, what="it is decided")
            assert parts.stop("api", signal.SIGTERM) == 0
            parts.start("api")
            parts.wait_ready()
            assert parts.stop("api", signal.SIGINT) == 0
            assert parts.stop("worker", signal.SIGTERM) == 0
            for part in ("api", "worker"):
                assert "Traceback" not in parts.log(part).read_text()
    finally:
        postgres.drop_database(name)
