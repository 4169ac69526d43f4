"""Who arbitrates, by shapes of organisations written as text, and laws that hold for all of them (DSP-12, DSP-13)."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import WorkingCalendar, parse_year
from domain.disputes.arbitrators import (
    Bar,
    Bench,
    PassedOver,
    Seat,
    Sides,
    Source,
    Tier,
    acts_for,
    check_mediator,
    common_superiors,
    common_supervisor,
    conflict_of,
    eligible_mediators,
    plan,
    plan_above,
    reassignment,
    recusal_deadline,
    recusal_decider,
    seat_changes_at,
    tier_deadline,
)
from domain.people.organisation import (
    Absence,
    ChangeKind,
    Delegation,
    Grant,
    Organisation,
    Person,
    PersonChange,
    Role,
    ScopeKind,
    Span,
    Team,
)
from domain.policy.parameters import JSON
from domain.policy.policy import Policy
from domain.policy.presets import PRESETS
from domain.programs.program import Program
from domain.refusals import Refusal

OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = OPENED + timedelta(days=3)
DAY = timedelta(days=1)
EVER = datetime(2020, 1, 1, tzinfo=UTC)
FAR = datetime(2030, 1, 1, tzinfo=UTC)
SHAPES = Path(__file__).with_name("organisation_shapes.txt")
SEED = Path(__file__).parents[3] / "storage" / "seed" / "calendar_cn.json"


@dataclass
class World:
    """A company that a test changes line by line; ``sides`` and ``bench`` show it as it is."""

    at: datetime = NOW
    teams: dict[str, Team] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    moves: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    partners: dict[str, str] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    left: dict[str, datetime] = field(default_factory=dict)
    absences: dict[str, list[Absence]] = field(default_factory=lambda: defaultdict(list))
    delegations: dict[str, list[Delegation]] = field(default_factory=lambda: defaultdict(list))
    grants: dict[str, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    parties: list[str] = field(default_factory=list)
    marks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    strict: bool = False

    @property
    def root(self) -> str:
        return next(iter(self.teams))

    def grow(self, rows: list[str]) -> None:
        """``| team  leader: members`` by indent."""
        above: list[tuple[int, str]] = []
        for row in rows:
            shape = re.fullmatch(r"( *)(\w+) +(-|\w+)(?:: *(.*))?", row)
            assert shape, row
            indent, team, leader = len(shape[1]), shape[2], None if shape[3] == "-" else shape[3]
            while above and above[-1][0] >= indent:
                above.pop()
            self.teams[team] = Team(team, above[-1][1] if above else None, leader)
            above.append((indent, team))
            self.homes |= dict.fromkeys((shape[4] or "").split(), team)
        for team in self.teams.values():
            if team.leader is not None:
                self.homes.setdefault(team.leader, team.id)

    def learn(self, line: str) -> None:
        """One fact, true from a moment before now."""
        word, *names = line.replace("->", " ").split()
        since = self.at - timedelta(hours=1)
        match word:
            case "parties":
                self.parties = names
            case "party":
                self.parties[self.parties.index(names[0])] = names[1]
            case "joined":
                self.parties += names
            case "interested" | "recused" | "mediated" | "ruled" | "panel" | "oversight" | "named":
                self.marks[word] += names
            case "strict":
                self.strict = True
            case "strangers":
                self.homes |= dict.fromkeys(names, self.root)
            case "admins":
                for name in names:
                    self.homes.setdefault(name, self.root)
                    self.grant(name, Role.ADMIN)
            case "absent":
                for name in names:
                    self.absences[name].append(Absence(f"a-{name}", name, since, FAR, since))
            case "back":
                self.absences[names[0]] = [replace(a, end=since) for a in self.absences[names[0]]]
            case "delegate":
                self.delegations[names[0]].append(Delegation("d", names[0], names[1], since, FAR))
            case "left":
                self.left |= dict.fromkeys(names, since)
            case "moved":
                self.moves[names[0]] = [(EVER, self.homes[names[0]]), (since, names[1])]
            case "broker":
                self.partners[names[0]] = names[1]
            case "manager":
                self.managers[names[0]] = names[1]
            case "new":
                _, team, leader = names
                self.teams[team] = replace(self.teams[team], leader=leader)
            case _:
                raise AssertionError(line)

    def grant(self, person: str, role: Role, scope: ScopeKind = ScopeKind.COMPANY, scope_id: str | None = None) -> None:
        self.grants[person].append(Grant(f"g-{person}", person, role, scope, scope_id, EVER, None))

    @property
    def organisation(self) -> Organisation:
        people = {
            name: Person(name, number, home, name not in self.left, self.partners.get(name))
            for number, (name, home) in enumerate(self.homes.items(), start=1)
        }
        return Organisation(
            people=people,
            teams=dict(self.teams),
            root=self.root,
            memberships={
                name: [
                    Span(name, team, start, after[0] if after else None)
                    for (start, team), after in itertools.zip_longest(moves, moves[1:])
                ]
                for name, moves in self.moves.items()
            },
            grants=self.grants,
            absences=self.absences,
            delegations=self.delegations,
            changes={p: [PersonChange(1, p, ChangeKind.LEFT, at)] for p, at in self.left.items()},
        )

    @property
    def sides(self) -> Sides:
        marks = {word: self.marks[word] for word in ("interested", "recused", "mediated", "ruled")}
        return Sides(parties=self.parties, opened_at=OPENED, **marks)

    @property
    def bench(self) -> Bench:
        return Bench(
            organisation=self.organisation,
            program="program",
            panel=self.marks["panel"],
            oversight=self.marks["oversight"],
            named=self.marks["named"],
            strict_neutral=self.strict,
            channel_managers=self.managers,
        )


def company(text: str) -> World:
    """A world from lines of a shape, without expectations."""
    lines = [line.strip() for line in text.strip().splitlines()]
    world = World()
    world.grow([line[2:] for line in lines if line.startswith("|")])
    for line in lines:
        if not line.startswith("|"):
            world.learn(line)
    return world


# --- shapes ----------------------------------------------------------------------------------------------------------


def shapes() -> Iterator[tuple[str, list[str]]]:
    for block in SHAPES.read_text("utf-8").split("\n# ")[1:]:
        title, *lines = block.strip().splitlines()
        yield title, [line for line in lines if line.strip()]


ALL_SHAPES = dict(shapes())


def test_there_are_at_least_thirty_shapes() -> None:
    """Issue "A dispute is a case", point 3."""
    assert len(ALL_SHAPES) == SHAPES.read_text("utf-8").count("\n# ") >= 30


def test_the_shapes_show_every_reason_and_every_source() -> None:
    text = "\n".join(itertools.chain(*ALL_SHAPES.values()))
    assert [bar for bar in Bar if f" {bar.value}" not in text] == []
    assert [
        source for source in (Source.NAMED, Source.OVERSIGHT, Source.ADMIN) if f"as {source.value}" not in text
    ] == []


@pytest.mark.parametrize("title", ALL_SHAPES)
def test_a_shape_is_arbitrated_as_its_text_says(title: str) -> None:
    """DSP-12, DSP-13, PPL-05: written expectations on the left, what the rules say on the right."""
    lines = ALL_SHAPES[title]
    script = Script()
    script.world.grow([line[2:] for line in lines if line.startswith("|")])
    said = [line if line.startswith("|") else script.answer(line) for line in lines]
    assert "\n".join(said) == "\n".join(lines)


@dataclass
class Script:
    """Goes through the lines of a shape and says what each expectation should have been."""

    world: World = field(default_factory=World)
    seat: Seat | None = None
    history: list[Seat] = field(default_factory=list)
    missed: bool = False

    def answer(self, line: str) -> str:
        if line[0] in "123":
            return self._tier(int(line[0]))
        if line.startswith("then "):
            self.missed = line == "then missed"
            if not self.missed:
                self.world.at += DAY
                self.world.learn(line.removeprefix("then "))
            return line
        if line.startswith("=>"):
            return self._escalated() if self.missed else self._reassigned()
        if line.startswith("?"):
            question = line[2:].rsplit(": ", 1)[0]
            return f"? {question}: {self._asked(question.split())}"
        self.world.learn(line)
        return line

    def _tier(self, tier: int) -> str:
        whole = plan(sides=self.world.sides, bench=self.world.bench, at=self.world.at)
        self.seat = whole.first
        self.history = [self.seat] if self.seat else []
        assert [t.tier for t in whole.tiers] == list(Tier)
        found = whole.tiers[tier - 1]
        return with_passed(f"{tier} {shown(found.seat)}", [told(p) for p in found.passed_over])

    def _escalated(self) -> str:
        assert self.seat is not None
        world = self.world
        above = plan_above(self.seat, sides=world.sides, bench=world.bench, at=world.at, history=self.history)
        if above.first is None:
            return with_passed("=> nobody", [told(p) for p in above.passed_over])
        self.seat = above.first
        self.history.append(self.seat)
        return with_passed(f"=> {self.seat.tier} {shown(self.seat)} new", [told(p) for p in above.passed_over])

    def _reassigned(self) -> str:
        world = self.world
        if self.seat is None:
            self.seat = plan(sides=world.sides, bench=world.bench, at=world.at).first
            assert self.seat is not None
            return f"=> {self.seat.tier} {shown(self.seat)} new"
        found = reassignment(self.seat, sides=world.sides, bench=world.bench, at=world.at, history=self.history)
        passed = [told(p) for p in found.passed_over]
        if found.bar is not None and (why := f"{self.seat.person} {found.bar}") not in passed:
            passed.insert(0, why)
        if found.seat is None:
            return with_passed("=> nobody", passed)
        limit = "new" if found.restarts_limit else "keeps"
        self.seat = found.seat
        self.history.append(self.seat)
        return with_passed(f"=> {self.seat.tier} {shown(self.seat)} {limit}", passed)

    def _asked(self, words: list[str]) -> str | None:
        world = self.world
        sides, bench, at = world.sides, world.bench, world.at
        match words:
            case ["supervisor"]:
                return common_supervisor(sides=sides, bench=bench, at=at)
            case ["recusal", "of", person]:
                seat = self.seat if self.seat and person in (self.seat.person, self.seat.delegate) else None
                decider = recusal_decider(person, seat=seat, sides=sides, bench=bench, at=at, history=self.history)
                return None if decider is None else decider.acting
            case ["mediator", person, "by", by]:
                return refused(lambda: check_mediator(person, by=by, sides=sides, bench=bench, at=at)) or "yes"
        raise AssertionError(words)


def shown(seat: Seat | None) -> str:
    if seat is None:
        return "nobody"
    by = f" by {seat.delegate}" if seat.delegate else ""
    listed = seat.source in (Source.NAMED, Source.OVERSIGHT, Source.ADMIN)
    return f"{seat.person}{by}" + (f" as {seat.source}" if listed else "")


def told(passed: PassedOver) -> str:
    stood_in = f" for {passed.on_behalf_of}" if passed.on_behalf_of else ""
    return f"{passed.person}{stood_in} {passed.bar}"


def with_passed(line: str, passed: list[str]) -> str:
    return f"{line}; {', '.join(passed)}" if passed else line


def refused(act: object) -> str | None:
    assert callable(act)
    try:
        act()
    except Refusal as refusal:
        return refusal.code
    return None


# --- who may act -----------------------------------------------------------------------------------------------------

TWO_REPS = """
    | company  ceo
    |   sales  dir
    |     north  lin: an bo cy di
    parties an bo
