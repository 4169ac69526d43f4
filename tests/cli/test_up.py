"""``fairclaim up`` as somebody meets it who has just installed it: real processes (AUD-07, design section 7)."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.company import person_customer
from tests.support.service import FAIRCLAIM, PROJECT, RemoteCompany, Service, clean_environment, closing_company
from tests.support.waiting import eventually, is_running
from worker.engine import Located

DOCUMENT = PROJECT / "docs" / "openapi.json"

pytestmark = pytest.mark.timeout(600)


def fairclaim(*arguments: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    return subprocess.run(
        [*FAIRCLAIM, *arguments],
        cwd=PROJECT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )


def test_it_says_where_it_listens_and_where_the_token_lies(service: Service) -> None:
    """Design section 7; the token works and nobody else can read it, nor anything else in the folder."""
    # It is ready a moment before it says so.
    eventually(lambda: "Ctrl-C ends it" in service.log.read_text(), within_s=30, what="it says where it listens")
    told = service.log.read_text()
    token = service.data / "admin-token"
    assert f"Fairclaim listens on {service.url}, its documentation is at {service.url}/docs" in told
    assert f"The administrator's token is in {token}" in told
    assert service.token not in told
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert stat.S_IMODE(service.data.stat().st_mode) == 0o700
    headers = {"authorization": f"Bearer {service.token}"}
    assert httpx2.get(f"{service.url}/v1/me", headers=headers).status_code == 200


def test_its_documentation_is_served(service: Service) -> None:
    """INT-01: the page, and the same document that is committed."""
    page = httpx2.get(f"{service.url}/docs")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    # The document of all operations is made when it is first asked for, which takes seconds where much else runs.
    served = httpx2.get(f"{service.url}/openapi.json", timeout=60)
    assert served.json() == json.loads(DOCUMENT.read_text(encoding="utf-8"))


def test_a_second_one_on_the_same_folder_is_refused_with_the_number_of_the_first(service: Service) -> None:
    ended = fairclaim("up", "--data", str(service.data), "--port", str(service.port))
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"fairclaim: {service.data} is in use by process {service.pid}. Stop that one first")
    assert httpx2.get(f"{service.url}/readyz").status_code == 200


@pytest.mark.parametrize("part", ["up", "api"])
def test_a_port_that_is_taken_is_refused_by_its_number(service: Service, tmp_path: Path, part: str) -> None:
    ended = fairclaim(part, "--data", str(tmp_path / "other"), "--port", str(service.port))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"fairclaim: port {service.port} of 127.0.0.1 is taken; choose another with --port"
    ]


def test_a_token_made_beside_the_service_works_until_it_is_revoked_there(
    service: Service, company: RemoteCompany
) -> None:
    """AUD-06, runbook: nobody can sign in any more."""
    data = ("--data", str(service.data))
    number = company.admin.get(f"/v1/people/{company.person().id}").json()["number"]
    made = fairclaim("token", "create", str(number), "--json", *data)
    assert made.returncode == 0, made.stderr
    headers = {"authorization": f"Bearer {json.loads(made.stdout)['token']}"}
    assert httpx2.get(f"{service.url}/v1/me", headers=headers).json()["person"]["number"] == number
    assert fairclaim("token", "revoke", str(number), *data).stdout == "2 ended\n"
    assert httpx2.get(f"{service.url}/v1/me", headers=headers).status_code == 401
    nobody = fairclaim("token", "create", "4711", *data)
    assert (nobody.returncode, nobody.stderr) == (1, "fairclaim: nobody has the number or id 4711\n")


def test_a_calendar_year_is_loaded_from_a_file(service: Service, tmp_path: Path) -> None:
    """TER-06; refused content is told with its field."""
    there = ("--url", service.url, "--data", str(service.data))
    file = tmp_path / "2041.json"
    file.write_text(json.dumps({"year": 2041, "free_days": ["2041-01-01"], "work_days": []}))
    loaded = fairclaim("calendar", "load", str(file), *there)
    assert loaded.returncode == 0, loaded.stderr
    assert {"year": 2041, "provisional": False} in json.loads(loaded.stdout)["years"]
    file.write_text(json.dumps({"year": 2041, "free_days": ["the first"], "work_days": []}))
    refused = fairclaim("calendar", "load", str(file), *there)
    assert refused.returncode == 1
    assert refused.stderr.startswith("fairclaim: field_invalid: ")
    assert "free_days" in refused.stderr
    assert fairclaim("calendar", "load", str(file), "--calendar", "Nowhere", *there).returncode == 1


def test_an_untouched_installation_verifies_and_agrees_with_its_engine(
    service: Service, company: RemoteCompany
) -> None:
    """AUD-02, AUD-07: exit code 0 of `verify --json` and `reconcile --json`."""
    company.rep().made("/v1/claims", {"program": company.program(), "customer": person_customer()})
    data = ("--data", str(service.data))
    verified = fairclaim("verify", "--json", *data)
    assert (verified.returncode, json.loads(verified.stdout)["ok"]) == (0, True)
    compared = fairclaim("reconcile", "--json", "--wait", "1", *data)
    assert compared.returncode == 0, compared.stderr
    found = json.loads(compared.stdout)
    assert (found["differences"], found["open_streams"], found["running"]) == (0, 1, 1)


def test_doctor_tells_of_the_running_services_port(service: Service) -> None:
    """A check that fails is exit code 1, with what to do about it."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which serves as well
        ended = fairclaim("doctor", "--json", "--data", str(service.data))
    found = {check["name"]: check for check in json.loads(ended.stdout)}
    assert (ended.returncode, found["Port"]["ok"]) == (1, False)
    assert "--port" in found["Port"]["advice"]
    assert found["Data folder"]["ok"]


def test_it_ends_by_ctrl_c_goes_on_where_it_stopped_and_leaves_no_orphan_when_killed(
    tmp_path: Path, pinned_server: Located
) -> None:
    """AUD-07: exit code 0 and no process left; claim and deadline as before; kill -9 takes all parts along."""
    service = Service(tmp_path, server=pinned_server)
    with service, closing_company(service.company()) as company:
        rep = company.rep()
        claim = rep.made("/v1/claims", {"program": company.program(), "customer": person_customer()})
        pids = service.pids()
        assert set(pids) == {"engine", "worker", "api"}
        assert service.stop() == 0
        assert not any(is_running(pid) for pid in pids.values())
        assert "Traceback" not in service.log.read_text()
        assert "killed" not in service.log.read_text()

        service.start()
        present = rep.get(f"/v1/claims/{claim['id']}").json()
        assert _lasting(present) == _lasting(claim)
        worked = rep.post(
            f"/v1/claims/{claim['id']}/follow-ups", {"kind": "visit", "note": "看了样板间，很满意，想要东户"}
        )
        assert (worked.status_code, worked.json()["state"]) == (201, "active")

        pids = service.pids()
        parent = service.pid
        assert parent is not None
        os.kill(parent, signal.SIGKILL)
        eventually(
            lambda: not any(is_running(pid) for pid in pids.values()),
            within_s=5,
            what="engine, worker and API are gone",
        )


def _lasting(claim: dict[str, Any]) -> dict[str, Any]:
    """What a restart must not change."""
    return {name: claim[name] for name in ("id", "receipt", "state", "owner", "deadline", "received_at", "version")}
