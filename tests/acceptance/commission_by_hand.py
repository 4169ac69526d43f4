"""Commission of every agent of the CRM export, in cents, from its files alone: ``python commission_by_hand.py FOLDER``.

It stands by itself on purpose and imports nothing of the service. The rules, in short:

* Won opportunities, in the order of close date and id, are deals of their agent. Commission is a rate of the value by
  the series of the product.
* A deal is contested by the agent of another opportunity on the same account and product that was engaged earlier, at
  most 30 days before the close, and was not closed before it; of several by the one engaged first. Cases are numbered
  in the order of the deals. Odd ones end joint, 70 for who closed and 30 for who contested; even ones change nothing.
* A joint end concerns the deals on that account and product that were closed at most 30 days before and in which one
  of the two has a share. What others have in them stays.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

RATE_BPS = {"GTX": 500, "MG": 800, "GTK": 300}
MONTH = timedelta(days=30)


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: value.strip() for name, value in row.items()} for row in csv.DictReader(file)]


def day(text):
    return date.fromisoformat(text) if text else None


def parts(whole, weights):
    """``whole`` by ``weights`` of (name, weight), rounded down, the units left over to the heaviest first."""
    total = sum(weight for _, weight in weights)
    found = {name: whole * weight // total for name, weight in weights}
    for name, _ in sorted(weights, key=lambda pair: -pair[1])[: whole - sum(found.values())]:
        found[name] += 1
    return found


def contested(folder):
    """Every deal in order: its opportunity, and the opportunity that contests it or None."""
    pipeline = rows(folder / "sales_pipeline.csv")
    alike = defaultdict(list)
    for row in pipeline:
        if row["account"]:
            alike[row["account"], row["product"]].append(row)
    won = sorted(
        (r for r in pipeline if r["deal_stage"] == "Won"), key=lambda r: (r["close_date"], r["opportunity_id"])
    )
    for row in won:
        closed, engaged = day(row["close_date"]), day(row["engage_date"])
        rivals = [
            r
            for r in alike[row["account"], row["product"]]
            if r["sales_agent"] != row["sales_agent"]
            and r["engage_date"]
            and closed - MONTH <= day(r["engage_date"]) < engaged
            and not (r["close_date"] and day(r["close_date"]) < closed)
        ]
        yield row, min(rivals, key=lambda r: (r["engage_date"], r["opportunity_id"]), default=None)


def totals(folder):
    """Cents by agent, with how many deals and cases there were."""
    series = {row["product"].replace(" ", ""): row["series"] for row in rows(folder / "products.csv")}
    deals = defaultdict(list)
    cases = 0
    for row, rival in contested(folder):
        closer, closed = row["sales_agent"], day(row["close_date"])
        product = row["product"].replace(" ", "")
        cents = round(float(row["close_value"]) * 100)
        doubled = cents * RATE_BPS[series[product]] * 2 // 10_000
        commission = (doubled + 1) // 2  # half a cent is rounded up
        here = deals[row["account"], product]
        here.append({"closed": closed, "commission": commission, "shares": {closer: 10_000}})
        if rival is None:
            continue
        cases += 1
        if cases % 2 == 0:
            continue
        two = (closer, rival["sales_agent"])
        for deal in here:
            of_both = sum(deal["shares"].get(agent, 0) for agent in two)
            if of_both and deal["closed"] >= closed - MONTH:
                kept = {agent: bps for agent, bps in deal["shares"].items() if agent not in two}
                split = parts(of_both, [(two[0], 70), (two[1], 30)])
                deal["shares"] = kept | {agent: bps for agent, bps in split.items() if bps}
    earned = defaultdict(int)
    count = 0
    for of_one in deals.values():
        for deal in of_one:
            count += 1
            for agent, cents in parts(deal["commission"], list(deal["shares"].items())).items():
                earned[agent] += cents
    return {"deals": count, "cases": cases, "cents": dict(sorted(earned.items()))}


if __name__ == "__main__":
    json.dump(totals(Path(sys.argv[1])), sys.stdout, indent=2)
    print()
