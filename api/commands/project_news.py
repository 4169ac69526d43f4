"""What becomes known of a named project after its report: number, place and dates (contract section 31, CLM-33).

A project is one record for whoever has a claim on it, so a rival may not write in it: a number that they made up would
be the owner's, and keep the true tender free for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from api.auth import Caller
from api.call import Waiting
from api.commands.received import as_of_now
from api.schemas.claims import ProjectPatch
from domain.claims.lifecycle import OPEN
from domain.claims.projects import wrong_dates
from domain.matters.matter import Command, CommandKind, Matter
from domain.refusals import FieldError, Refusal
from storage import matters, merges, projects
from storage import tables as t
from storage.database import Transaction, mint

_DATES = frozenset({"bid_date", "award_date"})


class News(NamedTuple):
    """What is new of a project, once everything it may meet is locked."""

    project: str
    changes: Mapping[str, Any]
    awarded_on: tuple[date | None, date | None] | None  # before and with it, where that differs
    elsewhere: tuple[Mapping[str, Any], ...]  # claims that hold the project in other programs and tracks

    @property
    def fields(self) -> list[str]:
        return [f"project.{name}" for name in sorted(self.changes)]

    @property
    def data(self) -> dict[str, Any]:
        """What a command says of it."""
        if self.awarded_on is None:
            return {}
        return {"awarded_on": [day.isoformat() if day is not None else None for day in self.awarded_on]}


def reported(
    tx: Transaction, caller: Caller, program: str, matter: str, project: str, news: Mapping[str, Any], *, fresh: bool
) -> News | None:
    """What a report tells of a project, with all it concerns locked; None where others have it elsewhere.

    ``fresh``: the matter of the report was made just now, and is locked.
    """
    if projects.people_on(tx, project, now=tx.now(), besides=matter) - {caller.person}:
        return None
    policy = caller.setting.policy_at(program, at=caller.at)
    found = projects.change(tx, project, news, groups=policy.project_match_groups())
    elsewhere = tuple(c for c in projects.holding(tx, project) if c["matter"] != matter)
    matters.lock_all(tx, {*(c["matter"] for c in elsewhere), *(() if fresh else (matter,))})
    return _news(found, elsewhere)


def is_alone(caller: Caller, matter: Matter, *, at: datetime) -> bool:
    """Whether nobody else has an open claim in the matter, or may still rescue one."""
    reserved = matter.reserved_for(at)
    there = [c for c in matter.claims.values() if c.state in OPEN or c is reserved]
    return all((c.owner or c.reporter) == caller.person for c in there)


def wanted(
    tx: Transaction, caller: Caller, row: Mapping[str, Any], patch: ProjectPatch | None
) -> News | Waiting | None:
    """What a correction tells of the project of the claim in ``row``; None if nothing is new.

    A number that somebody else's project of the customer has is a collision: a command with whoever has it, which
    refuses it and tells of it (CLM-27).
    """
    told = patch.model_dump(exclude_none=True) if patch is not None else {}
    if not told:
        return None
    project = row["project"]
    if project is None:
        raise Refusal("field_not_allowed", rule="CLM-33", errors=(FieldError("project", "field_not_allowed"),))
    policy = caller.setting.policy_at(row["program"], at=caller.at)
    found = projects.change(tx, project, told, groups=policy.project_match_groups())
    if not found.changes:
        return None
    if _DATES & found.changes.keys():
        dates = {**found.project, **found.changes}
        today = caller.setting.calendar(row["program"]).local_date(caller.at)
        wrong = wrong_dates(dates["bid_date"], dates["award_date"], today=today)
        if wrong:
            raise Refusal("date_invalid", rule="CLM-33", errors=tuple(FieldError(f, "date_invalid") for f in wrong))
    elsewhere = tuple(c for c in projects.holding(tx, project) if c["matter"] != row["matter"])
    there = (
        merges.matter_of(tx, program=row["program"], subject=found.met, track=row["track"])
        if found.met is not None
        else None
    )
    beside = {there} if there is not None else set()
    matters.lock_all(tx, {row["matter"], *beside, *(c["matter"] for c in elsewhere)})
    locked = matters.lock(tx, row["matter"], of=row["id"])
    present = as_of_now(tx, caller, locked, also=(row["id"],))
    if present.claims[row["id"]].ended_at is not None:
        return None  # the decision will refuse it
    _require_first(caller, present, row["id"], now=locked.now)
    if found.met is not None:
        waiting = _collision(tx, caller, row, found, there) if there is not None else None
        if waiting is not None:
            return waiting
        fields = sorted(set(found.changes) - _DATES) or sorted(found.changes)
        raise Refusal(
            "field_invalid",
            rule="CLM-33",
            facts={"project": found.met},
            errors=tuple(FieldError(f"project.{name}", "field_invalid") for name in fields),
        )
    replaced = [n for n in found.changes if n not in _DATES and found.project[n] is not None]
    if replaced and any(c["owner"] != caller.person for c in elsewhere):
        # What tells it apart is everybody's who holds it; dates are news.
        raise Refusal("customer_owned", rule="CLM-27", facts={"fields": [f"project.{n}" for n in sorted(replaced)]})
    return _news(found, elsewhere)


def tell(tx: Transaction, caller: Caller, news: News) -> None:
    """Write it; whoever else holds the project has their protection counted again, in their own matter."""
    projects.tell(tx, news.project, news.changes)
    if news.awarded_on is None:
        return
    for claim in news.elsewhere:
        locked = matters.lock(tx, claim["matter"])
        command = Command(
            id=mint(),
            kind=CommandKind.PROJECT_AWARD,
            claim=claim["id"],
            actor=caller.person,
            received_at=locked.now,
            data=news.data,
        )
        tx.insert(
            t.command,
            matters.command_row(command, matter=claim["matter"], target_type="claim", target=claim["id"]),
        )
        matters.touch(tx, claim["matter"], locked.now)
        matters.ring_later(tx, claim["id"], "claim", at=locked.now)


def _news(found: projects.Change, elsewhere: tuple[Mapping[str, Any], ...]) -> News:
    was, now = found.awarded_on
    return News(found.project["id"], found.changes, (was, now) if was != now else None, elsewhere)


def _require_first(caller: Caller, matter: Matter, claim: str, *, now: datetime) -> None:
    """Whoever holds the project speaks for it; until somebody does, whoever has the first claim on it."""
    held = matter.owner_claim or matter.reserved_for(now)
    if held is None:
        undecided = [c for c in matter.claims.values() if c.state in OPEN]
        held = min(undecided, key=lambda c: (c.rank_at, c.receipt), default=None)
    if held is not None and held.id != claim and (held.owner or held.reporter) != caller.person:
        raise Refusal("customer_owned", rule="CLM-27")


def _collision(
    tx: Transaction, caller: Caller, row: Mapping[str, Any], found: projects.Change, there: str
) -> Waiting | None:
    """The collision with whoever has the project that this one turned out to be; None where nobody else has it."""
    locked = matters.lock(tx, there)
    matter = as_of_now(tx, caller, locked)
    open_ones = [c for c in matter.claims.values() if c.state in OPEN]
    first = min(open_ones, key=lambda c: (c.rank_at, c.receipt), default=None)
    held = matter.owner_claim or matter.reserved_for(locked.now) or first
    if held is None or (held.owner or held.reporter) == caller.person:
        return None
    fields = [f"project.{name}" for name in sorted(found.changes)]
    command = Command(
        id=mint(),
        kind=CommandKind.PROJECT_MET,
        claim=held.id,
        actor=caller.person,
        received_at=locked.now,
        data={"claim": row["id"], "fields": fields},
    )
    tx.insert(t.command, matters.command_row(command, matter=there, target_type="claim", target=row["id"]))
    matters.touch(tx, there, locked.now)
    return Waiting(command=command.id, kind="claim", stream=held.id)
