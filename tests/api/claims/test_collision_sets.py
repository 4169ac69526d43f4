"""Collision sets of masked numbers in force (隐号撞号集): who waits, who moves up, who collides (CUS-07, CLM-27)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from domain.customers import MaskedPhone, MaskPattern
from domain.customers.collision_set import CollisionSet, NumberReport, Seat
from storage import tables as t
from storage.customers import SEEN_DIGITS
from storage.verification import verify
from tests.domain.customers.test_collision_sets import groupings
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer
from tests.support.office import Office, act, after, clocks, done, entry, moment, notices, read, tasks, work
from tests.support.records import Records

MODE: dict[str, Any] = {"match.phone_mode": "3+4"}
FIRST, OTHER = "13811115678", "13822225678"
WAITS = "reported number"


def masked(surname: str = "王", last: str = "5678") -> dict[str, Any]:
    return person_customer(f"{surname}小明", f"138****{last}")


def full(number: str, surname: str = "王") -> dict[str, Any]:
    return person_customer(f"{surname}小明", number)


class Three:
    """Three reps of one program that takes masked numbers; the third is of another team."""

    def __init__(self, company: Company, **policy: Any) -> None:
        self.office = Office(company, policy=MODE | {name.replace("__", "."): v for name, v in policy.items()})
        self.company = company
        self.reps = (self.office.first, self.office.second, self.office.outsider())

    def report(self, *whom: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One report of each rep, in their order."""
        return [self.office.claim(rep, customer=c) for rep, c in zip(self.reps, whom, strict=False)]

    def complete(self, claims: Sequence[Mapping[str, Any]], which: int, number: str) -> None:
        """The whole number is given, and whoever has to look again has."""
        rep, claim = self.reps[which], claims[which]
        body = {"version": read(rep, claim)["version"], "customer": {"phone": number}}
        done(rep.patch(f"/v1/claims/{claim['id']}", body))
        self.company.ring_bells()

    def act(self, claims: Sequence[Mapping[str, Any]], which: int, command: str, **body: Any) -> None:
        done(act(self.reps[which], claims[which], command, **body))
        self.company.ring_bells()

    def stand(self, claims: Sequence[Mapping[str, Any]]) -> list[str]:
        """State, and what an undecided report waits for or a refused one was refused for."""
        found = []
        for rep, claim in zip(self.reps, claims, strict=False):
            seen = read(rep, claim)
            more = seen["waits_for"] or (seen["reason"] if seen["state"] == "rejected" else None)
            found.append(f"{seen['state']} {more}" if more else str(seen["state"]))
        return found


@pytest.fixture
def three(company: Company) -> Three:
    return Three(company)


def test_the_first_keeps_its_place_and_later_ones_wait(three: Three) -> None:
    """CUS-07, CUS-02: masked or full, neither refused nor protected, with no limit running; they learn no more."""
    claims = three.report(masked(), masked(), full(FIRST))
    assert three.stand(claims) == ["protected", WAITS, WAITS]
    for rep, claim in list(zip(three.reps, claims, strict=True))[1:]:
        seen = read(rep, claim)
        assert (seen["clocks"], seen["deadline"], seen["conflict"], seen["possible"]) == ([], None, None, None)
        assert {"withdraw", "correct"} <= set(seen["allowed"])
        assert "accept" not in read(three.office.leader, claims[1])["allowed"]
    told = refused(act(three.office.leader, claims[1], "accept"), 409, "illegal_transition")
    assert (told["rule"], told["facts"]) == ("CUS-07", {"waits_for": "number"})
    look = {"program": three.office.program, "customer": masked()}
    assert done(three.reps[2].post("/v1/ownership/lookup", look))["answer"] == "possible"


