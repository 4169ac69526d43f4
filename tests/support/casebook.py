"""Worked cases as text: facts above, the advice on them below, in the words a reader sees (DSP-11).

A file of ``tests/domain/disputes/cases`` reads:

    # What it shows, and why it comes out that way.
    rules     ordered: named_account 40, first_report 40     mode, then ownership.rules with their weights
    set       ownership.time_margin_h = 1                    any other parameter, as JSON; several lines
    override  {"when": …, "set": …}                          as a policy stores it
    grounds   ownership
    opened    03-20 09:00
    parties   li wang
    contested E1                                             optional
    household li wang                                        optional: whose customers belong together
    fact      E1 report li 03-02 10:05 channel=partner       evidence, kind, person, time, options

    advice    party li                                       from here on: what must come out, word for word

Times are 2026 in Shanghai unless a year is given. `python -m tests.support.casebook FILE…` writes the reasons below an
``advice`` line that agrees; one that does not agree is left alone and reported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar import WorkingCalendar
from domain.disputes.advice import Advice, advise
from domain.disputes.facts import (
    Case,
    Choice,
    Contact,
    DecisionMaker,
    Fact,
    Fit,
    Grounds,
    Origin,
    Plan,
    Protection,
    Reception,
    Report,
    Sameness,
    Stage,
)
from domain.disputes.wording import Reader, outcome_text, passed_text, point_text, set_aside_text
from domain.policy import JSON, Policy
from domain.policy.overrides import Override

CASES = Path(__file__).parents[1] / "domain" / "disputes" / "cases"
ZONE = "Asia/Shanghai"
CALENDAR = WorkingCalendar(ZONE, frozenset(range(1, 6)), 540, 1080, {})
READER = Reader(zone=ZONE, names={"li": "李明", "wang": "王芳", "zhao": "赵强", "sun": "孙丽"})
VERSION = 3


@dataclass
class Worked:
    """One file, read."""

    name: str
    told: str
    policy: dict[str, JSON]
    overrides: list[Override]
    case: Case
    expected: str

    def advice(self, policy: dict[str, JSON] | None = None, case: Case | None = None) -> Advice:
        values = self.policy if policy is None else policy
        resolved = Policy.resolve(values, overrides=self.overrides, version=VERSION)
        return advise(case or self.case, policy=resolved, calendar=CALENDAR)


@dataclass
class _Draft:
    policy: dict[str, JSON] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    head: dict[str, str] = field(default_factory=dict)


def worked_cases() -> list[Worked]:
    return [read(path) for path in sorted(CASES.glob("*.txt"))]


def read(path: Path) -> Worked:
    text = path.read_text(encoding="utf-8")
    place = text.index("\nadvice ") + 1
    told, expected = text[:place], text[place:]
    draft = _Draft()
    for line in told.splitlines():
        if line.strip() and not line.startswith("#"):
            word, rest = line.split(None, 1)
            _take(draft, word, rest.strip())
    head = draft.head
    case = Case(
        grounds=Grounds(head.get("grounds", "ownership")),
        rivals=tuple(head["parties"].split()),
        opened_at=_at(head["opened"]),
        facts=tuple(draft.facts),
        contested=frozenset(head.get("contested", "").split()),
        customer_kind="company",
        household=tuple(head.get("household", "").split()),
    )
    return Worked(path.stem, told, draft.policy, draft.overrides, case, expected)


def outcome_line(advice: Advice) -> str:
    """``party li``, ``joint li: li 6000 wang 4000``, ``no_recommendation within_margin:first_report``."""
    outcome = advice.outcome
    if outcome is None:
        return f"no_recommendation {' '.join(advice.missing)}"
    said = [outcome.verdict.value, outcome.owner or ""]
    if outcome.same is not None:
        said.append("same" if outcome.same else "not_same")
    line = " ".join(word for word in said if word)
    shares = " ".join(f"{share.person} {share.share_bps}" for share in outcome.shares)
    return f"{line}: {shares}" if shares else line


def rendered(advice: Advice) -> str:
    """All of an advice as the files hold it."""
    return "\n".join(_lines(advice)) + "\n"


def _lines(advice: Advice) -> Iterator[str]:
    yield f"advice    {outcome_line(advice)}"
    yield from _texts(outcome_text(advice, reader=READER))
    yield f"tier 0    {'no: ' + ', '.join(advice.obstacles) if advice.obstacles else 'yes'}"
    if advice.mode == "weighted" and advice.points:
        yield f"total     {', '.join(f'{person} {total}' for person, total in advice.totals().items())}"
    for passed in advice.passed_over:
        yield ""
        yield f"passed    {passed.rule} {passed.why.value} {_cited(passed.evidence)}".rstrip()
        yield from _texts(passed_text(passed, reader=READER, policy_version=advice.policy_version))
    for point in advice.points:
        who = point.person or "-"
        yield ""
        yield f"point     {point.rule} {who} {point.points} {_cited(point.evidence)}".rstrip()
        yield from _texts(point_text(point, reader=READER, mode=advice.mode, policy_version=advice.policy_version))
    for item in advice.set_aside:
        yield ""
        yield f"aside     {item.evidence} {item.why.value}"
        yield from _texts(set_aside_text(item, reader=READER, policy_version=advice.policy_version))


def _texts(said: Any) -> Iterator[str]:
    yield f"    {said['zh']}"
    yield f"    {said['en']}"


def _cited(evidence: tuple[str, ...]) -> str:
    return " ".join(evidence)


def _take(draft: _Draft, word: str, rest: str) -> None:
    if word == "rules":
        mode, rules = rest.split(":")
        draft.policy["ownership.mode"] = mode.strip()
        draft.policy["ownership.rules"] = [
            {"rule": rule, "weight": int(weight)} for rule, weight in (part.split() for part in rules.split(","))
        ]
    elif word == "set":
        name, value = rest.split("=", 1)
        draft.policy[name.strip()] = json.loads(value)
    elif word == "override":
        draft.overrides.append(Override.of(json.loads(rest)))
    elif word == "fact":
        draft.facts.append(_fact(rest, len(draft.facts)))
    else:
        draft.head[word] = rest


def _fact(line: str, place: int) -> Fact:
    evidence, kind, *words = line.split()
    options = dict(word.split("=", 1) for word in words if "=" in word)
    flags = {word for word in words if word in ("false", "unanswered", "unqualified", "yes", "no")}
    plain = [word for word in words if "=" not in word and word not in flags]
    person = plain.pop(0) if kind != "same" else ""
    at = _at(" ".join(plain))
    origins = {"choice": Origin.CUSTOMER, "same": Origin.THIRD_PARTY}
    common: dict[str, Any] = {
        "evidence": evidence,
        "at": at,
        "entered_at": _at(options["entered"]) if "entered" in options else at,
        "origin": Origin(options["origin"]) if "origin" in options else origins.get(kind, Origin.SYSTEM),
        "corrects": options.get("corrects"),
    }
    match kind:
        case "report":
            return Report(
                **common,
                person=person,
                claim=options.get("claim", f"claim-{evidence}"),
                receipt=int(options.get("receipt", place)),
                channel=options.get("channel", "in_house"),
                false="false" in flags,
                ended_at=_at(options["ended"]) if "ended" in options else None,
            )
        case "protected":
            until = _at(options["until"]) if "until" in options else None
            return Protection(**common, person=person, claim=options.get("claim", f"claim-{evidence}"), until=until)
        case "call" | "message" | "meeting" | "visit" | "demo":
            answered, qualified = "unanswered" not in flags, not flags & {"unanswered", "unqualified"}
            return Contact(**common, person=person, kind=kind, answered=answered, qualified=qualified)
        case "reception":
            return Reception(**common, person=person)
        case "met":
            return DecisionMaker(**common, person=person, met=options["who"])
        case "stage":
            return Stage(**common, person=person, stage=options["stage"])
        case "named_account" | "territory":
            return Plan(**common, rule=kind, people=tuple(person.split(",")))
        case "choice":
            return Choice(**common, person=person)
        case "fit":
            return Fit(**common, person=person, score=Decimal(options["score"]))
        case "same":
            return Sameness(**common, same="yes" in flags)
    raise ValueError(f"no such kind of fact: {kind}")


def _at(text: str) -> datetime:
    written = text.replace("T", " ")
    if len(written.split("-")) == 2:
        written = f"2026-{written}"
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def _write(path: Path) -> bool:
    worked = read(path)
    advice = worked.advice()
    wanted = worked.expected.splitlines()[0].split(None, 1)[1].strip()
    if outcome_line(advice) != wanted:
        print(f"{path.name}: wanted {wanted!r}, found\n{rendered(advice)}", file=sys.stderr)
        return False
    path.write_text(worked.told + rendered(advice), encoding="utf-8")
    return True


if __name__ == "__main__":
    written = [_write(Path(name)) for name in sys.argv[1:]]
    sys.exit(0 if all(written) else 1)
