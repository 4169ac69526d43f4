"""Entries balance, name their cause, and are the same however often they are made (COM-06, design section 5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.matters.matter import CommandKind
from domain.money.model import Account, Entry, EntryKind, Posting, SharesState
from domain.notices import is_known
from tests.support.money_office import Office

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting("person:a:accrued", "CNY", 1),),
        (Posting("person:a:accrued", "CNY", 1), Posting("company:commission", "USD", -1)),
    ],
)
def test_an_entry_that_does_not_balance_in_each_currency_is_none(postings: tuple[Posting, ...]) -> None:
    with pytest.raises(ValueError, match="balance"):
        Entry(key="k", kind=EntryKind.ACCRUAL, at=AT, deal="d", postings=postings)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_of_entry_has_a_notice(kind: EntryKind) -> None:
    assert is_known(f"money.{kind.value}")


def test_an_entry_answers_why_this_amount() -> None:
    """COM-11: plan version, rate rule, share, stage, hold and ruling."""
    office = Office(policy={"commission.release": {"contract": 40, "full_payment": 60}})
    deal = office.win(10_000_00)
    office.share(deal, {"anna": 7_000, "bob": 3_000})
    office.stage(deal, "contract")
    office.dispute("carol")
    office.rule("party", owner="carol")
    office.appeal_time_over()
    office.check()
    accrued, _, released, held, moved, free = office.entries
    assert [entry.kind.value for entry in office.entries] == [
        "accrual",
        "reallocation",
        "release",
        "hold",
        "reallocation",
        "hold_release",
    ]
    assert {(entry.plan_version, entry.rate_rule) for entry in office.entries} == {(1, "r1")}
    assert accrued.share_bps == 10_000
    assert {p.account: p.share_bps for p in released.postings if p.share_bps} == {
        "person:anna:accrued": 7_000,
        "person:anna:payable": 7_000,
        "person:bob:accrued": 3_000,
        "person:bob:payable": 3_000,
    }
    assert released.stage == "contract"
    assert held.dispute == office.case.id
    assert (moved.dispute, moved.ruling) == (office.case.id, office.case.rulings[-1].id)
    assert free.kind is EntryKind.HOLD_RELEASE


def test_everybody_concerned_is_told_but_for_whoever_did_it() -> None:
    office = Office()
    deal = office.win(10_000_00)
    office.share(deal, {"anna": 7_000, "bob": 3_000})
    office.receive(deal, 5_000_00)
    told = [(notice.person, notice.kind) for notice in office.notices if notice.kind.startswith("money.")]
    assert told == [
        ("bob", "money.shares"),
        ("anna", "money.reallocation"),
        ("anna", "money.release"),
        ("bob", "money.release"),
    ]


def test_a_hold_is_told_once_however_many_deals_it_covers() -> None:
    """COM-08."""
    office = Office()
    office.win(10_000_00)
    office.win(5_000_00, kind=CommandKind.DEAL, by="fin")
    office.dispute("bob")
    office.withdraw()
    told = [(notice.person, notice.kind) for notice in office.notices if notice.kind.startswith("money.hold")]
    assert told == [("anna", "money.hold"), ("anna", "money.hold_release")]


def test_whoever_has_a_part_may_question_the_shares() -> None:
    """COM-11: a case of kind share between the owner, who has the claim, and all who have a part."""
    office = Office()
    deal = office.win(10_000_00)
    office.share(deal, {"anna": 6_000, "bob": 3_000, "carol": 1_000})
    told = {"dispute": "case", "number": 1, "grounds": "share", "statement": "text", "asks": None}
    office.tell(CommandKind.DISPUTE_OPEN, by="carol", claim="claim-anna", data=told)
    assert [(p.person, p.claim, p.role.value) for p in office.case.parties] == [
        ("anna", "claim-anna", "respondent"),
        ("bob", None, "respondent"),
        ("carol", None, "opener"),
    ]
    office.settle("joint", owner="anna", shares={"anna": 5_000, "bob": 3_000, "carol": 2_000})
    office.check()
    assert office.of("carol", Account.ACCRUED) == 100_00
    assert office.matter.claims["claim-anna"].sharing == ()


def test_a_missing_rate_and_what_a_leaver_owes_are_tasks_of_finance() -> None:
    """COM-02, COM-10."""
    office = Office(rates=[({"product": "A"}, 500)])
    office.win(10_000_00)
    assert [(task.kind, task.person) for task in office.tasks] == [("rate_missing", "fin"), ("rate_missing", "fin2")]
    office = Office()
    deal = office.win(10_000_00)
    office.share(deal, {"anna": 7_000, "bob": 3_000})
    office.receive(deal, 10_000_00)
    office.pay(deal, "bob")
    office.leave("bob")
    office.refund(deal, 1_000_00)
    assert office.of("bob", Account.RECEIVABLE) == -15_00
    assert {(task.kind, task.person) for task in office.tasks} == {("leaver_owes", "fin"), ("leaver_owes", "fin2")}


def test_shares_that_wait_when_a_case_opens_are_off() -> None:
    office = Office()
    deal = office.win(10_000_00)
    office.share(deal, {"anna": 7_000, "bob": 3_000}, consenting=())
    assert office.matter.deals[deal].shares_state is SharesState.PROPOSED
    office.dispute("carol")
    assert office.matter.deals[deal].shares_state is SharesState.NONE
    office.withdraw()
    assert office.of("anna", Account.ACCRUED) == 500_00


def test_a_reversal_names_the_entry_its_reason_and_the_case_that_holds() -> None:
    """COM-06: key, entry reversed, reason, stage; what it takes back is what the deal is worth without it now."""
    office = Office(policy={"commission.release": {"contract": 30, "full_payment": 70}})
    deal = office.win(10_000_00)
    told = office.stage(deal, "contract")
    office.share(deal, {"anna": 6_000, "bob": 4_000})
    office.pay(deal, "anna")
    case = office.dispute("carol")
    office.reverse(deal, told)
    entry = office.entries[-1]
    assert (entry.key, entry.kind) == (f"reversal/{told}", EntryKind.REVERSAL)
    assert (entry.reverses, entry.reason, entry.stage) == (f"stage/{told}:release", "text", "contract")
    assert entry.dispute == case
    assert {(p.account, p.amount_minor) for p in entry.postings} == {
        ("person:anna:held", 90_00),
        ("person:anna:receivable", -90_00),
    }


def test_a_late_reversal_is_a_task_until_a_second_person_asks_too() -> None:
    """COM-10: the same person again is nobody else; once it is reversed nobody is asked any more."""
    office = Office()
    deal = office.win(10_000_00)
    told = office.receive(deal, 4_000_00)
    office.pay(deal, "anna")
    office.advance(days=181)
    office.reverse(deal, told)
    office.reverse(deal, told, reason="another")
    assert office.of("anna", Account.RECEIVABLE) == 0
    assert [(task.key, task.kind, task.person) for task in office.tasks] == [
        (f"reversal:{told}", "clawback_approval", "fin2")
    ]
    office.reverse(deal, told, by="fin2")
    assert office.of("anna", Account.RECEIVABLE) == -200_00
    assert f"reversal:{told}" in office.closed_tasks
    reversed_once, *more = office.matter.deals[deal].reversals
    assert (reversed_once.by, more) == ("fin2", [])


def test_what_moved_no_money_is_reversed_without_an_entry() -> None:
    """A receipt beyond the price, credit in points, a late refund that nobody approved: no entry, and they are gone."""
    office = Office()
    deal = office.win(10_000_00)
    office.receive(deal, 10_000_00)
    beyond = office.receive(deal, 700_00, reference="bank-7")
    points = {"deal": deal, "id": "assist-9", "person": "bob", "points": 3}
    office.tell(CommandKind.DEAL_ASSIST, by="anna", data=points)
    office.pay(deal, "anna")
    office.advance(days=181)
    waiting = office.refund(deal, 1_000_00)
    posted = len(office.entries)
    for told in (beyond, "assist-9", waiting):
        office.reverse(deal, told)
        office.reverse(deal, told, by="fin2")
    assert len(office.entries) == posted
    assert [one.amount_minor for one in office.matter.deals[deal].receipts] == [10_000_00]
    assert (office.matter.deals[deal].overlays, office.matter.deals[deal].refunds) == ((), ())
    assert f"refund:{waiting}" in office.closed_tasks
    office.receive(deal, 600_00, reference="bank-7")
    assert office.matter.deals[deal].received_minor == 10_600_00


def test_only_those_who_may_do_it() -> None:
    """Contract sections 7 and 9."""
    office = Office()
    deal = office.win(10_000_00)
    money = {"deal": deal, "id": "id", "amount_minor": 1, "at": AT, "reference": "r", "text": "t"}
    shares = {"deal": deal, "shares": [["anna", 10_000]], "digest": "d", "text": "t"}
    refused = {
        (kind, by)
        for kind, data in (
            (CommandKind.DEAL_SHARES_ACCEPT, shares),
            (CommandKind.DEAL_RECEIPT, money),
            (CommandKind.DEAL_REFUND, money),
            (CommandKind.DEAL_STAGE, {**money, "stage": "contract"}),
            (CommandKind.DEAL_REVERSAL, {"deal": deal, "told": "id", "text": "t", "digest": "d"}),
            (CommandKind.DEAL_SHARES, shares),
            (CommandKind.DEAL_SHARES_SET, shares),
            (CommandKind.DEAL_ASSIST, {"deal": deal, "id": "a", "person": "bob", "points": 1}),
            (CommandKind.CANCEL_DEAL, {"deal": deal, "text": "t"}),
        )
        for by in ("anna", "bob", "lead", "fin")
        if (answer := office.attempt(kind, by=by, data=data)) is not None and answer.code == "not_allowed"
    }
    assert refused == {
        *(
            (kind, by)
            for kind in (
                CommandKind.DEAL_RECEIPT,
                CommandKind.DEAL_REFUND,
                CommandKind.DEAL_STAGE,
                CommandKind.DEAL_REVERSAL,
            )
            for by in ("anna", "bob", "lead")
        ),
        *((kind, by) for kind in (CommandKind.DEAL_SHARES, CommandKind.DEAL_ASSIST) for by in ("bob", "lead", "fin")),
        *((CommandKind.DEAL_SHARES_SET, by) for by in ("anna", "bob", "fin")),
        *((CommandKind.DEAL_SHARES_ACCEPT, by) for by in ("bob", "lead", "fin")),
        *((CommandKind.CANCEL_DEAL, by) for by in ("anna", "bob")),
    }
