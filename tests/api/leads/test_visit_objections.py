"""How an arrival is recorded is seen at once, and objected to in time (来源异议): contract section 15, LEAD-14."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import matters
from storage import tables as t
from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.money import accounts, ledger_is_right, money, plan_in_force
from tests.support.office import after, clocks, customer, done, entry, moment, notices, read, work
from tests.support.visits import NOTED, Visits, step

POLICY: dict[str, Any] = {
    "ownership.tracks": ["sales", "channel"],
    "ownership.intercept_min": {"in_house": 0, "partner": 0},
    "claim.first_follow_up_wh": 0,
}


class Channel(Visits):
    """A site of a program that partners report to: ``broker`` and ``colleague`` of one, ``rival`` of another."""

    def __init__(self, company: Company, **policy: Any) -> None:
        super().__init__(company, policy={**POLICY, **policy})
        self.channel_manager = company.person("渠道经理", team=self.team)
        body = {"manager": self.channel_manager.id, "from": company.now().date().isoformat()}
        one, other = (company.admin.made("/v1/partners", {"name": name, **body})["id"] for name in ("渠道", "同行"))
        self.broker, self.colleague = (self._joined(one, name) for name in ("经纪人", "同事"))
        self.rival = self._joined(other, "另一位")

    def _joined(self, partner: str, name: str) -> Person:
        code = self.company.admin.made(f"/v1/partners/{partner}/invitations")["code"]
        joined = self.company.call("POST", "/v1/join", token=None, json={"code": code, "name": name}).json()
        return Person(self.company, joined["person"]["id"], joined["token"])

    def reported(self, number: int) -> dict[str, Any]:
        return self.claim(self.broker, customer=customer(number), track="channel")

    def led(self, number: int, *, by: Person) -> dict[str, Any]:
        return self.visitor(number, source="partner_led", broker=by.id)


def seen(who: Person, reception: dict[str, Any]) -> httpx2.Response:
    return who.get(f"/v1/receptions/{reception['id']}/visit")


def objected(who: Person, reception: dict[str, Any]) -> httpx2.Response:
    return who.post(f"/v1/receptions/{reception['id']}/visit/object", {"reason": "登记的来源不对"})


def parties(dispute: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(p["person"], p["role"], p["claim"]) for p in dispute["parties"]]


@pytest.fixture
def office(company: Company) -> Channel:
    return Channel(company)


def test_a_broker_sees_that_a_visit_is_not_theirs_and_objects(office: Channel) -> None:
    """LEAD-14, DSP-01: a case in the channel track with whoever received the visitor; the sales track goes on."""
    claim = office.reported(1)
    one = office.visitor(1)
    assert notices(office.broker)[-1] == "reception.not_led"
    visit = done(seen(office.broker, one))
    assert (visit["source"], visit["broker"], visit["report"], visit["state"]) == ("natural", None, claim["id"], "none")
    assert moment(visit["object_by"]) == after(one["arrived_at"], hours=48)
    refused(seen(office.rival, one), 404, "not_found")
    refused(objected(office.rival, one), 404, "not_found")
    refused(seen(office.first, one), 404, "not_found")
    case = done(objected(office.broker, one))
    assert parties(case) == [(office.broker.id, "opener", claim["id"]), (office.first.id, "respondent", None)]
    assert (case["grounds"], case["state"]) == ("ownership", "negotiating")
    assert read(office.broker, claim)["state"] == "disputed"
    assert done(objected(office.broker, one))["id"] == case["id"]
    done(step(office.first, one, "greet"))
    done(step(office.first, one, "record", **NOTED))
    assert read(office.first, done(step(office.first, one, "complete"))["claim"])["state"] == "protected"


def test_the_receiving_rep_objects_to_a_partner_led_visit(office: Channel) -> None:
    """LEAD-14: the broker with the report is the other party; nobody else objects."""
    claim = office.reported(2)
    one = office.led(2, by=office.broker)
    assert "reception.not_led" not in notices(office.broker)
    refused(objected(office.desk, one), 403, "not_allowed")
    case = done(objected(office.first, one))
    assert parties(case) == [(office.first.id, "opener", None), (office.broker.id, "respondent", claim["id"])]
    refused(office.desk.post(f"/v1/receptions/{one['id']}/visit/confirm"), 409, "illegal_transition")


def test_a_broker_sees_nothing_of_who_else_led_their_customer(office: Channel) -> None:
    """LEAD-14, PPL-08: without a report there is nothing to object for."""
    claim = office.reported(3)
    one = office.led(3, by=office.rival)
    assert notices(office.broker)[-1] == "reception.not_led"
    visit = done(seen(office.broker, one))
    assert (visit["source"], visit["broker"], visit["why"], visit["report"]) == ("partner_led", None, None, claim["id"])
    assert done(seen(office.rival, one))["why"] == "no_report"
    refused(objected(office.rival, one), 409, "no_standing")
    assert parties(done(objected(office.broker, one)))[0] == (office.broker.id, "opener", claim["id"])


def test_an_objection_comes_in_time(office: Channel) -> None:
    """LEAD-14: `visit.object_h` after the arrival, to the microsecond."""
    office.reported(4)
    one = office.visitor(4)
    until = done(seen(office.broker, one))["object_by"]
    office.company.shift(hours=48)
    late = refused(objected(office.broker, one), 409, "deadline_passed")
    assert (late["rule"], late["facts"]["until"]) == ("LEAD-14", until)


def test_a_visit_that_a_broker_only_tells_of_is_no_visit(company: Company) -> None:
    """LEAD-14: it reaches no stage and moves no clock until desk and server confirm it; other work of theirs counts."""
    office = Channel(company, **{"claim.protection_shape": "report_visit_deal"})
    claim = office.reported(5)
    before = clocks(claim)
    company.shift(hours=1)
    told = work(office.broker, claim, "visit")
    assert (told["qualified"], told["why"], clocks(read(office.broker, claim))) == (False, "visit.confirm_h", before)
    assert work(office.broker, claim, "meeting", note="又约在店里谈了付款方式和交房时间")["qualified"]
    worked = clocks(read(office.broker, claim))
    assert worked["stage"] == before["stage"]
    one = office.led(5, by=office.broker)
    done(step(office.first, one, "greet"))
    for who in (office.desk, office.first):
        done(who.post(f"/v1/receptions/{one['id']}/visit/confirm"))
    assert moment(clocks(read(office.broker, claim))["stage"]) > moment(before["stage"])


def test_a_visit_that_a_broker_only_tells_of_accepts_no_report(company: Company) -> None:
    """LEAD-14, CLM-12: of shape visit_deal; a rep's own word in the sales track does, as ever."""
    office = Channel(company, **{"claim.protection_shape": "visit_deal"})
    claim = office.reported(6)
    told = work(office.broker, claim, "visit")
    assert (told["state"], told["qualified"], told["why"]) == ("reported", False, "visit.confirm_h")
    own = office.claim(office.first, customer=customer(6))
    assert work(office.first, own, "visit")["state"] == "protected"
    one = office.led(6, by=office.broker)
    done(step(office.first, one, "greet"))
    for who in (office.desk, office.first):
        done(who.post(f"/v1/receptions/{one['id']}/visit/confirm"))
    assert read(office.broker, claim)["state"] == "protected"


