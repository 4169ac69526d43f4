"""Customers brought by customers and colleagues (老带新): CNF-05, contract additions section 22."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from storage import leads
from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.leads import Leads, act, read
from tests.support.money import SIGNED, accounts, entries, ledger_is_right, money, plan_in_force
from tests.support.office import MONDAY, customer, done, work


class Referred(Leads):
    """Leads in a program with a plan; 甲 holds the old customer 老王, and finance pays."""

    def __init__(self, company: Company, *, opened: str = MONDAY, **policy: Any) -> None:
        super().__init__(company, opened=opened, policy=policy)
        plan_in_force(company, self.program)
        self.money = self.finance()
        self.old = self.claim(self.first, customer=customer(900, "老王"))

    def brought(self, *, by: Person | None = None, **more: Any) -> dict[str, Any]:
        """A lead of somebody new whom 老王 brings, unless ``more`` names another."""
        told = {"referrer": {"customer": self.old["customer"]["id"]}, **more}
        return done(self.send(by=by or self.first, **told))

    def sold(self, lead: dict[str, Any], by: Person) -> str:
        """The lead taken and won by ``by``; the deal."""
        claim = done(act(by, lead, "accept"))["claim"]
        body = {"amount": money(1_000_000), "contract_at": SIGNED}
        return str(done(by.post(f"/v1/claims/{claim}/win", body))["deals"][0])


def test_whom_a_customer_brings_goes_to_that_customers_owner_and_the_reward_is_listed_and_no_commission(
    company: Company,
) -> None:
    """CNF-05: `referral.receiver` named_or_owner; the reward is exported, and off with the deal."""
    office = Referred(company)
    lead = office.brought()
    assert (lead["receiver"], lead["offers"][0]["way"]) == (office.first.id, "named")
    told = lead["referral"]
    assert (told["customer"], told["credit"], told["why"], told["related"]) == (
        office.old["customer"]["id"],
        True,
        None,
        False,
    )
    assert told["until"].startswith("2031-04-02T02:00")
    deal = office.sold(lead, office.first)
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 50_000}}
    (reward,) = listed(office.money.get("/v1/referrals/rewards", program=office.program))
    assert (reward["deal"], reward["referrer"]["id"], reward["state"]) == (deal, office.old["customer"]["id"], "due")
    sheet = office.money.get("/v1/referrals/rewards", format="csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert office.old["customer"]["id"] in sheet.text
    refused(office.leader.get("/v1/referrals/rewards"), 403, "not_allowed")
    done(office.money.post(f"/v1/deals/{deal}/cancel", {"reason": "退房"}))
    assert [r["state"] for r in listed(office.money.get("/v1/referrals/rewards"))] == ["cancelled"]


def test_whom_the_new_customer_names_has_the_lead_and_by_rotation_nobody_is_named(company: Company) -> None:
    """CNF-05: the named rep before the referrer's owner; with `rotation` the rules decide for owners too."""
    office = Referred(company)
    assert office.brought(person=office.second.id)["receiver"] == office.second.id
    turns = Referred(company, opened="2031-03-03T03:00:00Z", **{"referral.receiver": "rotation"})
    refused(
        turns.send(by=turns.first, referrer={"customer": turns.old["customer"]["id"]}, person=turns.second.id),
        422,
        "field_not_allowed",
        "person",
    )
    assert turns.brought()["offers"][0]["way"] == "rotation"


def test_a_colleague_who_sends_no_leads_may_bring_one_and_is_credited_at_the_deal(company: Company) -> None:
    """CNF-05, COM-05: in their own name only; an overlay outside the 100 %, and the ledger is right."""
    office = Referred(company)
    colleague = company.person("丁")
    refused(office.send(by=colleague), 403, "not_allowed")
    refused(office.send(by=colleague, referrer={"person": office.second.id}), 403, "not_allowed")
    lead = office.brought(by=colleague, referrer={"person": colleague.id}, person=office.second.id)
    deal = office.sold(lead, office.second)
    assert accounts(office.money, deal) == {
        office.second.id: {"accrued": 50_000},
        colleague.id: {"accrued": 2_500},
    }
    assert done(office.money.get(f"/v1/deals/{deal}"))["credit_proposed"] is None, "credited once, not as sender too"
    assert listed(office.money.get("/v1/referrals/rewards")) == []
    with company.database.reading() as tx:
        said = tx.rows(sa.select(t.event.c.data).where(t.event.c.stream == deal, t.event.c.kind == "referred"))
    assert [(s["data"]["person"], s["data"]["credit"], s["data"]["why"]) for s in said] == [(colleague.id, True, None)]
    ledger_is_right(company)


