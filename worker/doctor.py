"""What ``fairclaim doctor`` tells: whether this machine can run the service, which engine it would use, and why."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.engine.binary import Located, cache_folder, survey
from worker.engine.build import PINNED_VERSION, describe_go, find_go
from worker.engine.ports import port_is_free

PYTHON_NEEDED = (3, 11)
SQLITE_NEEDED = (3, 35, 0)
DATA_SPACE_BYTES = 1 << 30
BUILD_SPACE_BYTES = 4 << 30
DEFAULT_PORT = 8080

Survey = tuple[tuple[str, Located | str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the answer. ``advice`` is what to do, empty where nothing is needed. ``ok`` may come with advice."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def diagnose(
    data: Path | None, *, env: Mapping[str, str] | None = None, port: int = DEFAULT_PORT, host: str = "127.0.0.1"
) -> list[Check]:
    """All checks, in the order in which a start would need them. Changes nothing, needs no network, takes a second.

    ``data``: the folder of ``fairclaim up``; ``None`` leaves its checks out. ``env``: ours when left out.
    """
    known = os.environ if env is None else env
    found = survey(env=known)
    checks = [_python(), _sqlite(), *_engine(found, env=known), _cache_space(found, env=known)]
    if data is not None:
        checks += [_writable(data), _data_space(data)]
    return [*checks, _port(host=host, port=port)]


def _python() -> Check:
    here = sys.version_info[:3]
    needed = ".".join(map(str, PYTHON_NEEDED))
    advice = "" if here >= PYTHON_NEEDED else f"install Python {needed} or newer and set up again"
    return Check(name="Python", ok=here >= PYTHON_NEEDED, detail=f"{_dotted(here)} ({sys.executable})", advice=advice)


def _sqlite() -> Check:
    here = sqlite3.sqlite_version_info
    ok = here >= SQLITE_NEEDED
    advice = "" if ok else f"use a Python with SQLite {_dotted(SQLITE_NEEDED)} or newer"
    return Check(name="SQLite", ok=ok, detail=sqlite3.sqlite_version, advice=advice)


def _engine(found: Survey, *, env: Mapping[str, str]) -> Iterator[Check]:
    used = next((answer for _, answer in found if isinstance(answer, Located)), None)
    passed_over = "; ".join(f"{name}: {answer}" for name, answer in found if not isinstance(answer, Located))
    named_wrongly = used is None and found[-1][0] == "FAIRCLAIM_TEMPORAL_SERVER"
    if used is not None:
        what = f"{used.kind} {used.version or ''} {used.path_or_address}".replace("  ", " ")
        advice = "" if used.version in {None, PINNED_VERSION} else f"the tests need the pinned version {PINNED_VERSION}"
        yield Check(name="Temporal server", ok=True, detail=f"{what}: {used.why}", advice=advice)
    elif named_wrongly:
        advice = "correct FAIRCLAIM_TEMPORAL_SERVER or unset it"
        yield Check(name="Temporal server", ok=False, detail=passed_over, advice=advice)
    else:
        advice = "the first start downloads it, or builds it with Go in two to five minutes"
        yield Check(name="Temporal server", ok=True, detail=f"none yet ({passed_over})", advice=advice)
    go = find_go(env=env)
    needs_go = used is None and go is None
    advice = "a first build fetches Go itself from the package index; installing it is quicker" if needs_go else ""
    yield Check(name="Go", ok=True, detail=describe_go(env=env), advice=advice)


def _cache_space(found: Survey, *, env: Mapping[str, str]) -> Check:
    cache = cache_folder(env)
    free = shutil.disk_usage(_nearest_existing(cache)).free
    there = any(isinstance(answer, Located) for _, answer in found)
    ok = free >= BUILD_SPACE_BYTES or there
    advice = "" if ok else f"a build of the server needs {_gib(BUILD_SPACE_BYTES)} free there; FAIRCLAIM_CACHE moves it"
    return Check(name="Cache folder", ok=ok, detail=f"{cache}, {_gib(free)} free", advice=advice)


def _writable(data: Path) -> Check:
    nearest = _nearest_existing(data)
    ok = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    state = "writable" if data.exists() else f"will be made in {nearest}"
    advice = "" if ok else f"choose another folder with --data, or make {nearest} writable"
    return Check(name="Data folder", ok=ok, detail=f"{data}: {state if ok else 'not writable'}", advice=advice)


def _data_space(data: Path) -> Check:
    free = shutil.disk_usage(_nearest_existing(data)).free
    ok = free >= DATA_SPACE_BYTES
    advice = "" if ok else f"have {_gib(DATA_SPACE_BYTES)} or more free: a full disk stops every write"
    return Check(name="Disk space", ok=ok, detail=f"{_gib(free)} free", advice=advice)


def _port(*, host: str, port: int) -> Check:
    ok = port_is_free(port, host=host)
    advice = "" if ok else "end what listens there, or choose another one with --port"
    return Check(name="Port", ok=ok, detail=f"{host}:{port} is {'free' if ok else 'in use'}", advice=advice)


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 30):.1f} GiB"
