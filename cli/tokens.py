"""``fairclaim token``: tokens of people, also when nobody can sign in any more (AUD-06)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cli.opening import open_database
from storage import history, tokens
from storage.database import Database, Transaction
from storage.settings import Settings

app = App(name="token", help="Tokens of people, made beside the service: needs the database and its key file.")

_Data = Annotated[Path, Parameter(name="--data", help="The data folder.")]


@app.command
def create(
    person: Annotated[str, Parameter(help="Person number (1 is the first administrator) or id.")],
    *,
    name: Annotated[str, Parameter(help="What the token is called in lists.")] = "command line",
    data: _Data = Path(".data"),
    as_json: Annotated[bool, Parameter(name="--json", help="Print it as JSON.")] = False,
) -> int:
    """Make a token that acts as PERSON and print it, once."""
    database = _open(data)

    def work(tx: Transaction) -> str | None:
        chosen = tokens.person_named(tx, person)
        if chosen is None:
            return None
        now = tx.now()
        _, secret = tokens.create(tx, person=chosen, name=name, at=now)
        history.append(
            tx, [history.Entry(stream=chosen, stream_kind="person", kind="token_created", at=now, data={"by": "cli"})]
        )
        return secret

    secret = database.transact(work)
    database.close()
    if secret is None:
        print(f"fairclaim: nobody has the number or id {person}", file=sys.stderr)
        return 1
    print(json.dumps({"token": secret}) if as_json else secret)
    return 0


@app.command
def revoke(person: Annotated[str, Parameter(help="Person number or id.")], *, data: _Data = Path(".data")) -> int:
    """End every token of PERSON at once."""
    database = _open(data)

    def work(tx: Transaction) -> int | None:
        chosen = tokens.person_named(tx, person)
        if chosen is None:
            return None
        now = tx.now()
        ended = tokens.revoke_all(tx, chosen, at=now)
        history.append(
            tx,
            [history.Entry(stream=chosen, stream_kind="person", kind="tokens_revoked", at=now, data={"count": ended})],
        )
        return ended

    ended = database.transact(work)
    database.close()
    if ended is None:
        print(f"fairclaim: nobody has the number or id {person}", file=sys.stderr)
        return 1
    print(f"{ended} ended")
    return 0


def _open(data: Path) -> Database:
    return open_database(Settings(data=data))
