"""What tables alone cannot say: append-only history, running numbers, the single rows (AUD-01, INT-08)."""

from __future__ import annotations

from typing import Any

#: Tables that nobody may change or shorten, the application's own user included.
APPEND_ONLY = ("event",)
NUMBERS = ("receipt", "person", "deal", "change", "migration")


def install(op: Any) -> None:
    """Triggers, sequences or counters, and the rows every transaction reads."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            protect_sqlite(op, table)
    else:
        for table in APPEND_ONLY:
            protect_postgresql(op, table)
        for name in NUMBERS:
            op.execute(f"CREATE SEQUENCE number_{name}")
    for name in NUMBERS:
        op.execute(f"INSERT INTO counter (name, value) VALUES ('{name}', 0)")  # noqa: S608 - names from above
    op.execute("INSERT INTO counter (name, value) VALUES ('spread', 0)")
    op.execute("INSERT INTO revision (id, value, epoch) VALUES (1, 0, 0)")
    op.execute("INSERT INTO clock (id, shift_us) VALUES (1, 0)")


def install_disputes(op: Any) -> None:
    """Running numbers of cases; evidence and messages, once entered, are never changed (DSP-06, DSP-09)."""
    protect = protect_sqlite if op.get_bind().dialect.name == "sqlite" else protect_postgresql
    for table in ("evidence", "case_message"):
        protect(op, table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("CREATE SEQUENCE number_dispute")
    op.execute("INSERT INTO counter (name, value) VALUES ('dispute', 0)")


def protect_sqlite(op: Any, table: str) -> None:
    """Refuse UPDATE and DELETE; with recursive_triggers on, INSERT OR REPLACE deletes and is refused too."""
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def protect_postgresql(op: Any, table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE."""
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_guard_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )
