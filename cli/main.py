"""``fairclaim``: run the service, look after it, move data in."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata

from cyclopts import App, CycloptsError
from pydantic import ValidationError

from cli import calendar, check, imports, run, tokens
from cli.demo.command import demo
from cli.failing import CommandError, tell, wrong_setting
from cli.verify import verify
from domain.refusals import Refusal

app = App(
    name="fairclaim",
    help="Whose customer is this? Claims with a term, disputes with due process, money that follows the outcome.",
    version=lambda: metadata.version("fairclaim"),
    version_flags=["--version"],
)
app.command(run.up)
app.command(run.api)
app.command(run.worker)
app.command(run.migrate)
app.command(imports.import_, name="import")
app.command(check.reconcile)
app.command(verify)
app.command(calendar.app)
app.command(tokens.app)
app.command(check.doctor)
app.command(demo)


def main() -> None:
    """The command line's entry. Exit codes: 0 done, 1 it failed or found something, 2 the call was wrong."""
    code = command(sys.argv[1:])
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    # The engine's SDK has threads of its own that hold on to the interpreter: taking it down in order, it now and then
    # aborts, and the exit code is lost. Everything of ours is closed and written by now.
    os._exit(code)


def command(tokens: Sequence[str]) -> int:
    """Run one command; its exit code."""
    try:
        result = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        tell(error)
        return 2
    except ValidationError as error:
        tell(wrong_setting(error))
        return 2
    except CommandError as error:
        tell(error)
        return error.code
    except Refusal as refusal:
        if refusal.code != "store_unavailable":
            raise
        tell("the database does not answer")
        return 1
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
