"""The company of a walk through money with its matter in a database as well: commands → drain → rows of the ledger.

What is told is decided in memory and written as a command row that the product's drain decides; the walk then reads
balances from postings in the database. Every drain runs twice, and some are undone at their commit or fail after all
was written, and are run again. In memory people are called by name; in the database they have ids.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Final, TypeVar, cast
from uuid import UUID, uuid5

import sqlalchemy as sa

from activities.matters import DrainInput, MatterActivities
from activities.ports import StoreTroubleError
from domain.calendar import WorkingCalendar
from domain.claims.lifecycle import ENDED
from domain.claims.model import Claim
from domain.matters.inbox import next_instant
from domain.matters.matter import Command, CommandKind
from domain.matters.setting import PolicyContent, Setting
from domain.money.entries import set_off_entries
from domain.money.model import COMPANY
from domain.refusals import Refusal
from storage import deals, ledger, matters
from storage import tables as t
from storage.claim_rows import claim_row
from storage.database import Transaction
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots
from tests.model import stopped_clock
from tests.model.stopped_clock import StoppedDatabase
from tests.support.money_office import CUSTOMER, EVER, MATTER, PEOPLE, PROGRAM, Office

T = TypeVar("T")

#: How many of a hundred drains are undone at their commit, and how many fail when everything is written.
UNDONE, FAILING = 20, 10
#: Told a second time with the very same content, in so many of a hundred cases (COM-06).
TOLD_AGAIN = 20
_REPEATABLE: Final = (
    CommandKind.DEAL_RECEIPT,
    CommandKind.DEAL_REFUND,
    CommandKind.DEAL_STAGE,
    CommandKind.DEAL_REVERSAL,
)
#: What the office calls things that have an id: people, and what it mints.
_THING: Final = re.compile(r"claim-[a-z]+|[a-z]+-\d+|text")
#: What a setting calls its own.
_PLACES: Final = frozenset({"policy", "company", "calendar", "pool", "plan", "root", "sales", PROGRAM})


class UnluckyDatabase(StoppedDatabase):
    """The next writing transaction is undone by ``trouble`` after its work was done; the one after it is not."""

    trouble: Exception | None = None

    def transact(self, work: Callable[[Transaction], T]) -> T:
        trouble, self.trouble = self.trouble, None
        if trouble is None:
            return super().transact(work)

        def undone(tx: Transaction) -> T:
            work(tx)
            raise trouble

        return super().transact(undone)


@dataclass(frozen=True)
class _Company:
    """Stands where the drain's store reads people, programs and policies."""

    office: KeptOffice

    def setting(self, _tx: Transaction) -> Setting:
        return self.office.kept_setting()


