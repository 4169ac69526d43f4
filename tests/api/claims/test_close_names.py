"""Close company names only ever hint: accepted with an alert or judged, never refused, never another owner (CUS-05)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from storage import tables as t
from storage.company_names import CompanyNames
from tests.api.test_lookup import word
from tests.support.answers import listed
from tests.support.company import Company
from tests.support.office import Office, act, done, read, tasks

KNOWN = "北京长青贸易有限公司"
CLOSE = "北京长青商贸有限公司"
ELSEWHERE = "上海长青贸易有限公司"


def firm(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "company", "name": name, **more}


def test_a_close_name_is_accepted_and_both_supervisors_are_told_what_differs(company: Company) -> None:
    """CUS-02, CUS-05 `claim.on_possible` accept_alert: the first owner keeps the customer, the second gets another."""
    office = Office(company)
    other_leader = company.leader(company.team("二组"), "李主管")
    rival = company.rep("丙", team=company.admin.get(f"/v1/people/{other_leader.id}").json()["team"])
    first = office.claim(office.first, customer=firm(KNOWN))
    claim = office.claim(rival, customer=firm(CLOSE))
    assert (claim["state"], claim["owner"], claim["possible"]) == ("protected", rival.id, None)
    assert claim["customer"]["id"] != first["customer"]["id"]
    kept = read(office.first, first)
    assert (kept["state"], kept["owner"], kept["possible"]) == ("protected", office.first.id, None)
    for leader in (office.leader, other_leader):
        (told,) = [n for n in listed(leader.get("/v1/me/notices")) if n["rule"] == "CUS-05"]
        assert told["kind"] == "claim.attempt"
        assert "行业相近" in told["text"]["zh"]
        assert "trade alike" in told["text"]["en"]
    hint = {"customer": first["customer"]["id"], "name": KNOWN, "score_bps": 9400, "differs": {"trade": "near"}}
    assert read(other_leader, claim)["possible"] == [hint]
    (received,) = [e for e in listed(other_leader.get(f"/v1/claims/{claim['id']}/timeline")) if e["kind"] == "received"]
    assert received["data"]["possible"] == 1
    # Neither the history nor what is exported of it tells the reporter whom the name resembles (CUS-08).
    assert hint["customer"] not in rival.get(f"/v1/claims/{claim['id']}/timeline").text
    exported = rival.get("/v1/audit/export", claim=claim["id"])
    with zipfile.ZipFile(io.BytesIO(exported.content)) as bundle:
        assert hint["customer"].encode() not in bundle.read("events.jsonl")


def test_a_close_name_is_judged_first_where_the_policy_says_so(company: Company) -> None:
    """CUS-05: `claim.on_possible` judge; `match.fuzzy_threshold` and `match.weak_keys` say whether a name is close."""
    office = Office(company, policy={"claim.on_possible": "judge"})
    office.claim(office.first, customer=firm(KNOWN))
    claim = office.claim(office.second, customer=firm(CLOSE))
    assert claim["state"] == "reported"
    assert ("judge", claim["id"]) in tasks(office.leader)
    assert [p["differs"] for p in read(office.leader, claim)["possible"]] == [{"trade": "near"}]
    assert done(act(office.leader, claim, "accept"))["owner"] == office.second.id
    for policy in ({"match.fuzzy_threshold": 0.99}, {"match.weak_keys": ["contact_phone"]}):
        office.program = company.program(str(policy), policy={"claim.on_possible": "judge", **policy})
        assert office.claim(office.second, customer=firm(CLOSE))["state"] == "protected"


def test_names_that_differ_in_region_only_are_no_hint_at_all(company: Company) -> None:
    """CUS-05: a namesake elsewhere is another firm, for reports, checks and edits alike."""
    office = Office(company, policy={"claim.on_possible": "judge"})
    office.claim(office.first, customer=firm(KNOWN))
    assert word(office.second, office.program, firm(ELSEWHERE)) == "free"
    assert office.claim(office.second, customer=firm(ELSEWHERE))["state"] == "protected"
    assert [n for n in listed(office.leader.get("/v1/me/notices")) if n["rule"] == "CUS-05"] == []


def test_a_check_says_possible_and_not_why(company: Company) -> None:
    """CUS-05, CUS-08: one word; a renamed and an erased company are known by what they are called now."""
    office = Office(company)
    claim = office.claim(office.first, customer=firm(KNOWN))
    assert word(office.second, office.program, firm(CLOSE)) == "possible"
    corrected = {"version": claim["version"], "customer": {"name": "北京鹏程万里物流有限公司"}}
    done(office.first.patch(f"/v1/claims/{claim['id']}", corrected))
    assert word(office.second, office.program, firm(CLOSE)) == "free"
    assert word(office.second, office.program, firm("北京鹏程万理物流有限公司")) == "possible"
    done(act(office.first, claim, "release", reason="invalid"))
    erased = company.admin.post(f"/v1/customers/{claim['customer']['id']}/erase", {"reason": "本人要求"})
    assert erased.status_code == 200, erased.text
    assert word(office.second, office.program, firm("北京鹏程万理物流有限公司")) == "free"


def test_a_new_name_that_is_close_is_taken_and_told_once(company: Company) -> None:
    """CUS-05 on edit, of a claim's customer and in the customer base; another field asks nothing again."""
    office = Office(company)
    office.claim(office.first, customer=firm(KNOWN))
    claim = office.claim(office.second, customer=firm("远方物流"))
    corrected = {"version": claim["version"], "customer": {"name": CLOSE}}
    changed = done(office.second.patch(f"/v1/claims/{claim['id']}", corrected))
    assert (changed["state"], changed["customer"]["name"]) == ("protected", CLOSE)
    done(
        office.second.patch(
            f"/v1/claims/{claim['id']}", {"version": changed["version"], "customer": {"email": "a@yuanfang.example"}}
        )
    )
    path = f"/v1/customers/{claim['customer']['id']}"
    version = company.admin.get(path).json()["version"]
    assert company.admin.patch(path, {"version": version, "phone": "13812345678"}).status_code == 200
    assert company.admin.patch(path, {"version": version + 1, "name": "北京长青经贸有限公司"}).status_code == 200
    told = [n["kind"] for n in listed(office.leader.get("/v1/me/notices")) if n["rule"] == "CUS-05"]
    assert sorted(told) == ["claim.attempt", "customer.duplicate"]