def test_a_full_number_is_compared_in_every_mode(three: Three) -> None:
    """CUS-02: masked numbers are no longer taken, but those that were are still there."""
    (first,) = three.report(masked())
    body = {"reason": "不再收隐号", "parameters": {"match.phone_mode": "full"}}
    draft = three.company.admin.made(f"/v1/programs/{three.office.program}/policies", body)["id"]
    approver = three.company.person("规则管理员", roles=("policy_admin",), company_wide=True)
    for step in ("review", "approve", "activate"):
        approver.made(f"/v1/policies/{draft}/{step}")
    refused(three.office.report(three.reps[1], customer=masked()), 422, "phone_mode_mismatch", "customer.phone")
    second = three.office.claim(three.reps[1], customer=full(FIRST))
    assert three.stand([first, second]) == ["protected", WAITS]


def test_other_digits_and_other_surnames_are_nobodys_rivals(three: Three) -> None:
    """CUS-07: visible digits AND surname; a full number with other visible digits is free at once."""
    claims = three.report(masked(), masked("李"), full("13811115679"))
    assert three.stand(claims) == ["protected", "protected", "protected"]


def test_another_number_leaves_the_set_unharmed(three: Three) -> None:
    """CUS-07: whichever of the two is completed last; receipt and place stay, the clocks begin at acceptance."""
    claims = three.report(masked(), masked())
    three.complete(claims, 1, OTHER)
    assert three.stand(claims) == ["protected", WAITS]
    three.company.advance(hours=3)
    three.complete(claims, 0, FIRST)
    assert three.stand(claims) == ["protected", "protected"]
    late = read(three.reps[1], claims[1])
    assert late["received_at"] == claims[1]["received_at"]
    assert late["accepted_at"] == entry(three.reps[0], claims[0], "corrected")["at"]
    assert moment(clocks(late)["idle"]) > moment(late["accepted_at"])


@pytest.mark.parametrize(
    ("way", "end"), [("refuse", "rejected customer_owned"), ("queue", "reported queue"), ("dispute", "disputed")]
)
def test_an_equal_number_collides_as_policy_says(company: Company, way: str, end: str, tmp_path: Any) -> None:
    """CUS-07, CLM-27: at its original time it is the later one; nothing is told as a mere likeness."""
    three = Three(company, claim__on_collision=way)
    claims = three.report(masked(), masked())
    three.complete(claims, 0, FIRST)
    assert three.stand(claims)[1] == WAITS
    three.complete(claims, 1, FIRST)
    assert three.stand(claims) == ["disputed" if way == "dispute" else "protected", end]
    assert read(three.office.leader, claims[1])["possible"] is None
    with company.database.reading() as tx:
        c = t.event.c
        kept = tx.execute(sa.select(c.stream, c.data).where(c.kind == "same_number").order_by(c.stream)).all()
    first, second = (claim["customer"]["id"] for claim in claims)
    assert [(row.stream, row.data["record"]) for row in kept] == [(first, second), (second, first)]
    assert verify(company.database, company.database.keys, tmp_path).ok


def test_two_equal_numbers_behind_a_masked_one_are_both_undecided(three: Three) -> None:
    """CUS-07, CLM-05: they are one customer's, ranked by their times, once they are free."""
    claims = three.report(masked(), masked(), masked())
    three.complete(claims, 2, OTHER)
    three.complete(claims, 1, OTHER)
    assert [s.split()[0] for s in three.stand(claims)] == ["protected", "reported", "reported"]
    three.complete(claims, 0, FIRST)
    assert three.stand(claims) == ["protected", "protected", "rejected customer_owned"]


def test_a_report_before_its_judge_collides_with_the_number_that_joins_it(company: Company) -> None:
    """CUS-07, CLM-27: another surname was no rival; the equal number makes it one customer, and the judge is spared."""
    three = Three(company, claim__judgement_mode="manual")
    claims = three.report(masked(), full(FIRST, "李"))
    three.company.advance(hours=1)
    done(act(three.office.leader, claims[0], "accept"))
    assert three.stand(claims) == ["protected", "reported judge"]
    three.complete(claims, 0, FIRST)
    assert three.stand(claims) == ["protected", "rejected customer_owned"]
    late = read(three.reps[1], claims[1])
    assert (late["ended_at"], late["clocks"]) == (entry(three.reps[0], claims[0], "corrected")["at"], [])
    assert ("judge", claims[1]["id"]) not in tasks(three.office.leader)


