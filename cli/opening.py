"""The database of an installation that is there already, for commands that look after it."""

from __future__ import annotations

from cli.failing import CommandError
from storage import schema
from storage.database import Database
from storage.keys import KeyRing
from storage.settings import Settings


def open_database(settings: Settings, *, patient: bool = False) -> Database:
    """Open it; makes nothing where there is none, unlike a start of the service."""
    if not settings.key_file.exists():
        raise CommandError(f"there is no key file {settings.key_file}; is {settings.data} the right data folder?")
    database = Database(settings.url, keys=KeyRing.open(settings.key_file), patient=patient)
    try:
        current = schema.is_current(database)
    except BaseException:
        database.close()
        raise
    if not current:
        database.close()
        raise CommandError("the database has another schema than this version; run fairclaim migrate first")
    return database
