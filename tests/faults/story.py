"""Stories of an office that meets most of what claims and cases can meet, and their ends without ids and instants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa

from storage import ledger
from storage import tables as t
from tests.support.company import Company, Person, person_customer
from tests.support.contested import Contested
from tests.support.money import MoneyOffice
from tests.support.office import act, done, work
from tests.support.office import customer as numbered
from tests.support.records import Records

#: What runs out by itself in the story runs out soon.
SOON_S = 2
_LONG = {"claim.extension_decide_wh": f"PT{SOON_S}S"}
_SHORT = {"claim.first_follow_up_wh": f"PT{SOON_S}S"}


class Waits(Protocol):
    """Returns when ``seen`` is true, which takes about ``SOON_S`` seconds on the company's clock."""

    def __call__(self, seen: Callable[[], object], *, what: str) -> None: ...


def tell(company: Company, wait: Waits) -> None:
    """Collision, work, an extension nobody decides on, a transfer, a deal and its end, a release, a lapse."""
    team = company.team("一组")
    company.leader(team)
    first, second = company.rep("甲", team=team), company.rep("乙", team=team)
    finance = company.person("财务", roles=("finance",), company_wide=True)
    long, short = company.program("Long", policy=_LONG), company.program("Short", policy=_SHORT)

    claim = _report(first, long, "13800000001")
    _report(second, long, "13800000001")
    work(first, claim, note="谈了户型、预算和下次看房时间安排")
    work(first, claim, note="谈了付款方式和车位，约好周六看房")
    asked = _asked(done(act(first, claim, "extend", reason="客户出差")), "extension")
    wait(lambda: _state(company, asked) == "expired", what="the request for an extension expires")
    asked = _asked(done(act(first, claim, "transfer", to=second.id)), "transfer")
    done(second.post(f"/v1/requests/{asked}/accept"))
    deal = {
        "amount": {"amount_minor": 100_00, "currency": "CNY"},
        "contract_at": "2026-01-01T00:00:00Z",
        "contract_end": "2099-01-01",
    }
    done(act(second, claim, "win", **deal))
    done(act(finance, claim, "cancel_deal", reason="退房"))
    done(act(second, claim, "release", reason="lost"))
    assert act(second, claim, "release", reason="lost").status_code == 409

    left = _report(first, short, "13800000002")
    wait(lambda: first.get(f"/v1/claims/{left}").json()["state"] == "lapsed", what="the claim lapses")


def tell_of_cases(company: Company, wait: Waits, *, relay: Callable[[], object]) -> list[str]:
    """Waived, ruled, appealed, ruled again and final; ruled and final by the timer; settled. The claims concerned.

    ``relay`` rings for the bells that hang.
    """
    appealed = Contested(company, phone="13800000001")
    appealed.all_say("waive")
    appealed.all_say("heard")
    appealed.ruled(appealed.leader, appealed.second)
    appealed.appealed(appealed.first)
    appealed.all_say("heard")
    appealed.ruled(appealed.above, appealed.first)
    relay()

    ruled = Contested(company, phone="13800000002", evidence_wh=0, appeal_wd=f"PT{SOON_S}S")
    ruled.all_say("waive")
    ruled.ruled(ruled.leader, ruled.second)
    wait(lambda: ruled.read()["state"] == "final", what="the time to appeal is over")
    relay()

    settled = Contested(company, phone="13800000003")
    settled.agreed(settled.first, accept=(settled.second,))
    relay()
    return [claim for case in (appealed, ruled, settled) for claim in (case.held, case.refused)]