def sold(office: Channel, claim: dict[str, Any], *, by: Person | None = None) -> dict[str, Any]:
    seller = by or office.broker
    body = {"amount": money(1_000_000), "contract_at": claim["received_at"]}
    won = done(seller.post(f"/v1/claims/{claim['id']}/win", body))
    return done(seller.get(f"/v1/deals/{won['deals'][-1]}"))


def test_a_report_that_comes_after_the_customer_is_paid_nothing(company: Company) -> None:
    """LEAD-14, CLM-10: five minutes after a walk-in, or ten before; half an hour before is enough."""
    office = Channel(company, **{"ownership.intercept_min": {"in_house": 0, "partner": 30}})
    plan_in_force(company, office.program)
    one = office.visitor(1)
    company.shift(minutes=5)
    late, close, early = office.reported(1), office.reported(2), office.reported(3)
    said = {"reception": one["id"], "arrived_at": one["arrived_at"], "reported_at": late["received_at"]}
    assert late["no_credit"] == {**said, "why": "after_arrival"}
    assert notices(office.broker).count("claim.no_credit") == 1
    company.shift(minutes=10)
    office.visitor(2)
    assert read(office.leader, close)["no_credit"]["why"] == "intercepted"
    company.shift(minutes=20)
    office.visitor(3)
    assert read(office.broker, early)["no_credit"] is None
    deals = [sold(office, claim) for claim in (late, close, early)]
    assert [deal["accrued"]["amount_minor"] for deal in deals] == [0, 0, 50_000]
    assert [deal["commission"]["amount_minor"] for deal in deals] == [0, 0, 50_000]
    assert deals[0]["no_credit"] == late["no_credit"]


