"""``fairclaim import``: people, teams, customers, claims and follow-ups from CSV or XLSX (INT-03)."""

from __future__ import annotations


def import_() -> int:
    """Import a file."""
    return 2
