"""A bell that is hung while its stream is drained, about a fact the drain has not seen, is rung after it.

Only on PostgreSQL: SQLite has one writer at a time, so nothing is hung during a drain.
"""

from __future__ import annotations

from typing import Any

import pytest

from activities.matters import DrainInput, MatterActivities
from domain.matters.setting import Setting
from storage.bells import DatabaseBells
from storage.database import Transaction
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots
from tests.support.company import Company
from tests.support.office import Office, done, read, tasks

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


class _Leaving(Snapshots):
    """The setting of a drain, right after which somebody leaves and the relay tells whom it concerns."""

    def __init__(self, company: Company, person: str) -> None:
        super().__init__()
        self.left = False
        self._company, self._person = company, person

    def setting(self, tx: Transaction, **known: Any) -> Setting:
        found = super().setting(tx, **known)
        if not self.left:
            self.left = True
            done(self._company.admin.post(f"/v1/people/{self._person}/leave"))
            assert DatabaseBells(self._company.database).spread() == 1
        return found


def test_a_leavers_claim_is_told_though_it_was_just_being_drained(here: Company, beside: Company) -> None:
    """PPL-06, design section 2: nothing acknowledged is lost; the supervisor decides on every customer held."""
    office = Office(here)
    claim = office.claim(office.first)
    drains = MatterActivities(DatabaseMatters(beside.database, _Leaving(here, office.first.id)))

    drains.drain(DrainInput(claim["id"]))
    here.ring_bells()

    assert [p["kind"] for p in read(office.leader, claim)["paused"]] == ["handover"]
    assert ("request.handover", claim["id"]) in tasks(office.leader)