def test_a_report_that_waits_for_its_visit_collides_with_the_number_that_joins_it(company: Company) -> None:
    """CUS-07, CLM-12, CLM-27: the later report was visited first."""
    three = Three(company, claim__protection_shape="visit_deal", match__complete_by="deal")
    claims = three.report(masked(), masked())
    three.complete(claims, 1, FIRST)
    work(three.reps[1], claims[1], "visit")
    three.complete(claims, 0, FIRST)
    assert three.stand(claims) == ["rejected customer_owned", "protected"]


def test_the_next_moves_up_when_the_first_ends(company: Company) -> None:
    """CUS-07: once the release is decided; who comes after it waits on, now for it."""
    three = Three(company, pool__cool_off_h=0)
    claims = three.report(masked(), masked(), masked())
    three.act(claims, 0, "release", reason="need_unmet")
    assert three.stand(claims) == ["released", "protected", WAITS]
    three.act(claims, 1, "release", reason="need_unmet")
    assert three.stand(claims) == ["released", "released", "protected"]
    accepted, released = read(three.reps[2], claims[2])["accepted_at"], read(three.reps[1], claims[1])["ended_at"]
    assert moment(accepted) >= moment(released)


def test_a_grace_period_is_in_the_way_until_it_is_over(company: Company) -> None:
    """CUS-07, CLM-20: the former owner may rescue; nobody is woken at its end who would decide nothing."""
    three = Three(company, claim__grace_days=5, claim__first_follow_up_wh=0, claim__idle_days=10)
    claims = three.report(masked(), masked())
    company.advance(days=11)
    assert three.stand(claims) == ["lapsed", WAITS]
    company.advance(days=5)
    assert three.stand(claims) == ["lapsed", "protected"]
    lapsed, accepted = read(three.reps[0], claims[0])["ended_at"], read(three.reps[1], claims[1])["accepted_at"]
    assert moment(accepted) == after(lapsed, days=5)


def test_an_erased_customer_in_grace_lets_go_at_once(company: Company) -> None:
    """CUS-07, AUD-05, CLM-20: whoever waits is accepted when it is erased, with clocks from there, not from before."""
    three = Three(company, claim__grace_days=5, claim__first_follow_up_wh=4)
    claims = three.report(masked(), masked())
    company.advance(days=2)
    assert three.stand(claims) == ["lapsed", WAITS]
    erased_from = company.now()
    done(company.admin.post(f"/v1/customers/{claims[0]['customer']['id']}/erase", {"reason": "本人要求删除"}))
    company.ring_bells()
    late = read(three.reps[1], claims[1])
    assert late["state"] == "protected"
    assert moment(late["accepted_at"]) >= erased_from


def test_a_former_owner_in_grace_waits_for_whoever_reported_meanwhile(company: Company) -> None:
    """CUS-07, CLM-20, CLM-26: their own grace lets them report again, and decides nothing about their rivals."""
    three = Three(company, claim__grace_days=5, claim__first_follow_up_wh=4)
    claims = three.report(full(FIRST), masked())
    company.advance(days=1)
    assert three.stand(claims) == ["lapsed", WAITS]
    again = three.office.claim(three.reps[0], customer=full(FIRST))
    company.ring_bells()
    assert three.stand([again]) == [WAITS]
    company.advance(days=5)
    assert three.stand([again, claims[1]]) == [WAITS, "protected"]
    done(act(three.reps[0], again, "withdraw"))


def test_judgement_limits_stand_still_while_a_report_waits(company: Company) -> None:
    """CUS-07, CLM-04, CLM-05: the first is before its judge, the second not on the list until it moves up."""
    three = Three(company, claim__judgement_mode="manual")
    claims = three.report(masked(), masked())
    assert three.stand(claims) == ["reported judge", WAITS]
    company.advance(days=1)
    done(act(three.office.leader, claims[0], "reject", reason="没有这个人"))
    company.ring_bells()
    assert three.stand(claims) == ["rejected judged", "reported judge"]
    rejected_at, limit = read(three.reps[0], claims[0])["ended_at"], clocks(read(three.reps[1], claims[1]))["approval"]
    assert moment(limit) > moment(clocks(claims[0])["approval"])
    assert moment(limit) > moment(rejected_at)


