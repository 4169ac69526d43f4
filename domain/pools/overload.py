"""Somebody has as much work as allowed: their supervisor hears of it, and of who has room (超负荷保护, POOL-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from domain.matters.draft import Notice

#: The kind of the notice, whose subject is who has too much on hand.
ALARM = "alarm.load"


def alarm(person: str, *, told: str, program: str, version: int | None, facts: Mapping[str, Any]) -> Notice:
    """``person`` could not take, report or be given a customer of ``program``; ``told`` looks after them."""
    return Notice(
        person=told,
        kind=ALARM,
        urgency="normal",
        subject_type="person",
        subject=person,
        rule="POOL-11",
        policy_version=version,
        facts={"person": person, "program": program, **facts},
    )


def showing(notice: Notice, room: Iterable[str]) -> Notice:
    """The same with who has room, whoever has least in hand first."""
    return replace(notice, facts={**notice.facts, "room": list(room)})
