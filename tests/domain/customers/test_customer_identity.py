"""Match values, complete key groups, weak keys (CUS-02, CUS-06, CLM-02; contract sections 3 and 5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers import (
    KEY_FIELDS,
    CustomerKind,
    Identity,
    MatchValues,
    match_values,
    require_identity,
    strong_groups,
    weak_keys,
)
from domain.refusals import FieldError, Refusal

PERSON, COMPANY = CustomerKind.PERSON, CustomerKind.COMPANY
PERSON_KEYS = [["phone"]]
COMPANY_KEYS = [["company_code"], ["email_domain"], ["name"]]


def person(
    *, name: str | None = "王小明", phone: str | None = None, email: str | None = None, external_id: str | None = None
) -> MatchValues:
    identity = Identity(kind=PERSON, name=name, phone=phone, email=email, external_id=external_id)
    return match_values(identity, region="CN")


def company(
    *,
    name: str | None = "上海甲科技有限责任公司",
    phone: str | None = None,
    email: str | None = None,
    company_code: str | None = None,
) -> MatchValues:
    identity = Identity(kind=COMPANY, name=name, phone=phone, email=email, company_code=company_code)
    return match_values(identity, region="CN")


def test_match_values_normalise_every_key_field() -> None:
    """CUS-02 to CUS-04."""
    values = match_values(
        Identity(
            kind=COMPANY,
            name=" 上海甲科技有限责任公司 ",
            phone="0086 138-1234-5678",
            email="Zhang@Example.com",
            company_code="91110000600037341l",
            external_id=" CRM-7 ",
        ),
        region="CN",
    )
    assert {key_field: values.of(key_field) for key_field in KEY_FIELDS} == {
        "phone": "+8613812345678",
        "company_code": "91110000600037341L",
        "email": "zhang@example.com",
        "email_domain": "example.com",
        "external_id": "CRM-7",
        "name": "上海甲科技有限公司",
    }
    assert values.surname is None


def test_the_key_fields_are_those_of_the_contract() -> None:
    """Contract 3: match.keys."""
    assert KEY_FIELDS == ("phone", "company_code", "email", "email_domain", "external_id", "name")
    with pytest.raises(ValueError, match="kind"):
        person().of("kind")


def test_blank_text_counts_as_left_out() -> None:
    """CUS-02: two blanks are not one customer."""
    values = match_values(
        Identity(kind=PERSON, name=" ", phone="", email="\t", company_code="\u200b", external_id="  "), region="CN"
    )
    assert [values.of(key_field) for key_field in KEY_FIELDS] == [None] * 6


def test_an_external_id_keeps_its_case_and_a_persons_name_its_words() -> None:
    """CUS-02: ids of other systems are compared as they are; legal forms are a matter of companies."""
    values = person(name="An Limited", external_id="aB-1")
    assert (values.external_id, values.name, values.surname) == ("aB-1", "an limited", "limited")


@pytest.mark.parametrize(
    ("identity", "code", "field"),
    [
        (Identity(kind=PERSON, phone="12345"), "phone_invalid", "customer.phone"),
        (Identity(kind=COMPANY, company_code="12345"), "credit_code_invalid", "customer.company_code"),
        (Identity(kind=PERSON, email="x"), "field_invalid", "customer.email"),
        (Identity(kind=COMPANY, phone="1", company_code="1", email="1"), "phone_invalid", "customer.phone"),
        (Identity(kind=COMPANY, company_code="1", email="1"), "credit_code_invalid", "customer.company_code"),
    ],
)
def test_a_wrong_value_is_refused_on_its_field_in_the_order_of_the_contract(
    identity: Identity, code: str, field: str
) -> None:
    """CUS-03, CUS-04, contract 5: a value that is no key is a mistake, also where another key is complete."""
    with pytest.raises(Refusal) as caught:
        match_values(identity, region="CN")
    assert caught.value.code == code
    assert caught.value.errors == (FieldError(field, code),)


def test_every_complete_group_is_a_strong_key_in_the_order_of_the_policy() -> None:
    """CUS-02: OR of AND groups."""
    values = company(company_code="91110000600037341L", email="zhang@example.com")
    assert strong_groups(values, groups=COMPANY_KEYS) == (
        (("company_code", "91110000600037341L"),),
        (("email_domain", "example.com"),),
        (("name", "上海甲科技有限公司"),),
    )


def test_a_group_of_two_fields_needs_both_and_gives_sorted_pairs() -> None:
    """CUS-02: AND groups; sorted, because keys are locked in that order."""
    both = person(phone="13812345678")
    assert strong_groups(both, groups=[["phone", "name"]]) == ((("name", "王小明"), ("phone", "+8613812345678")),)
    assert strong_groups(person(), groups=[["phone", "name"]]) == ()


def test_equal_groups_are_one() -> None:
    """CUS-02."""
    assert strong_groups(person(), groups=[["name"], ["name"], ["name", "name"]]) == ((("name", "王小明"),),)


def test_public_mail_gives_no_domain_but_stays_an_address() -> None:
    """CUS-02: public mail domains never count as a key."""
    values = company(email="zhang@qq.com")
    assert (values.email, values.email_domain) == ("zhang@qq.com", None)
    assert strong_groups(values, groups=[["email_domain"]]) == ()


@pytest.mark.parametrize("phone", ["010-82345678", "010-82345678转801", "400-123-4567", "95588"])
def test_a_shared_phone_only_hints(phone: str) -> None:
    """CUS-03: landlines and 400 numbers may be shared, so they only yield possible, extensions apart."""
    values = person(phone=phone)
    assert strong_groups(values, groups=PERSON_KEYS) == ()
    assert strong_groups(values, groups=[["phone", "name"]]) == ()
    assert strong_groups(values, groups=[["phone"], ["name"]]) == ((("name", "王小明"),),)
    assert weak_keys(values, kind=PERSON) == (("phone", values.phone),)


def test_a_mobile_is_strong_for_a_person_and_weak_for_a_company() -> None:
    """CUS-02: match.weak_keys contact's mobile."""
    assert strong_groups(person(phone="13812345678"), groups=PERSON_KEYS) == ((("phone", "+8613812345678"),),)
    assert weak_keys(person(phone="13812345678"), kind=PERSON) == ()
    assert weak_keys(company(phone="13812345678"), kind=COMPANY) == (("phone", "+8613812345678"),)
    assert weak_keys(company(), kind=COMPANY) == ()


