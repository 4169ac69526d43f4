"""``make up`` runs the service through this: ``python -I -S under_make.py MAKE_PID PROGRAM ARGUMENT…``.

Make passes SIGTERM on and nothing else. So the service would outlive a make that is killed, and a make that gets SIGINT
alone (from a script; a terminal sends it to everybody) would wait for ever for a service that was never told. This asks
for both four times a second and tells the service, which then ends in order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

LOOK_EVERY_S = 0.25


def main() -> int:
    make = int(sys.argv[1])
    early: list[int] = []
    service: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _frame: object) -> None:
        if service is None:
            early.append(number)
        else:
            service.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    service = subprocess.Popen(_bound_to_us(sys.argv[2:]), process_group=0)  # noqa: S603
    for missed in early:
        service.send_signal(missed)
    return _wait(service, make=make)


def _wait(service: subprocess.Popen[bytes], *, make: int) -> int:
    seen = 0
    while True:
        try:
            code = service.wait(LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            # Twice in a row: while make starts something it blocks the signal for a moment.
            seen = seen + 1 if _is_interrupted(make) else 0
            if os.getppid() != make or seen == 2:
                service.send_signal(signal.SIGINT)
                return service.wait()
        else:
            return code if code >= 0 else 128 - code


def _bound_to_us(argv: list[str]) -> list[str]:
    launch = Path(__file__).resolve().parent.parent / "worker" / "launch.py"
    return [sys.executable, "-I", "-S", str(launch), str(os.getpid()), str(int(signal.SIGTERM)), "--", *argv]


def _is_interrupted(pid: int) -> bool:
    """A process inside its SIGINT handler has the signal blocked, and make waits for its children in there."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended, or there is no /proc
        return False
    blocked = next((line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:")), "0")
    return bool(int(blocked, 16) & (1 << (signal.SIGINT - 1)))


if __name__ == "__main__":
    sys.exit(main())
