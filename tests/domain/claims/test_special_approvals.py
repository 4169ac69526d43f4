"""What somebody in charge lets happen once, though a rule refuses it (领导特批): CLM-34, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.calendar import Duration
from domain.claims import clocks
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock, Waiting
from domain.disputes.admission import open_until
from domain.matters.draft import Notice
from domain.matters.matter import CommandKind
from domain.matters.setting import Setting
from domain.people.partners import Partner
from domain.refusals import Refusal
from tests.support.money_office import Office as Sales

#: Leaders of teams give special approvals; idle claims lapse after ten days, none is extended.
RULES: dict[str, Any] = {
    "override.roles": ["team_lead"],
    "claim.idle_days": 10,
    "claim.extension_max": 0,
    "transfer.approval": "never",
}
DAY = timedelta(days=1)


class Office(Sales):
    """Anna holds the customer; ``lead`` leads her team, ``top`` leads the company."""

    def grant(self, kind: str, by: str = "lead", *, claim: str = "claim-anna", **given: Any) -> Refusal | None:
        data = {"to": None, "until": None, "past_share_bps": None, "text": "why", "shares": None, **given}
        return self.attempt(
            CommandKind.OVERRIDE, by=by, claim=claim, data={**data, "kind": kind, "override": self.mint("override")}
        )

    def transfer_to(self, to: str) -> Refusal | None:
        """The owner offers the customer and ``to`` says yes."""
        data = {"to": to, "past_share_bps": None, "text": None}
        self.tell(CommandKind.TRANSFER, by=self.claim().owner, data=data, claim="claim-anna")
        request = list(self.matter.requests.values())[-1].id
        refusal = self.attempt(
            CommandKind.REQUEST_ACCEPT, by=to, data={"request": request, "digest": None}, claim="claim-anna"
        )
        if refusal is not None:
            self.tell(
                CommandKind.REQUEST_WITHDRAW, by=self.claim().owner, data={"request": request}, claim="claim-anna"
            )
        return refusal

    def claim(self, person: str = "anna") -> Claim:
        return self.matter.claims[f"claim-{person}"]

    def holder(self) -> Claim:
        held = self.matter.owner_claim
        assert held is not None
        return held

    def later(self, **length: float) -> datetime:
        return self.now + timedelta(**length)

    def idle(self) -> datetime:
        clock = self.claim().clock(Clock.IDLE)
        assert clock is not None
        assert clock.deadline is not None
        return clock.deadline

    def told(self, person: str) -> list[Notice]:
        return [n for n in self.notices if n.kind == "claim.overridden" and n.person == person]


class Partnered(Office):
    """Bob and Carol are brokers of a partner that is suspended."""

    def _built(self) -> Setting:
        built = super()._built()
        firm = Partner("firm", "firm", date(2020, 1, 1), suspended=True)
        people = {
            name: replace(person, partner="firm") if name in ("bob", "carol") else person
            for name, person in built.organisation.people.items()
        }
        return replace(built, organisation=replace(built.organisation, people=people, partners={"firm": firm}))


def office(kind: type[Office] = Office, **policy: Any) -> Office:
    """Anna's claim, accepted a moment ago with its clocks, under ``RULES`` and ``policy``."""
    made = kind(policy={**RULES, **policy})
    claim = made.claim()
    terms = made.setting.terms_of(claim)
    made.matter = made.matter.with_claim(clocks.started_at_acceptance(claim, at=made.now, terms=terms))
    return made


def waits(claim: Claim, why: Waiting) -> Claim:
    """A report that was refused, as if it still waited."""
    return replace(claim, state=ClaimState.REPORTED, waiting=why, reason=None, ended_at=None)


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal is not None else None


def test_a_customer_goes_to_somebody_else_and_its_owner_may_object_in_time() -> None:
    """CLM-34, DSP-02: assign; `override.objection_wh` 24, after which it is too late."""
    sales = office()
    assert sales.grant("assign", to="bob") is None
    lost, won = sales.claim(), sales.holder()
    assert (won.owner, won.state, won.overridden) == ("bob", ClaimState.PROTECTED, True)
    assert (lost.state, lost.reason, lost.overridden) == (ClaimState.RELEASED, "by_override", True)
    until = sales.setting.calendar("program").add(sales.now, Duration.of(24, "wh")).at
    assert open_until(lost, (), setting=sales.setting) == until
    (notice,) = sales.told("anna")
    assert (notice.facts["until"], notice.facts["cause"]) == (until, "assign")
    (approval,) = sales.matter.approvals.values()
    assert (approval.lost_by, approval.object_by, approval.made) == ("anna", until, won.id)
    assert (approval.month, approval.by, approval.reason_text) == ("2026-03", "lead", "why")
    sales.dispute("anna")
    assert sales.case.opened_by == "anna"
    assert sales.claim().state is ClaimState.DISPUTED