def test_a_name_that_was_not_saved_leaves_no_hint(company: Company) -> None:
    """CUS-05, INT-03: a rehearsed report is undone, and so is what it called its customer."""
    office = Office(company)
    body = {"program": office.program, "customer": firm(KNOWN)}
    rehearsed = office.first.post("/v1/claims", body, headers={"Fairclaim-Dry-Run": "true"})
    assert rehearsed.status_code == 204, rehearsed.text
    assert word(office.second, office.program, firm(CLOSE)) == "free"


def test_another_process_learns_names_also_where_a_smaller_number_is_saved_after_a_greater_one(
    company: Company,
) -> None:
    """CUS-05: transactions take their numbers before they are saved, and on PostgreSQL in any order."""
    office = Office(company)
    named = {n: office.claim(office.first, customer=firm(n))["customer"]["id"] for n in ("远方物流", KNOWN, ELSEWHERE)}
    names = CompanyNames()

    def close(name: str) -> list[str]:
        with company.database.reading() as tx:
            return [hit.customer for hit in names.close_to(tx, name, threshold=0.85)]

    def numbered(name: str, revision: int) -> None:
        where, values = {"id": named[name]}, {"name_revision": revision}
        company.database.transact(lambda tx: tx.update(t.customer, where, values))

    numbered(ELSEWHERE, 1001)
    numbered(KNOWN, -5)  # not saved yet
    assert close("上海长青商贸有限公司") == [named[ELSEWHERE]]
    assert close(CLOSE) == []
    numbered(KNOWN, 1000)
    assert close(CLOSE) == [named[KNOWN]]
