"""Five minutes with Fairclaim: two reps, one customer, terms of seconds. Beside a running ``make up``:

.venv/bin/python docs/walk_through.py [http://127.0.0.1:8080 [.data/admin-token]]
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx2

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
ADMIN = Path(sys.argv[2] if len(sys.argv) > 2 else ".data/admin-token").read_text(encoding="utf-8").strip()
http = httpx2.Client(base_url=URL, timeout=30)


def call(token: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request; a fresh key, so that a repeated network packet is not a second report."""
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en", "Idempotency-Key": str(uuid.uuid4())}
    return http.request(method, f"/v1{path}", json=body, headers=headers).json()


def show(who: str, what: str, answer: dict[str, Any], *fields: str) -> None:
    """What was asked, and the part of the answer that matters here."""
    print(f"{who}: {what}")
    for field in fields:
        print(f"    {field}: {json.dumps(answer[field], ensure_ascii=False)}")


# A team of two under a leader, and a program (业务项目) whose terms are short enough to watch.
team = call(ADMIN, "POST", "/teams", {"name": "城东一组", "parent": call(ADMIN, "GET", "/me")["company"]["root_team"]})
leader, wang, zhao = (
    call(ADMIN, "POST", "/people", {"name": name, "team": team["id"]})["id"] for name in ("李主管", "王芳", "赵强")
)
call(ADMIN, "PATCH", f"/teams/{team['id']}", {"version": team["version"], "leader": leader})
for rep in (wang, zhao):
    call(ADMIN, "POST", f"/people/{rep}/grants", {"role": "rep", "scope": {"kind": "own"}})
as_wang, as_zhao = (call(ADMIN, "POST", f"/people/{rep}/tokens", {"name": "try"})["token"] for rep in (wang, zhao))
policy = {
    "claim.required_fields": ["identity"],
    "claim.first_follow_up_wh": "PT20S",
    "claim.idle_days": "PT10S",
    "claim.qualified_per_day": 0,
    "claim.reclaim_wait_h": {"person": 0, "company": 0},
}
members = {"members": [{"team": team["id"]}], "oversight": [leader]}
program = call(ADMIN, "POST", "/programs", {"name": "滨江壹号", **members, "policy": policy})["id"]

# 王芳 reports a customer; 赵强 reports the same one a moment later.
report = {"program": program, "customer": {"kind": "person", "name": "王小明", "phone": "138 1234 5678"}}
claim = call(as_wang, "POST", "/claims", report)
show("王芳", "reports 王小明, 138 1234 5678", claim, "receipt", "state", "deadline", "allowed")
show("赵强", "reports the same", call(as_zhao, "POST", "/claims", report), "receipt", "state", "reason", "conflict")

# She works it, then forgets it for twelve seconds.
path = f"/claims/{claim['id']}"
call_made = {"kind": "call", "note": "谈了户型、预算和下次看房时间安排"}
show("王芳", "follows up", call(as_wang, "POST", f"{path}/follow-ups", call_made), "qualified", "state", "deadline")
time.sleep(12)
late = {"kind": "call", "note": "再约周末带家人来看样板间"}
show("王芳", "follows up too late", call(as_wang, "POST", f"{path}/follow-ups", late), "code", "rule", "detail")
show("王芳", "looks", call(as_wang, "GET", path), "state", "reason", "ended_at")
show("赵强", "reports it once more", call(as_zhao, "POST", "/claims", report), "receipt", "state")

print("The history of the first claim:")
for entry in reversed(call(as_wang, "GET", f"{path}/timeline")["items"]):
    print(f"    {entry['seq']} {entry['at'][11:]} {entry['kind']} {entry['to'] or ''}".rstrip())
