"""Show that something long is still going on: a live line on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

Note = Callable[[str], None]
#: To be called with how many more are done.
Tick = Callable[[int], None]

PLAIN_LINE_EVERY_S = 10.0
LONG_LINE = 100


class Progress(Protocol):
    """Anything longer than two seconds reports to one of these."""

    def step(self, title: str) -> AbstractContextManager[Note]:
        """Announce a step; inside, call the given function with what is happening right now (one short line)."""
        ...

    def count(self, title: str, *, total: int) -> AbstractContextManager[Tick]:
        """Announce a step of ``total`` things; inside, tell how many more are done. Any thread may."""
        ...

    def say(self, line: str) -> None:
        """One line that stays."""
        ...


def progress_to(stream: TextIO) -> Progress:
    """Live on a terminal, plain lines anywhere else. Give standard error: standard output belongs to results."""
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream)


def progress_on_stderr() -> Progress:
    """Progress on standard error, live if it is a terminal."""
    return progress_to(sys.stderr)


class Quiet:
    """Says nothing: for tests and for callers that speak themselves."""

    @contextmanager
    def step(self, title: str) -> Iterator[Note]:
        yield lambda _line: None

    @contextmanager
    def count(self, title: str, *, total: int) -> Iterator[Tick]:
        yield lambda _more: None

    def say(self, line: str) -> None:
        pass


class LiveProgress:
    """One line with a spinner, the present detail and the elapsed time; one line that stays when the step is over."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)

    @contextmanager
    def step(self, title: str) -> Iterator[Note]:
        begun = time.monotonic()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}"),
        )
        with RichProgress(*columns, console=self._console, transient=True) as line:
            task = line.add_task(title, total=None, now="")
            yield lambda text: line.update(task, now=_short(text).replace("[", "\\["))
        self.say(f"{title}: took {time.monotonic() - begun:.0f} s")

    @contextmanager
    def count(self, title: str, *, total: int) -> Iterator[Tick]:
        begun = time.monotonic()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda more: bar.advance(task, more)
        self.say(f"{title}: {total:,} took {time.monotonic() - begun:.0f} s")

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)


class PlainProgress:
    """A line when the step begins, one every ten seconds with the latest detail, one when it is over."""

    def __init__(self, stream: TextIO, *, every_s: float = PLAIN_LINE_EVERY_S) -> None:
        self._stream = stream
        self._every_s = every_s

    @contextmanager
    def step(self, title: str) -> Iterator[Note]:
        begun = time.monotonic()
        latest = [""]
        over = threading.Event()

        def keep_talking() -> None:
            while not over.wait(self._every_s):
                self.say(f"  … {time.monotonic() - begun:.0f} s  {_short(latest[0])}".rstrip())

        self.say(f"{title} …")
        talker = threading.Thread(target=keep_talking, name="progress", daemon=True)
        talker.start()
        try:
            yield lambda text: latest.__setitem__(0, text)
        finally:
            over.set()
            talker.join()
        self.say(f"{title}: took {time.monotonic() - begun:.1f} s")

    @contextmanager
    def count(self, title: str, *, total: int) -> Iterator[Tick]:
        done, lock = [0], threading.Lock()
        with self.step(title) as note:

            def tick(more: int) -> None:
                with lock:
                    done[0] += more
                    note(f"{done[0]:,} of {total:,}")

            yield tick

    def say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


def _short(text: str) -> str:
    return text if len(text) <= LONG_LINE else text[: LONG_LINE - 1] + "…"
