"""The store of matters that drains run on: :class:`activities.ports.MatterStore` over the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
import structlog

from activities.ports import OpenMatter, Standing, StoreTroubleError
from domain.matters.draft import Draft
from domain.matters.inbox import Due, goes_on, next_instant, next_item
from domain.matters.matter import Command, CommandKind, Matter
from domain.matters.setting import Setting
from domain.pools.limits import UncountedError
from domain.refusals import Refusal
from storage import leads, matters, merges, number_rivals
from storage import tables as t
from storage.database import Database, Transaction, mint
from storage.setting import Snapshots

T = TypeVar("T")

_log = structlog.get_logger("fairclaim.drain")


_ANSWERED_BELLS = t.bell.delete().where(
    t.bell.c.stream == sa.bindparam("of"),
    sa.select(t.revision.c.value).where(t.revision.c.id == 1).scalar_subquery() == sa.bindparam("known"),
)
_STREAM = sa.select(t.stream.c.matter, t.stream.c.kind, t.stream.c.epoch).where(t.stream.c.id == sa.bindparam("stream"))


class DatabaseMatters:
    """Matters in the database."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self._database = database
        self._snapshots = snapshots

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        try:
            return self._transact(stream, work)
        except _FrozenElsewhereError as frozen:
            return self._transact(stream, work, first=frozen.case, on_demand=False)
        except UncountedError:
            return self._transact(stream, work, on_demand=False)

    def _transact(
        self, stream: str, work: Callable[[OpenMatter], T], *, first: str | None = None, on_demand: bool = True
    ) -> T:
        """``work`` on the matter of ``stream``, once that of the case ``first`` has done what is due in it.

        ``on_demand``: quotas are not counted for deadlines alone, and a decision that asks for them fails.
        """

        def run(tx: Transaction) -> T:
            if first is not None:
                home = self._opened(tx, first, on_demand=on_demand)
                if next_item(home.matter, setting=home.setting, now=home.now) is not None:
                    work(home)
                    # Its workflow is not told what to sleep for.
                    matters.ring_later(tx, first, "dispute", at=home.now)
            opened = self._opened(tx, stream, on_demand=on_demand)
            elsewhere = opened.matter.frozen_by if first is None else None
            if elsewhere is not None:
                raise _FrozenElsewhereError(elsewhere.id)
            return work(opened)

        try:
            return self._database.transact(run)
        except Refusal as refusal:
            if refusal.code == "store_unavailable":
                raise StoreTroubleError from None
            raise

    def _opened(self, tx: Transaction, stream: str, *, on_demand: bool) -> _Open:
        found = tx.execute(_STREAM, {"stream": stream}).one()
        locked = matters.lock(tx, found.matter, of=stream)
        setting = self._snapshots.setting(tx)
        policy = setting.policy_at(locked.row["program"], at=locked.now)
        contesting = policy.choice("claim.on_collision") == "dispute"
        if found.kind == "dispute":
            loaded = matters.load(tx, locked, case=stream, contesting=contesting, on_demand=on_demand)
        elif found.kind == "lead":
            loaded = matters.load(tx, locked, lead=stream, contesting=contesting, on_demand=on_demand)
        else:
            loaded = matters.load(tx, locked, also=(stream,), contesting=contesting, on_demand=on_demand)
        opened = _Open(tx, stream, int(found.epoch), locked.now, setting, loaded, loaded)
        if loaded.other is not None:
            opened.take_other(loaded.other, contesting=contesting)
        opened.hold_rivals()
        opened.open_desks()
        return opened

    def park_alarm(self, error_id: str, error: Exception) -> None:
        # The type names the defect; message and trace may hold personal data and stay out of the log.
        _log.error("item_parked", error_id=error_id, error=type(error).__name__)


class _FrozenElsewhereError(Exception):
    """A case of another matter holds claims of this one: that matter is locked, and up to date, first (CUS-13)."""

    def __init__(self, case: str) -> None:
        super().__init__(case)
        self.case = case