"""


def test_the_arbitrator_decides_in_their_own_name_and_a_delegate_on_their_behalf() -> None:
    """PPL-05: shown as made on behalf, whether the arbitrator is there or away."""
    world = company(TWO_REPS + "delegate lin -> cy")
    seat = first_seat(world)
    assert seat.delegate is None
    assert acts_for("lin", seat=seat, sides=world.sides, bench=world.bench, at=NOW) is None
    assert acts_for("cy", seat=seat, sides=world.sides, bench=world.bench, at=NOW) == "lin"


@pytest.mark.parametrize(
    ("actor", "facts", "code"),
    [
        ("dir", "", "not_allowed"),
        ("an", "", "not_allowed"),
        ("lin", "recused lin", "recusal_required"),
        ("lin", "interested lin", "recusal_required"),
        ("lin", "left lin", "not_allowed"),
        ("cy", "delegate lin -> cy\ninterested cy", "recusal_required"),
        ("cy", "delegate lin -> cy\nleft cy", "not_allowed"),
        ("di", "delegate lin -> cy\ndelegate cy -> di", "delegation_chain"),
        ("di", "delegate lin -> cy\ndelegate cy -> di\nleft di", "not_allowed"),
        ("di", "delegate lin -> cy", "not_allowed"),
    ],
)
def test_nobody_else_decides(actor: str, facts: str, code: str) -> None:
    """DSP-13, DSP-14, PPL-05."""
    seat = first_seat(company(TWO_REPS))
    world = company(TWO_REPS + facts)
    assert refused(lambda: acts_for(actor, seat=seat, sides=world.sides, bench=world.bench, at=NOW)) == code


def test_who_decided_at_a_lower_tier_on_behalf_is_out_of_the_tiers_above() -> None:
    """DSP-13: the delegate has decided the case, though the leader is back by the time of the appeal."""
    world = company(TWO_REPS + "ruled dir")
    seat = first_seat(world)
    above = plan_above(seat, sides=world.sides, bench=world.bench, at=NOW)
    assert above.first is not None
    assert above.first.person == "ceo"
    assert above.passed_over == (PassedOver("dir", Bar.LOWER_TIER),)


def test_a_conflict_is_named_before_absence_and_absence_is_none() -> None:
    """DSP-13: what makes a person unfit does not pass with the holidays."""
    world = company(TWO_REPS + "absent lin dir\nrecused dir")
    assert conflict_of("lin", sides=world.sides, bench=world.bench, at=NOW) is None
    assert conflict_of("dir", sides=world.sides, bench=world.bench, at=NOW) is Bar.RECUSED
    assert conflict_of("an", sides=world.sides, bench=world.bench, at=NOW) is Bar.PARTY
    assert conflict_of("unknown", sides=world.sides, bench=world.bench, at=NOW) is Bar.INACTIVE


def test_a_case_without_parties_is_a_defect() -> None:
    with pytest.raises(ValueError, match="parties"):
        Sides(parties=(), opened_at=OPENED)


def first_seat(world: World) -> Seat:
    seat = plan(sides=world.sides, bench=world.bench, at=world.at).first
    assert seat is not None
    return seat


# --- recusal and mediation -------------------------------------------------------------------------------------------


def test_a_recusal_nobody_decided_goes_on_to_the_next_above_and_falls_at_the_end() -> None:
    """DSP-13, as CLM-04: one supervisor up each time `dispute.recusal_wh` passes."""
    world = company(TWO_REPS + "strangers pat adm\npanel pat\nadmins adm")
    seat = first_seat(world)
    missed: list[str] = []
    while True:
        decider = recusal_decider("lin", seat=seat, sides=world.sides, bench=world.bench, at=NOW, missed=missed)
        if decider is None:
            break
        missed.append(decider.person)
    assert missed == ["dir", "ceo", "pat", "adm"]


def test_an_absent_decider_of_a_recusal_is_represented() -> None:
    """PPL-05."""
    world = company(TWO_REPS + "absent dir\ndelegate dir -> cy")
    decider = recusal_decider("lin", seat=first_seat(world), sides=world.sides, bench=world.bench, at=NOW)
    assert decider is not None
    assert (decider.tier, decider.person, decider.acting) == (Tier.SECOND, "dir", "cy")


def test_common_superiors_keep_their_say_while_away_and_near_to_one_party() -> None:
    """0.1, "Supervisor": approving asks for no interest, not for the distance that ruling asks for."""
    world = company("""
        | company  ceo
        |   office  ola: an
        |     north  lin: bo
        parties an bo
        absent ceo
    """)
    assert common_superiors(sides=world.sides, bench=world.bench, at=NOW) == ("ola", "ceo")
    assert common_supervisor(sides=world.sides, bench=world.bench, at=NOW) == "ola"


def test_without_a_common_superior_oversight_approves_then_an_admin() -> None:
    """Contract section 2: the program's oversight in order, else any admin; never one who is a party (PPL-07)."""
    shape = "| company  -\n|   north  lin: an\n|   south  sun: bo\nparties an bo\nstrangers olga adm\nadmins adm\n"
    for oversight, expected in (("oversight an olga", "olga"), ("oversight an", "adm")):
        world = company(shape + oversight)
        assert common_supervisor(sides=world.sides, bench=world.bench, at=NOW) == expected


