"""``fairclaim``: run the service, look after it, move data in."""

from __future__ import annotations

import sys

from cyclopts import App

from cli import calendar, check, imports, run, tokens
from cli.verify import verify

app = App(
    name="fairclaim",
    help="Whose customer is this? Claims with a term, disputes with due process, money that follows the outcome.",
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


def main() -> None:
    """The command line's entry. Exit codes: 0 done, 1 it failed or found something, 2 the call was wrong."""
    result = app(result_action="return_value")
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
