"""A one-time code says whose customer has come (到访确认): contract section 15, LEAD-10, LEAD-14."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from storage import arrival_codes
from storage import tables as t
from storage.database import Transaction
from storage.retention import tidy
from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import act, customer, done, moment
from tests.support.visits import Visits, step

CHANNEL = {
    "ownership.tracks": ["sales", "channel"],
    "ownership.intercept_min": {"in_house": 0, "partner": 0},
    "visit.broker_present": "always",
}


def code_of(who: Person, claim: Mapping[str, Any]) -> str:
    return str(done(act(who, claim, "arrival-code"))["code"])


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_who_shows_a_code_comes_for_its_reporter_once(company: Company) -> None:
    """LEAD-10, CLM-09: where no report is exclusive, the code names the reporter; a second use is refused."""
    office = Visits(company, policy={"ownership.visit_first": True})
    office.claim(office.first, customer=customer(1))
    claim = office.claim(office.second, customer=customer(1))
    other = office.claim(office.second, customer=customer(2))
    refused(act(office.leader, claim, "arrival-code"), 403, "not_allowed")
    replaced, code = code_of(office.second, claim), code_of(office.second, claim)
    if replaced == code:
        code = code_of(office.second, claim)
    for wrong in (another(code), replaced):
        refused(office.arrive(1, code=wrong), 422, "field_invalid", "code")
    refused(office.arrive(2, code=code), 422, "field_invalid", "code")
    one = office.visitor(1, code=code)
    assert (one["code_of"], one["asks_for"], one["way"]) == (claim["id"], office.second.id, "owner")
    done(step(office.second, one, "close", reason="改天再来"))
    refused(office.arrive(1, code=code), 422, "field_invalid", "code")
    named = office.visitor(2, code=code_of(office.second, other), asks_for=office.first.id)
    assert (named["code_of"], named["asks_for"]) == (other["id"], office.first.id)


def test_of_two_desks_that_are_shown_one_code_at_once_one_uses_it(company: Company) -> None:
    """LEAD-10: at two sites, in two tracks; and where no lock at all makes one of them wait for the other."""
    office = Visits(company, policy=CHANNEL)
    other = company.person("前台二", team=office.team, roles=("reception",), company_wide=True)
    elsewhere = company.admin.made("/v1/sites", {"program": office.program, "name": "二号案场"})["id"]
    claim = office.claim(office.first, customer=customer(1))
    shown = {"customer": {"id": claim["customer"]["id"]}, "code": code_of(office.first, claim)}
    answers = company.together(
        *(
            company.acall("POST", "/v1/receptions", token=desk.token, key=str(uuid.uuid4()), json={**shown, **where})
            for desk, where in ((office.desk, {"site": office.site}), (other, {"site": elsewhere, "track": "channel"}))
        )
    )
    used, late = sorted(answers, key=lambda answer: answer.status_code)
    assert (used.status_code, used.json()["code_of"]) == (201, claim["id"])
    refused(late, 422, "field_invalid", "code")
    code, gate = code_of(office.first, claim), threading.Barrier(2)

    def use(_desk: int) -> str | None:
        def work(tx: Transaction) -> str | None:
            if not tx.is_sqlite:  # which lets one write at a time
                gate.wait(20)
            return arrival_codes.use(tx, code, [claim["id"]], at=tx.now())

        return company.database.transact(work)

    with ThreadPoolExecutor(max_workers=2) as desks:
        assert set(desks.map(use, range(2))) == {claim["id"], None}


def test_a_code_is_told_once_and_ends(company: Company) -> None:
    """LEAD-10: 24 hours, to the microsecond; a repeat of the call tells no secret; nothing of it stays."""
    office = Visits(company)
    claim = office.claim(office.first, customer=customer(1))
    path = f"/v1/claims/{claim['id']}/arrival-code"
    made = done(office.first.post(path, {}, key="3b0f8f6e-6a52-4a55-9b5e-0d1a4f7f1a11"))
    again = done(office.first.post(path, {}, key="3b0f8f6e-6a52-4a55-9b5e-0d1a4f7f1a11"))
    assert again == {**made, "code": None}
    assert moment(made["until"]) - company.now() <= arrival_codes.VALID
    company.shift(hours=24)
    office.say(office.first, "free")
    refused(office.arrive(1, code=made["code"]), 422, "field_invalid", "code")

    def sweep(tx: Any) -> int:
        tidy(tx, now=tx.now(), policy=company.snapshots.setting(tx).company_policy_at(tx.now()))
        return len(tx.rows(t.arrival_code.select()))

    assert company.database.transact(sweep) == 0
    done(act(office.first, claim, "release", reason="need_unmet"))
    refused(act(office.first, claim, "arrival-code"), 409, "illegal_transition")


def test_the_code_of_the_report_confirms_for_its_broker(company: Company) -> None:
    """LEAD-14: code, QR or signature: with the desk and the server the visit counts."""
    office = Visits(company, policy=CHANNEL)
    manager = company.person("渠道经理", team=office.team)
    body = {"name": "渠道", "manager": manager.id, "from": company.now().date().isoformat()}
    partner = company.admin.made("/v1/partners", body)
    invited = company.admin.made(f"/v1/partners/{partner['id']}/invitations")["code"]
    joined = company.call("POST", "/v1/join", token=None, json={"code": invited, "name": "经纪人"}).json()
    broker = Person(company, joined["person"]["id"], joined["token"])
    report = office.claim(broker, customer=customer(1), track="channel")
    held = office.claim(office.first, customer=customer(1))
    led = {"source": "partner_led", "broker": broker.id}
    refused(office.arrive(1, code=code_of(office.first, held), **led), 422, "field_invalid", "code")
    one = office.visitor(1, code=code_of(broker, report), **led)
    assert (one["code_of"], one["asks_for"]) == (report["id"], None)
    path = f"/v1/receptions/{one['id']}/visit"
    assert [said["by"] for said in done(office.desk.get(path))["confirmed"]] == ["broker"]
    assert done(office.desk.post(f"{path}/confirm"))["state"] == "open"
    assert done(office.first.post(f"{path}/confirm"))["state"] == "counted"
