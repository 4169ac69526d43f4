"""How a command fails: in one line on standard error, with an exit code, without a trace."""

from __future__ import annotations

import sys

from pydantic import ValidationError


class CommandError(Exception):
    """It cannot be done; the message is for people."""

    code = 1


class CallError(CommandError):
    """The call, a file it names or a setting is wrong."""

    code = 2


def tell(message: object) -> None:
    """One line on standard error."""
    print("fairclaim:", " ".join(str(message).split()), file=sys.stderr)


def wrong_setting(error: ValidationError) -> str:
    """The first setting of the environment that cannot be used, and why; never its value, which may be a password."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = "_".join(str(part) for part in first["loc"]).upper()
    name = name if name.startswith("TEMPORAL_") else f"FAIRCLAIM_{name}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}"