def test_who_is_known_already_earns_nobody_anything_and_the_lead_says_so(company: Company) -> None:
    """CNF-05: in the base, or here already; a customer does not bring themselves, and none who is erased."""
    office = Referred(company)
    known = office.claim(office.second, customer=customer(901, "小李"))
    base = office.brought(customer=customer(901, "小李"))
    assert (base["state"], base["referral"]["credit"], base["referral"]["why"]) == ("attached", False, "in_base")
    work(office.second, known, "visit", "带客户看了样板间，谈了楼层和付款方式")
    assert office.brought(customer=customer(901, "小李"))["referral"]["why"] == "visited"
    himself = {"customer": customer(900, "老王"), "referrer": {"customer": office.old["customer"]["id"]}}
    refused(office.send(by=office.first, **himself), 422, "field_invalid", "referrer.customer")
    both = {"customer": office.old["customer"]["id"], "person": office.first.id}
    refused(office.send(by=office.first, referrer=both), 422, "field_invalid", "referrer")
    done(office.first.post(f"/v1/claims/{office.old['id']}/release", {"reason": "need_unmet"}))
    done(company.admin.post(f"/v1/customers/{both['customer']}/erase", {"reason": "客户要求"}))
    gone = {"customer": customer(903, "小孙"), "referrer": {"customer": both["customer"]}}
    refused(office.send(by=office.first, **gone), 422, "field_invalid", "referrer.customer")
    body = {"amount": money(1_000_000), "contract_at": SIGNED}
    done(office.second.post(f"/v1/claims/{known['id']}/win", body))
    assert listed(office.money.get("/v1/referrals/rewards")) == []


def test_whoever_comes_to_hold_them_meanwhile_owes_them_to_who_brought_them(company: Company) -> None:
    """CNF-05: the lead is attached to a report of 乙's, and 老王 is rewarded for 乙's deal."""
    office = Referred(company)
    lead = office.brought(customer=customer(902, "小赵"))
    claim = office.claim(office.second, customer=customer(902, "小赵"))
    assert (read(office.first, lead)["state"], read(office.first, lead)["claim"]) == ("attached", claim["id"])
    body = {"amount": money(1_000_000), "contract_at": SIGNED}
    done(office.second.post(f"/v1/claims/{claim['id']}/win", body))
    (reward,) = listed(office.money.get("/v1/referrals/rewards"))
    assert (reward["owner"], reward["lead"]) == (office.second.id, lead["id"])


def test_whoever_takes_them_out_of_the_pool_owes_them_too_and_only_the_first(company: Company) -> None:
    """CNF-05, LEAD-03: nobody could receive the lead; 乙 takes the customer, and after 乙 nobody owes anything."""
    office = Referred(company)
    path = f"/v1/programs/{office.program}/lead-rules"
    body = {"version": company.admin.get(path).json()["version"], "rules": [{"when": {}, "to": {"pool": True}}]}
    done(company.admin.patch(path, body))
    new = customer(903, "小孙")
    lead = office.brought(customer=new, referrer={"person": office.sender.id}, by=office.sender)
    assert (lead["state"], lead["referral"]["credit"]) == ("pooled", True)
    with company.database.reading() as tx:
        matter = tx.execute(sa.select(t.lead.c.matter).where(t.lead.c.id == lead["id"])).scalar_one()
        found = leads.brought(tx, matter)
        assert found is not None
        assert found.lead == lead["id"]
    claim = office.claim(office.second, customer=new)
    with company.database.reading() as tx:
        assert leads.brought(tx, matter) is None
    deal = done(
        office.second.post(f"/v1/claims/{claim['id']}/win", {"amount": money(1_000_000), "contract_at": SIGNED})
    )
    assert accounts(office.money, deal["deals"][0]) == {
        office.second.id: {"accrued": 50_000},
        office.sender.id: {"accrued": 2_500},
    }


