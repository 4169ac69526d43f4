"""From records to outcomes: check all, then load all, or none, or the good ones (INT-03)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Final

from cli.http import ServiceError
from cli.importing.kind import Kind, Lane
from cli.importing.rows import TO_LOAD, Outcome, Record, Result, RowError, refused, repeated
from worker.progress import Progress, Tick

#: How many calls are under way at a time.
AT_ONCE: Final = 8

Outcomes = dict[int, Outcome]


def load(
    kind: Kind,
    records: Sequence[Record],
    faults: Mapping[int, RowError],
    *,
    dry_run: bool,
    load_good: bool,
    progress: Progress,
) -> Outcomes:
    """What becomes of every row, by line. ``faults``: rows that could not even be read.

    Without ``load_good`` nothing is loaded if one row is bad. What the check could not foresee (a cap that this very
    file fills, a race with somebody else) is refused while loading, row by row; the others stay.
    """
    outcomes: Outcomes = {line: refused(fault) for line, fault in faults.items()}
    outcomes |= repeated(records)
    kind.begin(records)
    try:
        todo = [record for record in records if record.line not in outcomes]
        # With load_good the loading itself finds the bad rows: nothing hangs on knowing them before.
        rehearse = dry_run or not load_good
        with progress.count("Checking", total=len(todo)) as tick:
            outcomes |= _each([[record] for record in todo], _guarded(kind, rehearse), tick)
        ready = [record for record in todo if outcomes[record.line].result in TO_LOAD]
        if dry_run:
            return outcomes
        if not load_good and any(o.result is Result.REFUSED for o in outcomes.values()):
            held = "not loaded, because other rows are bad (--load-good loads the good ones)"
            return outcomes | {r.line: Outcome(Result.HELD_BACK, None, held) for r in ready}
        if ready:
            with progress.count("Loading", total=len(ready)) as tick:
                outcomes |= _loaded(kind, ready, outcomes, tick)
        return outcomes
    finally:
        kind.close()


def _loaded(kind: Kind, ready: Sequence[Record], planned: Mapping[int, Outcome], tick: Tick) -> Outcomes:
    gone = threading.Event()

    def work(record: Record) -> Outcome:
        if gone.is_set():
            return Outcome(Result.HELD_BACK, "no_answer", "not tried: the service had stopped answering")
        try:
            return kind.load(record, planned[record.line])
        except RowError as error:
            return refused(error)
        except ServiceError as error:
            gone.set()
            return Outcome(Result.REFUSED, "no_answer", str(error))

    outcomes: Outcomes = {}
    for wave in kind.waves(ready):
        outcomes |= _each(wave, work, tick)
    there = [(record, outcomes[record.line]) for record in ready if outcomes[record.line].result in TO_LOAD]
    try:
        outcomes |= kind.end(there)
    except ServiceError as error:
        outcomes |= {
            r.line: replace(o, result=Result.REFUSED, code="no_answer", sentence=f"not finished: {error}")
            for r, o in there
        }
    return outcomes


def _guarded(kind: Kind, rehearse: bool) -> Callable[[Record], Outcome]:
    def work(record: Record) -> Outcome:
        try:
            return kind.check(record, rehearse=rehearse)
        except RowError as error:
            return refused(error)

    return work


def _each(lanes: Sequence[Lane], work: Callable[[Record], Outcome], tick: Tick) -> Outcomes:
    """``work`` on every record, lanes side by side, each in its order. The first exception ends all of it."""
    outcomes: Outcomes = {}
    stopped = threading.Event()

    def run(lane: Lane) -> None:
        for record in lane:
            if stopped.is_set():
                return
            outcomes[record.line] = work(record)
            tick(1)

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        futures = [pool.submit(run, lane) for lane in lanes]
        for future in wait(futures, return_when=FIRST_EXCEPTION).done:
            future.result()
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
    return outcomes
