"""What the plain Temporal server is told: its configuration on one SQLite file, and its dynamic settings.

Both files are written as JSON, which is YAML too, so no YAML library is needed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

CONFIG_FILE = "server.yaml"
DYNAMIC_FILE = "dynamic.yaml"
NO_LIMIT_RPS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How an embedded server behaves.

    ``retention_days``: how long finished runs stay readable in the engine (our own records stay for good).
    ``time_skipping``: per-workflow virtual clocks, for tests only.
    ``load_limits``: lift the server's rate limits, for load runs only: else they are what is measured.
    """

    namespace: str = "fairclaim"
    retention_days: int = 7
    time_skipping: bool = False
    load_limits: bool = False
    log_level: str = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The eight loopback ports of a server: one for calls and one for membership per service."""

    frontend: int
    frontend_membership: int
    history: int
    history_membership: int
    matching: int
    matching_membership: int
    worker: int
    worker_membership: int

    def all(self) -> tuple[int, ...]:
        return tuple(asdict(self).values())

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)


PORT_COUNT = len(fields(Ports))


def server_config(*, database: str, ports: Ports, options: EngineOptions) -> dict[str, Any]:
    """The static configuration. ``database`` is a file name in the server's working folder: the server puts it into a
    URL unescaped, so a folder with a question mark or a per cent sign in its path must stay out of it.
    """
    frontend = f"127.0.0.1:{ports.frontend}"
    return {
        "log": {"stdout": True, "level": options.log_level, "format": "console"},
        "persistence": {
            "defaultStore": "default",
            "visibilityStore": "visibility",
            "numHistoryShards": 1,
            "datastores": {"default": _datastore(database), "visibility": _datastore(database)},
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"}},
        "services": {
            "frontend": _service(ports.frontend, ports.frontend_membership),
            "history": _service(ports.history, ports.history_membership),
            "matching": _service(ports.matching, ports.matching_membership),
            "worker": _service(ports.worker, ports.worker_membership),
        },
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": frontend,
                }
            },
        },
        "publicClient": {"hostPort": frontend},
        "dcRedirectionPolicy": {"policy": "noop"},
        "dynamicConfigClient": {"filepath": DYNAMIC_FILE, "pollInterval": "60s"},
    }


def dynamic_settings(options: EngineOptions) -> dict[str, Any]:
    """Name and value of each dynamic setting; also given to the development server of the CLI, one flag each."""
    settings: dict[str, Any] = {
        # The default second lets every timer be up to a second late.
        "history.timerProcessorMaxTimeShift": "10ms",
        # The default second between two runs of one workflow id refuses rings and breaks continue-as-new chains.
        "history.workflowIdReuseMinimalInterval": "0s",
        # It would ask a host on the internet whether there is a newer version.
        "frontend.enableServerVersionCheck": False,
    }
    if options.time_skipping:
        settings["frontend.WorkflowTimeSkippingEnabled"] = True
    if options.load_limits:
        for name in ("frontend.rps", "frontend.namespaceRPS", "history.rps", "matching.rps"):
            settings[name] = NO_LIMIT_RPS
    return settings


def write_config(folder: Path, *, database: str, ports: Ports, options: EngineOptions) -> None:
    """Write both files into the server's folder, whole or not at all: a running server re-reads the dynamic one."""
    dynamic = {name: [{"value": value, "constraints": {}}] for name, value in dynamic_settings(options).items()}
    write_whole(folder / DYNAMIC_FILE, json.dumps(dynamic, indent=2))
    static = server_config(database=database, ports=ports, options=options)
    write_whole(folder / CONFIG_FILE, json.dumps(static, indent=2))


def write_whole(path: Path, text: str) -> None:
    """Write beside and rename, so that nobody ever reads half a file."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _datastore(database: str) -> dict[str, Any]:
    return {
        "sql": {
            "pluginName": "sqlite",
            "databaseName": database,
            "connectAddr": "localhost",
            "connectProtocol": "tcp",
            "connectAttributes": {
                "cache": "private",
                "setup": "true",
                "journal_mode": "wal",
                "synchronous": "2",
                "busy_timeout": "10000",
            },
            "maxConns": 1,
            "maxIdleConns": 1,
        }
    }


def _service(port: int, membership: int) -> dict[str, Any]:
    return {"rpc": {"grpcPort": port, "membershipPort": membership, "bindOnLocalHost": True}}
