"""The store of matters that drains run on: :class:`activities.ports.MatterStore` over the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
import structlog

from activities.ports import OpenMatter, Standing, StoreTroubleError
from domain.claims.lifecycle import ENDED
from domain.matters.draft import Draft
from domain.matters.inbox import Due, next_instant, next_item
from domain.matters.matter import Command, Matter
from domain.matters.setting import Setting
from domain.refusals import Refusal
from storage import matters
from storage import tables as t
from storage.database import Database, Transaction, mint
from storage.setting import Snapshots

T = TypeVar("T")

_log = structlog.get_logger("fairclaim.drain")


_STREAM = sa.select(t.stream.c.matter, t.stream.c.kind, t.stream.c.epoch).where(t.stream.c.id == sa.bindparam("stream"))


class DatabaseMatters:
    """Matters in the database."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self._database = database
        self._snapshots = snapshots

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        def run(tx: Transaction) -> T:
            found = tx.execute(_STREAM, {"stream": stream}).one()
            locked = matters.lock(tx, found.matter)
            setting = self._snapshots.setting(tx)
            policy = setting.policy_at(locked.row["program"], at=locked.now)
            contesting = policy.choice("claim.on_collision") == "dispute"
            if found.kind == "dispute":
                loaded = matters.load(tx, locked, case=stream, contesting=contesting)
            else:
                loaded = matters.load(tx, locked, also=(stream,), contesting=contesting)
            opened = _Open(tx, stream, int(found.epoch), locked.now, setting, loaded, loaded)
            if loaded.other is not None:
                opened.take_other(loaded.other, work)
            return work(opened)

        try:
            return self._database.transact(run)
        except Refusal as refusal:
            if refusal.code == "store_unavailable":
                raise StoreTroubleError from None
            raise

    def park_alarm(self, error_id: str, error: Exception) -> None:
        # The type names the defect; message and trace may hold personal data and stay out of the log.
        _log.error("item_parked", error_id=error_id, error=type(error).__name__)


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
    pool: str | None = None  # named by a release, for a customer that went there
    other: Matter | None = None  # of a case of kind identity, locked after its own: its id is the higher one (CUS-13)
    other_loaded: Matter | None = None

    def take_other(self, matter: str, work: Callable[[OpenMatter], object]) -> None:
        """Lock the other record's matter as well. Before a case freezes it, everything due in it is decided."""
        locked = matters.lock(self.tx, matter)
        if self.matter.open_dispute is None:
            self._bring_up_to_date(locked, work)
            locked = matters.lock(self.tx, matter)
        named = tuple(c.data["about"] for c in self.matter.commands if c.data.get("about") is not None)
        self.other = self.other_loaded = matters.load(self.tx, locked, also=named)

    def _bring_up_to_date(self, locked: matters.Locked, work: Callable[[OpenMatter], object]) -> None:
        loaded = matters.load(self.tx, locked)
        # One that is about to concern a third record cannot be decided here, and the question asked now is refused.
        if loaded.other is not None or next_item(loaded, setting=self.setting, now=self.now) is None:
            return
        stream = min(loaded.claims)
        work(_Open(self.tx, stream, self.setting.epoch, self.now, self.setting, loaded, loaded))
        # The workflow of the stream it was drained for is not told what to sleep for.
        matters.ring_later(self.tx, stream, "claim", at=self.now)

    def mint(self) -> str:
        return mint()

    def save(self, draft: Draft) -> None:
        matters.save(self.tx, self.matter, draft, setting=self.setting, decided_at=self.now)
        self.matter = draft.matter
        if self.other is not None and draft.other is not None and draft.other is not self.other:
            matters.save_other(self.tx, self.other, draft.other, setting=self.setting, at=draft.at)
            self.other = draft.other
        self.pool = next((named for _, named in draft.pooled if named), self.pool)

    def guarded(self, work: Callable[[], None]) -> Exception | None:
        kept, kept_other = self.matter, self.other
        point = self.tx.connection.begin_nested()
        try:
            work()
        except sa.exc.OperationalError:
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

    def close(self) -> Standing:
        matters.save_streams(self.tx, self.loaded, self.matter, own=self.stream, setting=self.setting)
        self.tx.execute(t.bell.delete().where(t.bell.c.stream == self.stream))
        matters.close(self.tx, self.loaded, self.matter, pool=self.pool, at=self.now)
        if self.other is not None and self.other_loaded is not None and self.other is not self.other_loaded:
            matters.save_streams(self.tx, self.other_loaded, self.other, own=None, setting=self.setting)
            at = max(self.now, self.other_loaded.last_at)
            matters.close(self.tx, self.other_loaded, self.other, pool=None, at=at)
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
            return claim.state.value, claim.state in ENDED
        dispute = self.matter.disputes.get(self.stream)
        if dispute is not None:
            return dispute.state.value, not dispute.is_open
        # Its opener joined a case that was there already, or was refused.
        self.tx.update(t.stream, {"id": self.stream}, {"open": False})
        return "not_opened", True


def _key(item: Command | Due) -> str:
    return item.id if isinstance(item, Command) else item.key