def test_the_delegate_of_a_common_superior_may_name_a_mediator_and_one_who_left_cannot_be_it() -> None:
    """PPL-05, PPL-01."""
    world = company(TWO_REPS + "delegate lin -> cy\nstrangers mo may\nleft may")
    check_mediator("mo", by="cy", sides=world.sides, bench=world.bench, at=NOW)
    gone = refused(lambda: check_mediator("may", by="lin", sides=world.sides, bench=world.bench, at=NOW))
    assert gone == "person_inactive"


def test_eligible_mediators_are_neutral_present_and_in_scope_with_future_arbitrators_last() -> None:
    """DSP-08, contract section 9: the grant makes eligible, the case decides."""
    world = company(TWO_REPS + "strangers mia mo may max sol\nabsent may\ninterested max")
    for person in ("dir", "mo", "may", "max", "an"):
        world.grant(person, Role.MEDIATOR)
    world.grant("mia", Role.MEDIATOR, ScopeKind.PROGRAM, "program")
    world.grant("sol", Role.MEDIATOR, ScopeKind.PROGRAM, "another program")
    world.grant("cy", Role.MEDIATOR, ScopeKind.TEAM, "north")
    world.grant("di", Role.MEDIATOR)
    world.grants["di"] = [replace(grant, end=NOW) for grant in world.grants["di"]]
    assert eligible_mediators(sides=world.sides, bench=world.bench, at=NOW) == ("cy", "mia", "mo", "dir")