def test_without_a_time_of_its_own_the_loss_is_contested_like_any_other() -> None:
    """CLM-34, DSP-02: `override.objection_wh` 0 leaves `dispute.contest_wd`."""
    sales = office(**{"override.objection_wh": 0, "dispute.contest_wd": 3})
    assert sales.grant("assign", to="bob") is None
    until = sales.setting.calendar("program").add(sales.now, Duration.of(3, "wd")).at
    assert open_until(sales.claim(), (), setting=sales.setting) == until


def test_whoever_loses_a_customer_may_keep_a_part_of_deals_to_come() -> None:
    """CLM-34, COM-03: effect on shares; the new owner must be left with `split.owner_min_pct`."""
    sales = office(**{"split.owner_min_pct": 50})
    assert code(sales.grant("assign", to="bob", past_share_bps=6_000)) is not None
    assert sales.claim().state is ClaimState.PROTECTED
    assert sales.grant("assign", to="bob", past_share_bps=3_000) is None
    assert sales.holder().sharing == (("anna", 3_000),)
    assert sales.entries == []


def test_a_customer_whom_nobody_holds_is_assigned_despite_the_pool() -> None:
    """CLM-34: no wait, window or cool-off keeps a named person out; nobody loses by it."""
    sales = office()
    sales.advance(days=11)
    assert (sales.claim().state, sales.matter.pooled) == (ClaimState.LAPSED, True)
    assert sales.grant("assign", to="anna") is None
    assert (sales.holder().owner, sales.matter.pooled) == ("anna", False)
    (approval,) = sales.matter.approvals.values()
    assert (approval.lost_by, approval.object_by) == (None, None)


def test_whoever_gets_a_customer_has_no_report_of_them_waiting() -> None:
    """CLM-34, CLM-24, CLM-27: a place in the queue ends with it, and would else pass the re-claim wait of a loss."""
    for gives in ("assign", "transfer", "release"):
        sales = office()
        sales.matter = sales.matter.with_claim(waits(sales.claim("bob"), Waiting.QUEUE))
        if gives == "assign":
            assert sales.grant("assign", to="bob") is None
        elif gives == "transfer":
            assert sales.transfer_to("bob") is None
        else:
            data = {"reason": "to_colleague", "to": "bob"}
            sales.tell(CommandKind.RELEASE, by="anna", data=data, claim="claim-anna")
        assert (sales.holder().owner, sales.holder().id == "claim-bob") == ("bob", False)
        assert sales.claim("bob").state is ClaimState.WITHDRAWN, gives


def test_a_report_that_waits_is_accepted_rather_than_another_made() -> None:
    """CLM-34, CLM-04: nobody holds the customer, and a judge was to decide."""
    sales = office()
    sales.advance(days=11)
    sales.matter = sales.matter.with_claim(waits(sales.claim("bob"), Waiting.JUDGE))
    assert sales.grant("assign", to="bob") is None
    assert (sales.holder().id, sales.holder().overridden) == ("claim-bob", True)
    (approval,) = sales.matter.approvals.values()
    assert approval.made == "claim-bob"


def test_who_gets_a_customer_and_who_could_still_have_rescued_them_hear_of_it() -> None:
    """CLM-34, CLM-20: the grace period of the former owner ends with it."""
    sales = office(**{"claim.grace_days": 5})
    sales.advance(days=11)
    assert sales.matter.reserved_for(sales.now) is not None
    assert code(sales.grant("assign", to="bob", past_share_bps=1_000)) == "field_invalid"
    assert sales.grant("assign", to="bob") is None
    assert [n.facts["cause"] for n in sales.told("anna")] == ["assign"]
    assert [n.facts["cause"] for n in sales.told("bob")] == ["assigned"]


