"""Run the parts of ``fairclaim up`` as children: restart what dies, forward what they print, leave nothing behind.

Every child is a direct child of the supervisor, starts in a process group of its own and is bound to the supervisor by
the kernel (:mod:`worker.launch`), so ``kill -9`` of the supervisor takes all of them along. Its group is ended with it,
so that what a child started itself does not outlive it either. Ctrl-C of a terminal reaches the supervisor alone,
which then ends the children in reverse order.

Everything happens in the calling thread, which must be the main thread: signals arrive there, and a child dies with
the thread that started it.
"""

from __future__ import annotations

import fcntl
import os
import select
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, BinaryIO, Self

from worker import launch

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
STABLE_AFTER_S = 10.0
GRACE_S = 10.0
LOOK_EVERY_S = 0.1
SAME_SIGNAL_S = 1.0  # make passes on what the process group has got already: one wish, two signals
LONGEST_WAIT_S = 0.5
DEATHS_WHILE_STARTING = 3
LOG_LIMIT_BYTES = 16 * 1024 * 1024
LINE_LIMIT_BYTES = 4000  # with the prefix below PIPE_BUF: a pipe that takes anything takes a whole line
TAIL_LINES = 15
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep running.

    ``env``: the whole environment, ``None`` = ours. ``log``: file that takes what it prints (bounded: at 16 MiB it is
    moved to ``<name>.1``); ``None`` = forwarded to our standard output, each line after the name. ``grace_s``: seconds
    between SIGTERM and SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    log: Path | None = None
    grace_s: float = GRACE_S


class ChildFailedError(Exception):
    """A child did not become ready; the message quotes the last lines it printed."""


class StopRequestedError(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived while something was waited for. Leave the ``with`` block; all children end."""


class DataFolderInUseError(Exception):
    """Another process runs on the same data folder."""

    def __init__(self, *, folder: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"{folder} is in use by {holder}. Stop that one first (Ctrl-C, or kill {pid or '<pid>'}), "
            "or choose another folder with --data."
        )
        self.folder = folder
        self.pid = pid


class DataFolderLock:
    """Holds ``DIR/fairclaim.lock`` while the ``with`` block runs; the folder is made when it is missing.

    The kernel holds the lock for the open file and frees it when the process ends in whatever way, so a file that was
    left behind is no obstacle. It holds the process id, for people. Raises :class:`DataFolderInUseError`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "fairclaim.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.read(descriptor, 32).strip()
            os.close(descriptor)
            raise DataFolderInUseError(folder=self.folder, pid=int(written) if written.isdigit() else None) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)  # frees the lock; the file stays: removing it would let two processes hold "it"
        self._descriptor = None