def test_a_landline_alone_is_an_identity_without_a_strong_key() -> None:
    """CUS-03, CLM-02: such a customer can be reported; it is only never certain who else it is."""
    assert require_identity(person(phone="010-82345678"), groups=PERSON_KEYS) == ()


def test_identity_gives_the_strong_groups() -> None:
    """Contract 5: identity = at least one complete key group."""
    assert require_identity(company(), groups=COMPANY_KEYS) == ((("name", "上海甲科技有限公司"),),)


@pytest.mark.parametrize(
    ("values", "groups", "fields"),
    [
        (person(), [["phone"]], ["customer.phone"]),
        (person(), [["phone", "name"]], ["customer.phone"]),
        (person(name=None), [["phone", "name"], ["external_id"]], ["customer.phone", "customer.name"]),
        (company(email="zhang@qq.com"), [["email_domain"]], ["customer.email"]),
        (company(), [["email", "email_domain"]], ["customer.email"]),
        (company(name="。"), COMPANY_KEYS, ["customer.company_code"]),
    ],
)
def test_no_complete_group_names_what_the_first_one_lacks(
    values: MatchValues, groups: list[list[str]], fields: list[str]
) -> None:
    """CLM-02: field_missing."""
    with pytest.raises(Refusal) as caught:
        require_identity(values, groups=groups)
    assert (caught.value.code, caught.value.rule) == ("field_missing", "CLM-02")
    assert caught.value.errors == tuple(FieldError(field, "field_missing") for field in fields)


def test_a_masked_phone_is_refused_in_mode_full_as_a_mismatch_and_not_as_missing() -> None:
    """CUS-06: the reporter did give a phone; also where another key is complete."""
    values = person(phone="138****5678", external_id="7")
    assert values.phone is None
    for groups in ([["phone"]], [["external_id"]]):
        with pytest.raises(Refusal) as caught:
            require_identity(values, groups=groups)
        assert caught.value.code == "phone_mode_mismatch"
        assert caught.value.facts["mode"] == "full"
        assert caught.value.errors == (FieldError("customer.phone", "phone_mode_mismatch"),)


def test_a_masked_phone_of_the_mode_completes_with_a_surname_and_is_no_strong_key() -> None:
    """CUS-06, CUS-07: visible digits and surname make a collision set, never a certain match."""
    assert require_identity(person(phone="138****5678"), groups=PERSON_KEYS, phone_mode="3+4") == ()
    assert weak_keys(person(phone="138****5678"), kind=PERSON) == ()
    with pytest.raises(Refusal) as caught:
        require_identity(person(name=None, phone="138****5678"), groups=PERSON_KEYS, phone_mode="3+4")
    assert caught.value.code == "field_missing"


@pytest.mark.parametrize("groups", [[], [[]], [["phone"], []], [["phone"], ["wechat"]]])
def test_key_groups_that_no_policy_may_hold_are_a_mistake(groups: list[list[str]]) -> None:
    """Contract 3: an empty group would match everybody with everybody."""
    with pytest.raises(ValueError, match=r"match\.keys"):
        strong_groups(person(), groups=groups)
    with pytest.raises(ValueError, match=r"match\.keys"):
        require_identity(person(), groups=groups)


def test_personal_data_stay_out_of_a_repr() -> None:
    """AUD-05: a value in a traceback is a value in a log."""
    identity = Identity(
        kind=PERSON,
        name="王小明",
        phone="13812345678转77",
        email="wang@example.com",
        company_code="91110000600037341L",
        external_id="x-77",
    )
    shown = repr(identity) + repr(match_values(identity, region="CN"))
    assert not [secret for secret in ("王", "1381", "77", "wang", "example", "9111") if secret in shown]


@given(
    st.sampled_from(CustomerKind),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["王小明", "上海甲有限公司", " "]),
            "phone": st.sampled_from(["13812345678", "010-82345678", "138****5678"]),
            "email": st.sampled_from(["a@qq.com", "a@example.com"]),
            "company_code": st.just("91110000600037341L"),
            "external_id": st.sampled_from(["1", ""]),
        },
    ),
    st.lists(st.lists(st.sampled_from(KEY_FIELDS), min_size=1, max_size=3), min_size=1, max_size=4),
)
def test_strong_groups_are_complete_groups_of_the_policy_and_never_rest_on_a_weak_key(
    kind: CustomerKind, given_fields: dict[str, str], groups: list[list[str]]
) -> None:
    """CUS-02, CUS-03."""
    values = match_values(Identity(kind=kind, **given_fields), region="CN")
    strong = strong_groups(values, groups=groups)
    assert {frozenset(key_field for key_field, _ in pairs) for pairs in strong} <= {
        frozenset(group) for group in groups
    }
    assert all(pairs == tuple(sorted(pairs)) for pairs in strong)
    assert all(value == values.of(key_field) for pairs in strong for key_field, value in pairs)
    if kind is PERSON:
        assert not {pair for pairs in strong for pair in pairs} & set(weak_keys(values, kind=kind))
