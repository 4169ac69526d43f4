"""Copies of an installed database that tests have left, made again what they were.

A copy costs PostgreSQL a few hundred files each time, longer than most tests take. Rows are cheaper to put back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tests.support.postgres import Postgres

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
_SEQUENCES = "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
#: What a test may have changed beside rows: tables and their columns, indexes, triggers and whether they are on.
_SHAPE = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT concat_ws(' ', relname, relkind, relowner, relacl) AS line FROM pg_class
     WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull, attisdropped) FROM pg_attribute
     JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger
     WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', proname, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS lines
"""
_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class Spares:
    """Databases like ``template``, one test at a time each."""

    postgres: Postgres
    template: str
    free: list[str] = field(default_factory=list)
    shape: str = ""
    rows: dict[str, bytes] = field(default_factory=dict)  # by table: what an installation puts into it
    places: dict[str, tuple[object, ...]] = field(
        default_factory=dict
    )  # by sequence: its last value, whether it was given
    emptying: sql.Composed = field(default_factory=lambda: sql.Composed([]))

    def take(self) -> str:
        """The name of one that is as installed."""
        while self.free:
            name = self.free.pop()
            if self._restored(name):
                return name
            self.postgres.drop_database(name)
        name = f"test_{uuid.uuid4().hex[:16]}"
        self.postgres.create_database(name, template=self.template)
        if not self.shape:
            self._remember(name)
        return name

    def give_back(self, name: str) -> None:
        """Whatever was done in it; it is looked at when somebody takes it again."""
        self.free.append(name)

    def drop_all(self) -> None:
        for name in self.free:
            self.postgres.drop_database(name)

    def _remember(self, name: str) -> None:
        with self._connect(name) as connection:
            tables = [str(found[0]) for found in connection.execute(_TABLES)]
            for table in tables:
                query = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
                with connection.cursor().copy(query) as copy:
                    content = b"".join(bytes(piece) for piece in copy)
                if connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))).fetchone():
                    self.rows[table] = content
            for sequence in [str(found[0]) for found in connection.execute(_SEQUENCES)]:
                query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(sequence))
                self.places[sequence] = connection.execute(query).fetchone() or ()
            self.shape = self._shape(connection)
        self.emptying = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in tables)

    def _restored(self, name: str) -> bool:
        try:
            with self._connect(name) as connection:
                connection.execute(_OTHERS)
                if self._shape(connection) != self.shape:
                    return False
                # Neither guards nor foreign keys look while rows are put back.
                connection.execute("SET session_replication_role = replica")
                connection.execute(self.emptying)
                for table, content in self.rows.items():
                    query = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
                    with connection.cursor().copy(query) as copy:
                        copy.write(content)
                for sequence, place in self.places.items():
                    connection.execute("SELECT setval(%s, %s, %s)", [sequence, *place])
        except psycopg.OperationalError:
            return False  # a test has dropped it, or has left it so that nobody gets in
        return True

    def _shape(self, connection: psycopg.Connection[tuple[object, ...]]) -> str:
        found = connection.execute(_SHAPE).fetchone()
        assert found is not None
        return str(found[0])

    def _connect(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=self.postgres.folder, user=self.postgres.user, dbname=name, connect_timeout=10)
