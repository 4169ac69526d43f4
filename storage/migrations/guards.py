"""What tables alone cannot say: append-only history and ledger, balanced entries, running numbers, the single rows.

AUD-01, COM-06, INT-08.
"""

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


def install_leads(op: Any) -> None:
    """Running numbers of leads."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("CREATE SEQUENCE number_lead")
    op.execute("INSERT INTO counter (name, value) VALUES ('lead', 0)")


def install_company_names(op: Any) -> None:
    """The running number of company names as they are written (CUS-05)."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("CREATE SEQUENCE number_company_name")
    op.execute("INSERT INTO counter (name, value) VALUES ('company_name', 0)")


def install_letters(op: Any) -> None:
    """Running numbers of authorisation letters (CLM-33)."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("CREATE SEQUENCE number_letter")
    op.execute("INSERT INTO counter (name, value) VALUES ('letter', 0)")


def install_money(op: Any) -> None:
    """The ledger is append-only and balanced (COM-06); so is what a deal was before it was amended (COM-01)."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    protect = protect_sqlite if sqlite else protect_postgresql
    for table in ("ledger_entry", "ledger_posting", "deal_version"):
        protect(op, table)
    if sqlite:
        _balance_sqlite(op)
        _keep_sqlite(op, "event", "stream = NEW.stream AND seq = NEW.seq")
        _keep_sqlite(op, "evidence", "id = NEW.id")
        _keep_sqlite(op, "case_message", "id = NEW.id")
    else:
        _balance_postgresql(op)


def install_pools(op: Any) -> None:
    """Takes are counted from a log that nobody can shorten (POOL-06)."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    (protect_sqlite if sqlite else protect_postgresql)(op, "pool_take")
    if sqlite:
        _keep_sqlite(op, "pool_take", "id = NEW.id")


def install_performance(op: Any) -> None:
    """What counted in a month is never changed: a correction is another line (COM-13)."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    (protect_sqlite if sqlite else protect_postgresql)(op, "performance_line")
    if sqlite:
        _keep_sqlite(op, "performance_line", "key = NEW.key AND person = NEW.person")


def _balance_sqlite(op: Any) -> None:
    """SQLite has no deferred triggers, but deferred foreign keys.

    So postings come first, owing their entry; the entry comes last and finds them balanced, and from then on none is
    added. Both checks also stand where a connection has ``recursive_triggers`` off: an entry or posting that is there
    is not replaced.
    """
    _keep_sqlite(op, "ledger_entry", "id = NEW.id OR key = NEW.key")
    op.execute(
        "CREATE TRIGGER ledger_entry_is_balanced BEFORE INSERT ON ledger_entry "
        "WHEN NEW.lines < 2 "
        "OR NEW.lines <> (SELECT count(*) FROM ledger_posting WHERE entry = NEW.id) "
        "OR EXISTS (SELECT 1 FROM ledger_posting WHERE entry = NEW.id "
        "GROUP BY currency HAVING sum(amount_minor) <> 0) "
        "BEGIN SELECT RAISE(ABORT, 'ledger_entry is not balanced'); END"
    )
    op.execute(
        "CREATE TRIGGER ledger_posting_is_open BEFORE INSERT ON ledger_posting "
        "WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.entry) "
        "OR EXISTS (SELECT 1 FROM ledger_posting WHERE entry = NEW.entry AND line = NEW.line) "
        "BEGIN SELECT RAISE(ABORT, 'ledger_entry is closed'); END"
    )


def _balance_postgresql(op: Any) -> None:
    """Checked at the commit, for every entry and every posting: so that nobody adds to an entry of somebody else's."""
    op.execute(
        "CREATE FUNCTION ledger_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE one uuid; declared integer; counted integer; "
        "BEGIN "
        "IF TG_TABLE_NAME = 'ledger_entry' THEN one := NEW.id; ELSE one := NEW.entry; END IF; "
        "SELECT lines INTO declared FROM ledger_entry WHERE id = one; "
        "SELECT count(*) INTO counted FROM ledger_posting WHERE entry = one; "
        "IF counted < 2 OR declared IS DISTINCT FROM counted OR EXISTS (SELECT 1 FROM ledger_posting "
        "WHERE entry = one GROUP BY currency HAVING sum(amount_minor) <> 0) "
        "THEN RAISE EXCEPTION 'ledger_entry is not balanced' USING ERRCODE = 'check_violation'; END IF; "
        "RETURN NULL; END $$"
    )
    for table in ("ledger_entry", "ledger_posting"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_is_balanced AFTER INSERT ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_is_balanced()"
        )


def _keep_sqlite(op: Any, table: str, same: str) -> None:
    """Refuse a row whose key is there, whichever conflict clause it comes with and whatever the connection's pragmas.

    INSERT OR REPLACE deletes without asking DELETE triggers where ``recursive_triggers`` is off.
    """
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names from above
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


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