def test_a_report_that_comes_too_late_takes_nobodys_referral(company: Company) -> None:
    """CNF-05, LEAD-14: 丁 brought them; a broker who reports them after their arrival is paid nothing, so 丁 is,
    whether the broker holds or has sold by then. A case that somebody rules for the broker turns it round.
    """
    office = Channel(company, **{"ownership.intercept_min": {"in_house": 0, "partner": 0}})
    plan_in_force(company, office.program)
    finance, friend = office.finance(), company.person("丁")
    came: dict[int, dict[str, Any]] = {}

    def brought(number: int) -> dict[str, Any]:
        told = {"referrer": {"person": friend.id}, "person": office.second.id, "customer": customer(number)}
        lead = friend.made("/v1/leads", {"program": office.program, "source": "内部推荐", **told})
        came[number] = office.visitor(number)
        company.shift(minutes=5)
        return lead

    def sell(lead: dict[str, Any]) -> str:
        claim = done(office.second.post(f"/v1/leads/{lead['id']}/accept"))["claim"]
        body = {"amount": money(1_000_000), "contract_at": lead["received_at"]}
        return str(done(office.second.post(f"/v1/claims/{claim}/win", body))["deals"][0])

    both = {office.second.id: {"accrued": 50_000}, friend.id: {"accrued": 2_500}}
    one = brought(21)
    assert office.reported(21)["no_credit"]["why"] == "after_arrival"
    assert accounts(finance, sell(one)) == both, "the broker holds, and is paid nothing"
    other = sell(brought(22))
    assert accounts(finance, other) == both
    late = office.reported(22)
    theirs = sold(office, late)
    company.ring_bells()
    assert (theirs["accrued"]["amount_minor"], accounts(finance, other)) == (0, both)
    case = done(objected(office.broker, came[22]))
    (server,) = {p["person"] for p in case["parties"]} - {office.broker.id}
    respondent = next(who for who in (office.first, office.second) if who.id == server)
    for command in ("waive", "heard"):
        for party in (office.broker, respondent):
            heard = done(party.post(f"/v1/disputes/{case['id']}/{command}"))
    assert heard["arbitrator"] == company.admin.id
    ruling = {
        "outcome": "party",
        "owner": office.broker.id,
        "facts": "先介绍",
        "reason": "先介绍",
        "follows_advice": False,
    }
    ruled = company.admin.made(f"/v1/disputes/{case['id']}/ruling", ruling)
    company.advance(seconds=(moment(ruled["rulings"][-1]["final_at"]) - company.now()).total_seconds() + 1)
    company.ring_bells()
    credited = done(office.broker.get(f"/v1/deals/{theirs['id']}"))
    assert (credited["accrued"]["amount_minor"], credited["no_credit"]) == (50_000, None)
    assert accounts(finance, other) == {office.second.id: {"accrued": 50_000}}, "the channel is paid after all"
    ledger_is_right(company)


