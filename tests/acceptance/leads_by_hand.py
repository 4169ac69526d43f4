"""Who is offered which lead, and what they have in the end, from the files alone: ``… FOLDER ROWS LEADS CAPACITY``.

On standard input: the number of each agent as a JSON object, which no file tells. It stands by itself on purpose and
imports nothing of the service. The rules, in short:

* The ROWS oldest closed opportunities, in the order of close date and id, are customers of their agent, worked.
* The LEADS next ones engaged after the last of those closed arrive on the day they were engaged, in the order of id,
  and end on the day they closed; on one day ends come before arrivals. The districts of the managers are apart.
* An agent who won the same product with the same account among the customers has a renewal at once: nobody is asked.
* The districts, in the order of their managers' names: in turn, by fit, in turn, and so on.
* Whoever's work reaches CAPACITY gets no lead, an eighth of it where they have no customer yet; a worked customer
  counts two points, an accepted lead that goes on one.
* A lead lost within 5 days was a wrong number: returned, the turn with it. Lost within 15 days: returned, then given to
  another, who loses it. Won after 100 days or more: the first one lets the time pass, the next one wins it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path

WEIGHTS = {"load": 35, "skill": 25, "need": 15, "success": 15, "experience": 5, "interest": 5}
UNKNOWN = 50


class Agent:
    def __init__(self, name, number):
        self.name, self.number = name, number
        self.customers = self.in_hand = self.won = self.lost = self.offered = self.accepted = 0
        self.sectors = set()
        self.last = 0  # the place of their last offer among all of the district, 0: none yet
        self.owed = 0
        self.capacity = 0

    def ratio(self):
        return Fraction(2 * self.customers + self.in_hand, self.capacity)

    def hundredths(self, sector):
        """The score in hundredths of a point."""
        values = dict.fromkeys(WEIGHTS, UNKNOWN)
        values["load"] = max(0, nearest(100 * (1 - self.ratio())))
        values["success"] = nearest(Fraction(100 * (self.won + 1), self.won + self.lost + 2))
        if self.sectors:
            values["need"] = 100 if sector in self.sectors else 0
        return nearest(Fraction(sum(100 * WEIGHTS[name] * values[name] for name in WEIGHTS), sum(WEIGHTS.values())))


class District:
    """The agents of one manager, and how leads are dealt out among them."""

    def __init__(self, agents, by_fit):
        self.agents = sorted(agents, key=lambda agent: agent.number)
        self.by_fit = by_fit
        self.place = -1  # of whoever had the last turn
        self.offers = 0

    def choose(self, sector, had):
        """Whose it is, with the score in whole points, or None; ``had``: who was offered it before."""
        chosen, score = self.best(sector, had) if self.by_fit else (self.next(had), None)
        if chosen is not None:
            self.offers += 1
            chosen.last, chosen.offered = self.offers, chosen.offered + 1
        return chosen, score

    def best(self, sector, had):
        able = [agent for agent in self.agents if agent not in had and agent.ratio() < 1]
        if not able:
            return None, None

        def order(agent):
            return (-agent.hundredths(sector), agent.ratio(), agent.last, agent.number)

        chosen = min(able, key=order)
        return chosen, (chosen.hundredths(sector) + 50) // 100

    def next(self, had):
        start = self.place + 1
        circle = self.agents[start:] + self.agents[:start]
        able = [agent for agent in circle if agent not in had and agent.ratio() < 1]
        if not able:
            return None
        for agent in able:
            if agent.owed:
                agent.owed -= 1
                return agent
        for agent in circle[: circle.index(able[0])]:
            if agent in had:
                agent.owed = max(1, agent.owed)
        self.place = self.agents.index(able[0])
        return able[0]


def nearest(number):
    return (number + Fraction(1, 2)).__floor__()


def read(folder, name):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return [{key: value.strip() for key, value in row.items()} for row in csv.DictReader(file)]


def product(row):
    return row["product"].replace(" ", "")


def days(row):
    return (date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])).days


def replayed(folder, rows, leads, capacity, numbers):
    manager = {row["sales_agent"]: row["manager"] for row in read(folder, "sales_teams.csv")}
    sector = {row["account"]: row["sector"] for row in read(folder, "accounts.csv")}
    agents = {name: Agent(name, numbers[name]) for name in manager}
    districts = {
        name: District([agents[a] for a in manager if manager[a] == name], place % 2 == 1)
        for place, name in enumerate(sorted(set(manager.values())))
    }
    closed = [r for r in read(folder, "sales_pipeline.csv") if r["deal_stage"] in ("Won", "Lost") and r["account"]]
    closed.sort(key=lambda row: (row["close_date"], row["opportunity_id"]))
    history = closed[:rows]
    later = [row for row in closed[rows:] if row["engage_date"] > history[-1]["close_date"]]
    later.sort(key=lambda row: (row["engage_date"], row["opportunity_id"]))
    later = later[:leads]

    wins, known = defaultdict(Counter), set()
    for row in history:
        agents[row["sales_agent"]].customers += 1
        if row["deal_stage"] == "Won":
            wins[row["sales_agent"]][sector[row["account"]]] += 1
            known.add((row["sales_agent"], row["account"], product(row)))
    for agent in agents.values():
        agent.capacity = capacity if agent.customers else capacity // 8
    for name, counted in wins.items():
        agents[name].sectors = set(sorted(counted, key=lambda word: (-counted[word], word))[:3])

    events = [(row["engage_date"], 1, row["opportunity_id"], row) for row in later]
    events += [(row["close_date"], 0, row["opportunity_id"], row) for row in later]
    offers, states, holders = {}, Counter(), {}
    for _, arrives, lead, row in sorted(events, key=lambda event: event[:3]):
        if not arrives:
            holder = holders.get(lead)
            if holder is not None:
                holder.in_hand -= 1
                holder.won += row["deal_stage"] == "Won"
                holder.lost += row["deal_stage"] == "Lost"
            continue
        if (row["sales_agent"], row["account"], product(row)) in known:
            offers[lead] = []
            states["attached"] += 1
            continue
        district, had = districts[manager[row["sales_agent"]]], []
        told = offers[lead] = []

        def offer(district=district, row=row, had=had, told=told):
            chosen, score = district.choose(sector[row["account"]], had)
            if chosen is not None:
                had.append(chosen)
                told.append([chosen.name, score])
            return chosen

        holder = offer()
        if holder is None:
            states["pooled"] += 1
            continue
        lost = row["deal_stage"] == "Lost"
        if lost and days(row) <= 5:
            holder.owed += not district.by_fit
            states["closed"] += 1
            continue
        if (lost and days(row) <= 15) or (not lost and days(row) >= 100):
            holder = offer()
        if holder is None:
            states["escalated"] += 1
            continue
        states["accepted"] += 1
        holder.accepted += 1
        holder.in_hand += 1
        holders[lead] = holder
    counts = {
        agent.name: {
            "offered": agent.offered,
            "accepted": agent.accepted,
            "held": agent.customers + agent.in_hand + agent.won,
            "won": agent.won,
        }
        for agent in agents.values()
    }
    return {"rows": len(history), "leads": len(later), "states": dict(states), "offers": offers, "counts": counts}


if __name__ == "__main__":
    folder, *figures = sys.argv[1:]
    json.dump(replayed(Path(folder), *map(int, figures), json.load(sys.stdin)), sys.stdout, indent=2)
    print()