def test_nobody_of_a_partner_that_takes_no_reports_is_given_a_customer() -> None:
    """CLM-34, CLM-24, CLM-23, PPL-08: by no way; what the partner holds it may pass on within itself."""
    sales = office(Partnered)
    until = sales.later(days=3)
    assert code(sales.grant("assign", to="bob")) == "partner_suspended"
    assert code(sales.grant("exceed", to="bob", until=until)) == "partner_suspended"
    assert code(sales.transfer_to("bob")) == "partner_suspended"
    assert (sales.matter.approvals, sales.claim().owner) == ({}, "anna")
    sales.tell(CommandKind.RELEASE, by="anna", data={"reason": "to_colleague", "to": "bob"}, claim="claim-anna")
    assert (sales.matter.owner_claim, sales.matter.pooled) == (None, True)
    assert code(sales.grant("assign", to="bob")) == "partner_suspended"
    within = office(Partnered)
    within.matter = within.matter.with_claim(replace(within.claim(), owner="bob"))
    assert within.transfer_to("carol") is None
    assert within.claim().owner == "carol"


def test_nobody_is_given_a_customer_whom_nobody_knows_any_more() -> None:
    """CLM-34, AUD-05: erased before it is decided."""
    sales = office()
    sales.advance(days=11)
    sales.matter = replace(sales.matter, erased=True)
    assert code(sales.grant("assign", to="bob")) == "illegal_transition"
    assert sales.matter.owner_claim is None


def test_a_customer_is_assigned_by_the_claim_that_holds_it() -> None:
    """CLM-34: not by another one, not to its owner, and not while it is won."""
    sales = office()
    assert code(sales.grant("assign", claim="claim-bob", to="carol")) == "customer_owned"
    assert code(sales.grant("assign", to="anna")) == "field_invalid"
    sales.win(10_000)
    assert code(sales.grant("assign", to="bob")) == "illegal_transition"
    assert sales.matter.approvals == {}


def test_a_kept_claim_does_not_lapse_before_the_end_date() -> None:
    """CLM-34: keep; clocks that start later wait for it as well, afterwards they run as ever."""
    sales = office()
    until = sales.later(days=30)
    assert sales.grant("keep", until=until) is None
    assert sales.idle() == until
    sales.transfer_to("bob")
    assert sales.idle() == until
    sales.advance(days=29)
    assert sales.claim().holds
    sales.advance(days=2)
    assert (sales.claim().state, sales.claim().ended_at) == (ClaimState.LAPSED, until)


def test_protection_is_extended_beyond_the_limit() -> None:
    """CLM-34, CLM-22: extend counts as no extension; a date that gives nothing is refused."""
    sales = office()
    deadline = sales.idle()
    assert code(sales.grant("extend", until=deadline)) == "date_invalid"
    assert sales.grant("extend", until=deadline + DAY) is None
    assert (sales.idle(), sales.claim().extensions) == (deadline + DAY, 0)
    (notice,) = sales.told("anna")
    assert notice.facts["until"] == deadline + DAY


def test_of_a_won_customer_only_the_end_of_the_after_deal_period_moves() -> None:
    """CLM-34, CLM-32, CLM-30: the deadline of the stage (payment) takes nobody's customer, so a date that lies between
    the two gives nothing, counts as no approval, and moves no warning; nor does keep."""
    sales = office(**{"claim.after_deal_days": 60, "stage.deadline_days": {"contact": 10}, "stage.list": ["contact"]})
    sales.win(1_000_000)
    stage, ends = (sales.claim().clock(c) for c in (Clock.SALES_STAGE, Clock.AFTER_DEAL))
    assert stage is not None
    assert ends is not None
    assert ends.deadline is not None
    assert (sales.claim().deadline, sales.claim().ends_at) == (stage.deadline, ends.deadline)
    assert code(sales.grant("extend", until=ends.deadline - DAY)) == "date_invalid"
    assert sales.matter.approvals == {}
    for kind in ("extend", "keep"):
        until = (sales.claim().ends_at or sales.now) + DAY
        assert sales.grant(kind, until=until) is None
        assert (sales.claim().ends_at, sales.claim().clock(Clock.SALES_STAGE)) == (until, stage)
    begun = clocks.started_sales_stage(sales.claim(), at=sales.now, terms=sales.setting.terms_of(sales.claim()))
    again = begun.clock(Clock.SALES_STAGE)
    assert again is not None
    assert again.deadline == sales.now + 10 * DAY


def test_a_nearer_date_takes_nothing_back_of_what_was_given_before() -> None:
    """CLM-34, CLM-16: keep after a longer extend; a follow-up voided later still leaves what the extend gave."""
    sales = office()
    given = sales.later(days=30)
    assert sales.grant("extend", until=given) is None
    assert sales.grant("keep", until=sales.later(days=15)) is None
    assert sales.claim().extended_until == given
    claim = sales.claim()
    counted = clocks.idle_recounted(claim, last=None, at=sales.later(days=20), terms=sales.setting.terms_of(claim))
    idle = counted.clock(Clock.IDLE)
    assert idle is not None
    assert idle.deadline == given


