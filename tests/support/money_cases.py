"""Worked money cases as text: what happens line by line, and below a line what everybody's accounts must be then.

A file of ``tests/domain/money/cases`` reads:

    # What it shows, with the sum that a reader can check.
    currency  CNY                                   default; JPY has no minor unit, KWD three places
    rate      5 %                                   a line of the plan; `rate 2 % kind=renewal` has a condition
    set       commission.release = {"contract": 30, "first_payment": 30, "full_payment": 40}
    partner   bob acme                              bob is a broker of acme

    win       d1 10000.00                           anna's deal; options kind= product= on=2026-03-09
        anna  accrued 500.00                        whoever is not named has nothing at all
    shares    d1 anna 70 bob 30                     proposed by the owner, accepted by everybody

Further lines: deal, set d1 ..., propose d1 ..., receive, refund, approve_refund d1, stage, assist d1 carol [amount | 3
points], amend, cancel, pay d1 anna [amount], setoff d1 d2 anna amount, dispute bob [carol ...], rule party bob | joint
bob anna 30 bob 70 | pool | no_change, settle ..., appeal bob, final, withdraw, dismiss, transfer carol [past 30], leave
anna, hand_over carol, days 200, report dora (nobody holds the customer any more), allocate d1 (to whoever reported),
reverse d1 receipt 400.00 | refund 400.00 | stage contract | assist carol [by=fin2] [because=a-word].
``refused split_total: shares d1 anna 60 bob 30`` says that a line must be refused.

What a line counts for as performance stands below it too, month, team and part first; what it corrects is named by the
verb that counted first (accrue, recognise, ...). ``0000-00`` says that it counts for nothing:

    cancel    d1
        2026-05 anna sales -100 % -10000.00 corrects accrue

until 2026-04-06 lets time pass, move anna north puts anna into that team, policy performance.close_day = 9 is a new
version of the rules.

Amounts are in major units with the places that the currency has; parts are per cent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.matters.matter import CommandKind
from domain.money.model import Overlay, PerformanceLine, Receipt, Refund, StageProof
from domain.money.performance import may_count_in
from domain.refusals import Refusal
from tests.support.money_office import Office

CASES = Path(__file__).parents[1] / "domain" / "money" / "cases"
PLACES = {"CNY": 2, "USD": 2, "JPY": 0, "KWD": 3}
MONTH = re.compile(r" +\d{4}-\d{2} ?")
PER_CENT = re.compile(r"(\w+) (\d+(?:\.\d+)?)(?= |$)")


@dataclass
class Step:
    """One line of a case, and what must stand below it: all accounts, and what the line counts for in which month.

    None: it does not say.
    """

    line: str
    place: int
    accounts: dict[str, dict[str, str]] | None = None
    counts: list[str] | None = None


@dataclass
class Worked:
    """One file, read. ``rates`` are (basis points, conditions)."""

    name: str
    told: str
    currency: str = "CNY"
    rates: list[tuple[Decimal, dict[str, str]]] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    partners: dict[str, str] = field(default_factory=dict)
    track: str = "sales"
    steps: list[Step] = field(default_factory=list)

    def play(self) -> Office:
        """Run it; AssertionError where an account is not what is written."""
        office = Office(
            rates=[(when, int(pct * 100)) for pct, when in self.rates],
            policy=self.policy,
            partners=self.partners,
            track=self.track,
        )
        played = _Play(office, self.currency)
        for step in self.steps:
            played.do(step.line)
            office.check()
            if step.counts is not None:
                assert played.counts() == step.counts, f"{self.name}:{step.place}: {step.line}"
            if step.accounts is not None:
                assert played.accounts() == step.accounts, f"{self.name}:{step.place}: {step.line}"
        for line in office.performance:  # what a check of the books asks of each
            assert line.month in may_count_in(office.setting, line), f"{self.name}: {line}"
        return office

    def with_rate(self, place: int, pct: Decimal) -> Worked:
        """The same case under a plan in which one rate differs."""
        rates = [(pct if i == place else was, when) for i, (was, when) in enumerate(self.rates)]
        return replace(self, rates=rates)

    def share_changes(self) -> Iterator[tuple[str, Worked]]:
        """The same case once for every part that somebody is given: one per cent more, at the cost of another."""
        for place, step in enumerate(self.steps):
            words = step.line.split()
            if words[0] not in ("shares", "set", "rule", "settle") or "refused" in step.line:
                continue
            parts = [m for m in PER_CENT.finditer(step.line) if m[1] not in ("d1", "d2", "d3")]
            for i, part in enumerate(parts):
                other = parts[i - 1]
                if other is part:
                    continue
                changed = _changed(step.line, {part.start(2): (part[2], 1), other.start(2): (other[2], -1)})
                steps = [*self.steps[:place], replace(step, line=changed), *self.steps[place + 1 :]]
                yield f"{self.name}:{step.place}: {changed}", replace(self, steps=steps)


def worked_cases() -> list[Worked]:
    """Every case there is, in the order of their names."""
    return [read(path) for path in sorted(CASES.glob("*.txt"))]


def read(path: Path) -> Worked:
    """A file as a case."""
    lines = path.read_text("utf-8").splitlines()
    case = Worked(name=path.stem, told=" ".join(line[1:].strip() for line in lines if line.startswith("#")))
    for place, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            _expect(case.steps[-1], line)
            continue
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        match word:
            case "currency":
                case.currency = rest
            case "track":
                case.track = rest
            case "rate":
                pct, _, when = rest.partition("%")
                case.rates.append((Decimal(pct.strip()), dict(part.split("=") for part in when.split())))
            case "set" if "=" in rest:
                name, _, value = rest.partition("=")
                case.policy[name.strip()] = json.loads(value)
            case "partner":
                person, partner = rest.split()
                case.partners[person] = partner
            case _:
                case.steps.append(Step(" ".join(line.split()), place))
    return case


def _expect(step: Step, line: str) -> None:
    if MONTH.match(line):
        step.counts = step.counts or []
        if not line.strip().startswith("0000-00"):
            step.counts.append(" ".join(line.split()))
        return
    step.accounts = step.accounts or {}
    person, *words = line.split()
    if person != "nobody":
        step.accounts[person] = dict(zip(words[::2], words[1::2], strict=True))


def _changed(line: str, by: dict[int, tuple[str, int]]) -> str:
    for at in sorted(by, reverse=True):
        was, step = by[at]
        line = f"{line[:at]}{Decimal(was) + step}{line[at + len(was) :]}"
    return line


class _Play:
    """The lines of a case, done in an office. ``d1`` and the like name its deals."""

    def __init__(self, office: Office, currency: str) -> None:
        self.office, self.currency = office, currency
        self.deals: dict[str, str] = {}
        self.reported = ""
        self.counted = 0

    def do(self, line: str) -> None:
        """One line; what it refuses must be what it says."""
        self.counted = len(self.office.performance)
        if line.startswith("refused "):
            said, _, rest = line.removeprefix("refused ").partition(": ")
            assert self._refusal(rest) == said, line
            return
        self._step(line)

    def accounts(self) -> dict[str, dict[str, str]]:
        """What everybody has, in the words of a case; what somebody owes is shown positive, as to its owner."""
        found: dict[str, dict[str, str]] = {}
        for (account, currency), amount in sorted(self.office.balances().items()):
            assert currency == self.currency
            kind, person, name = account.split(":") if account.count(":") == 2 else ("company", "", "")
            if kind != "company":
                found.setdefault(person, {})[name] = self._written(-amount if name == "receivable" else amount)
        return found

    def counts(self) -> list[str]:
        """What the last line counted for, in the words of a case."""
        return [self._counts(line) for line in self.office.performance[self.counted :]]

    def _counts(self, line: PerformanceLine) -> str:
        part = f"{Decimal(line.share_bps) / 100:f}".removesuffix(".00")
        said = f"{line.month} {line.person} {line.team} {part} % {self._written(line.amount_minor)}"
        return f"{said} corrects {line.corrects.rpartition(':')[2]}" if line.corrects is not None else said

    def _refusal(self, line: str) -> str | None:
        try:
            self._step(line)
        except Refusal as refusal:
            return refusal.code
        return None

    def _step(self, line: str) -> None:
        verb, *words = line.split()
        office = self.office
        told: dict[str, Any]
        match verb, words:
            case "win" | "deal", [name, amount, *options]:
                told = dict(option.split("=") for option in options)
                data: dict[str, Any] = {"currency": self.currency, "deal_kind": told.get("kind", "new")}
                if "product" in told:
                    data["product"] = told["product"]
                if "on" in told:
                    data["contract_at"] = _morning(told["on"])
                kind = CommandKind.WIN if verb == "win" else CommandKind.DEAL
                by = told.get("by", "fin" if verb == "deal" else "anna")
                self.deals[name] = office.win(self._minor(amount), by=by, kind=kind, **data)
            case "shares", [name, *parts]:
                office.share(self.deals[name], _parts(parts))
            case "propose", [name, *parts]:
                office.share(self.deals[name], _parts(parts), consenting=())
            case "set", [name, *parts]:
                told = {"deal": self.deals[name], "shares": [list(p) for p in _parts(parts).items()], "text": "text"}
                office.tell(CommandKind.DEAL_SHARES_SET, by="lead", data=told)
            case "receive", [name, amount, *on]:
                told = {"at": _morning(on[0].removeprefix("on="))} if on else {}
                office.receive(self.deals[name], self._minor(amount), **told)
            case "refund", [name, amount]:
                office.refund(self.deals[name], self._minor(amount))
            case "approve_refund", [name]:
                last = office.matter.deals[self.deals[name]].refunds[-1]
                office.refund(self.deals[name], last.amount_minor, by="fin2", at=last.at, reference=last.reference)
            case "stage", [name, stage]:
                office.stage(self.deals[name], stage)
            case "reverse", [name, kind, named, *options]:
                told = dict(option.split("=") for option in options)
                by, reason = told.get("by", "fin"), told.get("because", "mistaken")
                office.reverse(self.deals[name], self._told(name, kind, named), by=by, reason=reason)
            case "assist", [name, person, *rest]:
                given: dict[str, Any] = {"deal": self.deals[name], "id": office.mint("assist"), "person": person}
                match rest:
                    case [points, "points"]:
                        given["points"] = int(points)
                    case [amount]:
                        given["amount_minor"] = self._minor(amount)
                office.tell(CommandKind.DEAL_ASSIST, by="anna", data=given)
            case "amend", [name, amount]:
                deal = office.matter.deals[self.deals[name]]
                told = {"deal": deal.id, "version": deal.version, "amount_minor": self._minor(amount)}
                office.tell(CommandKind.DEAL_AMEND, by="fin", data=told)
            case "cancel", [name, *by]:
                told = {"deal": self.deals[name], "text": "text"}
                office.tell(CommandKind.CANCEL_DEAL, by=by[0] if by else "fin", data=told)
            case "report", [person]:
                self.reported = office.report(person)
            case "allocate", [name]:
                office.allocate(self.deals[name], self.reported)
            case "pay", [name, person, *amounts]:
                office.pay(self.deals[name], person, self._minor(amounts[0]) if amounts else None)
            case "setoff", [one, other, person, amount]:
                office.set_off(self.deals[one], self.deals[other], person, self._minor(amount))
            case "dispute", [opener, *joining]:
                office.dispute(opener, joining=joining)
            case "rule", [outcome, *rest]:
                office.rule(outcome, **_outcome(rest))
            case "settle", [outcome, *rest]:
                office.settle(outcome, **_outcome(rest))
            case "appeal", [person]:
                office.appeal(person)
            case "final", []:
                office.appeal_time_over()
            case "withdraw", []:
                office.withdraw()
            case "dismiss", []:
                told = {"dispute": office.case.id, "reason": "text"}
                office.tell(CommandKind.DISPUTE_DISMISS, by="top", data=told)
            case "transfer", [to, *past]:
                self._transfer(to, int(Decimal(past[1]) * 100) if past else None)
            case "leave", [person]:
                office.leave(person)
            case "hand_over", [to]:
                holder = office.matter.owner_claim
                assert holder is not None
                told = {"to": to, "text": None}
                office.tell(CommandKind.TRANSFER, by="lead", data=told)
            case "until", [day]:
                office.run(_morning(day))
            case "move", [person, team]:
                office.move(person, team)
            case "policy", [name, "=", value]:
                office.change_policy(name, json.loads(value))
            case "days", [count]:
                office.advance(days=float(count))
            case _:
                raise ValueError(line)

    def _told(self, deal: str, kind: str, named: str) -> str:
        """The id of what was told about ``deal``, reversed or not: named by amount, stage or person."""
        of = self.office.matter.deals[self.deals[deal]]
        for one in (*of.told, *(reversal.told for reversal in of.reversals)):
            match one:
                case StageProof(stage=stage) if (kind, named) == ("stage", stage):
                    return one.id
                case Overlay(person=person) if (kind, named) == ("assist", person):
                    return one.id
                case Receipt(amount_minor=amount) if kind == "receipt" and named == self._written(amount):
                    return one.id
                case Refund(amount_minor=amount) if kind == "refund" and named == self._written(amount):
                    return one.id
        raise ValueError(f"{deal} {kind} {named}")

    def _transfer(self, to: str, past: int | None) -> None:
        office = self.office
        holder = office.matter.owner_claim
        assert holder is not None
        told: dict[str, Any] = {"to": to, "text": None, "past_share_bps": past}
        office.tell(CommandKind.TRANSFER, by=holder.owner, data=told)
        asked = list(office.matter.requests.values())[-1]
        office.tell(CommandKind.REQUEST_ACCEPT, by=to, data={"request": asked.id})

    def _minor(self, amount: str) -> int:
        minor = Decimal(amount).scaleb(PLACES[self.currency])
        assert minor == int(minor), amount
        return int(minor)

    def _written(self, minor: int) -> str:
        places = PLACES[self.currency]
        return f"{Decimal(minor).scaleb(-places):.{places}f}"


def _morning(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def _parts(words: list[str]) -> dict[str, int]:
    return {person: int(Decimal(pct) * 100) for person, pct in zip(words[::2], words[1::2], strict=True)}


def _outcome(words: list[str]) -> dict[str, Any]:
    return {"owner": words[0] if words else None, "shares": _parts(words[1:]) or None}
