"""What a stand-in (代接) has of a deal made on the visit (contract section 15, LEAD-15)."""

from __future__ import annotations

from typing import Any

import pytest

from storage.codec import rfc3339
from tests.api.claims.test_special_approvals import given
from tests.support.answers import listed
from tests.support.company import Company
from tests.support.office import act, customer, done, entry, read
from tests.support.visits import NOTED, Visits, step


def stood_in(office: Visits, number: int, *, after_days: int = 0) -> dict[str, Any]:
    """甲's customer, received by 乙 while 甲 is away; the claim."""
    claim = office.claim(office.first, customer=customer(number))
    office.say(office.second, "free")
    one = office.visitor(number)
    assert (one["way"], one["server"]) == ("stand_in", office.second.id)
    done(step(office.second, one, "greet"))
    done(step(office.second, one, "record", **NOTED))
    office.company.shift(days=after_days)
    done(step(office.second, one, "complete"))
    return claim


def signed(office: Visits, claim: dict[str, Any], *, in_days: int = 0) -> list[tuple[str, int]]:
    """The shares of a deal on the claim, made so many days from now."""
    office.company.shift(days=in_days)
    amount = {"amount_minor": 1_000_000, "currency": "CNY"}
    body = {"amount": amount, "contract_at": rfc3339(office.company.now()), "product": "住宅"}
    deal = done(act(office.first, claim, "win", **body))["deals"][-1]
    found = done(office.first.get(f"/v1/deals/{deal}"))
    return [(share["person"], share["share_bps"]) for share in found["shares"]]


@pytest.mark.parametrize(("least", "theirs"), [(0, 5000), (70, 3000)])
def test_a_deal_made_on_the_visit_is_shared(company: Company, least: int, theirs: int) -> None:
    """LEAD-15, COM-03: `standin.share_pct`, as far as the owner keeps `split.owner_min_pct`; later deals are whole."""
    office = Visits(company, policy={"split.owner_min_pct": least})
    office.say(office.first, "out")
    claim = stood_in(office, 1)
    whole = 10_000 - theirs
    assert signed(office, claim) == [(office.first.id, whole), (office.second.id, theirs)]
    assert signed(office, stood_in(office, 2), in_days=1) == [(office.first.id, 10_000)]


def test_what_was_agreed_before_comes_first_and_the_owner_is_never_left_out(company: Company) -> None:
    """LEAD-15, COM-03: `standin.share_pct` is of what an earlier owner's part leaves."""
    office = Visits(company)
    third = office.outsider()
    claim = office.claim(third, customer=customer(3))
    given(office.manager(), claim, "assign", to=office.first.id, past_share_bps=5_000)
    office.say(office.first, "out")
    one = office.visitor(3)
    for name in ("greet", "record", "complete"):
        done(step(office.second, one, name, **(NOTED if name == "record" else {})))
    (held,) = [c for c in listed(office.first.get("/v1/claims")) if c["state"] == "active"]
    assert signed(office, held) == [(office.first.id, 2_500), (third.id, 5_000), (office.second.id, 2_500)]


def test_a_visit_that_is_registered_another_day_gives_no_share(company: Company) -> None:
    """LEAD-15: nor is somebody whom the duty manager names a stand-in."""
    office = Visits(company)
    office.say(office.first, "out")
    assert signed(office, stood_in(office, 1, after_days=1)) == [(office.first.id, 10_000)]
    office.say(office.second, "free")
    other = office.claim(office.first, customer=customer(2))
    one = office.visitor(2)
    done(step(office.leader, one, "assign", person=office.second.id, reason="客户着急"))
    done(step(office.second, one, "greet"))
    done(step(office.second, one, "record", **NOTED))
    done(step(office.second, one, "complete"))
    assert signed(office, other) == [(office.first.id, 10_000)]


def test_a_visit_that_was_voided_gives_no_share(company: Company) -> None:
    """LEAD-15, CLM-16: who received nobody has nothing of a deal signed that day."""
    office = Visits(company)
    office.say(office.first, "out")
    claim = stood_in(office, 1)
    [visit] = listed(office.leader.get(f"/v1/claims/{claim['id']}/follow-ups"))
    done(office.leader.post(f"/v1/follow-ups/{visit['id']}/void", {"reason": "没有来过"}))
    assert signed(office, claim) == [(office.first.id, 10_000)]


def test_who_stands_in_for_a_former_owner_has_their_share(company: Company) -> None:
    """LEAD-15, POOL-03: the customer names 甲, who lost them and is away, and is 甲's again by the visit."""
    office = Visits(company)
    lost = office.claim(office.first, customer=customer(1))
    done(act(office.first, lost, "release", reason="need_unmet"))
    office.say(office.first, "out")
    one = office.visitor(1, asks_for=office.first.id)
    assert (one["way"], one["server"]) == ("stand_in", office.second.id)
    done(step(office.second, one, "greet"))
    done(step(office.second, one, "record", **NOTED))
    claim = read(office.first, done(step(office.second, one, "complete"))["claim"])
    assert (claim["state"], claim["owner"]) == ("protected", office.first.id)
    served = {"reception": one["id"], "server": office.second.id, "stand_in": True}
    assert entry(office.first, claim, "received_for")["data"] == served
    assert signed(office, claim) == [(office.first.id, 5000), (office.second.id, 5000)]