def tell_of_money(company: Company, wait: Waits, *, relay: Callable[[], object]) -> None:
    """A deal of 甲's, cash, a payout; 乙 contests the customer, cash while it is open, and wins; more cash,
    taken back and told again."""
    policy = {"dispute.auto_settle": False, "dispute.evidence_wh": 0, "dispute.appeal_wd": f"PT{SOON_S}S"}
    office = MoneyOffice(company, policy=policy)
    cashier = office.finance()
    claim = office.claim(office.first)
    deal = office.won(office.first, claim=claim["id"])
    office.receive(deal, 200_000)
    run = office.money.made("/v1/payouts", {"period": "2031-03", "currency": "CNY"})
    for step in ("approve", "pay"):
        cashier.made(f"/v1/payouts/{run['id']}/{step}")
    relay()

    refused = office.claim(office.second)
    opening = {"claim": refused["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
    case = str(office.second.made("/v1/disputes", opening)["id"])
    office.receive(deal, 300_000, "r2")
    for party in (office.first, office.second):
        party.made(f"/v1/disputes/{case}/waive")
    ruling = {"outcome": "party", "owner": office.second.id, "facts": "接待记录早于报备", "reason": "首次接待在先"}
    office.leader.made(f"/v1/disputes/{case}/ruling", {**ruling, "follows_advice": False})
    wait(lambda: office.second.get(f"/v1/disputes/{case}").json()["state"] == "final", what="the outcome is final")
    relay()
    told = office.receive(deal, 500_000, "r3")["told"][-1]
    office.money.made(f"/v1/deals/{deal}/reversals", {"reverses": told["key"], "reason": "记错"})
    office.receive(deal, 500_000, "r3")


def tell_of_two_records(company: Company, wait: Waits, *, relay: Callable[[], object]) -> None:
    """甲 and 乙 ask at once about one customer under two records, on one of which 乙 has made a deal: it is one
    customer, and the timer makes that final. Two others, they agree, are two customers; asked again, they stay so."""
    records = Records(company, **{"dispute.evidence_wh": 0, "dispute.appeal_wd": f"PT{SOON_S}S"})
    deal = {"amount": {"amount_minor": 100_00, "currency": "CNY"}, "contract_at": "2026-01-01T00:00:00Z"}
    done(act(records.second, records.new, "win", **deal))
    case = records.open()
    assert records.asked(records.first, records.old, records.new).status_code == 200
    for party in (records.first, records.second):
        done(party.post(f"/v1/disputes/{case['id']}/waive"))
    done(records.ruling(case, outcome="party", owner=records.first.id, same=True))
    path = f"/v1/disputes/{case['id']}"
    wait(lambda: records.first.get(path).json()["state"] == "final", what="the outcome is final")
    relay()

    records.old = records.office.claim(records.first, customer=numbered(3))
    records.new = records.office.claim(records.second, customer=numbered(4))
    case = records.open()
    terms = {"outcome": "no_change", "same": False}
    path = f"/v1/disputes/{case['id']}/proposals"
    made = done(records.first.post(path, {"terms": terms, "text": "是两个人"}))
    done(records.second.post(f"{path}/{made['n']}/accept", {"digest": made["digest"]}))
    assert records.asked(records.first, records.old, records.new).status_code == 200
    relay()


def balances(company: Company) -> dict[tuple[str, str], int]:
    """What the accounts of each person come to over all deals, by name, after a comparison with all postings."""
    with company.database.reading() as tx:
        assert ledger.first_fault(tx) is None
        people = {r["id"]: tx.keys.open_text(r["name"]) for r in tx.rows(sa.select(t.person.c.id, t.person.c.name))}
        found: Counter[tuple[str, str]] = Counter()
        for row in tx.rows(sa.select(t.ledger_balance).where(t.ledger_balance.c.holder.is_not(None))):
            found[people[row["holder"]], row["account"].rpartition(":")[2]] += row["amount_minor"]
    return {account: amount for account, amount in found.items() if amount}


def posted(company: Company) -> Counter[str]:
    """How many entries of each kind there are."""
    with company.database.reading() as tx:
        return Counter(tx.execute(sa.select(t.ledger_entry.c.kind)).scalars())


def ending(company: Company) -> dict[str, Any]:
    """What is there now, people by name and claims by receipt: equal for two companies that lived the same."""
    with company.database.reading() as tx:
        people = {r["id"]: tx.keys.open_text(r["name"]) for r in tx.rows(sa.select(t.person.c.id, t.person.c.name))}
        claims = tx.rows(sa.select(t.claim).order_by(t.claim.c.receipt))
        receipt = {c["id"]: c["receipt"] for c in claims}
        events = tx.rows(
            sa.select(t.event).where(t.event.c.stream_kind == "claim").order_by(t.event.c.stream, t.event.c.seq)
        )
        return {
            "claims": [(c["receipt"], c["state"], c["reason"], people.get(c["owner"]), c["holds"]) for c in claims],
            "events": {
                r: [
                    (e["kind"], e["before"], e["after"], people.get(e["actor"]), e["reason"])
                    for e in events
                    if e["stream"] == claim
                ]
                for claim, r in receipt.items()
            },
            "notices": Counter(
                (people[n["person"]], n["kind"], receipt.get(n["subject"])) for n in tx.rows(sa.select(t.notice))
            ),
            "tasks": Counter((people[k["person"]], k["kind"], k["state"]) for k in tx.rows(sa.select(t.task))),
            "commands": Counter(
                (receipt[c["claim"]], c["kind"], c["decided_at"] is not None, (c["problem"] or {}).get("code"))
                for c in tx.rows(sa.select(t.command))
            ),
            "follow_ups": Counter((receipt[f["claim"]], f["qualified"]) for f in tx.rows(sa.select(t.follow_up))),
            "requests": Counter((receipt[r["claim"]], r["kind"], r["state"]) for r in tx.rows(sa.select(t.request))),
            "deals": Counter((receipt[d["claim"]], d["number"], d["state"]) for d in tx.rows(sa.select(t.deal))),
            "reminders": Counter((receipt[r["claim"]], r["clock"], r["last"]) for r in tx.rows(sa.select(t.reminder))),
            "cases": [
                (d["number"], d["state"], d["tier"], people.get(d["arbitrator"]), people.get(d["served_by"]))
                for d in tx.rows(sa.select(t.dispute).order_by(t.dispute.c.number))
            ],
            "events of cases": {
                d["number"]: [
                    (e["kind"], e["before"], e["after"], people.get(e["actor"]))
                    for e in tx.rows(sa.select(t.event).where(t.event.c.stream == d["id"]).order_by(t.event.c.seq))
                ]
                for d in tx.rows(sa.select(t.dispute.c.id, t.dispute.c.number))
            },
            "answers": tx.execute(sa.select(t.identity_answer.c.same).order_by(t.identity_answer.c.at)).scalars().all(),
            "evidence": tx.execute(sa.select(sa.func.count()).select_from(t.evidence)).scalar_one(),
            "open": Counter(receipt.get(s["id"], s["kind"]) for s in tx.rows(sa.select(t.stream)) if s["open"]),
        }


def _report(rep: Person, program: str, phone: str) -> str:
    customer = person_customer(phone=phone)
    return str(done(rep.post("/v1/claims", {"program": program, "customer": customer}))["id"])


def _asked(claim: dict[str, Any], kind: str) -> str:
    return next(str(r["id"]) for r in claim["requests"] if r["kind"] == kind)


def _state(company: Company, request: str) -> str:
    with company.database.reading() as tx:
        return str(tx.execute(sa.select(t.request.c.state).where(t.request.c.id == request)).scalar_one())