# --- coming and going ------------------------------------------------------------------------------------------------


def test_the_case_knows_when_its_arbitrator_goes_away_and_who_stands_in_until_when() -> None:
    """PPL-05: absence from the 10th, a delegate until the 12th, back on the 20th."""
    world = company(TWO_REPS)
    day = {n: datetime(2026, 3, n, tzinfo=UTC) for n in (10, 12, 20)}
    world.absences["lin"] = [Absence("a", "lin", day[10], day[20], OPENED)]
    world.delegations["lin"] = [Delegation("d", "lin", "cy", day[10], day[12])]
    seat = first_seat(world)
    sides, bench = world.sides, world.bench
    assert seat_changes_at(seat, sides=sides, bench=bench, after=NOW) == day[10]
    away = reassignment(seat, sides=sides, bench=bench, at=day[10]).seat
    assert away == replace(seat, delegate="cy")
    assert seat_changes_at(away, sides=sides, bench=bench, after=day[10]) == day[12]
    over = reassignment(away, sides=sides, bench=bench, at=day[12])
    assert over.seat is not None
    assert (over.seat.person, over.bar, over.restarts_limit) == ("dir", Bar.ABSENT, False)
    assert seat_changes_at(over.seat, sides=sides, bench=bench, after=day[12]) is None


