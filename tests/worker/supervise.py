"""A supervisor to experiment on: ``python -m tests.worker.supervise CHILDREN`` (JSON list of name, argv, …)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from worker.supervision import Child, ChildFailedError, StopRequestedError, Supervisor


def main() -> int:
    with Supervisor() as supervisor:
        for one in json.loads(sys.argv[1]):
            log = Path(one.pop("log")) if "log" in one else None
            ready = one.pop("ready", None)
            supervisor.start(Child(argv=tuple(one.pop("argv")), log=log, **one))
            if ready is not None:
                try:
                    supervisor.wait_until(Path(ready).exists, what=ready, timeout_s=30)
                except StopRequestedError:
                    supervisor.say("asked to end early")
                    return 0
                except ChildFailedError as failed:
                    supervisor.say(str(failed))
                    return 3
        supervisor.say("up")
        return supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
