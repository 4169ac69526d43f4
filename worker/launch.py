"""Start a program that dies with the process that asked for it, however that process ends.

Run as a script, by path, with the bare interpreter, so that it costs some 15 ms and imports nothing of the project:

    python -I -S launch.py PARENT_PID SIGNAL -- PROGRAM ARGUMENT…

On Linux it asks the kernel to send SIGNAL when the parent ends (``PR_SET_PDEATHSIG``) and then *becomes* the program:
same process id, same output, no process in between. Elsewhere the kernel offers no such thing; there it stays, starts
the program and looks every quarter of a second whether the parent is still the same.

The kernel watches the *thread* that started this process, not the process. Callers therefore start children from their
main thread only; :func:`command` refuses anything else, because the failure would be a child that vanishes at random.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
LOOK_EVERY_S = 0.25
CANNOT_RUN = 127


def command(argv: Sequence[str], *, death_signal: int = signal.SIGKILL) -> list[str]:
    """The argument list that runs ``argv`` so that it gets ``death_signal`` when the calling process ends.

    Must be called, and the process started, in the main thread: anything else is a ``RuntimeError``.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started from the main thread only: they die with the thread that started them")
    own_path = os.path.abspath(__file__)
    return [sys.executable, "-I", "-S", own_path, str(os.getpid()), str(int(death_signal)), "--", *argv]


def die_with_parent(*, parent: int, death_signal: int) -> None:
    """Bind this process to ``parent`` (Linux); leave at once if the parent is gone already.

    A change of user clears the binding, so whoever changes the user calls this afterwards.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it ended before the kernel knew that we care
        raise SystemExit(CANNOT_RUN)


def become(argv: Sequence[str]) -> None:
    """Replace this process by the program; only returns by raising ``SystemExit`` when it cannot be run."""
    # Python ignores these two and a program inherits what is ignored: a Go server would then miss broken pipes.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606
    except OSError as error:
        print(f"cannot run {argv[0]}: {error.strerror}", file=sys.stderr, flush=True)
        raise SystemExit(CANNOT_RUN) from None


def stay_and_watch(argv: Sequence[str], *, parent: int, death_signal: int) -> int:
    """Run the program as a child and end it when ``parent`` is no longer our parent: for systems without prctl."""
    program = subprocess.Popen(list(argv))  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: program.send_signal(received))
    while program.poll() is None:
        if os.getppid() != parent:
            program.send_signal(death_signal)
            program.wait()
            break
        time.sleep(LOOK_EVERY_S)
    return program.returncode if program.returncode >= 0 else 128 - program.returncode


def main(arguments: Sequence[str]) -> int:
    """Bind to the parent, then become the program."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C in these few milliseconds is no stack trace
    parent, death_signal, argv = int(arguments[0]), int(arguments[1]), arguments[3:]
    if sys.platform == "linux":
        die_with_parent(parent=parent, death_signal=death_signal)
        become(argv)
    return stay_and_watch(argv, parent=parent, death_signal=death_signal)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