def test_an_absence_that_a_delegate_covers_to_its_end_gives_the_case_back() -> None:
    """PPL-05: absences are half-open, so on the last instant the arbitrator is there."""
    world = company(TWO_REPS)
    start, end = NOW + DAY, NOW + 2 * DAY
    world.absences["lin"] = [Absence("a", "lin", start, end, OPENED)]
    world.delegations["lin"] = [Delegation("d", "lin", "cy", EVER, FAR)]
    away = replace(first_seat(world), delegate="cy")
    assert seat_changes_at(away, sides=world.sides, bench=world.bench, after=start) == end
    assert reassignment(away, sides=world.sides, bench=world.bench, at=end - timedelta(microseconds=1)).seat == away
    assert reassignment(away, sides=world.sides, bench=world.bench, at=end).seat == replace(away, delegate=None)


def test_the_case_knows_when_its_arbitrator_begins_to_speak_for_a_party_and_when_a_delegate_goes() -> None:
    """PPL-05, DSP-13: both end what made the seat fit."""
    speaking = company(TWO_REPS)
    speaking.delegations["an"] = [Delegation("d", "an", "lin", NOW + DAY, FAR)]
    assert seat_changes_at(first_seat(speaking), sides=speaking.sides, bench=speaking.bench, after=NOW) == NOW + DAY
    leaving = company(TWO_REPS + "absent lin\ndelegate lin -> cy")
    leaving.absences["cy"] = [Absence("a", "cy", NOW + DAY, FAR, OPENED)]
    assert seat_changes_at(first_seat(leaving), sides=leaving.sides, bench=leaving.bench, after=NOW) == NOW + DAY


