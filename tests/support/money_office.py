"""A company whose deals are decided in memory: the very decisions of a drain, without a database (design section 2).

Anna owns the customer; whoever else is here has a report of it that was refused. The ledger is what the decisions
post, kept by account; a deal's accounts must always be what :func:`domain.money.positions.positions` says of the deal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.calendar import WorkingCalendar, parse_office_hours
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim
from domain.disputes.model import Dispute, Window
from domain.matters.decide import decide
from domain.matters.draft import Draft, Notice, Reward, Task
from domain.matters.inbox import next_instant, next_item
from domain.matters.matter import Command, CommandKind, Matter
from domain.matters.setting import PolicyContent, Setting
from domain.money.booking import share_of
from domain.money.entries import set_off_entries
from domain.money.model import Account, Deal, Entry, PerformanceLine, Plan, Rate
from domain.money.performance import Counted, counted
from domain.money.positions import positions
from domain.money.shares import digest_of
from domain.people.organisation import (
    ChangeKind,
    Grant,
    Organisation,
    Person,
    PersonChange,
    Role,
    ScopeKind,
    Span,
    Team,
)
from domain.pools.pool import Group, Pool
from domain.programs.program import Migration, PolicyVersion, Program
from domain.refusals import Refusal

EVER = datetime(2020, 1, 1, tzinfo=UTC)
#: Monday, 2026-03-02, 09:00 in Shanghai.
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
PROGRAM, MATTER, CUSTOMER = "program", "matter", "customer"
REPS = ("anna", "bob", "carol", "dora", "emil", "fred")
OTHERS = ("lead", "top", "panel", "fin", "fin2", "admin")
PEOPLE = {name: number for number, name in enumerate((*REPS, *OTHERS), start=1)}

#: Nothing settles a case by itself, and every customer stays where they are however long a test takes.
QUIET: Mapping[str, Any] = {
    "dispute.auto_settle": False,
    "claim.after_deal_days": 0,
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
}


@dataclass
class Office:
    """``rates`` are lines of one plan in force for ever; ``policy`` are parameters of the program."""

    rates: Sequence[tuple[Mapping[str, str], int]] = (({}, 500),)
    policy: Mapping[str, Any] = field(default_factory=dict)
    partners: Mapping[str, str] = field(default_factory=dict)
    track: str = "sales"
    level: str | None = None
    twice: bool = False
    now: datetime = START
    opened: datetime = EVER  # when the program began
    entries: list[Entry] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    closed_tasks: list[str] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    performance: list[PerformanceLine] = field(default_factory=list)
    minted: int = 0
    memberships: dict[str, list[Span]] = field(default_factory=dict)
    versions: list[tuple[datetime, Mapping[str, Any]]] = field(default_factory=list)
    migrations: list[Migration] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.matter = Matter(
            id=MATTER,
            program=PROGRAM,
            customer=CUSTOMER,
            customer_kind="company",
            customer_level=self.level,
            project=None,
            awarded_on=None,
            track=self.track,
            last_at=EVER,
        )
        for person in REPS:
            self.matter = self.matter.with_claim(self._claim(person))

    # --- what people do ----------------------------------------------------------------------------------------------

    def win(self, amount: int, *, by: str = "anna", kind: CommandKind = CommandKind.WIN, **data: Any) -> str:
        """A deal on the claim that holds; its id."""
        deal = self.mint("deal")
        told = {
            "deal": deal,
            "amount_minor": amount,
            "currency": "CNY",
            "deal_kind": "new",
            "contract_at": self.now,
            "contract_end": None,
            "product": None,
            "external_id": None,
            "by": by,
            **data,
        }
        self.tell(kind, by=by, data=told)
        return deal

    def receive(self, deal: str, amount: int, **data: Any) -> str:
        """A receipt, under a reference of its own; its id."""
        told = {"id": self.mint("receipt"), "amount_minor": amount, "at": self.now, "reference": self.mint("ref")}
        self.tell(CommandKind.DEAL_RECEIPT, by="fin", data={"deal": deal, **told, **data})
        return str(told["id"])

    def refund(self, deal: str, amount: int, *, by: str = "fin", **data: Any) -> str:
        """A refund, under a reference of its own; its id."""
        told = {"id": self.mint("refund"), "amount_minor": amount, "at": self.now, "reference": self.mint("ref")}
        self.tell(CommandKind.DEAL_REFUND, by=by, data={"deal": deal, **told, "text": "text", **data})
        return str(told["id"])

    def stage(self, deal: str, name: str) -> str:
        """A stage with its proof; its id."""
        told = {"id": self.mint("stage"), "stage": name, "at": self.now, "text": "text"}
        self.tell(CommandKind.DEAL_STAGE, by="fin", data={"deal": deal, **told})
        return told["id"]

    def reverse(self, deal: str, told: str, *, by: str = "fin", reason: str = "mistaken") -> None:
        """What was told under the id ``told`` was a mistake."""
        data = {"deal": deal, "told": told, "text": "text", "digest": f"digest of {reason}"}
        self.tell(CommandKind.DEAL_REVERSAL, by=by, data=data)

    def share(self, deal: str, parts: Mapping[str, int], *, consenting: Sequence[str] | None = None) -> None:
        """Shares that the owner proposes and ``consenting`` (everybody they name) accept."""
        shares = [share_of(self.setting.organisation, person, bps) for person, bps in parts.items()]
        digest = digest_of(deal, shares)
        holder = self.matter.owner_claim
        owner = (holder.owner if holder is not None else None) or ""
        told = {"deal": deal, "shares": [list(part) for part in parts.items()], "digest": digest}
        self.tell(CommandKind.DEAL_SHARES, by=owner, data=told)
        proposed = self.matter.deals[deal].proposed
        wanted = [p for p in (proposed.needs if proposed else ()) if p != owner]
        for person in wanted if consenting is None else consenting:
            self.tell(CommandKind.DEAL_SHARES_ACCEPT, by=person, data={"deal": deal, "digest": digest})

    def report(self, person: str) -> str:
        """Nobody holds the customer, and ``person`` reports it anew; the claim's id."""
        fresh = replace(self._claim("anna"), id=self.mint("claim"), reporter=person, owner=person, receipt=self.minted)
        self.matter = replace(self.matter.with_claim(fresh), pooled=False, pool_at=None)
        return fresh.id

    def allocate(self, deal: str, claim: str) -> None:
        """The supervisor gives a deal of nobody's to the owner of ``claim``."""
        self.tell(CommandKind.DEAL_ALLOCATE, by="lead", data={"deal": deal}, claim=claim)

    def pay(self, deal: str, person: str, amount: int | None = None) -> None:
        """A payout run pays ``amount``, or all that is payable."""
        payee = self._payee(person)
        payable = positions(self.matter.deals[deal])[payee].payable
        told = {"payee": payee, "amount_minor": payable if amount is None else amount, "payout": self.mint("payout")}
        self.tell(CommandKind.DEAL_PAID, by=None, data={"deal": deal, **told})

    def set_off(self, paying: str, owing: str, person: str, amount: int) -> None:
        """A payout run fills what ``person`` owes for one deal with what another brings them (COM-10)."""
        fresh, entries = set_off_entries(
            self.matter.deals[paying],
            self.matter.deals[owing],
            payee=self._payee(person),
            amount_minor=amount,
            cause=f"payout/{self.mint('payout')}",
            at=self.now,
        )
        for deal in fresh:
            self.matter = self.matter.with_deal(deal)
        self.entries += entries

    def leave(self, person: str) -> None:
        """``person`` leaves the company now."""
        self.left.append(person)
        self.changes = (*self.changes, PersonChange(len(self.changes) + 1, person, ChangeKind.LEFT, self.now))
        self._setting = None
        self.advance(seconds=1)

    def move(self, person: str, team: str) -> None:
        """``person`` belongs to another team from now on; the customers stay."""
        self.now += timedelta(seconds=1)
        spans = self.memberships.setdefault(person, [Span(person, self._team(person), EVER, None)])
        spans[-1] = replace(spans[-1], end=self.now)
        spans.append(Span(person, team, self.now, None))
        self._setting = None

    def change_policy(self, name: str, value: Any) -> None:
        """Another version of the program's policy takes effect now."""
        self.now += timedelta(seconds=1)
        former = self.versions[-1][1] if self.versions else self.policy
        self.versions.append((self.now, {**former, name: value}))
        self._setting = None

    def plan(self, *rates: tuple[Mapping[str, str], int]) -> None:
        """The plan has had these lines all along: finance adds, before the day is over, what was missing."""
        self.rates = rates
        self._setting = None

    def go_live(self) -> datetime:
        """The trial of the program ends, and every claim takes that in; the instant of it."""
        self.change_policy("program.mode", "live")
        at, number = self.now, len(self.versions) + 1
        self.migrations.append(Migration(1, PolicyVersion(f"policy-{number}", number, at), at, None, goes_live=True))
        self.advance(seconds=1)
        return at

    # --- cases -------------------------------------------------------------------------------------------------------

    def dispute(self, opener: str = "bob", *, grounds: str = "ownership", joining: Sequence[str] = ()) -> str:
        """``opener`` contests the customer; ``joining`` join."""
        case = self.mint("dispute")
        for person in (opener, *joining):
            self.tell(
                CommandKind.DISPUTE_OPEN,
                by=person,
                claim=f"claim-{person}",
                data={"dispute": case, "number": 1, "grounds": grounds, "statement": "text", "asks": None},
            )
        return case

    @property
    def case(self) -> Dispute:
        """The latest case."""
        return list(self.matter.disputes.values())[-1]

    def rule(self, outcome: str, *, owner: str | None = None, shares: Mapping[str, int] | None = None) -> None:
        """Everybody waives and is heard, and whoever has the case rules."""
        case = {"dispute": self.case.id}
        if self.case.state.value == "negotiating":
            for party in self.case.parties:
                self.tell(CommandKind.DISPUTE_WAIVE, by=party.represented_by or party.person, data=case)
        for party in self.case.parties:
            self.tell(CommandKind.DISPUTE_HEARD, by=party.represented_by or party.person, data=case)
        self.tell(
            CommandKind.DISPUTE_RULE,
            by=self.case.arbitrator,
            data={
                **case,
                "outcome": _outcome(outcome, owner, shares),
                "facts": "text",
                "reason": "text",
                "evidence": [],
                "follows_advice": True,
            },
        )

    def appeal(self, person: str) -> None:
        """``person`` appeals on evidence that is new."""
        item = self.mint("evidence")
        case = {"dispute": self.case.id}
        told = {**case, "evidence": item, "kind": "file", "digest": "digest", "origin": "party"}
        self.tell(CommandKind.DISPUTE_EVIDENCE, by=person, data=told)
        self.tell(CommandKind.DISPUTE_APPEAL, by=person, data={**case, "evidence": [item], "reason": "text"})

    def appeal_time_over(self) -> None:
        """Nobody appeals (any more): the ruling is final."""
        ends = self.case.window(Window.APPEAL)
        if ends is not None:
            self.run(ends + timedelta(seconds=1))

    def settle(self, outcome: str, *, owner: str | None = None, shares: Mapping[str, int] | None = None) -> None:
        """All parties agree."""
        first, *rest = self.case.parties
        case, n = self.case.id, len(self.case.proposals) + 1
        self.tell(
            CommandKind.DISPUTE_PROPOSE,
            by=first.represented_by or first.person,
            data={
                "dispute": case,
                "terms": _outcome(outcome, owner, shares),
                "text": "text",
                "digest": f"digest-{n}",
            },
        )
        for party in rest:
            by = party.represented_by or party.person
            self.tell(CommandKind.DISPUTE_AGREE, by=by, data={"dispute": case, "n": n, "digest": f"digest-{n}"})

    def withdraw(self) -> None:
        """The opener gives up and nobody carries the case on."""
        opener = self.case.party(self.case.opened_by)
        by = (opener.represented_by if opener is not None else None) or self.case.opened_by
        self.tell(CommandKind.DISPUTE_WITHDRAW, by=by, data={"dispute": self.case.id, "reason": "text"})
        ends = self.case.window(Window.CONTINUE)
        if ends is not None:
            self.run(ends + timedelta(seconds=1))

    # --- the drain ---------------------------------------------------------------------------------------------------

    def tell(self, kind: CommandKind, *, by: str | None, data: Mapping[str, Any], claim: str | None = None) -> None:
        """A command is received and decided; a refusal raises."""
        refused = self.attempt(kind, by=by, data=data, claim=claim)
        if refused is not None:
            raise refused

    def attempt(
        self, kind: CommandKind, *, by: str | None, data: Mapping[str, Any], claim: str | None = None
    ) -> Refusal | None:
        """The same, where a refusal is the answer."""
        self.now += timedelta(seconds=1)
        command = Command(
            id=self.mint("command"),
            kind=kind,
            claim=claim or self._claim_for(data),
            actor=by,
            received_at=self.now,
            data=data,
        )
        self.take(command)
        self.run(self.now)
        return self.refusals.get(command.id)

    def take(self, command: Command) -> None:
        """A command is received, and waits."""
        self.matter = replace(self.matter, commands=(*self.matter.commands, command))

    def advance(self, **length: float) -> None:
        """Time passes, and what falls due is decided."""
        self.run(self.now + timedelta(**length))

    def run(self, until: datetime) -> None:
        """Decide everything up to ``until``."""
        self.now = max(self.now, until)
        while (item := next_item(self.matter, setting=self.setting, now=self.now)) is not None:
            minted = self.minted
            draft = decide(self.matter, item, setting=self.setting, mint=self.mint)
            if self.twice:  # a transaction that is tried again must post the same (COM-06)
                again, self.minted = self.minted, minted
                assert decide(self.matter, item, setting=self.setting, mint=self.mint).entries == draft.entries
                assert self.minted == again
            self._apply(draft)

    def next_due(self) -> datetime | None:
        """The next instant at which anything happens by itself."""
        streams = (*self.matter.claims, *self.matter.disputes)
        found = [next_instant(self.matter, stream, setting=self.setting) for stream in streams]
        return min((at for at in found if at is not None), default=None)

    # --- what is seen ------------------------------------------------------------------------------------------------

    def balances(self) -> dict[tuple[str, str], int]:
        """What the entries add up to, by account and currency; zeros left out."""
        found: defaultdict[tuple[str, str], int] = defaultdict(int)
        for entry in self.entries:
            for posting in entry.postings:
                found[posting.account, posting.currency] += posting.amount_minor
        return {key: amount for key, amount in found.items() if amount}

    def of(self, person: str, account: Account, currency: str = "CNY") -> int:
        """One balance of a person."""
        return self.balances().get((f"person:{person}:{account.value}", currency), 0)

    def check(self) -> None:
        """The ledger is what the deals say, deal by deal; every entry balances; no cause posted twice (COM-06).

        What was counted in all months together is what each deal counts for now (COM-13).
        """
        assert len({entry.key for entry in self.entries}) == len(self.entries), "a cause posted twice"
        assert len({(line.key, line.person) for line in self.performance}) == len(self.performance), "counted twice"
        for deal in self.matter.deals.values():
            expected = {
                position.payee.account(account): position.at(account)
                for position in positions(deal).values()
                for account in Account
                if position.at(account)
            }
            assert self._of_deal(deal) == expected, deal.id
            assert self._counts_of(deal) == counted(deal), deal.id

    @property
    def setting(self) -> Setting:
        """The company as it is now."""
        if self._setting is None:
            self._setting = self._built()
        return self._setting

    def mint(self, word: str = "id") -> str:
        """An id that tells what it is of."""
        self.minted += 1
        return f"{word}-{self.minted}"

    _setting: Setting | None = None
    changes: tuple[PersonChange, ...] = ()

    def _team(self, person: str) -> str:
        if person in self.memberships:
            return self.memberships[person][-1].object
        return "sales" if person in (*REPS, "lead") else "root"

    def _counts_of(self, deal: Deal) -> dict[str, Counted]:
        found: dict[str, Counted] = {}
        for line in self.performance:
            if line.deal == deal.id:
                known = found.get(line.person, Counted())
                found[line.person] = Counted(known.amount_minor + line.amount_minor, known.share_bps + line.share_bps)
        return {person: one for person, one in found.items() if one != Counted()}

    def _apply(self, draft: Draft) -> None:
        self.matter = draft.matter
        self.entries += draft.entries
        self.performance += draft.performance
        self.rewards += draft.rewards
        self.notices += draft.notices
        self.tasks += draft.tasks
        self.closed_tasks += draft.closed_tasks
        self.refusals |= {answer.command: answer.refusal for answer in draft.answers if answer.refusal is not None}

    def _of_deal(self, deal: Deal) -> dict[str, int]:
        found: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            if entry.deal == deal.id:
                for posting in entry.postings:
                    if not posting.account.startswith("company:"):
                        found[posting.account] += posting.amount_minor
        return {account: amount for account, amount in found.items() if amount}

    def _payee(self, name: str) -> str:
        return f"{'partner' if name in self.partners.values() else 'person'}:{name}"

    def _claim_for(self, data: Mapping[str, Any]) -> str:
        deal = self.matter.deals.get(data.get("deal", ""))
        if deal is not None and deal.claim is not None:
            return deal.claim
        holder = self.matter.owner_claim
        return holder.id if holder is not None else "claim-anna"

    def _claim(self, person: str) -> Claim:
        owns = person == "anna"
        return Claim(
            id=f"claim-{person}",
            receipt=PEOPLE[person],
            matter=MATTER,
            program=PROGRAM,
            reporter=person,
            team="sales",
            state=ClaimState.PROTECTED if owns else ClaimState.REJECTED,
            received_at=EVER,
            rank_at=EVER,
            terms=self.setting.terms_at(PROGRAM, at=START),
            owner="anna" if owns else None,
            accepted_at=EVER if owns else None,
            ended_at=None if owns else START,
            reason=None if owns else "customer_owned",
            decided=True,
        )

    def _built(self) -> Setting:
        start, end = parse_office_hours("09:00-18:00")
        changed = [(f"policy-{n}", at, values) for n, (at, values) in enumerate(self.versions, start=2)]
        versions = (
            PolicyVersion("policy", 1, self.opened),
            *(PolicyVersion(id_, n, at) for n, (id_, at, _) in enumerate(changed, start=2)),
        )
        rates = tuple(Rate(when, bps, f"r{place}") for place, (when, bps) in enumerate(self.rates, start=1))
        grants = [("fin", Role.FINANCE), ("fin2", Role.FINANCE), ("admin", Role.ADMIN)]
        grants += [(person, Role.REP) for person in REPS]
        return Setting(
            revision=1,
            organisation=Organisation(
                people={
                    name: Person(
                        name,
                        number,
                        self._team(name),
                        name not in self.left,
                        self.partners.get(name),
                    )
                    for name, number in PEOPLE.items()
                },
                teams={
                    "root": Team("root", None, "top"),
                    "sales": Team("sales", "root", "lead"),
                    "north": Team("north", "root", None),
                },
                root="root",
                memberships=self.memberships,
                grants={
                    person: (Grant(f"grant-{person}", person, role, ScopeKind.COMPANY, None, EVER, None),)
                    for person, role in grants
                },
                changes={
                    person: tuple(change for change in self.changes if change.person == person) for person in self.left
                },
            ),
            programs={
                PROGRAM: Program(
                    id=PROGRAM,
                    open=True,
                    calendar="calendar",
                    default_pool="pool",
                    oversight=("top",),
                    panel=("panel",),
                    members=(),
                    policies=versions,
                    migrations=self.migrations,
                    pools=(
                        Pool(
                            id="pool",
                            program=PROGRAM,
                            is_default=True,
                            admins_only=False,
                            members=Group(),
                            admins=frozenset(),
                            windows=None,
                            rule=None,
                            priority=None,
                            created_at=EVER,
                        ),
                    ),
                )
            },
            company_policies=(PolicyVersion("company", 1, EVER),),
            policies={
                "company": PolicyContent({}, ()),
                "policy": PolicyContent({**QUIET, **self.policy}, ()),
                **{id_: PolicyContent({**QUIET, **values}, ()) for id_, _, values in changed},
            },
            calendars={
                "calendar": WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), start, end, {}),
            },
            plans={PROGRAM: (Plan("plan", 1, PROGRAM, date(2020, 1, 1), rates),)} if rates else {},
        )


def _outcome(word: str, owner: str | None, shares: Mapping[str, int] | None) -> dict[str, Any]:
    return {
        "outcome": word,
        "owner": owner,
        "shares": [{"person": person, "share_bps": bps} for person, bps in (shares or {}).items()],
        "same": None,
    }
