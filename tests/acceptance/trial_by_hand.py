"""What a trial lists, who has whom and what stands beside, from the plan of the acts alone; the plan is read as JSON.

It stands by itself on purpose and imports nothing of the service. Time is counted in hours from when the old customers
are held; acts of a day happen at its hour 0. The rules, in short:

* Old customers are their owner's at hour 0. Idle for ``idle_h`` since they were worked last they would lapse, none
  within ``grace_h`` of hour 0. Whoever works a customer who would have lapsed has that time again.
* A new customer is whose report or take comes first. A report of somebody's customer stands beside, and never lapses.
* With ``cap`` reports and takes of one's own that stand, the next one would be refused, whosever the customer is.
* Of takes, with ``daily`` on this day already, the next one would be refused.
* A customer who is won stays with whom they are and never lapses; their claim is none of those that count for ``cap``.
  A deal would bring its owner ``rate_bps`` of its amount, the nearest cent.
* ``contests`` on the last day, by whoever stands beside: who reported first would be named. Both agree to no change.
"""

from __future__ import annotations

import json
import sys
from collections import Counter


def expected(plan):
    owners, due, mine, taken = {}, {}, Counter(), Counter()
    listed, beside, commission = Counter(), Counter(), Counter()
    won = set()

    def note(kind, code, person, hour):
        listed[kind, code, person, int(hour // 24)] += 1

    def pass_to(hour):
        for customer in [c for c, at in due.items() if at < hour]:
            note("lapse", "idle", owners[customer], due.pop(customer))

    old = {row["customer"] for row in plan["rows"]}
    for row in plan["rows"]:
        owners[row["customer"]] = row["owner"]
        worked = -24 * row["worked_days_ago"] if row["worked_days_ago"] is not None else 0
        due[row["customer"]] = max(worked + plan["idle_h"], plan["grace_h"])
        note("accept", "", row["owner"], 0)
    for act in sorted(plan["acts"], key=lambda act: act["day"]):
        hour, person, customer = 24 * act["day"], act["person"], act["customer"]
        pass_to(hour)
        if act["kind"] == "work":
            if owners.get(customer) == person and customer not in won:
                due[customer] = hour + plan["idle_h"]
            continue
        if act["kind"] == "win":
            won.add(customer)
            due.pop(customer, None)
            mine[person] -= customer not in old
            note("commission", "accrual", person, hour)
            commission[person] += (act["cents"] * plan["rate_bps"] + 5_000) // 10_000
            continue
        full = mine[person] >= plan["cap"]
        mine[person] += 1
        if customer in owners:
            note("refuse", "claim_cap" if full else "customer_owned", person, hour)
            beside[person] += 1
            continue
        code = "claim_cap" if full else ""
        if act["kind"] == "take":
            if not full and taken[person, act["day"]] >= plan["daily"]:
                code = "daily_limit"
            taken[person, act["day"]] += 1
        note("refuse" if code else "accept", code, person, hour)
        owners[customer] = person
        due[customer] = hour + plan["idle_h"]
    for contest in plan["contests"]:
        note("tier_0", "", owners[contest["customer"]], hour)
    pass_to(plan["ends_h"])
    kinds = Counter()
    for (kind, *_), count in listed.items():
        kinds[kind] += count
    return {
        "kinds": kinds,
        "results": sorted([*result, count] for result, count in listed.items()),
        "held": Counter(owners.values()),
        "beside": beside,
        "commission": commission,
    }


if __name__ == "__main__":
    json.dump(expected(json.load(sys.stdin)), sys.stdout, indent=2)
    print()