def test_a_visit_that_was_voided_earns_no_credit(company: Company) -> None:
    """LEAD-14, CLM-16: they came before the report; the visit led later counts until it is voided. What the broker
    only told of that instant is another entry.
    """
    office = Channel(company)
    plan_in_force(company, office.program)
    for number in (31, 32):
        office.visitor(number)
    company.shift(hours=24)
    office.say(office.first, "free")
    office.say(office.second, "free")
    deals = []
    for number, voided in ((31, "told"), (32, "counted")):
        claim = office.reported(number)
        assert claim["no_credit"]["why"] == "after_arrival"
        company.shift(minutes=5)
        one = office.led(number, by=office.broker)
        ids = {"told": work(office.broker, claim, "visit", at=one["arrived_at"])["id"]}
        server = office.first if one["server"] == office.first.id else office.second
        done(step(server, one, "greet"))
        for who in (office.desk, server):
            done(who.post(f"/v1/receptions/{one['id']}/visit/confirm"))
        ids["counted"] = entry(office.broker, claim, "follow_up")["data"]["follow_up"]
        assert ids["counted"] != ids["told"]
        assert read(office.broker, claim)["no_credit"] is None
        done(office.channel_manager.post(f"/v1/follow-ups/{ids[voided]}/void", {"reason": "没有到访"}))
        deals.append(sold(office, claim))
    assert [deal["accrued"]["amount_minor"] for deal in deals] == [50_000, 0]


def handed(office: Channel, claim: dict[str, Any], *, to: Person) -> dict[str, Any]:
    """The claim of ``to``, whom the customer is released to by the one who held them."""
    holder = office.colleague if claim["owner"] == office.colleague.id else office.broker
    done(holder.post(f"/v1/claims/{claim['id']}/release", {"reason": "not_worked", "to": to.id}))
    with office.company.database.reading() as tx:
        c = t.claim.c
        held = sa.select(c.id).where(c.customer == claim["customer"]["id"], c.holds, c.reporter == to.id)
        return read(to, tx.execute(held).scalar_one())


def test_who_goes_on_with_a_report_of_the_partner_has_its_credit(company: Company) -> None:
    """LEAD-14, PPL-08, CLM-23: reported, came, handed over to a colleague, and once more; the partner owns the report.
    Late reports stay late, and what goes to another partner or in-house is a claim of theirs.
    """
    office = Channel(company)
    plan_in_force(company, office.program)
    early = [office.reported(number) for number in (41, 42, 43)]
    company.shift(minutes=5)
    came = [office.visitor(number) for number in (41, 42, 43, 44, 45)]
    company.shift(minutes=5)
    late, another = office.reported(44), office.reported(45)
    once = handed(office, early[0], to=office.colleague)
    again = handed(office, once, to=office.broker)
    assert (again["channel"], again["no_credit"]) == ("partner", None)
    theirs = handed(office, early[1], to=office.rival)
    assert (theirs["channel"], theirs["no_credit"]["why"]) == ("partner", "after_arrival")
    own = handed(office, early[2], to=office.first)
    assert (own["channel"], own["no_credit"]) == ("in_house", None)
    still = handed(office, late, to=office.colleague)["no_credit"]
    said = {"reception": came[3]["id"], "arrived_at": came[3]["arrived_at"], "reported_at": late["received_at"]}
    assert still == {**said, "why": "after_arrival"}
    body = {"reason": "not_worked", "to": office.rival.id}
    asked = done(office.channel_manager.post(f"/v1/claims/{another['id']}/release", body))["requests"][0]
    done(office.broker.post(f"/v1/requests/{asked['id']}/accept", {}))
    told = [
        notices(who).count("claim.no_credit") for who in (office.broker, office.colleague, office.rival, office.first)
    ]
    assert told == [2, 1, 2, 0], "whoever reported, or got, what earns nothing"
    sellers = ((again, office.broker), (theirs, office.rival), (own, office.first))
    assert [sold(office, claim, by=who)["accrued"]["amount_minor"] for claim, who in sellers] == [50_000, 0, 50_000]