def test_who_had_left_by_a_later_day_still_sat_before_it() -> None:
    """PPL-01: what was due before somebody left is decided as if they were still here."""
    world = company(TWO_REPS + "left lin")
    before = plan(sides=world.sides, bench=world.bench, at=NOW - DAY).first
    assert before is not None
    assert before.person == "lin"


def test_a_post_that_was_moved_away_leaves_the_tiers_above_to_the_present_line() -> None:
    """DSP-12: the team of the first arbitrator now hangs elsewhere, so only the person is passed over."""
    world = company("""
        | company  ceo
        |   sales  dir
        |     north  lin: an bo
        parties an bo
    """)
    seat = replace(first_seat(world), team="dissolved")
    above = plan_above(seat, sides=world.sides, bench=world.bench, at=NOW)
    assert [s.person for s in above.seats] == ["dir"]
    assert above.passed_over == (PassedOver("lin", Bar.LOWER_TIER),)


def test_a_bench_is_that_of_the_program_and_its_policy() -> None:
    """DSP-13, table 13.1: the channel preset is strictly neutral."""
    organisation = company(TWO_REPS).organisation
    program = Program("p", True, "cn", "pool", ("ceo",), ("dir", "ceo"), (), ())
    general, channel = (
        Bench.of(program=program, policy=policy(PRESETS[preset].parameters), organisation=organisation, named=("cy",))
        for preset in ("general", "channel_partner")
    )
    assert (general.strict_neutral, channel.strict_neutral) == (False, True)
    assert (general.panel, general.oversight, general.named) == (("dir", "ceo"), ("ceo",), ("cy",))


# --- limits ----------------------------------------------------------------------------------------------------------


def policy(*layers: object) -> Policy:
    read: list[dict[str, JSON]] = [dict(layer) for layer in layers]  # type: ignore[call-overload]
    return Policy.resolve(*read, version=1)


@pytest.fixture(scope="module")
def china() -> WorkingCalendar:
    """The seeded calendar of 2026, checked day by day against the published one in tests/domain/calendar."""
    weekdays = frozenset(range(1, 6))
    years = [parse_year(year, weekdays=weekdays) for year in json.loads(SEED.read_text("utf-8"))["years"]]
    return WorkingCalendar("Asia/Shanghai", weekdays, 9 * 60, 18 * 60, {year.year: year for year in years})


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


# Tiers 1 and 2 have 48 working hours, the panel 5 working days. Make-up workdays (调休) of 2026: Sunday 4 January,
# Saturdays 14 and 28 February, Saturday 9 May, Sunday 20 September, Saturday 10 October.
LIMITS_2026 = """
    tier  begins             until              because
    1     2026-03-13 15:00   2026-03-17 15:00   an ordinary weekend is free
    1     2025-12-31 15:00   2026-01-05 15:00   New Year: 1-3 January free, Sunday the 4th worked
    1     2026-01-02 10:00   2026-01-06 00:00   begins on a holiday, so with Sunday the 4th, which is worked
    1     2026-02-13 15:00   2026-02-24 15:00   Saturday the 14th worked, then Spring Festival until the 23rd
    3     2026-02-12 09:00   2026-02-26 09:00   the panel's five days around Spring Festival
    1     2026-02-27 15:00   2026-03-02 15:00   Saturday the 28th worked, Sunday 1 March free
    2     2026-02-28 23:30   2026-03-03 23:30   begins late on the worked Saturday
    1     2026-04-30 15:00   2026-05-07 15:00   Labour Day, 1-5 May free
    2     2026-05-08 15:00   2026-05-11 15:00   Saturday 9 May worked, Sunday free
    1     2026-09-18 15:00   2026-09-21 15:00   Sunday 20 September worked, Saturday free
    1     2026-09-30 15:00   2026-10-09 15:00   National Day, 1-7 October free
    3     2026-09-30 15:00   2026-10-13 15:00   the 8th, 9th, Saturday 10 October, 12th and 13th
    2     2026-10-10 00:00   2026-10-13 00:00   the whole worked Saturday counts, Sunday does not
"""


