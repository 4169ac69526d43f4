"""An office that earns commission: plans in force, deals, and how sums read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storage import ledger
from tests.support.company import Company, Person
from tests.support.office import MONDAY, Office, done

#: Tuesday 2031-03-04 16:00 in Shanghai.
SIGNED = "2031-03-04T08:00:00Z"
STAGES = {"contract": 30, "first_payment": 30, "full_payment": 40}
#: Five per cent of everything.
FIVE_PCT: Sequence[Mapping[str, Any]] = ({"when": {}, "rate_bps": 500},)


def money(amount_minor: int, currency: str = "CNY") -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": currency}


def plan_in_force(
    company: Company,
    program: str | None,
    rates: Sequence[Mapping[str, Any]] = FIVE_PCT,
    *,
    effective_from: str = "2031-01-01",
) -> dict[str, Any]:
    """A plan drafted by the administrator and approved by somebody else."""
    body = {"program": program, "effective_from": effective_from, "rates": [dict(rate) for rate in rates]}
    plan = company.admin.made("/v1/plans", body)
    approver = company.person("方案审批", roles=("policy_admin",), company_wide=True)
    for person, step in ((company.admin, "review"), (approver, "approve"), (company.admin, "activate")):
        plan = person.made(f"/v1/plans/{plan['id']}/{step}")
    assert plan["state"] == "active", plan
    return plan


class MoneyOffice(Office):
    """An office with a plan and somebody in finance; reps 甲 and 乙."""

    def __init__(
        self,
        company: Company,
        *,
        policy: Mapping[str, Any] | None = None,
        rates: Sequence[Mapping[str, Any]] = FIVE_PCT,
        **program: Any,
    ) -> None:
        super().__init__(company, opened=MONDAY, policy=policy, **program)
        self.plan = plan_in_force(company, self.program, rates)
        self.money = self.finance()

    def won(self, rep: Person, amount_minor: int = 1_000_000, *, claim: str | None = None, **deal: Any) -> str:
        """The id of a deal of ``rep``'s, on a claim of their own unless one is given."""
        of = claim or self.claim(rep)["id"]
        body = {"amount": money(amount_minor), "contract_at": SIGNED, **deal}
        return str(done(rep.post(f"/v1/claims/{of}/win", body))["deals"][-1])

    def receive(self, deal: str, amount_minor: int, reference: str = "r1", **more: Any) -> dict[str, Any]:
        """What the deal says after a receipt."""
        body = {"amount": money(amount_minor), "at": SIGNED, "reference": reference, **more}
        return self.money.made(f"/v1/deals/{deal}/receipts", body)

    def give_back(self, deal: str, amount_minor: int, reference: str = "b1") -> dict[str, Any]:
        """What the deal says after a refund."""
        body = {"amount": money(amount_minor), "at": SIGNED, "reference": reference, "reason": "退款"}
        return self.money.made(f"/v1/deals/{deal}/refunds", body)

    def share(self, deal: str, parts: Mapping[Person, int] | Sequence[tuple[Person, int]]) -> dict[str, Any]:
        """Shares set by the leader."""
        pairs = parts.items() if isinstance(parts, Mapping) else parts
        shares = [{"person": person.id, "share_bps": bps} for person, bps in pairs]
        return self.leader.made(f"/v1/deals/{deal}/shares/set", {"shares": shares, "reason": "共同跟进"})

    def deal(self, deal: str, by: Person | None = None) -> dict[str, Any]:
        """The deal as finance sees it, or ``by``."""
        answer = (by or self.money).get(f"/v1/deals/{deal}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def sums(deal: Mapping[str, Any]) -> dict[str, int]:
    """What a deal is worth to the people behind it, in minor units of its one currency."""
    names = ("commission", "received", "accrued", "released", "held", "paid")
    assert {deal[name]["currency"] for name in names} == {deal["amount"]["currency"]}
    return {name: deal[name]["amount_minor"] for name in names if name not in ("commission", "received")}


def accounts(finance: Person, deal: str | None = None, **filters: Any) -> dict[str, dict[str, int]]:
    """The ledger's accounts by person, without what is zero."""
    query = {**filters, **({"deal": deal} if deal is not None else {})}
    answer = finance.get("/v1/ledger/accounts", limit=200, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[str, int]] = {}
    for item in answer.json()["items"]:
        for name, amount in item.items():
            if name.endswith("_minor") and amount:
                found.setdefault(item["person"], {})[name.removesuffix("_minor")] = amount
    return found


def entries(finance: Person, deal: str) -> list[dict[str, Any]]:
    """The entries of a deal, oldest first; each sums to nothing."""
    answer = finance.get("/v1/ledger/entries", deal=deal, limit=200)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = list(reversed(answer.json()["items"]))
    for entry in found:
        assert sum(p["amount_minor"] for p in entry["postings"]) == 0, entry
    return found


def ledger_is_right(company: Company) -> None:
    """No account differs from a recomputation, and every entry balances (COM-06)."""
    with company.database.reading() as tx:
        assert ledger.first_fault(tx) is None
