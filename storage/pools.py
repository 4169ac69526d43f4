"""Pools (公海) in the database: what a pool is, and what counts against whoever takes (POOL-01 to POOL-11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from domain.claims.lifecycle import ENDED, ClaimState
from domain.leads.lifecycle import LeadState
from domain.matters.draft import Take
from domain.policy import values
from domain.pools.limits import CAPPED, Taker
from domain.pools.pool import EntryRule, Group, Pool, Priority, Restriction
from domain.territories.division import folded
from storage import tables as t
from storage.database import Transaction, mint

K = TypeVar("K")

#: Longer than any local day, so that whatever the zone of a program, the takes of its day are among those read.
_DAYS_READ = timedelta(days=2)
_OPEN = [s.value for s in ClaimState if s not in ENDED]
_LOST = [ClaimState.LAPSED.value, ClaimState.RELEASED.value]


def pool_of(row: Mapping[str, Any]) -> Pool:
    """The domain's pool of a row."""
    windows, rule, priority = row["windows"], row["rule"], row["priority"]
    return Pool(
        id=row["id"],
        program=row["program"],
        is_default=row["is_default"],
        admins_only=row["open_to"] == "admins",
        members=Group(
            frozenset(m["person"] for m in row["members"] if m["person"] is not None),
            frozenset(m["team"] for m in row["members"] if m["team"] is not None),
        ),
        admins=frozenset(row["admins"]),
        windows=tuple(values.window(w) for w in windows) if windows is not None else None,
        rule=_rule_of(rule) if rule is not None else None,
        priority=Priority(frozenset(priority["levels"]), group_of(priority)) if priority is not None else None,
        created_at=row["created_at"],
    )


def group_of(kept: Mapping[str, Any]) -> Group:
    """A group as kept: ``{people, teams}``."""
    return Group(frozenset(kept["people"]), frozenset(kept["teams"]))


def _rule_of(kept: Mapping[str, Any]) -> EntryRule:
    return EntryRule(
        levels=frozenset(kept["levels"]),
        sources=frozenset(kept["sources"]),
        regions=frozenset(folded(region) for region in kept.get("regions", ())),
    )


def restriction_of(kept: Mapping[str, Any] | None) -> Restriction | None:
    """A restriction as kept: ``{people, teams, skills: [[skill, level]]}``; before there were skills, without them."""
    if kept is None:
        return None
    return Restriction(group_of(kept), tuple((skill, level) for skill, level in kept.get("skills", ())))


def restriction_data(only: Restriction | None) -> dict[str, list[Any]] | None:
    """The same the other way round."""
    if not only:
        return None
    group = only.group
    skills = [[skill, level] for skill, level in sorted(only.skills)]
    return {"people": sorted(group.people), "teams": sorted(group.teams), "skills": skills}


def keep_takes(tx: Transaction, takes: Sequence[Take], *, matter: str) -> None:
    """Append to the log that the days are counted from (POOL-06)."""
    if takes:
        rows = [
            {"id": mint(), "person": k.person, "at": k.at, "claim": k.claim, "matter": matter, "pool": k.pool}
            for k in takes
        ]
        tx.insert(t.pool_take, rows)