@pytest.mark.parametrize("row", LIMITS_2026.strip().splitlines()[1:], ids=str.strip)
def test_a_tier_limit_counts_worked_weekends_and_skips_holidays(china: WorkingCalendar, row: str) -> None:
    """DSP-12, TER-06."""
    found = re.fullmatch(r"\s*(\d)\s+(\S+ \S+)\s+(\S+ \S+)\s+.*", row)
    assert found
    until = tier_deadline(Tier(int(found[1])), start=shanghai(found[2]), policy=policy(), calendar=china)
    assert until is not None
    assert (until.at, until.provisional) == (shanghai(found[3]), False)


def test_limits_come_from_the_policy_and_zero_switches_them_off(china: WorkingCalendar) -> None:
    """POL-01: the real-estate preset gives a tier 24 working hours."""
    start = shanghai("2026-05-08 15:00")
    estate = policy(PRESETS["real_estate"].parameters)
    off = policy({"dispute.tier_wh": 0, "dispute.exec_wd": 0, "dispute.recusal_wh": 0})
    shorter = tier_deadline(Tier.SECOND, start=start, policy=estate, calendar=china)
    assert shorter is not None
    assert shorter.at == shanghai("2026-05-09 15:00")
    assert [tier_deadline(tier, start=start, policy=off, calendar=china) for tier in Tier] == [None] * 3
    assert recusal_deadline(start=start, policy=off, calendar=china) is None


def test_a_recusal_is_decided_within_its_own_working_hours(china: WorkingCalendar) -> None:
    """DSP-13: 24 working hours, Saturday 9 May worked."""
    until = recusal_deadline(start=shanghai("2026-05-08 15:00"), policy=policy(), calendar=china)
    assert until is not None
    assert until.at == shanghai("2026-05-09 15:00")


# --- laws ------------------------------------------------------------------------------------------------------------

