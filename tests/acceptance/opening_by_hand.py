"""Who has how many customers after the opening load, from the files alone: ``… FOLDER ROWS EVERY``.

It stands by itself on purpose and imports nothing of the service. The rules, in short:

* The ROWS oldest closed opportunities, in the order of close date and id, are customers of their agent.
* One of EVERY of them is objected to by the agent of the row after it, where that is another agent: nobody has it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path

CLOSED = ("Won", "Lost")


def counts(folder, number, every):
    with (folder / "sales_pipeline.csv").open(encoding="utf-8-sig", newline="") as file:
        closed = [row for row in csv.DictReader(file) if row["deal_stage"].strip() in CLOSED and row["account"].strip()]
    closed.sort(key=lambda row: (row["close_date"].strip(), row["opportunity_id"].strip()))
    agents = [row["sales_agent"].strip() for row in closed[:number]]
    objected = {place for place in range(every - 1, len(agents) - 1, every) if agents[place] != agents[place + 1]}
    kept = Counter(agent for place, agent in enumerate(agents) if place not in objected)
    return {"rows": len(agents), "objections": len(objected), "kept": dict(sorted(kept.items()))}


if __name__ == "__main__":
    json.dump(counts(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), sys.stdout, indent=2)
    print()
