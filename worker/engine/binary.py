"""Which Temporal server to use: the resolution order, as a list of named steps.

1. ``TEMPORAL_ADDRESS``: a running server, ours or a cluster's.
2. ``FAIRCLAIM_TEMPORAL_SERVER``: path of a program.
3. our cache folder, file name with the version.
4. ``temporal`` on ``PATH``, 1.9 or newer.
5. what the SDK downloads, with a short limit.
6. a build of the pinned version with Go.

Tests use the pinned server only (steps 2, 3 and 6, and only the pinned version).
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from worker.engine.build import (
    PINNED_VERSION,
    BuildFailedError,
    build_server,
    describe_go,
    pinned_path,
    run_shown,
)
from worker.progress import Progress

Kind = Literal["address", "server", "cli"]

CLI_NEEDED = (1, 9)
CLI_IN_CACHE = "temporal-cli-"
DOWNLOAD_HOST = "temporal.download"
DOWNLOAD_LIMIT_S = 60.0
REACH_LIMIT_S = 3.0
ASK_LIMIT_S = 30.0
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The engine to use.

    ``kind``: ``address`` of a running server, path of a plain ``server``, or path of the ``temporal`` ``cli``.
    ``version``: the version of the *server* in it, ``None`` for an address. ``why``: one clause for people.
    """

    kind: Kind
    path_or_address: str
    version: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A step that did not lead to an engine, and why."""

    step: str
    why_not: str


class EngineUnavailableError(Exception):
    """No engine: what was tried, in order, and what to do."""

    def __init__(self, attempts: tuple[Attempt, ...], *, pinned_only: bool) -> None:
        wanted = f"the pinned Temporal server {PINNED_VERSION}" if pinned_only else "a Temporal server"
        tried = "\n".join(f"  - {attempt.step}: {attempt.why_not}" for attempt in attempts)
        super().__init__(f"Could not get {wanted}. Tried:\n{tried}\n{_advice(pinned_only=pinned_only)}")
        self.attempts = attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a step may look at."""

    env: Mapping[str, str]
    cache: Path
    pinned_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of the order. ``look`` is quick and changes nothing; ``fetch`` may take minutes and the network.

    Both answer an engine, or a clause that says why not. ``pinned``: the step can lead to the pinned server.
    """

    name: str
    pinned: bool
    look: Callable[[Search], Located | str]
    fetch: Callable[[Search, Progress], Located | str] | None = None


def locate(*, env: Mapping[str, str], pinned_only: bool, progress: Progress) -> Located:
    """The engine to use, fetched or built if need be; :class:`EngineUnavailableError` if there is none."""
    search = Search(env=env, cache=cache_folder(env), pinned_only=pinned_only)
    attempts: list[Attempt] = []
    for step in _steps(pinned_only=pinned_only):
        found = step.look(search) if step.fetch is None else step.fetch(search, progress)
        if isinstance(found, Located):
            return found
        attempts.append(Attempt(step=step.name, why_not=found))
    raise EngineUnavailableError(tuple(attempts), pinned_only=pinned_only)


def survey(*, env: Mapping[str, str], pinned_only: bool = False) -> tuple[tuple[str, Located | str], ...]:
    """Each step's name with what it finds by looking only; the first engine is the one :func:`locate` would use.

    The clauses of the last two steps say what they would do. Used by ``fairclaim doctor``; a named program that cannot
    be used ends the list.
    """
    search = Search(env=env, cache=cache_folder(env), pinned_only=pinned_only)
    found: list[tuple[str, Located | str]] = []
    for step in _steps(pinned_only=pinned_only):
        try:
            found.append((step.name, step.look(search)))
        except EngineUnavailableError as unusable:
            found.append((step.name, unusable.attempts[0].why_not))
            break
    return tuple(found)


def cache_folder(env: Mapping[str, str]) -> Path:
    """``$FAIRCLAIM_CACHE``, else ``fairclaim`` in ``$XDG_CACHE_HOME``, else in ``~/.cache``."""
    if named := env.get("FAIRCLAIM_CACHE"):
        return Path(named).absolute()
    base = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME") or Path.home()) / ".cache")
    return Path(base).absolute() / "fairclaim"


def identify(path: Path | str) -> tuple[Literal["server", "cli"], str, str] | None:
    """Kind, version of the server in it, and version of the program itself; ``None`` for anything else.

    The plain server says "temporal version 1.32.0", the tool "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)".
    """
    try:
        asked = subprocess.run(  # noqa: S603
            [str(path), "--version"], capture_output=True, text=True, timeout=ASK_LIMIT_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    own = re.search(r"^temporal version v?(\d+\.\d+\.\d+\S*)", asked.stdout, re.MULTILINE)
    if own is None:
        return None
    inner = re.search(r"\(Server v?(\d+\.\d+\.\d+[^\s,)]*)", asked.stdout)
    return ("server", own[1], own[1]) if inner is None else ("cli", inner[1], own[1])


def is_pinned(path: Path) -> bool:
    """A plain server of the pinned version that runs on this machine."""
    return path.is_file() and identify(path) == ("server", PINNED_VERSION, PINNED_VERSION)


def _steps(*, pinned_only: bool) -> Iterator[Step]:
    return (step for step in STEPS if step.pinned or not pinned_only)


def _from_address(search: Search) -> Located | str:
    address = search.env.get("TEMPORAL_ADDRESS", "").strip()
    if not address:
        return "not set"
    return Located(kind="address", path_or_address=address, version=None, why="TEMPORAL_ADDRESS is set")


def _from_named_path(search: Search) -> Located | str:
    named = search.env.get("FAIRCLAIM_TEMPORAL_SERVER", "").strip()
    if not named:
        return "not set"
    path = Path(named).expanduser().absolute()
    known = identify(path)
    if known is not None and (not search.pinned_only or is_pinned(path)):
        return Located(
            kind=known[0], path_or_address=str(path), version=known[1], why="FAIRCLAIM_TEMPORAL_SERVER is set"
        )
    # Named by hand: to go on with another one would hide the mistake.
    why_not = f"{path} is not a Temporal server that runs here" if known is None else f"{path} is version {known[2]}"
    attempt = Attempt(step="FAIRCLAIM_TEMPORAL_SERVER", why_not=why_not)
    raise EngineUnavailableError((attempt,), pinned_only=search.pinned_only)


def _from_cache(search: Search) -> Located | str:
    pinned = pinned_path(search.cache)
    if is_pinned(pinned):
        why = f"the pinned version is in the cache folder {search.cache}"
        return Located(kind="server", path_or_address=str(pinned), version=PINNED_VERSION, why=why)
    damaged = f"{pinned} does not run here" if pinned.exists() else f"no {pinned.name} in {search.cache}"
    if search.pinned_only:
        return damaged
    for path in sorted(search.cache.glob(CLI_IN_CACHE + "*"), key=lambda path: path.stat().st_mtime, reverse=True):
        if (known := identify(path)) is not None:
            why = f"downloaded earlier into the cache folder {search.cache}"
            return Located(kind=known[0], path_or_address=str(path), version=known[1], why=why)
    return damaged


def _from_path(search: Search) -> Located | str:
    path = shutil.which("temporal", path=search.env.get("PATH"))
    if path is None:
        return "no temporal on PATH"
    known = identify(path)
    if known is None:
        return f"{path} does not tell its version"
    if known[0] == "cli" and tuple(int(part) for part in known[2].split(".")[:2]) < CLI_NEEDED:
        return f"{path} is {known[2]}, older than {'.'.join(map(str, CLI_NEEDED))}"
    return Located(kind=known[0], path_or_address=path, version=known[1], why="temporal is on PATH")


def _preview_download(_search: Search) -> Located | str:
    return f"not downloaded yet; would ask {DOWNLOAD_HOST} (limit {DOWNLOAD_LIMIT_S:.0f} s)"


def _download(search: Search, progress: Progress) -> Located | str:
    if not any(search.env.get(name) for name in PROXIES) and not _reachable(DOWNLOAD_HOST):
        return f"{DOWNLOAD_HOST} cannot be reached"
    search.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=search.cache) as scratch:
        with progress.step("The SDK downloads its development server") as note:
            argv = [sys.executable, "-m", "worker.engine.download", scratch]
            code, tail = run_shown(argv, env=search.env, limit_s=DOWNLOAD_LIMIT_S, note=note)
        for path in Path(scratch).rglob("*"):
            if path.is_file() and (known := identify(path)) is not None:
                kept = path.replace(search.cache / f"{CLI_IN_CACHE}{known[2]}")
                return Located(kind=known[0], path_or_address=str(kept), version=known[1], why="downloaded by the SDK")
    return tail[-1][:300] if tail else f"the download ended with code {code} and without a program"


def _preview_build(search: Search) -> Located | str:
    return f"not built yet; would use {describe_go(env=search.env)}"


def _build(search: Search, progress: Progress) -> Located | str:
    try:
        path = build_server(cache=search.cache, env=search.env, progress=progress, usable=is_pinned)
    except (BuildFailedError, OSError) as failure:
        return str(failure)
    return Located(
        kind="server", path_or_address=str(path), version=PINNED_VERSION, why="built from Go modules just now"
    )


def _reachable(host: str) -> bool:
    try:
        socket.create_connection((host, 443), timeout=REACH_LIMIT_S).close()
    except OSError:
        return False
    return True


def _advice(*, pinned_only: bool) -> str:
    command = f"CGO_ENABLED=0 go install go.temporal.io/server/cmd/server@v{PINNED_VERSION}"
    ways = [
        "give this machine the internet, or a package index and a Go module proxy (GOPROXY), and try again",
        f"build it elsewhere ({command}) and name the file in FAIRCLAIM_TEMPORAL_SERVER",
    ]
    if not pinned_only:
        ways.append("install the temporal command line tool, 1.9 or newer")
        ways.append("set TEMPORAL_ADDRESS to a running server")
    return "\n".join(["What helps, one of:", *(f"  - {way}" for way in ways)])


STEPS = (
    Step(name="TEMPORAL_ADDRESS", pinned=False, look=_from_address),
    Step(name="FAIRCLAIM_TEMPORAL_SERVER", pinned=True, look=_from_named_path),
    Step(name="cache folder", pinned=True, look=_from_cache),
    Step(name="temporal on PATH", pinned=False, look=_from_path),
    Step(name="download by the SDK", pinned=False, look=_preview_download, fetch=_download),
    Step(name="build with Go", pinned=True, look=_preview_build, fetch=_build),
)