@pytest.mark.parametrize(("voided", "end"), [(False, "protected"), (True, "reported visit")])
def test_a_visit_made_while_a_number_is_in_the_way_accepts_later(company: Company, voided: bool, end: str) -> None:
    """CUS-07, CLM-12: nobody has to visit twice, nor is anybody judged for it; one that is voided accepts nothing."""
    three = Three(
        company, claim__protection_shape="visit_deal", match__complete_by="deal", claim__judgement_mode="manual"
    )
    claims = three.report(masked(), full(FIRST))
    assert three.stand(claims) == ["reported visit", "reported visit"]
    work(three.reps[0], claims[0], "visit")
    visit = work(three.reps[1], claims[1], "visit")
    company.ring_bells()
    assert three.stand(claims) == ["protected", WAITS]
    if voided:
        done(three.office.leader.post(f"/v1/follow-ups/{visit['id']}/void", {"reason": "没有到访"}))
    three.complete(claims, 0, OTHER)
    assert three.stand(claims) == ["protected", end]


def test_a_record_named_by_its_id_is_compared_too(three: Three) -> None:
    """CUS-02: the customer base has a record in whose program and track nobody reported yet."""
    (first,) = three.report(masked())
    known = three.company.admin.made("/v1/customers", full(FIRST))
    second = three.office.claim(three.reps[1], customer={"id": known["id"]})
    assert three.stand([first, second]) == ["protected", WAITS]


@pytest.mark.parametrize(("number", "end"), [("13900000000", "protected"), (FIRST, "rejected customer_owned")])
def test_a_number_corrected_in_the_customer_base_is_judged_too(three: Three, number: str, end: str) -> None:
    """CUS-06, CUS-07: a keeper may give another number than was masked, or the very one that the other report has."""
    claims = three.report(masked(), masked())
    three.complete(claims, 1, FIRST)
    record = done(three.company.admin.get(f"/v1/customers/{claims[0]['customer']['id']}"))
    body = {"version": record["version"], "phone": number}
    done(three.company.admin.patch(f"/v1/customers/{record['id']}", body))
    three.company.ring_bells()
    assert three.stand(claims) == ["protected", end]


def test_a_merged_record_brings_its_rivals_and_takes_them_back(three: Three) -> None:
    """CUS-07, CUS-13: what waits for the one waits for both."""
    claims = three.report(masked(), full(FIRST, "李"), masked())
    three.act(claims, 1, "release", reason="need_unmet")
    admin, (kept, gone) = three.company.admin, (claims[1]["customer"]["id"], claims[0]["customer"]["id"])
    done(admin.post(f"/v1/customers/{gone}/merge", {"into": kept, "reason": "换了名字"}))
    three.company.ring_bells()
    assert three.stand(claims) == ["protected", "released", "protected"], "the whole number of the one tells them apart"


@pytest.mark.parametrize(("way", "case"), [("refuse", False), ("dispute", True)])
def test_two_that_hold_under_two_surnames_are_asked_about(company: Company, way: str, case: bool) -> None:
    """CUS-07, CUS-13: nobody is unseated; a case ranks them, opened by itself where collisions become cases."""
    three = Three(company, claim__on_collision=way)
    claims = three.report(masked(), masked("李"))
    three.complete(claims, 0, FIRST)
    three.complete(claims, 1, FIRST)
    held = "disputed" if case else "protected"
    assert three.stand(claims) == [held, held]
    found = listed(three.office.company.admin.get("/v1/disputes"))
    assert [(one["grounds"], one["state"]) for one in found] == ([("identity", found[0]["state"])] if case else [])
    if not case:
        assert "claim.attempt" in notices(three.office.leader, claims[1])