def test_a_broker_who_takes_whoever_was_here_is_told(company: Company) -> None:
    """LEAD-14, POOL-03: the claim is the taker's from then on, and earns nothing; at once, with rule and time."""
    office = Channel(company)
    plan_in_force(company, office.program)
    usual = done(company.admin.get(f"/v1/programs/{office.program}"))["default_pool"]
    theirs = {"program": office.program, "name": "渠道公海", "members": [{"person": office.broker.id}]}
    pool = company.admin.made("/v1/pools", theirs)["id"]
    own = office.claim(office.first, customer=customer(51), track="channel")
    one = office.visitor(51)
    done(office.first.post(f"/v1/claims/{own['id']}/release", {"reason": "need_unmet"}))
    company.shift(minutes=5)
    assert notices(office.broker).count("claim.no_credit") == 0
    (lying,) = done(company.admin.get(f"/v1/pools/{usual}/customers"))["items"]
    body = {"customers": [lying["id"]], "reason": "渠道公海", "to": pool}
    done(company.admin.post(f"/v1/pools/{usual}/move", body))
    taken = done(office.broker.post(f"/v1/pools/{pool}/customers/{lying['id']}/take"))
    assert taken["no_credit"]["reception"] == one["id"]
    assert notices(office.broker).count("claim.no_credit") == 1
    assert sold(office, taken)["accrued"]["amount_minor"] == 0


def test_a_case_that_ends_by_its_time_knows_who_came_when(office: Channel) -> None:
    """LEAD-14, DSP-15: a deal that it gives back asks for the holder's report, and no command says so."""
    claim = office.reported(61)
    one = office.visitor(61)
    with office.company.database.reading() as tx:
        matter = tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim["id"])).scalar_one()
    known = []
    for opening in (False, True):
        if opening:
            done(objected(office.broker, one))
        with office.company.database.reading() as tx:
            loaded = matters.load(tx, matters.peek(tx, matter, now=office.company.now()))
        known.append([arrival.id for arrival in loaded.arrivals])
    assert known == [[], [one["id"]]]


def test_any_broker_of_the_partner_leads_its_customers(office: Channel) -> None:
    """LEAD-14, PPL-08: the partner owns the report; both brokers see the visit, the one who came along confirms."""
    claim = office.reported(1)
    one = office.led(1, by=office.colleague)
    assert [notices(who)[-1] for who in (office.colleague, office.broker)] == ["reception.partner_led"] * 2
    visits = [done(seen(who, one)) for who in (office.colleague, office.broker)]
    assert [(v["broker"], v["report"], v["why"]) for v in visits] == [(office.colleague.id, claim["id"], None)] * 2
    done(step(office.first, one, "greet"))
    for who in (office.desk, office.first):
        done(who.post(f"/v1/receptions/{one['id']}/visit/confirm"))
    assert done(seen(office.broker, one))["state"] == "counted"
    assert entry(office.broker, claim, "follow_up")["data"]["kind"] == "visit"


def test_a_reception_that_was_closed_is_no_visit(office: Channel) -> None:
    """LEAD-14: nobody confirms what was no visit, and it counts for nothing."""
    claim = office.reported(1)
    one = office.led(1, by=office.broker)
    done(step(office.first, one, "close", reason="走错了"))
    late = refused(office.desk.post(f"/v1/receptions/{one['id']}/visit/confirm"), 409, "illegal_transition")
    assert (late["current_state"], done(seen(office.broker, one))["state"]) == ("closed", "none")
    assert read(office.broker, claim)["state"] == "protected"