def takers(
    tx: Transaction, people: Collection[str], *, matter: str, since: datetime, now: datetime, teams: Mapping[str, str]
) -> dict[str, Taker]:
    """What counts against each of ``people``, who are locked already: nothing that an opening load brought (INT-10).

    ``teams``: whose team is counted as well.

    ``since``: the earliest instant at which a take is decided here. The claims of ``matter`` are left out: a decision
    sees them as they are by then.
    """
    if not people:
        return {}
    wanted = sorted(people)
    c, k = t.claim.c, t.pool_take.c
    taken: dict[str, list[datetime]] = {}
    for row in tx.rows(sa.select(k.person, k.at).where(k.person.in_(wanted), k.at > since - _DAYS_READ)):
        taken.setdefault(row["person"], []).append(row["at"])
    held, holdings, owned = _by_state(tx, c.owner, c.owner.in_(wanted), matter)
    _, _, reported = _by_state(tx, c.reporter, sa.and_(c.reporter.in_(wanted), c.owner.is_(None)), matter)
    led = {
        row["receiver"]: row["number"]
        for row in tx.rows(
            sa.select(t.lead.c.receiver, _COUNT)
            .where(
                t.lead.c.receiver.in_(wanted),
                t.lead.c.state == LeadState.OFFERED.value,
                t.lead.c.matter != matter,  # accepted now, or gone with the take
            )
            .group_by(t.lead.c.receiver)
        )
    }
    overdue = {
        row["person"]: row["number"]
        for row in tx.rows(
            sa.select(t.task.c.person, _COUNT)
            .where(t.task.c.person.in_(wanted), t.task.c.state == "open", t.task.c.due < now)
            .group_by(t.task.c.person)
        )
    }
    lost: dict[str, list[tuple[datetime, bool]]] = {}
    ended = sa.select(c.owner, c.ended_at, c.reason).where(c.matter == matter, c.owner.in_(wanted), c.state.in_(_LOST))
    for row in tx.rows(ended):
        lost.setdefault(row["owner"], []).append((row["ended_at"], row["reason"] == "idle"))
    sizes = {team: _team_open(tx, team, matter) for team in sorted(set(teams.values()))}
    return {
        person: Taker(
            takes=tuple(taken.get(person, ())),
            held=held.get(person, {}),
            holdings=holdings.get(person, {}),
            open=_added(owned.get(person, {}), reported.get(person, {})),
            team_open=sizes.get(teams.get(person, ""), 0),
            leads=led.get(person, 0),
            overdue=overdue.get(person, 0),
            lost=tuple(lost.get(person, ())),
        )
        for person in wanted
    }


_COUNT = sa.func.count().label("number")


def _by_state(
    tx: Transaction, person: sa.Column[Any], which: sa.ColumnElement[bool], matter: str
) -> tuple[dict[str, dict[str, int]], dict[str, dict[tuple[str, str | None], int]], dict[str, dict[str, int]]]:
    """Open claims by ``person``: by state, with `proposal` for the active ones that far; by state and source; and by
    state those that caps count.
    """
    c = t.claim.c
    grouped = (person, c.state, c.source, c.proposed, c.by_reception)
    statement = (
        sa.select(person.label("person"), *grouped[1:], _COUNT)
        .where(which, c.state.in_(_OPEN), c.matter != matter, c.opening.is_(None))
        .group_by(*grouped)
    )
    found: dict[str, dict[str, int]] = {}
    sourced: dict[str, dict[tuple[str, str | None], int]] = {}
    capped: dict[str, dict[str, int]] = {}
    for row in tx.rows(statement):
        one = found.setdefault(row["person"], {})
        _add(one, row["state"], row["number"])
        _add(sourced.setdefault(row["person"], {}), (row["state"], row["source"]), row["number"])
        if row["proposed"] and row["state"] == ClaimState.ACTIVE.value:
            _add(one, "proposal", row["number"])
        if not row["by_reception"]:
            _add(capped.setdefault(row["person"], {}), row["state"], row["number"])
    return found, sourced, capped


def _add(counts: dict[K, int], word: K, number: int) -> None:
    counts[word] = counts.get(word, 0) + number


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {state: one.get(state, 0) + other.get(state, 0) for state in {*one, *other}}


def _team_open(tx: Transaction, team: str, matter: str) -> int:
    if not tx.is_sqlite:
        tx.execute(sa.select(t.team.c.id).where(t.team.c.id == team).with_for_update()).all()
    counted = sa.select(sa.func.count()).where(
        t.claim.c.team == team,
        t.claim.c.state.in_(CAPPED),
        t.claim.c.matter != matter,
        t.claim.c.opening.is_(None),
        ~t.claim.c.by_reception,
    )
    return int(tx.execute(counted).scalar_one())