NAMES = tuple("abcdefghijkl")
names = st.sampled_from(NAMES)
some = st.lists(names, max_size=4, unique=True)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to seven teams and twelve people in any state, some of whom stand in for others."""
    world = World()
    for number in range(draw(st.integers(1, 7))):
        parent = None if number == 0 else f"t{draw(st.integers(0, number - 1))}"
        world.teams[f"t{number}"] = Team(f"t{number}", parent, draw(st.none() | names))
    teams = st.sampled_from(list(world.teams))
    world.homes = {name: draw(teams) for name in NAMES}
    world.parties = draw(st.lists(names, min_size=2, max_size=3, unique=True))
    for word in ("interested", "recused", "mediated", "ruled", "oversight", "named"):
        world.marks[word] = draw(st.lists(names, max_size=2, unique=True))
    world.marks["panel"] = draw(some)
    world.strict = draw(st.booleans())
    for person in draw(some):
        world.learn(f"absent {person}")
    for person in draw(some):
        world.learn(f"delegate {person} -> {draw(names)}")
    for person in draw(st.lists(names, max_size=2, unique=True)):
        world.learn(f"left {person}")
    for person in draw(st.lists(names, max_size=2, unique=True)):
        world.learn(f"moved {person} -> {draw(teams)}")
    for person in draw(st.lists(names, max_size=2, unique=True)):
        world.grant(person, Role.ADMIN)
    return world


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_whoever_is_chosen_is_neutral_active_and_there_or_represented(world: World) -> None:
    """DSP-12, DSP-13, PPL-05, said without the code that chooses."""
    organisation = world.organisation
    whole = plan(sides=world.sides, bench=world.bench, at=NOW)
    barred = {
        *world.parties,
        *(w for word in ("interested", "recused", "mediated", "ruled") for w in world.marks[word]),
    }
    had: set[str] = set()
    for seat in whole.seats:
        acting = {seat.person, seat.acting}
        assert not acting & (barred | had | world.left.keys())
        assert not organisation.is_absent(seat.acting, at=NOW)
        assert organisation.is_absent(seat.person, at=NOW) == (seat.delegate is not None)
        if seat.delegate is not None:
            assert organisation.delegate_of(seat.person, at=NOW) == seat.delegate
        if seat.source is Source.SUPERIOR:
            assert seat.team is not None
            assert organisation.leader_of(seat.team, at=NOW) == seat.person
            paths = [organisation.path_up(organisation.team_of(p, at=OPENED)) for p in world.parties]
            assert all(seat.team in path for path in paths)
        else:
            assert seat.tier is Tier.PANEL
        had |= acting
    tiers = [seat.tier for seat in whole.seats]
    assert tiers == sorted(set(tiers))


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_nobody_nearer_was_left_out_without_a_reason(world: World) -> None:
    """DSP-12: everybody below the second tier, and on the panel before the third, sits or is named with a reason."""
    organisation = world.organisation
    whole = plan(sides=world.sides, bench=world.bench, at=NOW)
    accounted = {p.person for tier in whole.tiers for p in tier.passed_over} | {seat.person for seat in whole.seats}
    paths = [list(organisation.path_up(organisation.team_of(p, at=OPENED))) for p in world.parties]
    line = [team for team in paths[0] if all(team in path for path in paths)]
    leaders = [leader for team in line if (leader := organisation.leader_of(team, at=NOW)) is not None]
    superiors = [seat for seat in whole.seats if seat.source is Source.SUPERIOR]
    if len(superiors) == 2:
        leaders = leaders[: leaders.index(superiors[1].person)]
    panel = world.marks["panel"]
    ruling = next((s for s in whole.seats if s.source is Source.PANEL), None)
    if ruling is not None:
        panel = panel[: panel.index(ruling.person)]
    assert {*leaders, *panel} <= accounted


@settings(max_examples=200, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_listed_changes_nothing(world: World, chance: Random) -> None:
    """DSP-12: same facts, same arbitrator; only panel, oversight and named have an order."""
    expected = plan(sides=world.sides, bench=world.bench, at=NOW)
    organisation = world.organisation
    shuffled = world.sides
    for name in ("parties", "interested", "recused", "mediated", "ruled"):
        listed = list(getattr(shuffled, name))
        chance.shuffle(listed)
        shuffled = replace(shuffled, **{name: (*listed, *listed)})  # type: ignore[arg-type]
    turned = replace(
        organisation,
        people=dict(reversed(list(organisation.people.items()))),
        teams=dict(reversed(list(organisation.teams.items()))),
        grants=dict(reversed(list(organisation.grants.items()))),
    )
    assert plan(sides=shuffled, bench=replace(world.bench, organisation=turned), at=NOW) == expected


@settings(max_examples=300, deadline=None)
@given(worlds(), some, some)
def test_a_case_moves_up_or_stays_and_ends(world: World, away: list[str], recused: list[str]) -> None:
    """DSP-12: whatever happens, a re-assignment never goes down a tier, and every case runs out of tiers."""
    seat = plan(sides=world.sides, bench=world.bench, at=NOW).first
    history: list[Seat] = []
    for person in away:
        world.learn(f"absent {person}")
    world.marks["recused"] += recused
    while seat is not None:
        history.append(seat)
        found = reassignment(seat, sides=world.sides, bench=world.bench, at=NOW, history=history)
        if found.seat is None:
            break
        assert found.seat.tier >= seat.tier
        assert (found.bar is None) == (found.seat.person == seat.person)
        below = [s for s in history if s.tier < found.seat.tier]
        assert not {found.seat.person, found.seat.acting} & {p for s in below for p in (s.person, s.delegate)}
        history.append(found.seat)
        again = reassignment(found.seat, sides=world.sides, bench=world.bench, at=NOW, history=history)
        assert (again.seat, again.bar) == (found.seat, None)
        seat = plan_above(found.seat, sides=world.sides, bench=world.bench, at=NOW, history=history).first
        assert seat is None or seat.tier > found.seat.tier
