"""Choose the loopback ports of an embedded server, and remember them, so that a restart keeps its address."""

from __future__ import annotations

import errno
import json
import secrets
import socket
from contextlib import ExitStack
from pathlib import Path

from worker.engine.config import PORT_COUNT, Ports, write_whole

PORTS_FILE = "ports.json"
# Below the range from which the kernel takes the ports of outgoing connections: otherwise a client socket of any
# process may sit on a remembered port at the next start.
FIRST_PORT, LAST_PORT = 12_000, 30_000
ATTEMPTS = 200


class NoFreePortError(Exception):
    """Not one of the tried ports was free, which has never been seen and hints at a sandbox without sockets."""


def choose_ports(folder: Path) -> Ports:
    """The ports of the last start if all of them are free, else new ones, which are remembered in ``folder``."""
    remembered = recall_ports(folder)
    if remembered is not None and all(port_is_free(port) for port in remembered.all()):
        return remembered
    ports = Ports(**dict(zip(Ports.__dataclass_fields__, _free_ports(PORT_COUNT), strict=True)))
    write_whole(folder / PORTS_FILE, ports.to_json())
    return ports


def recall_ports(folder: Path) -> Ports | None:
    """The ports of the last start; ``None`` when there was none or the file is not readable as such."""
    try:
        return Ports(**{name: int(port) for name, port in json.loads((folder / PORTS_FILE).read_text()).items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def remembered_address(folder: Path) -> str | None:
    """Where the embedded server of ``folder`` listens, or listened last; ``None`` when there never was one."""
    ports = recall_ports(folder)
    return f"127.0.0.1:{ports.frontend}" if ports is not None else None


def port_is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether nothing listens on the port; ``OSError`` where one cannot listen there for another reason."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As the servers themselves do: a connection of the last run in TIME_WAIT does not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        return True


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    with ExitStack() as held:  # all are held until all are found, else one could be found twice
        for _ in range(ATTEMPTS):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)))
            except OSError:
                continue
            found.append(probe.getsockname()[1])
            if len(found) == count:
                return found
    raise NoFreePortError(f"no {count} free ports on 127.0.0.1 between {FIRST_PORT} and {LAST_PORT}")
