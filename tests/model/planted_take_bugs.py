"""Bugs to plant in taking: one rule of POOL-03 to POOL-09 or CLM-26 each, told wrongly for as long as walks take."""

from __future__ import annotations

from typing import Final

from api.commands import leads
from domain.claims import follow_ups, reports
from domain.leads import handling
from domain.pools import limits, pool, taking
from storage import pools
from tests.model.planted_bugs import Edit

#: What each does, and how.
TAKE_BUGS: Final = {
    "a customer somebody holds is taken again": Edit(
        taking._require_free, "matter.owner_claim is not None", "matter.owner_claim is not None and not matter.takers"
    ),
    "one take more than allowed": Edit(limits.Attempt.check_day, "count >= cap", "count > cap"),
    "a take given back is forgotten": Edit(
        pools.takers, "k.at > since - _DAYS_READ", "k.at > since - _DAYS_READ, k.matter != matter"
    ),
    "one customer more than allowed": Edit(limits.Attempt.check_room, "count >= cap", "count > cap"),
    "a report of a pooled customer is no take": Edit(
        reports.taken_from_pool, "return claim, True", "return claim, False"
    ),
    "rest counts from nowhere": Edit(limits.Attempt.check_entry, "self.at < self._takeable_from()", "False"),
    "a former owner need not wait": Edit(limits.Attempt.check_returning, "self.at < until", "False"),
    "idleness counts like any other end": Edit(pools.takers, 'row["reason"] == "idle"', "False"),
    "a lead that a colleague directs is no take": Edit(
        handling._within_rules, "takes = by is not None and", "takes = False and"
    ),
    "one writes leads to oneself": Edit(leads.receive, "body.person == caller.person", "False"),
    "a visit that is only told is no take": Edit(
        follow_ups._taken_by_telling, "if not is_entry(draft.matter, draft.at):", "if True:"
    ),
    "a window is open at its end": Edit(pool.opens_at, "start <= wall < end", "start <= wall <= end + 3_600_000_000"),
}
