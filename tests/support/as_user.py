"""``python -m tests.support.as_user USER PARENT_PID SIGNAL PROGRAM ARGUMENT…``: become the user, then the program.

Our interpreter may lie where that user may not go, so it must be running before the user changes. And the binding to
the parent is cleared by that change, so it is made afterwards.
"""

from __future__ import annotations

import os
import pwd
import sys

from worker import launch


def main() -> None:
    user, parent, death_signal, argv = pwd.getpwnam(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    os.chdir("/")
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if sys.platform == "linux":
        launch.die_with_parent(parent=parent, death_signal=death_signal)
    launch.become(argv)


if __name__ == "__main__":
    main()
