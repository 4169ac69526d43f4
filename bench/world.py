"""The service under measurement: real server, worker and API processes on a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from bench import ceiling
from cli.run import prepare
from storage.database import Database
from storage.keys import KeyRing
from storage.settings import Settings
from worker import launch
from worker.engine import EmbeddedServer, EngineOptions, locate
from worker.progress import Progress

PORT = 18_180


@dataclass
class World:
    """Addresses and processes of one run."""

    data: Path
    address: str
    settings: Settings
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    server_pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{PORT}"

    @property
    def admin_token(self) -> str:
        return (self.data / "admin-token").read_text().strip()

    def database(self) -> Database:
        return Database(self.settings.url, keys=KeyRing.open(self.settings.key_file), patient=True)

    def start(self, name: str, *argv: str) -> None:
        """A child bound to us, its output in a file."""
        env = {
            **os.environ,
            "FAIRCLAIM_DATA": str(self.data),
            "TEMPORAL_ADDRESS": self.address,
            "FAIRCLAIM_LOG_LEVEL": "WARNING",
        }
        log = (self.data / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(launch.command(argv), env=env, stdout=log, stderr=log)

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def rss_mib(self, name: str) -> float:
        """Resident memory of a child."""
        pid = self.server_pid if name == "engine" else self.processes[name].pid
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")

    def wait_ready(self, *, limit_s: float = 60) -> None:
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.2)
        raise TimeoutError("the service did not become ready")

    def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call as the administrator, which must succeed."""
        return self.call(self.admin_token, method, path, body)

    def call(self, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call that must succeed."""
        answer = httpx2.request(
            method,
            self.url + path,
            json=body if method != "GET" else None,
            headers={"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())},
            timeout=60,
        )
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def program(self, policy: dict[str, Any]) -> str:
        """A program of the whole company."""
        me = self.admin("GET", "/v1/me")
        body = {
            "name": f"Bench {uuid.uuid4()}",
            "members": [{"team": me["company"]["root_team"]}],
            "oversight": [me["person"]["id"]],
            "policy": {
                "claim.required_fields": ["identity"],
                "claim.qualified_per_day": 0,
                "claim.cap_person": 0,
                **policy,
            },
        }
        return str(self.admin("POST", "/v1/programs", body)["id"])

    def rep(self, team: str | None = None) -> tuple[str, str]:
        """A rep's id and token."""
        person = self.admin("POST", "/v1/people", {"name": "销售", **({"team": team} if team else {})})["id"]
        self.admin("POST", f"/v1/people/{person}/grants", {"role": "rep", "scope": {"kind": "own"}})
        return person, self.admin("POST", f"/v1/people/{person}/tokens", {"name": "bench"})["token"]

    def leader(self, team: str) -> None:
        """Somebody who leads ``team``."""
        person = self.admin("POST", "/v1/people", {"name": "主管", "team": team})["id"]
        version = self.admin("GET", f"/v1/teams/{team}")["version"]
        self.admin("PATCH", f"/v1/teams/{team}", {"version": version, "leader": person})


@contextmanager
def world(progress: Progress, *, worker: bool = True) -> Iterator[World]:
    """Start everything, hand it over, end everything."""
    with tempfile.TemporaryDirectory(prefix="fairclaim-bench-") as folder:
        data = Path(folder)
        settings = Settings(data=data)
        prepare(settings, progress)
        located = locate(env=os.environ, pinned_only=True, progress=progress)
        server = EmbeddedServer(located=located, folder=data / "engine", options=EngineOptions(load_limits=True))
        server.start(progress=progress)
        made = World(data=data, address=server.address, settings=settings, server_pid=server.pid or 0)
        with made.database().engine.begin() as connection:
            ceiling.metadata.create_all(connection)
        try:
            if worker:
                made.start("worker", sys.executable, "-m", "cli.main", "worker", "--data", str(data))
            made.start("ceiling", sys.executable, "-m", "bench.ceiling", "worker")
            made.start("api", sys.executable, "-m", "bench.ceiling", "api", str(PORT))
            if worker:
                made.wait_ready()
            yield made
        finally:
            for name in list(made.processes):
                made.stop(name)
            server.stop()


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "cpus": os.cpu_count(),
        "memory_gib": round(int(memory.split()[1]) / 1024 / 1024),
        "python": sys.version.split()[0],
    }


def dump(path: Path, result: dict[str, Any]) -> None:
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