@dataclass
class _Open:
    """One locked matter in one transaction."""

    tx: Transaction
    stream: str
    epoch: int
    now: datetime
    setting: Setting
    loaded: Matter
    matter: Matter
    other: Matter | None = None  # of a case of kind identity, locked after its own: its id is the higher one (CUS-13)
    other_loaded: Matter | None = None

    def take_other(self, matter: str, *, contesting: bool) -> None:
        """Lock the other record's matter as well; a question about one that has gone to another record is none."""
        if merges.lies_in(self.tx, matter) != matter or matter == self.matter.id:
            self.matter = self.loaded = self.matter.without_other(matter)
            return
        locked = matters.lock(self.tx, matter)
        commands = self.matter.commands
        named = tuple(c.data["about"] for c in commands if c.data.get("about") is not None)
        judged = any(c.asks_about is not None or c.kind is CommandKind.DISPUTE_RULE for c in commands)
        self.other = self.other_loaded = matters.load(self.tx, locked, also=named, contesting=contesting or judged)

    def hold_rivals(self) -> None:
        """Lock the pairs of matters whose numbers may be one, and see how they stand: once every matter is locked."""
        wanted = [m.id for m in (self.matter, self.other) if m is not None and m.rivals]
        found = number_rivals.load_locked(self.tx, wanted) if wanted else {}
        if self.matter.id in found:
            self.matter = self.loaded = replace(self.matter, rivals=found[self.matter.id])
        if self.other is not None and self.other.id in found:
            self.other = self.other_loaded = replace(self.other, rivals=found[self.other.id])

    def open_desks(self) -> None:
        """Lock what leads are given out from, if one may be now: once every matter is locked (LEAD-04)."""
        if self.matter.leads:
            self.matter = self.loaded = leads.with_desk(self.tx, self.matter, setting=self.setting, now=self.now)
        if self.other is not None and self.other.leads:
            self.other = leads.with_desk(self.tx, self.other, setting=self.setting, now=self.now)
            self.other_loaded = self.other

    def mint(self) -> str:
        return mint()

    def save(self, draft: Draft) -> None:
        matters.save(self.tx, self.matter, draft, setting=self.setting, decided_at=self.now)
        self.matter = draft.matter
        if self.other is not None and draft.other is not None and draft.other is not self.other:
            matters.save_other(self.tx, self.other, draft.other, setting=self.setting, at=draft.at)
            self.other = draft.other
        self._tell_other()

    def save_beside(self, draft: Draft) -> None:
        assert self.other is not None
        matters.save(self.tx, self.other, draft, setting=self.setting, decided_at=self.now)
        self.other = draft.matter

    def _tell_other(self) -> None:
        """What is decided next on the other record must know how the case about both stands."""
        if self.other is None:
            return
        known = self.other.disputes
        cases = {d.id: d for d in self.matter.disputes.values() if d.other_matter == self.other.id}
        if any(known.get(id_) is not case for id_, case in cases.items()):
            self.other = replace(self.other, disputes={**known, **cases})

    def guarded(self, work: Callable[[], None]) -> Exception | None:
        kept, kept_other = self.matter, self.other
        point = self.tx.connection.begin_nested()
        try:
            work()
        except (sa.exc.OperationalError, UncountedError):
            raise
        except Exception as error:  # noqa: BLE001 - that is what a poison item is
            point.rollback()
            self.matter, self.other = kept, kept_other
            return error
        point.commit()
        return None

    def tries(self, item: Command | Due) -> int:
        found = self.tx.execute(
            sa.select(t.poison.c.tries).where(t.poison.c.matter == self.matter.id, t.poison.c.item == _key(item))
        ).scalar()
        return int(found or 0)

    def failed(self, item: Command | Due, *, error_id: str, park: bool) -> None:
        tries, key = self.tries(item) + 1, _key(item)
        values = {"tries": tries, "error_id": error_id, "parked_at": self.now if park else None}
        here = sa.and_(t.poison.c.matter == self.matter.id, t.poison.c.item == key)
        if not self.tx.execute(t.poison.update().where(here).values(values)).rowcount:
            self.tx.insert(t.poison, dict(matter=self.matter.id, item=key, **values))
        if not park:
            return
        self.tx.execute(t.matter.update().where(t.matter.c.id == self.matter.id).values(poisoned=True))
        if isinstance(item, Command):
            problem = matters.problem_data(Refusal("internal_error", facts={"error_id": error_id}))
            self.tx.execute(
                t.command.update().where(t.command.c.id == item.id).values(decided_at=self.now, problem=problem)
            )
            self.matter = self.matter.without_command(item.id)
        else:
            self.matter = self.matter.with_parked(key)

    def _heed_answers(self) -> None:
        """Two records that a case has found to be one customer are one here from now on, else rivals no more (CUS-13).

        What waited for the answer is saved by now, so it is rung for.
        """
        for case in self.matter.disputes.values():
            was = self.loaded.disputes.get(case.id)
            if case.other_matter is None or case.matter != self.matter.id or (was is not None and not was.is_open):
                continue
            if case.finds_one:
                merges.join(self.tx, case.other_matter, self.matter.id)
                number_rivals.join(self.tx, case.other_matter, self.matter.id, at=self.now)
            elif case.finds_two:
                number_rivals.part(self.tx, case.other_matter, self.matter.id, at=self.now)

    def close(self) -> Standing:
        matters.save_streams(self.tx, self.loaded, self.matter, own=self.stream, setting=self.setting)
        # A fact about the company that came since the setting was read is not decided on: its bell stays to be rung.
        self.tx.execute(_ANSWERED_BELLS, {"of": self.stream, "known": self.setting.revision})
        matters.close(self.tx, self.loaded, self.matter, at=self.now)
        number_rivals.tell(self.tx, self.loaded, self.matter, at=self.now)
        if self.other is not None and self.other_loaded is not None and self.other is not self.other_loaded:
            matters.save_streams(self.tx, self.other_loaded, self.other, own=None, setting=self.setting)
            at = max(self.now, self.other_loaded.last_at)
            matters.close(self.tx, self.other_loaded, self.other, at=at)
            number_rivals.tell(self.tx, self.other_loaded, self.other, at=at)
            self._heed_answers()
        restart = self.epoch < self.setting.epoch
        if restart:
            self.tx.update(t.stream, {"id": self.stream}, {"epoch": self.setting.epoch})
        state, ended = self._stands()
        return Standing(
            state=state,
            ended=ended,
            next_instant=next_instant(self.matter, self.stream, setting=self.setting),
            restart=restart,
        )

    def _stands(self) -> tuple[str, bool]:
        claim = self.matter.claims.get(self.stream)
        if claim is not None:
            return claim.state.value, not goes_on(claim, self.matter, setting=self.setting)
        dispute = self.matter.disputes.get(self.stream)
        if dispute is not None:
            return dispute.state.value, not dispute.is_open
        lead = self.matter.leads.get(self.stream)
        if lead is not None:
            return lead.state.value, not lead.is_watched
        # Its opener joined a case that was there already, or was refused.
        self.tx.update(t.stream, {"id": self.stream}, {"open": False})
        return "not_opened", True


def _key(item: Command | Due) -> str:
    return item.id if isinstance(item, Command) else item.key