@dataclass
class KeptOffice(Office):
    """``luck`` decides what is undone and told again, apart from the walk's own lot."""

    database: UnluckyDatabase = field(kw_only=True)
    luck: Random = field(kw_only=True)
    retried: Counter[str] = field(kw_only=True, default_factory=Counter)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._space = UUID(int=self.luck.getrandbits(128), version=4)
        self._names: dict[str, str] = {}  # by id
        self._kept_setting: tuple[Setting, Setting] | None = None  # that of the office, and the same with ids
        self._told: list[str] = []  # streams of commands that wait
        self._latest = ""  # command
        self._clock: datetime | None = None
        self._read: dict[ledger.BalanceKey, int] | None = None  # what the postings came to when they were last read
        self._drains = MatterActivities(DatabaseMatters(self.database, cast(Snapshots, _Company(self))))
        self.database.transact(self._lay_out)

    # --- what people do ----------------------------------------------------------------------------------------------

    def attempt(
        self, kind: CommandKind, *, by: str | None, data: Mapping[str, Any], claim: str | None = None
    ) -> Refusal | None:
        """Both must give the same answer; what is told again changes nothing."""
        refused = self._attempt(kind, by=by, data=data, claim=claim)
        if kind in _REPEATABLE and self.luck.randrange(100) < TOLD_AGAIN:
            posted = len(self.entries)
            again = self._attempt(kind, by=by, data=data, claim=claim)
            assert (again.code if again else None) == (refused.code if refused else None)
            assert len(self.entries) == posted
            self.retried["told again"] += 1
        return refused

    def report(self, person: str) -> str:
        """The claim that the report made holds in the database too."""
        claim = super().report(person)

        def reported(tx: Transaction) -> None:
            self._insert(tx, self.matter.claims[claim])
            values = {"owner_claim": self.id_of(claim), "pooled": False, "pool_at": None}
            tx.update(t.matter, {"id": self.id_of(MATTER)}, values)

        self.database.transact(reported)
        return claim

    def leave(self, person: str) -> None:
        """Whoever leaves is a fact that every stream is rung for."""
        super().leave(person)
        for stream in self._open_streams():
            self._drain(stream)

    def set_off(self, paying: str, owing: str, person: str, amount: int) -> None:
        """As a payout run posts it: on the deals that are on record, without a drain (COM-10)."""
        super().set_off(paying, owing, person, amount)
        cause = self.entries[-1].key.partition(":")[0].removeprefix("payout/")

        def post(tx: Transaction) -> None:
            locked = matters.lock(tx, self.id_of(MATTER))
            one, other = (self._stored(tx, deal) for deal in (paying, owing))
            fresh, entries = set_off_entries(
                one,
                other,
                payee=f"person:{self.id_of(person)}",
                amount_minor=amount,
                cause=f"payout/{self.id_of(cause)}",
                at=locked.now,
            )
            for deal in fresh:
                deals.update(tx, deal)
            ledger.post(tx, entries)
            ledger.post(tx, entries)  # a second time nothing is posted

        self.database.transact(post)
        self._read = None

    # --- the drain ---------------------------------------------------------------------------------------------------

    def run(self, until: datetime) -> None:
        """What the drain decides in memory, the drains of the database decide too."""
        super().run(until)
        self._set_clock()
        told, self._told = self._told, []
        for stream in told:
            self._drain(stream)
        while (due := self._overdue()) is not None:
            self._drain(due)

    def take(self, command: Command) -> None:
        """Received in the database as well."""
        super().take(command)
        self._set_clock()
        self.database.transact(lambda tx: self._receive(tx, command))

    def kept_setting(self) -> Setting:
        """The company as it is now, by id."""
        if self._kept_setting is None or self._kept_setting[0] is not self.setting:
            self._kept_setting = self.setting, self._renamed(self.setting, _PLACES)
        return self._kept_setting[1]

    # --- what is seen ------------------------------------------------------------------------------------------------

    def balances(self) -> dict[tuple[str, str], int]:
        """What the postings in the database add up to, by account and currency; zeros left out."""
        found: defaultdict[tuple[str, str], int] = defaultdict(int)
        for (account, _, currency), amount in self._postings().items():
            found[self._name_of(account), currency] += amount
        return {key: amount for key, amount in found.items() if amount}

    def check(self) -> None:
        """What is decided in memory and what stands in the database are the same, deal by deal and case by case."""
        super().check()
        kept: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for (account, deal, _), amount in self._postings().items():
            if account != COMPANY:
                kept[deal][self._name_of(account)] = amount
                assert amount > 0 or account.endswith(":receivable"), f"{account} of {deal}: {amount}"
        decided = {self.id_of(deal.id): self._of_deal(deal) for deal in self.matter.deals.values()}
        assert kept == {deal: accounts for deal, accounts in decided.items() if accounts}
        with self.database.reading() as tx:
            going_on = sa.select(t.dispute.c.id).where(t.dispute.c.matter == self.id_of(MATTER), t.dispute.c.open)
            open_one = tx.execute(going_on).scalar()
        present = self.matter.open_dispute
        assert open_one == (self.id_of(present.id) if present is not None else None)

    def id_of(self, name: str) -> str:
        """What the database calls it."""
        id_ = str(uuid5(self._space, name))
        self._names[id_] = name
        return id_

    # --- small things ------------------------------------------------------------------------------------------------

    def _attempt(
        self, kind: CommandKind, *, by: str | None, data: Mapping[str, Any], claim: str | None
    ) -> Refusal | None:
        refused = super().attempt(kind, by=by, data=data, claim=claim)
        with self.database.reading() as tx:
            row = tx.row(sa.select(t.command).where(t.command.c.id == self._latest))
        assert row is not None
        assert row["decided_at"] is not None, f"{kind} is not decided"
        code = row["problem"]["code"] if row["problem"] is not None else None
        assert code == (refused.code if refused is not None else None), f"{kind}: {row['problem']}"
        return refused

    def _lay_out(self, tx: Transaction) -> None:
        program, customer, matter = self.id_of(PROGRAM), self.id_of(CUSTOMER), self.id_of(MATTER)
        tx.insert(
            t.program,
            {
                "id": program,
                "name": "program",
                "state": "open",
                "oversight": [],
                "panel": [],
                "calendar": self.id_of("calendar"),
                "default_pool": self.id_of("pool"),
                "created_at": EVER,
                "version": 1,
                "rev": 0,
            },
        )
        tx.insert(
            t.customer,
            {
                "id": customer,
                "kind": "company",
                "company_name": "x",
                "created_at": EVER,
                "active_at": EVER,
                "version": 1,
            },
        )
        holder = self.matter.owner_claim
        tx.insert(
            t.matter,
            {
                "id": matter,
                "program": program,
                "customer": customer,
                "subject": customer,
                "track": self.matter.track,
                "owner_claim": self.id_of(holder.id) if holder is not None else None,
                "last_at": EVER,
                "pooled": False,
                "poisoned": False,
            },
        )
        for claim in self.matter.claims.values():
            self._insert(tx, claim)

    def _insert(self, tx: Transaction, claim: Claim) -> None:
        of = replace(
            claim,
            id=self.id_of(claim.id),
            receipt=tx.next_number("receipt"),
            matter=self.id_of(MATTER),
            program=self.id_of(PROGRAM),
            reporter=self.id_of(claim.reporter),
            owner=self.id_of(claim.owner) if claim.owner is not None else None,
            team=self.id_of(claim.team),
            terms=self._renamed(claim.terms, _PLACES),
        )
        more = {"customer": self.id_of(CUSTOMER), "track": self.matter.track, "reporter_team": of.team}
        tx.insert(t.claim, {**claim_row(of), **more, "facts_digest": "", "asked": False})
        tx.insert(
            t.stream,
            {
                "id": of.id,
                "kind": "claim",
                "matter": of.matter,
                "open": claim.state not in ENDED,
                "next_instant": next_instant(self.matter, claim.id, setting=self.setting),
                "epoch": 0,
            },
        )

    def _receive(self, tx: Transaction, command: Command) -> None:
        matter = self.id_of(MATTER)
        locked = matters.lock(tx, matter)
        data = dict(self._renamed(command.data))
        if "request" in data:
            asked = sa.select(t.request.c.id).where(t.request.c.state == "open")
            data["request"] = tx.execute(asked.where(t.request.c.claim == self.id_of(command.claim))).scalar_one()
        stream = data.get("dispute")
        if command.kind is CommandKind.DISPUTE_OPEN:
            data["number"] = tx.next_number("dispute")
            going_on = sa.select(t.dispute.c.id).where(t.dispute.c.matter == matter, t.dispute.c.open)
            stream = tx.execute(going_on).scalar()
            if stream is None:
                stream = data["dispute"]
                row = {
                    "id": stream,
                    "kind": "dispute",
                    "matter": matter,
                    "open": True,
                    "next_instant": None,
                    "epoch": 0,
                }
                tx.insert(t.stream, row)
        of = replace(
            command,
            id=self.id_of(command.id),
            claim=self.id_of(command.claim),
            actor=self.id_of(command.actor) if command.actor is not None else None,
            received_at=locked.now,
            data=data,
        )
        tx.insert(
            t.command, matters.command_row(of, matter=matter, target_type="claim", target=of.claim, stream=stream)
        )
        matters.touch(tx, matter, locked.now)
        self._told.append(stream or of.claim)
        self._latest = of.id

    def _drain(self, stream: str) -> None:
        self._read = None
        lot = self.luck.randrange(100)
        if lot < UNDONE:
            self.database.trouble = Refusal("store_unavailable")
            try:
                self._drains.drain(DrainInput(stream))
            except StoreTroubleError:
                self.retried["undone"] += 1
        elif lot < UNDONE + FAILING:
            self.database.trouble = RuntimeError("after everything was written")
            self.retried["failed"] += 1
        self._drains.drain(DrainInput(stream))
        self._drains.drain(DrainInput(stream))

    def _overdue(self) -> str | None:
        s = t.stream.c
        armed = sa.select(s.id).where(s.matter == self.id_of(MATTER), s.open, s.next_instant < self.now)
        with self.database.reading() as tx:
            return tx.execute(armed.order_by(s.next_instant).limit(1)).scalar()

    def _open_streams(self) -> list[str]:
        with self.database.reading() as tx:
            found = sa.select(t.stream.c.id).where(t.stream.c.matter == self.id_of(MATTER), t.stream.c.open)
            return list(tx.execute(found.order_by(t.stream.c.id)).scalars())

    def _stored(self, tx: Transaction, deal: str) -> Any:
        row = tx.row(sa.select(t.deal).where(t.deal.c.id == self.id_of(deal)))
        assert row is not None
        return deals.deal_of(row)

    def _postings(self) -> dict[ledger.BalanceKey, int]:
        if self._read is None:
            with self.database.reading() as tx:
                self._read = ledger.recomputed(tx, [self.id_of(deal) for deal in self.matter.deals])
        return self._read

    def _set_clock(self) -> None:
        if self._clock == self.now:
            return
        self._clock = self.now
        shift = int((self.now - stopped_clock.START).total_seconds() * 1_000_000)
        self.database.transact(lambda tx: tx.update(t.clock, {"id": 1}, {"shift_us": shift}))

    def _name_of(self, account: str) -> str:
        kind, _, rest = account.partition(":")
        holder, _, word = rest.partition(":")
        return f"{kind}:{self._names[holder]}:{word}" if word else account

    def _renamed(self, value: Any, places: Set[str] = frozenset()) -> Any:
        """``value`` with the ids of whatever it names; keys are people and ``places``, the others are words."""
        if type(value) is str:
            kind, _, name = value.rpartition(":")
            known = name in PEOPLE or name in places or _THING.fullmatch(name)
            return f"{kind}:{self.id_of(name)}".lstrip(":") if known and kind in ("", "person") else value
        if isinstance(value, PolicyContent | WorkingCalendar):
            return value
        if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{f.name: self._renamed(getattr(value, f.name), places) for f in fields(value) if f.init}
            )
        if isinstance(value, Mapping):
            words = value.keys() - PEOPLE.keys() - places
            return {
                key if key in words else self._renamed(key, places): self._renamed(one, places)
                for key, one in value.items()
            }
        if isinstance(value, list | tuple):
            return type(value)(self._renamed(one, places) for one in value)
        return value
