"""Keeping in order what is not a claim: :class:`activities.ports.House`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from activities.ports import StoreTroubleError
from domain.refusals import Refusal
from storage import (
    checkpoints,
    class_levels,
    lead_balance,
    partner_statements,
    payouts,
    restricted_waits,
    retention,
    territory_reviews,
    trial,
    unclaimed,
)
from storage.database import Database, Transaction
from storage.setting import Snapshots

T = TypeVar("T")


class DatabaseHouse:
    """Checkpoints, payouts, partners, trials, territories, uneven leads, levels, customers nobody took, old rows."""

    def __init__(self, database: Database, snapshots: Snapshots, checkpoint_folder: Path) -> None:
        self._database = database
        self._snapshots = snapshots
        self._folder = checkpoint_folder
        self._asked_for: str | None = None
        self._weighed_on: date | None = None
        self._levels_after = class_levels.FIRST

    def checkpoint(self) -> bool:
        try:
            with self._database.reading() as tx:
                now = tx.now()
                every = self._snapshots.setting(tx).company_policy_at(now).duration("audit.checkpoint_h")
            return checkpoints.make_if_due(self._database, self._folder, now=now, every=every)
        except Refusal as refusal:
            raise StoreTroubleError from refusal

    def payout_day(self) -> None:
        def work(tx: Transaction) -> str | None:
            setting = self._snapshots.setting(tx)
            month = payouts.due_month(setting, tx.now())
            if month is not None and month != self._asked_for:
                payouts.ask_for_run(tx, setting, month=month)
            return month

        # Once asked it stays asked; to look through all balances every minute would be for nothing.
        self._asked_for = self._done(work)

    def _state(self, month: str, partner: str, tx: Transaction) -> None:
        partner_statements.make(tx, self._snapshots.setting(tx), partner, month, by=None)

    def partner_statements(self) -> None:
        try:
            with self._database.reading() as tx:
                month, waiting = partner_statements.due(tx, self._snapshots.setting(tx))
            for partner in waiting:  # each in a transaction of its own
                self._database.transact(partial(self._state, month, partner))
        except Refusal as refusal:
            raise StoreTroubleError from refusal

    def trial_over(self) -> None:
        self._done(lambda tx: trial.remind(tx, self._snapshots.setting(tx)))

    def territory_reviews(self) -> None:
        self._done(lambda tx: territory_reviews.follow(tx, self._snapshots.setting(tx)))

    def lead_balance(self) -> None:
        def work(tx: Transaction) -> date:
            today = tx.now().date()
            if today != self._weighed_on:
                lead_balance.follow(tx, self._snapshots.setting(tx))
            return today

        # Once a day is enough: a month of leads is counted.
        self._weighed_on = self._done(work)

    def class_levels(self) -> None:
        try:
            with self._database.reading() as tx:
                changes, following = class_levels.changed(tx, self._snapshots.setting(tx), after=self._levels_after)
            for record, change in changes.items():  # each under the lock of its own row alone
                self._database.transact(partial(class_levels.keep, record, change))
        except Refusal as refusal:
            raise StoreTroubleError from refusal
        self._levels_after = following

    def _send(self, matter: str, tx: Transaction) -> None:
        unclaimed.send(tx, self._snapshots.setting(tx), matter)

    def unclaimed(self) -> None:
        try:
            with self._database.reading() as tx:
                waiting = unclaimed.due(tx, self._snapshots.setting(tx))
            for matter in waiting:  # each under the lock of its own matter alone
                self._database.transact(partial(self._send, matter))
        except Refusal as refusal:
            raise StoreTroubleError from refusal

    def restricted_waits(self) -> None:
        self._done(lambda tx: restricted_waits.follow(tx, self._snapshots.setting(tx)))

    def tidy(self) -> None:
        def work(tx: Transaction) -> None:
            now = tx.now()
            retention.tidy(tx, now=now, policy=self._snapshots.setting(tx).company_policy_at(now))

        self._done(work)

    def _done(self, work: Callable[[Transaction], T]) -> T:
        """What ``work`` returns in a transaction of its own."""
        try:
            return self._database.transact(work)
        except Refusal as refusal:
            raise StoreTroubleError from refusal
