"""Statements that one database has compiled serve the next one of the same kind.

An engine forgets its compiled statements with it, and each test has engines of its own: compiling the same few hundred
statements anew was a quarter of what a test did. They are kept by dialect, so engines of one process share theirs.
"""

from __future__ import annotations

import sqlalchemy as sa

from storage.database import Database

_FIRST: dict[tuple[str, bool], sa.Engine] = {}


def share_compiled(database: Database) -> None:
    """Let the engines of ``database`` use what the first of their kind in this process has compiled."""
    for writes, engine in ((False, database.engine), (True, database._writer)):
        first = _FIRST.get((engine.name, writes))
        if first is None:
            # What a dialect knows of its server it asks on the first connection.
            engine.connect().close()
            _FIRST[engine.name, writes] = engine
            continue
        engine.dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
