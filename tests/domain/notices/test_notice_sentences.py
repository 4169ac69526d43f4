"""Every notice has a sentence in both languages, with the facts it has and without those it lacks (NTF-01)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claims.model import Clock, RequestKind, RequestState
from domain.notices import Subject, is_known, sentences
from domain.notices.catalogue import CATALOGUE, FAMILIES

ROOT = Path(__file__).parents[3]
WANG = Subject(customer="王*", people={"p1": "李娜"})
FULL = {
    "deadline": "2026-11-22T06:05:00Z",
    "until": "2026-11-22T06:05:00+00:00",
    "reason": "idle",
    "missing": ["need", "source"],
    "possible": 2,
    "differs": {"region": "missing", "form": "other"},
    "count": 12,
    "cap": 300,
    "month": "2026-10",
    "currency": "CNY",
    "by": "p1",
    "person": "p1",
}


def text(
    kind: str, facts: dict[str, object], lang: str = "zh", subject: Subject = WANG, rule: str | None = None
) -> str:
    return sentences(kind, facts, subject=subject, zone="Asia/Shanghai", rule=rule).text[lang]


def emitted() -> set[str]:
    """Kinds that the code queues: written out in it, or put together from a request or a clock."""
    found: set[str] = set()
    for folder in ("domain/claims", "domain/leads", "domain/matters", "storage", "api"):
        for path in (ROOT / folder).rglob("*.py"):
            for place in re.findall(
                r'(?:\.tell\(|\.tell_lead\(|Notice\(|alarm\(|kind=)[^"]{0,120}"([a-z]+\.[a-z_]+)"', path.read_text()
            ):
                found.add(place)
    found = {
        kind
        for kind in found
        if kind.partition(".")[0] in ("claim", "reminder", "request", "policy", "customer", "alarm", "lead")
    }
    return found | {f"request.{k.value}" for k in RequestKind} | {f"reminder.{c.value}" for c in Clock}


def test_the_search_for_kinds_finds_what_it_should() -> None:
    assert {"claim.accepted", "claim.lapsed", "claim.reveal", "policy.changed", "reminder.completion"} <= emitted()
    assert {"alarm.reads", "alarm.probes", "customer.duplicate"} <= emitted()


@pytest.mark.parametrize("kind", sorted(emitted()))
def test_every_kind_that_the_code_emits_has_a_sentence_of_its_own(kind: str) -> None:
    assert is_known(kind)


#: Notices about money, rules and programs.
_TOLD_OF_NO_CUSTOMER = (
    "alarm.",
    "payout.",
    "policy.changed",
    "policy.trial_over",
    "territory.activated",
    "opening.listed",
)


@pytest.mark.parametrize("kind", sorted({*CATALOGUE, *(f"{family}.x" for family in FAMILIES if family)}))
@pytest.mark.parametrize("facts", [FULL, {}], ids=["with facts", "without facts"])
def test_a_sentence_reads_well_with_and_without_its_facts(kind: str, facts: dict[str, object]) -> None:
    """No brace, bracket, double blank or doubled stop is left; a sentence ends and names the customer it is about."""
    told = sentences(kind, facts, subject=WANG, zone="Asia/Shanghai", rule="CLM-01")
    for lang, end in (("zh", "（规则 CLM-01）。"), ("en", " (rule CLM-01).")):
        said = told.text[lang]
        assert said.endswith(end)
        assert not re.search(r"[{}\[\]]|  |None|，，|，。|；。|：。|, \.| [,.;]", said), said
        assert told.title[lang]
        told_of_no_customer = (
            "alarm.",
            "payout.",
            "policy.changed",
            "policy.trial_over",
            "territory.",
            "opening.",
            "duty.",
        )
        assert kind.startswith(told_of_no_customer) or "王*" in said
    assert told.text["en"][0] == told.text["en"][0].upper()


def test_instants_are_told_on_the_clock_of_the_readers_zone() -> None:
    facts = {"deadline": "2026-11-22T16:05:00Z"}
    assert text("claim.accepted", facts) == "客户王*的报备已通过，现在由您跟进；最近的期限是2026年11月23日 00:05。"
    told = sentences("claim.accepted", facts, subject=WANG, zone="America/New_York", rule=None)
    assert "22 November 2026, 11:05" in told.text["en"]
    assert "2026年11月22日 11:05" in told.text["zh"]


def test_a_reason_is_told_in_words_and_a_refusal_by_its_title() -> None:
    assert text("claim.lapsed", {"reason": "idle"}) == "您对客户王*的报备已失效，原因：太久没有有效跟进。"
    assert "原因：" in text("claim.rejected", {"reason": "customer_owned"})
    assert "customer_owned" not in text("claim.rejected", {"reason": "customer_owned"}, "en")
    assert text("claim.lapsed", {"reason": "never_heard_of"}) == "您对客户王*的报备已失效。"


@pytest.mark.parametrize("kind", list(RequestKind))
@pytest.mark.parametrize("state", [s for s in RequestState if s is not RequestState.OPEN])
def test_a_request_that_was_asked_reads_differently_from_one_that_was_decided(
    kind: RequestKind, state: RequestState
) -> None:
    asked = text(f"request.{kind.value}", {"request": "r", "until": FULL["until"]})
    decided = text(f"request.{kind.value}", {"request": "r", "state": state.value})
    assert asked != decided
    assert "待您" in asked or "由您" in asked or "异议" in asked


def test_a_reminder_tells_the_last_call_from_the_morning_list_and_from_what_was_missed() -> None:
    deadline = {"deadline": "2026-11-22T06:05:00Z", "clock": "idle"}
    assert "最后一次提醒" in text("reminder.idle", deadline | {"last": True})
    many = deadline | {"last": False, "list": [{"claim": "a"}, {"claim": "b"}]}
    assert text("reminder.idle", many).startswith("您有2项客户期限临近，最早的是客户王*")
    assert "逾期" not in text("reminder.first_follow_up", deadline)
    assert "没有按时完成首次跟进" in text("reminder.first_follow_up", {})


def test_an_erased_customer_is_nobody() -> None:
    """AUD-05."""
    assert text("claim.won", {}, subject=Subject()) == "某位客户已登记成交。"
    assert text("claim.won", {}, "en", subject=Subject()) == "A deal was recorded for a customer."


def test_braces_in_a_name_stay_what_they_are() -> None:
    subject = Subject(customer="{deadline}[x]有限公司")
    assert text("claim.won", FULL, subject=subject).startswith("客户{deadline}[x]有限公司已登记成交")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from(
    ["deadline", "until", "reason", "missing", "list", "state", "cause", "last", "late", "by", "count"]
)


@given(
    kind=st.sampled_from(sorted(CATALOGUE)) | st.text(max_size=30),
    facts=st.dictionaries(_NAMES, _JSON),
    customer=st.none() | st.text(min_size=1, max_size=20),
)
def test_no_kind_and_no_fact_ever_breaks_a_notice(kind: str, facts: dict[str, object], customer: str | None) -> None:
    told = sentences(kind, facts, subject=Subject(customer=customer), zone="Asia/Shanghai", rule="NTF-01")
    assert all(told.title[lang] and told.text[lang] for lang in ("zh", "en"))