@pytest.mark.parametrize(("same", "end"), [(False, "protected"), (True, "rejected")])
def test_a_case_answers_before_the_numbers_do(company: Company, same: bool, end: str) -> None:
    """CUS-07, CUS-13: whoever waits may ask; told apart it waits no more, found the same it is the owner's customer."""
    records = Records(company, masked(), masked(), **MODE, **{"dispute.appeal_wd": 0})
    assert read(records.second, records.new)["waits_for"] == "number"
    found = records.to_ruling()
    outcome = {"outcome": "party", "owner": records.first.id} if same else {"outcome": "no_change"}
    done(records.ruling(found, same=same, **outcome))
    company.ring_bells()
    assert [claim["state"] for claim in records.both()] == ["protected", end]


def test_two_customers_of_a_case_may_have_one_number(company: Company) -> None:
    """CUS-07, CUS-13: what a case found stands, whoever completes a number that both use or edits a record."""
    records = Records(company, masked(), masked(), **MODE, **{"dispute.appeal_wd": 0, "pool.cool_off_h": 0})
    done(records.ruling(records.to_ruling(), same=False, outcome="no_change"))
    company.ring_bells()
    done(act(records.first, records.old, "release", reason="need_unmet"))
    body = {"version": read(records.second, records.new)["version"], "customer": {"phone": FIRST}}
    done(records.second.patch(f"/v1/claims/{records.new['id']}", body))
    record = done(company.admin.get(f"/v1/customers/{records.old['customer']['id']}"))
    done(company.admin.patch(f"/v1/customers/{record['id']}", {"version": record["version"], "phone": FIRST}))
    with company.database.reading() as tx:
        assert not tx.rows(sa.select(t.event).where(t.event.c.kind == "same_number"))
        assert not tx.rows(sa.select(t.matter).where(t.matter.c.merged_into.is_not(None)))


def test_a_shared_address_is_no_shared_number(company: Company) -> None:
    """CUS-02, CUS-07: a number is completed; a record with the same e-mail alone may be a relative's."""
    three = Three(company, match__keys={"person": [["phone"], ["email"]], "company": [["company_code"]]})
    claims = three.report(masked() | {"email": "wang@example.com"}, full(OTHER, "李"))
    three.act(claims, 1, "release", reason="need_unmet")
    record = done(company.admin.get(f"/v1/customers/{claims[1]['customer']['id']}"))
    body = {"version": record["version"], "email": "wang@example.com"}
    done(company.admin.patch(f"/v1/customers/{record['id']}", body))
    three.complete(claims, 0, FIRST)
    with company.database.reading() as tx:
        assert not tx.rows(sa.select(t.event).where(t.event.c.kind == "same_number"))


def test_given_back_a_record_is_compared_for_itself(company: Company) -> None:
    """CUS-07, CUS-13: with the records that came while it was part of another one."""
    three = Three(company, pool__cool_off_h=0)
    claims = three.report(masked(), full(FIRST, "李"))
    three.act(claims, 1, "release", reason="need_unmet")
    admin, (kept, gone) = three.company.admin, (claims[1]["customer"]["id"], claims[0]["customer"]["id"])
    done(admin.post(f"/v1/customers/{gone}/merge", {"into": kept, "reason": "换了名字"}))
    claims.append(three.office.claim(three.reps[2], customer=masked()))
    assert three.stand(claims)[2] == "protected", "the whole number belongs to another surname"
    done(admin.post(f"/v1/customers/{gone}/unmerge", {"reason": "其实是两个人"}))
    three.act(claims, 2, "release", reason="need_unmet")
    again = three.office.claim(three.reps[1], customer={"id": claims[2]["customer"]["id"]})
    assert again["waits_for"] == "number", "the masked record holds, by itself again"


def test_records_joined_by_their_number_are_one_for_later_reports(three: Three) -> None:
    """CUS-02, CLM-03: no keys that match two customers, but the owner's."""
    claims = three.report(masked(), masked())
    three.complete(claims, 0, FIRST)
    three.complete(claims, 1, FIRST)
    later = three.office.claim(three.reps[2], customer=full(FIRST))
    assert (later["state"], later["reason"]) == ("rejected", "customer_owned")
    with three.company.database.reading() as tx:
        detail = tx.execute(sa.select(t.claim.c.detail).where(t.claim.c.id == later["id"])).scalar_one()
    assert "ambiguous" not in detail


