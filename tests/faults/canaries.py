"""Canaries: names, numbers and sentences nobody else uses, and a scanner that finds them wherever they got to."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import sqlalchemy as sa
from psycopg import sql

#: Characters that make a name nobody else here has.
_SIGNS = "鵷鶵鸑鷟鹓鹔鸘鷫鹴鹯鹱鸊鷉鵟鹝鹎"
_CHUNK = 1 << 22
_OVERLAP = 4096


@dataclass
class Flock:
    """Every canary that was let out: its text, and where it was put in.

    ``where`` names are for whoever reads a failure. A text is random, one of a hundred million or more, and at least
    eleven bytes long in any form, so that finding it is no accident, and no two are the same.
    """

    out: dict[str, str] = field(default_factory=dict)

    def name(self, where: str) -> str:
        """A person's name. Masked, only its first sign is left."""
        return self._let_out("金" + "".join(secrets.choice(_SIGNS) for _ in range(7)), where)

    def phone(self, where: str) -> str:
        return self._let_out(f"139{secrets.randbelow(10**8):08d}", where)

    def email(self, where: str) -> str:
        return self._let_out(f"canary.{secrets.token_hex(5)}", where) + "@example.com"

    def note(self, where: str) -> str:
        """A sentence long enough to count as work."""
        return f"客户说：{self._let_out(f'雀语{secrets.token_hex(6)}', where)}，下周再来看房，想要东户。"

    def _let_out(self, text: str, where: str) -> str:
        self.out[text] = where
        return text


def forms(text: str) -> Iterator[bytes]:
    """``text`` in each way in which a file, a log or a dump may hold it."""
    plain = text.encode()
    yield from (plain, text.encode("utf-16-le"), text.encode("gb18030"))
    escaped = json.dumps(text)[1:-1]
    yield from (escaped.encode(), escaped.upper().replace("\\U", "\\u").encode())
    yield from (repr(plain)[2:-1].encode(), "".join(f"\\{byte:03o}" for byte in plain).encode())
    yield from (quote(text).encode(), quote(text).lower().encode())
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    for ahead in range(3):  # where it begins within the groups of base64
        coded = base64.b64encode(bytes(ahead) + plain)
        yield coded[(0, 2, 3)[ahead] : len(coded) - (0, 3, 2)[(ahead + len(plain)) % 3]]


def found_in(content: bytes, canaries: Mapping[str, str]) -> set[str]:
    """Which of the canaries ``content`` holds, in any form."""
    return {text for text in canaries if any(form in content for form in forms(text))}


def found_in_files(files: Iterable[Path], canaries: Mapping[str, str]) -> dict[str, set[str]]:
    """Where each canary that got somewhere is, by the place where it was put in."""
    found: dict[str, set[str]] = {}
    for file in files:
        for text in _found_in_file(file, canaries):
            found.setdefault(canaries[text], set()).add(file.name)
    return found


def found_in_tables(database: sa.Engine, canaries: Mapping[str, str]) -> dict[str, set[str]]:
    """The same for every table of a PostgreSQL database, as a dump would write it."""
    url = database.url
    found: dict[str, set[str]] = {}
    with psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            dump = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(table))
            with connection.cursor().copy(dump) as rows:
                content = b"".join(bytes(part) for part in rows)
            for text in found_in(content, canaries):
                found.setdefault(canaries[text], set()).add(str(table))
    assert tables
    return found


def _found_in_file(file: Path, canaries: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    with file.open("rb") as content:
        before = b""
        while chunk := content.read(_CHUNK):
            found |= found_in(before + chunk, canaries)
            before = chunk[-_OVERLAP:]
    return found
