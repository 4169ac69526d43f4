"""The closed list of refusal codes, compared with appendix C as written down here by hand."""

from __future__ import annotations

import re

import pytest

from domain.refusals import FieldError, Refusal, describe
from domain.refusals.catalogue import CATALOGUE, Entry

CODES_BY_STATUS: dict[int, str] = {
    400: "body_malformed idempotency_missing",
    401: "not_signed_in",
    403: (
        "consent_needed delegation_chain not_allowed not_member partner_suspended recusal_required restricted suspended"
    ),
    404: "not_found",
    405: "method_not_allowed",
    409: (
        "already_ruled already_taken appeal_final appeal_used assist_limit claim_cap claim_disputed "
        "collaborator_limit confirmation_missing contest_running cooling_off customer_owned deadline_passed "
        "dispute_too_late erasure_blocked evidence_closed extension_limit hearing_open holding_cap "
        "illegal_transition ledger_conflict link_invalid merge_conflict no_standing outside_territory overloaded "
        "override_limit oversight_missing pause_limit period_closed program_closed queue_full "
        "reception_incomplete reclaim_wait request_in_flight resubmit_limit same_person terms_changed "
        "territory_overlap version_conflict window_closed"
    ),
    413: "too_large",
    415: "media_type_unsupported",
    422: (
        "credit_code_invalid date_invalid field_invalid field_missing field_not_allowed file_not_allowed "
        "idempotency_mismatch no_new_evidence owner_missing party_missing person_inactive phone_invalid "
        "phone_mode_mismatch policy_invalid reason_required split_total stage_conditions team_cycle"
    ),
    429: "daily_limit probe_limit rate_limited reveal_limit view_limit",
    500: "internal_error",
    503: "check_unavailable engine_unavailable store_unavailable",
}

RULES_OF: dict[str, tuple[str, ...]] = {
    "not_allowed": ("PPL-02", "DSP-14", "COM-05"),
    "not_member": ("CLM-02", "POOL-01"),
    "recusal_required": ("PPL-05", "CLM-04", "CLM-34", "DSP-08", "DSP-13"),
    "not_found": ("PPL-02", "DSP-06", "COM-11"),
    "claim_disputed": ("CLM-23", "CLM-24", "CLM-34", "DSP-03"),
    "customer_owned": ("TER-01", "CLM-11", "CLM-15", "CLM-20", "CLM-27", "LEAD-15"),
    "deadline_passed": ("CLM-19", "CLM-22", "LEAD-16", "DSP-16"),
    "illegal_transition": ("CLM-01", "CLM-04", "DSP-01"),
    "same_person": ("COM-12", "POL-04", "POL-09"),
    "date_invalid": ("CLM-02", "CLM-15"),
    "policy_invalid": ("CLM-09", "CLM-13", "COM-02", "POL-01", "POL-04"),
    "team_cycle": ("PPL-01",),
    "store_unavailable": ("AUD-07",),
}


def test_the_catalogue_holds_the_codes_of_appendix_c_in_its_order() -> None:
    """INT-01: the list is closed, and every code has its one status."""
    expected = [(code, status) for status, codes in CODES_BY_STATUS.items() for code in codes.split()]
    assert [(entry.code, entry.status) for entry in CATALOGUE.values()] == expected
    assert list(CATALOGUE) == [code for code, _ in expected]


@pytest.mark.parametrize(("code", "rules"), RULES_OF.items())
def test_a_code_names_the_rules_of_appendix_c_first_one_first(code: str, rules: tuple[str, ...]) -> None:
    """POL-07: a refusal names its rule; without a nearer one that is the first of the code."""
    assert describe(code).rules == rules
    assert Refusal(code).rule == rules[0]


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.code)
def test_every_code_speaks_chinese_and_english(entry: Entry) -> None:
    """INT-01, INT-07: text in both languages, neither empty nor copied from the other."""
    for text in (entry.title, entry.detail):
        assert set(text) == {"zh", "en"}
        assert all(words and words == words.strip() and "  " not in words for words in text.values())
        assert text["zh"] != text["en"]
        assert re.search(r"[\u4e00-\u9fff]", text["zh"])
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", text["en"])
    assert entry.detail["zh"].endswith("。")
    assert entry.detail["en"].endswith(".")
    assert not re.search(r"[{}%]s?\w*[{}]", entry.detail["zh"] + entry.detail["en"]), "facts travel separately"


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.code)
def test_every_code_names_requirement_ids(entry: Entry) -> None:
    """POL-07: each refusal can be traced to a row."""
    assert entry.rules
    assert all(re.fullmatch(r"[A-Z]{3,4}-\d\d", rule) for rule in entry.rules)
    assert len(set(entry.rules)) == len(entry.rules)


def test_titles_and_sentences_are_told_apart_by_their_readers() -> None:
    """POL-07: no two codes look alike on a screen."""
    for part in ("title", "detail"):
        for lang in ("zh", "en"):
            texts = [getattr(entry, part)[lang] for entry in CATALOGUE.values()]
            assert len(set(texts)) == len(texts)


def test_a_refusal_takes_status_and_rule_from_the_catalogue_and_keeps_its_facts() -> None:
    """INT-01, POL-07: code, status, rule and facts travel together."""
    refusal = Refusal("claim_cap", facts={"cap": 200, "count": 200}, errors=(FieldError("owner", "claim_cap"),))
    assert (refusal.status, refusal.rule) == (409, "CLM-25")
    assert refusal.facts == {"cap": 200, "count": 200}
    assert refusal.errors == (FieldError("owner", "claim_cap"),)


def test_a_code_outside_the_list_cannot_be_raised() -> None:
    """INT-01: the list is closed."""
    with pytest.raises(KeyError):
        Refusal("customer_gone")