def test_a_closed_lead_leaves_its_referral_in_the_pool_unless_it_was_no_lead(company: Company) -> None:
    """CNF-05, LEAD-16, POOL-02: nobody needed it then; whoever signs within the days owes it to who brought them."""
    office = Referred(company)
    kept, wrong = customer(907, "小冯"), customer(908, "小陈")
    lead = office.brought(customer=kept)
    for one, reason in ((lead, "no_need"), (office.brought(customer=wrong), "wrong_number")):
        done(act(office.first, one, "return", reason=reason))
        assert done(act(office.first, one, "close", reason="暂不需要"))["state"] == "closed"
    body = {"amount": money(1_000_000), "contract_at": SIGNED}
    for new in (wrong, kept):
        claim = office.claim(office.second, customer=new)
        done(office.second.post(f"/v1/claims/{claim['id']}/win", body))
    (reward,) = listed(office.money.get("/v1/referrals/rewards"))
    assert (reward["owner"], reward["lead"]) == (office.second.id, lead["id"])
    ledger_is_right(company)


def test_channel_or_referral_is_paid_whichever_track_comes_first(company: Company) -> None:
    """CNF-05: `referral.one_source`; held in the channel track: no credit. A channel deal later: the list says so."""
    office = Referred(company, **{"ownership.tracks": ["sales", "channel"]})
    one, other = customer(904, "小周"), customer(905, "小吴")
    lead = office.brought(customer=one)
    office.claim(office.second, customer=one, track="channel")
    office.sold(lead, office.first)
    assert listed(office.money.get("/v1/referrals/rewards")) == []
    office.sold(office.brought(customer=other), office.first)
    assert [r["state"] for r in listed(office.money.get("/v1/referrals/rewards"))] == ["due"]
    theirs = office.claim(office.second, customer=other, track="channel")
    body = {"amount": money(1_000_000), "contract_at": SIGNED}
    done(office.second.post(f"/v1/claims/{theirs['id']}/win", body))
    assert [r["state"] for r in listed(office.money.get("/v1/referrals/rewards"))] == ["channel"]
    ledger_is_right(company)


def test_a_later_channel_deal_takes_a_colleagues_credit_back_until_it_is_off(company: Company) -> None:
    """CNF-05, COM-06, COM-09: recorded or allocated in the channel track; the referrer is told, and reads why."""
    office = Referred(company, **{"ownership.tracks": ["sales", "channel"]})
    colleague, new = company.person("丁"), customer(906, "小郑")
    brought = {"customer": new, "referrer": {"person": colleague.id}, "person": office.second.id}
    lead = office.brought(by=colleague, **brought)
    deal = office.sold(lead, office.second)
    seller = {office.second.id: {"accrued": 50_000}}
    assert accounts(office.money, deal) == {**seller, colleague.id: {"accrued": 2_500}}
    told = {"program": office.program, "track": "channel", "contract_at": SIGNED}
    body = {**told, "customer": lead["customer"]["id"], "amount": money(300_000)}
    waiting = office.money.made("/v1/deals", body)["id"]
    company.ring_bells()
    assert accounts(office.money, deal) == {**seller, colleague.id: {"accrued": 2_500}}
    theirs = office.claim(office.first, customer=new, track="channel")
    office.leader.made(f"/v1/deals/{waiting}/allocate", {"claim": theirs["id"]})
    company.ring_bells()
    assert accounts(office.money, deal) == seller
    further = office.first.made("/v1/deals", body)["id"]
    done(office.money.post(f"/v1/deals/{waiting}/cancel", {"reason": "退房"}))
    company.ring_bells()
    assert accounts(office.money, deal) == seller, "another deal of the channel stands"
    done(office.money.post(f"/v1/deals/{further}/cancel", {"reason": "退房"}))
    company.ring_bells()
    assert accounts(office.money, deal) == {**seller, colleague.id: {"accrued": 2_500}}
    found = entries(office.money, deal)
    assert [e["kind"] for e in found] == ["accrual", "overlay", "reversal", "overlay"]
    assert found[2]["reverses"] == found[1]["key"]
    kinds = [n["kind"] for n in reversed(listed(colleague.get("/v1/me/notices")))]
    assert [kind for kind in kinds if kind.startswith("money.")] == ["money.overlay", "money.reversal", "money.overlay"]
    with company.database.reading() as tx:
        said = tx.rows(sa.select(t.event.c.data).where(t.event.c.stream == deal, t.event.c.kind == "referred"))
    told_of = sorted((s["data"]["person"], s["data"]["credit"], s["data"]["why"] or "") for s in said)
    assert told_of == [(colleague.id, False, "channel"), (colleague.id, True, ""), (colleague.id, True, "")]
    ledger_is_right(company)