class Supervisor:
    """Starts children and keeps them running until it is asked to end.

    with Supervisor() as supervisor:
        supervisor.start(Child(name="engine", argv=…))
        supervisor.wait_until(engine_is_ready, what="the engine", timeout_s=60)
        return supervisor.run()

    A child that ends is started again after 0.2 s, then 0.4, 0.8 … 5 s; one that ran for ten seconds begins anew.
    Leaving the block ends all children in reverse order of their start: SIGTERM, ``grace_s``, SIGKILL; a second
    Ctrl-C skips the waiting. After being asked to end, the process ignores further requests: what follows is its exit.
    """

    def __init__(self, *, output: BinaryIO | None = None, stable_after_s: float = STABLE_AFTER_S) -> None:
        self._output = _Output(sys.stdout.buffer if output is None else output)
        self._stable_after_s = stable_after_s
        self._selector = selectors.DefaultSelector()
        self._running: list[_Running] = []
        self._ending_since: float | None = None
        self._impatient = False
        self._asked = False
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1
        self._wakeup: tuple[int, int] = (-1, -1)

    def __enter__(self) -> Self:
        self._wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _nonblocking_pipe()
        self._wakeup_before = signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        self._selector.register(self._wakeup[0], selectors.EVENT_READ)
        for number in ENDING:
            self._before[number] = signal.signal(number, self._on_signal)
        # The default ignores it without waking select: a death would be seen late.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self._stop_all()
        finally:
            for number, handler in self._before.items():
                # Once asked to end, the process is ending: one more Ctrl-C at the last moment must not turn a clean
                # end into another exit code. Ignored, because the interpreter resets handlers before it is gone.
                ignored = self._asked and number in ENDING
                signal.signal(number, signal.SIG_IGN if ignored else handler)
            signal.set_wakeup_fd(self._wakeup_before)
            self._selector.close()
            for descriptor in self._wakeup:
                os.close(descriptor)

    @property
    def pids(self) -> dict[str, int]:
        """Process id by name, of the children that run right now."""
        return {one.child.name: one.process.pid for one in self._running if one.process is not None}

    def say(self, line: str) -> None:
        """Print one line of our own between the children's, never blocking."""
        self._output.write(line.encode())

    def start(self, child: Child) -> None:
        """Start a child and keep it running from now on. Names are unique."""
        if any(one.child.name == child.name for one in self._running):
            raise ValueError(f"there is a child named {child.name} already")
        one = _Running(child=child)
        self._running.append(one)
        self._launch(one)

    def wait_until(self, probe: Callable[[], bool], *, what: str, timeout_s: float) -> None:
        """Return as soon as ``probe`` says yes; it is asked ten times a second and should not block for long.

        Raises :class:`ChildFailedError` after ``timeout_s`` seconds, or when any child has died three times without
        running for long; :class:`StopRequestedError` when we are asked to end meanwhile.
        """
        deadline = time.monotonic() + timeout_s
        while not probe():
            if self._ending_since is not None:
                raise StopRequestedError(f"asked to end while waiting for {what}")
            for one in self._running:
                if one.deaths >= DEATHS_WHILE_STARTING:
                    raise ChildFailedError(f"{what} did not become ready: {one.describe_failure()}")
            if time.monotonic() > deadline:
                told = "\n".join(one.describe_failure() for one in self._running)
                raise ChildFailedError(f"{what} did not become ready within {timeout_s:.0f} s.\n{told}")
            self._turn(LOOK_EVERY_S)
        if self._ending_since is not None:
            raise StopRequestedError(f"asked to end while waiting for {what}")

    def run(self) -> int:
        """Keep all children running until SIGINT, SIGTERM or SIGHUP; the children end with the ``with`` block.

        Answers 0: being asked to end is how it ends.
        """
        while self._ending_since is None:
            self._turn(LONGEST_WAIT_S)
        return 0

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        self._asked = True
        if self._ending_since is None:
            self._ending_since = now
        elif number == signal.SIGINT and now - self._ending_since > SAME_SIGNAL_S:
            self._impatient = True

    def _turn(self, longest_s: float) -> None:
        """Wait for output, a death or a signal, at most ``longest_s``, and deal with it."""
        now = time.monotonic()
        due = [one.start_at - now for one in self._running if one.start_at is not None]
        for key, _ in self._selector.select(max(0.0, min([longest_s, *due]))):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(self._wakeup[0], 512)
            else:
                self._forward(key.data)
        for one in self._running:
            if one.process is not None and _has_ended(one.process):
                self._bury(one)
                if self._ending_since is None:
                    self._plan_restart(one)
            elif one.start_at is not None and one.start_at <= time.monotonic() and self._ending_since is None:
                self._launch(one)

    def _launch(self, one: _Running) -> None:
        child = one.child
        one.start_at = None
        one.started = time.monotonic()
        one.process = subprocess.Popen(  # noqa: S603
            launch.command(child.argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=child.cwd,
            env=None if child.env is None else dict(child.env),
            process_group=0,
        )
        assert one.process.stdout is not None
        os.set_blocking(one.process.stdout.fileno(), False)
        self._selector.register(one.process.stdout, selectors.EVENT_READ, one)
        one.watched = True

    def _bury(self, one: _Running) -> None:
        """Collect a child that has ended, its last words and whatever it left running."""
        assert one.process is not None
        _kill_group(one.process)  # before it is collected: until then nobody else can get its number
        one.code = one.process.wait()
        assert one.process.stdout is not None
        while self._forward(one):
            pass
        self._unwatch(one)
        one.process.stdout.close()
        if one.rest:
            self._print(one, [one.rest])
            one.rest = b""
        one.process = None

    def _plan_restart(self, one: _Running) -> None:
        now = time.monotonic()
        if now - one.started >= self._stable_after_s:
            one.deaths = 0
        delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**one.deaths)
        one.deaths += 1
        one.start_at = now + delay
        self.say(f"{one.child.name} {_how(one.code)}; it starts again in {delay:.1f} s")

    def _forward(self, one: _Running) -> bool:
        """Take what a child has printed; False when there is nothing more right now."""
        assert one.process is not None
        assert one.process.stdout is not None
        try:
            chunk = os.read(one.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return False
        if not chunk:  # it closed its output, which says nothing about its life
            self._unwatch(one)
            return False
        *lines, one.rest = (one.rest + chunk).split(b"\n")
        if len(one.rest) > LINE_LIMIT_BYTES:
            lines, one.rest = [*lines, one.rest], b""
        self._print(one, lines)
        return True

    def _unwatch(self, one: _Running) -> None:
        if one.watched and one.process is not None and one.process.stdout is not None:
            self._selector.unregister(one.process.stdout)
            one.watched = False

    def _print(self, one: _Running, lines: list[bytes]) -> None:
        one.tail.extend(line.decode("utf-8", "replace") for line in lines)
        if one.child.log is None:
            for line in lines:
                self._output.write(one.child.name.encode() + b" | " + line)
        elif lines:
            one.log(one.child.log).write(b"\n".join(lines) + b"\n")

    def _stop_all(self) -> None:
        self._ending_since = self._ending_since or time.monotonic()
        for one in self._running:
            one.start_at = None
        if self.pids:
            self.say(f"ending {', '.join(reversed(self.pids))}")
        for one in reversed(self._running):
            if one.process is not None:
                one.process.terminate()
                deadline = time.monotonic() + one.child.grace_s
                while one.process is not None and time.monotonic() < deadline and not self._impatient:
                    self._turn(LOOK_EVERY_S)
            if one.process is not None:
                self.say(f"{one.child.name} has not ended by itself and is killed")
                _kill_group(one.process)
                self._bury(one)
            one.close_log()


@dataclass(slots=True)
class _Running:
    """A child and where it stands: ``process`` while it runs, ``start_at`` while it waits for its next start."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float | None = None
    deaths: int = 0
    code: int | None = None
    watched: bool = False
    rest: bytes = b""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    open_log: _BoundedLog | None = None

    def log(self, path: Path) -> _BoundedLog:
        if self.open_log is None:
            self.open_log = _BoundedLog(path)
        return self.open_log

    def close_log(self) -> None:
        if self.open_log is not None:
            self.open_log.close()
            self.open_log = None

    def describe_failure(self) -> str:
        state = "runs" if self.process is not None else _how(self.code)
        where = f" (log: {self.child.log})" if self.child.log is not None else ""
        quoted = "\n".join(f"    {line[:300]}" for line in self.tail) or "    (it printed nothing)"
        return f"{self.child.name} {state}{where}; the last it printed:\n{quoted}"


class _BoundedLog:
    """A log file that never grows beyond the limit: one older generation is kept beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")

    def write(self, text: bytes) -> None:
        with suppress(OSError):  # a full disk must not end the supervisor
            if self._file.tell() + len(text) > LOG_LIMIT_BYTES:
                self._file.close()
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                self._file = self._path.open("ab")
            self._file.write(text)
            self._file.flush()

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


class _Output:
    """Standard output that nobody may be reading: a full pipe loses lines and says so, a closed one is ignored."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.flush()
        self._descriptor = stream.fileno()
        self._lost = 0

    def write(self, line: bytes) -> None:
        try:
            if self._lost and self._takes_some():
                os.write(self._descriptor, f"({self._lost} lines were lost: nobody read them)\n".encode())
                self._lost = 0
            if self._lost or not self._takes_some():
                self._lost += 1
                return
            os.write(self._descriptor, line[:LINE_LIMIT_BYTES] + b"\n")
        except OSError:  # closed
            return

    def _takes_some(self) -> bool:
        return bool(select.select([], [self._descriptor], [], 0.2 if not self._lost else 0.0)[1])


def _nonblocking_pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    return reading, writing


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without collecting it: its number, which is also its group's, must stay taken until the group is ended."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses when only the dead child is left in it
        os.killpg(process.pid, signal.SIGKILL)


def _how(code: int | None) -> str:
    if code is None:
        return "has not been started"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