def test_records_from_before_the_index_are_compared_from_their_next_entry_on(three: Three) -> None:
    """CUS-07: what the migration says of them; nothing that is held is touched."""
    (first,) = three.report(masked())
    with three.company.database.writing() as tx:
        tx.execute(t.customer_key.delete().where(t.customer_key.c.field == SEEN_DIGITS))
    second = three.office.claim(three.reps[1], customer=masked())
    three.complete([first], 0, FIRST)
    third = three.office.claim(three.reps[2], customer=masked())
    assert three.stand([first, second, third]) == ["protected", "protected", WAITS]


# --- the proof -------------------------------------------------------------------------------------------------------

STATES = {Seat.HOLDS: "protected", Seat.WAITS: "reported", Seat.COLLIDES: "rejected"}


def orders(hidden: Sequence[bool], *, mixed: bool) -> Iterator[list[tuple[str, int]]]:
    """Every order of completions after the reports, which come in order of place; ``mixed``: among them as well."""

    def further(so_far: list[tuple[str, int]], reported: int, open_ones: frozenset[int]) -> Iterator[Any]:
        if reported < len(hidden):
            more = open_ones | {reported} if hidden[reported] else open_ones
            yield from further([*so_far, ("report", reported)], reported + 1, more)
            if not mixed:
                return
        elif not open_ones:
            yield so_far
        for one in sorted(open_ones):
            yield from further([*so_far, ("complete", one)], reported, open_ones - {one})

    yield from further([], 0, frozenset())


def states(company: Company, claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """As they stand in the database, in the order of their receipt: asking each reporter takes three times as long."""
    with company.database.reading() as tx:
        ids = [claim["id"] for claim in claims]
        return list(
            tx.execute(sa.select(t.claim.c.state).where(t.claim.c.id.in_(ids)).order_by(t.claim.c.receipt)).scalars()
        )


def walk(
    three: Three, group: Sequence[int], hidden: Sequence[bool], order: Sequence[tuple[str, int]], last: str
) -> None:
    """One order, with the seats of the pure set beside it; ends in the owners that full numbers give."""
    numbers = [f"138{n + 1}{n + 1}{n + 1}{n + 1}{last}" for n in group]
    claims: list[dict[str, Any]] = []
    seats = CollisionSet()
    for step, which in order:
        rep, number = three.reps[which], numbers[which]
        if step == "report":
            claims.append(three.office.claim(rep, customer=masked(last=last) if hidden[which] else full(number)))
            told = MaskedPhone(MaskPattern.FIRST_3_LAST_4, f"138{last}") if hidden[which] else f"+86{number}"
            seats = seats.joined_by(NumberReport(str(which), which, "王", told))
        else:
            body = {"version": claims[which]["version"], "customer": {"phone": number}}
            done(rep.patch(f"/v1/claims/{claims[which]['id']}", body))
            three.company.ring_bells()
            seats = seats.completed(str(which), f"+86{number}")
        now = states(three.company, claims)
        assert now == [STATES[s.seat] for s in seats], (group, hidden, order, step, which)
    owners = {group.index(g) for g in group}
    assert now == ["protected" if n in owners else "rejected" for n in range(len(group))]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("size", "mixed", "walks"), [(2, True, 2 * 7), (3, False, 5 * 16)])
def test_every_order_of_completion_ends_in_the_owners_of_full_numbers(
    company: Company, size: int, mixed: bool, walks: int
) -> None:
    """CUS-07, issue 6: sets of up to 3 through the API; the pure set, for up to 5, says the same at every step."""
    three, walked = Three(company), 0
    for group in groupings(size):
        for hidden in product([True, False], repeat=size):
            for order in orders(hidden, mixed=mixed):
                walked += 1
                walk(three, group, hidden, order, f"{walked:04d}")
    assert walked == walks