def test_relatives_are_flagged_in_the_lead_and_in_the_list(company: Company) -> None:
    """CNF-05, CUS-14: once the two customers are linked as a household."""
    office = Referred(company)
    lead = office.brought()
    office.sold(lead, office.first)
    asked = {"with": lead["customer"]["id"], "kind": "household", "reason": "母子"}
    link = done(office.first.post(f"/v1/customers/{office.old['customer']['id']}/links", asked))
    done(company.admin.post(f"/v1/links/{link['id']}/approve", {}))
    assert read(office.first, lead)["referral"]["related"] is True
    assert [r["related"] for r in listed(office.money.get("/v1/referrals/rewards"))] == [True]


def test_a_relative_of_a_colleague_is_flagged_by_how_the_colleague_is_reached(company: Company) -> None:
    """CNF-05, CUS-14: the colleague's own number, and a household with whoever is reached by it; nobody else's."""
    office = Referred(company)
    colleague = company.person("丁")
    path = f"/v1/people/{colleague.id}"
    phone = {"version": done(company.admin.get(path))["version"], "phone": "139 0000 0777"}
    done(company.admin.patch(path, phone))
    told = {"referrer": {"person": colleague.id}, "by": colleague}
    stranger = office.brought(customer=customer(910, "小周"), **told)
    assert stranger["referral"]["related"] is False
    own = office.brought(customer={**customer(911, "小丁"), "phone": "13900000777"}, **told)
    assert (own["referral"]["related"], own["referral"]["credit"]) == (True, True), "it changes nothing by itself"
    asked = {"with": stranger["customer"]["id"], "kind": "household", "reason": "兄妹"}
    link = company.admin.made(f"/v1/customers/{own['customer']['id']}/links", asked)
    assert link["state"] == "asked"
    assert read(company.admin, stranger)["referral"]["related"] is False
    other = company.person("总监", roles=("admin",), company_wide=True)
    done(other.post(f"/v1/links/{link['id']}/approve", {}))
    assert read(company.admin, stranger)["referral"]["related"] is True


def test_whoever_is_reached_as_one_of_the_colleagues_is_flagged_and_nobody_by_a_number_of_many(
    company: Company,
) -> None:
    """CNF-05, CUS-14: the e-mail of who brings, the number of who sends and of who receives; none that many share."""
    office = Referred(company)
    brings = company.person("丁")

    def reached(person: Person, **by: str) -> None:
        path = f"/v1/people/{person.id}"
        done(company.admin.patch(path, {"version": done(company.admin.get(path))["version"], **by}))

    reached(brings, phone="400 820 8820", email="Ding@Example.com")
    reached(office.first, phone="13900000101")
    reached(office.second, phone="13900000102")
    told = {"referrer": {"person": brings.id}, "by": office.first, "person": office.second.id}
    for number, (contact, related) in enumerate(
        (
            ({"phone": "13900000199", "email": "ding@example.com"}, True),
            ({"phone": "13900000101"}, True),
            ({"phone": "13900000102"}, True),
            ({"phone": "4008208820"}, False),
        )
    ):
        lead = office.brought(customer={"kind": "person", "name": f"小周{number}", **contact}, **told)
        assert lead["referral"]["related"] is related, contact