def test_only_a_held_claim_is_kept_and_only_for_the_time_ahead() -> None:
    """CLM-34: keep and extend ask for a claim that holds, and an end date to come."""
    sales = office()
    assert code(sales.grant("keep", claim="claim-bob", until=sales.later(days=3))) == "illegal_transition"
    assert code(sales.grant("keep", until=sales.later(seconds=1))) == "date_invalid"


def test_a_full_receiver_gets_the_customer_once() -> None:
    """CLM-34, POOL-07: exceed lets a transfer beyond `pool.holding_cap`, once and for the named person."""
    sales = office(**{"pool.holding_cap": 5})
    sales.matter = replace(sales.matter, holdings={"bob": {("active", None): 5}, "carol": {("active", None): 5}})
    assert sales.grant("exceed", to="bob", until=sales.later(days=3)) is None
    (notice,) = sales.told("bob")
    assert notice.facts["cause"] == "exceed"
    assert code(sales.transfer_to("carol")) == "holding_cap"
    assert sales.transfer_to("bob") is None
    assert sales.claim().owner == "bob"
    (approval,) = sales.matter.approvals.values()
    assert approval.used_at is not None
    assert sales.transfer_to("anna") is None
    assert code(sales.transfer_to("bob")) == "holding_cap"


def test_what_lets_a_cap_be_exceeded_ends_with_its_date() -> None:
    """CLM-34: after `until` the cap stands again."""
    sales = office(**{"pool.holding_cap": 5, "claim.idle_days": 0})
    sales.matter = replace(sales.matter, holdings={"bob": {("active", None): 5}})
    assert sales.grant("exceed", to="bob", until=sales.later(days=3)) is None
    sales.advance(days=3)
    assert code(sales.transfer_to("bob")) == "holding_cap"


def test_nobody_gives_one_to_themselves_or_without_the_role() -> None:
    """CLM-34, PPL-05: `override.roles`; whose claim it is, and whoever would receive it, leave it to others."""
    sales = office()
    assert code(sales.grant("keep", by="carol", until=sales.later(days=3))) == "not_allowed"
    assert code(sales.grant("assign", to="lead")) == "recusal_required"
    sales.matter = sales.matter.with_claim(replace(sales.claim(), owner="lead"))
    assert code(sales.grant("keep", until=sales.later(days=3))) == "recusal_required"
    assert sales.grant("keep", by="top", until=sales.later(days=3)) is None


def test_a_case_comes_before_any_special_approval() -> None:
    """CLM-34: in an open dispute `claim_disputed`, for every kind."""
    sales = office()
    sales.dispute("bob")
    for kind in ("assign", "keep", "extend", "exceed"):
        assert code(sales.grant(kind, to="carol", until=sales.later(days=30))) == "claim_disputed"


def test_the_sixth_of_a_month_is_the_next_leaders() -> None:
    """CLM-34: `override.per_month` 5 by leader and local month; the refusal names the next leader up."""
    sales = office(**{"claim.idle_days": 0})
    sales.run(datetime(2026, 3, 31, 15, 50, tzinfo=UTC))  # 23:50 in Shanghai
    for days in range(1, 6):
        assert sales.grant("keep", until=sales.later(days=days)) is None
    refusal = sales.grant("keep", until=sales.later(days=9))
    assert refusal is not None
    assert (refusal.code, refusal.facts["cap"], refusal.facts["count"]) == ("override_limit", 5, 5)
    assert (refusal.facts["by"], refusal.facts["month"]) == ("top", "2026-03")
    assert len(sales.matter.approvals) == 5
    assert sales.grant("keep", by="top", until=sales.later(days=9)) is None
    sales.run(datetime(2026, 3, 31, 16, 0, tzinfo=UTC))  # midnight
    assert sales.grant("keep", until=sales.later(days=9)) is None


def test_who_may_is_nobody_where_no_leader_above_has_the_role() -> None:
    """CLM-34: whoever stands above without the role is passed over; 0 is no limit."""
    sales = office(**{"override.per_month": 1})
    assert sales.grant("keep", by="top", until=sales.later(days=3)) is None
    refusal = sales.grant("keep", by="top", until=sales.later(days=3))
    assert refusal is not None
    assert (refusal.code, refusal.facts["by"]) == ("override_limit", None)
    free = office(**{"override.per_month": 0})
    for _ in range(7):
        assert free.grant("keep", until=free.later(days=3)) is None
