"""E-mail addresses: matching form, public providers, mask (CUS-02, AUD-03)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.customers import Email, domain_key, mask_email, normalise_email
from domain.customers.public_mail import PUBLIC_MAIL_DOMAINS
from domain.refusals import FieldError, Refusal

EMAIL_LIKE = st.from_regex(r"[a-zA-Zéß张.+_\-]{1,12}@([a-zA-Z0-9ü\-]{1,8}\.){1,3}(com|cn|中国|De)", fullmatch=True)


def normalised(text: str) -> Email | None:
    try:
        return normalise_email(text)
    except Refusal as refusal:
        if refusal.code != "field_invalid":
            raise
        return None


@pytest.mark.parametrize(
    ("text", "address", "display"),
    [
        ("zhang@example.com", "zhang@example.com", "zhang@example.com"),
        (" Zhang@Example.COM ", "zhang@example.com", "Zhang@Example.COM"),
        ("ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "zhang@example.com", "zhang@example.com"),
        ("zhang@example。com", "zhang@example.com", "zhang@example。com"),
        ("zhang.san+house@example.com", "zhang.san+house@example.com", "zhang.san+house@example.com"),
        ("zhang@MÜNCHEN.de", "zhang@xn--mnchen-3ya.de", "zhang@MÜNCHEN.de"),
        ("zhang@xn--mnchen-3ya.de", "zhang@xn--mnchen-3ya.de", "zhang@xn--mnchen-3ya.de"),
        ("张三@例子.中国", "张三@xn--fsqu00a.xn--fiqs8s", "张三@例子.中国"),
        ("\u200bzhang@example.com\ufeff", "zhang@example.com", "zhang@example.com"),
        ("z" * 64 + "@example.com", "z" * 64 + "@example.com", "z" * 64 + "@example.com"),
        ("z@" + "a" * 63 + ".com", "z@" + "a" * 63 + ".com", "z@" + "a" * 63 + ".com"),
        ("z@" + "abcd." * 49 + "abcd.cn", "z@" + "abcd." * 49 + "abcd.cn", "z@" + "abcd." * 49 + "abcd.cn"),
    ],
)
def test_an_address_has_one_spelling_for_matching_and_keeps_the_written_one(
    text: str, address: str, display: str
) -> None:
    """CUS-02."""
    assert normalise_email(text) == Email(address=address, display=display)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zhang",
        "zhang@",
        "@example.com",
        "zhang@example",
        "zhang@@example.com",
        "zhang@li@example.com",
        "zhang san@example.com",
        "zhang@exam ple.com",
        ".zhang@example.com",
        "zhang.@example.com",
        "zhang..san@example.com",
        "zhang@-example.com",
        "zhang@example-.com",
        "zhang@.com",
        "zhang@example.com.",
        "zhang@192.168.1.1",
        "zhang@[192.168.1.1]",
        '"zhang san"@example.com',
        "Zhang <zhang@example.com>",
        "zhang@example.com,li@example.com",
        "z***@example.com",
        "zhang\ue000@example.com",
        "z" * 65 + "@example.com",
        "z@" + "a" * 64 + ".com",
        "zz@" + "abcd." * 49 + "abcd.cn",
        "张" * 30 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused_on_its_field(text: str) -> None:
    """INT-01: field_invalid; a masked address pasted back is not an address."""
    with pytest.raises(Refusal) as caught:
        normalise_email(text, field="customer.email")
    assert caught.value.code == "field_invalid"
    assert caught.value.errors == (FieldError("customer.email", "field_invalid"),)
    assert (caught.value.rule, caught.value.facts) == ("CUS-02", {})


def test_the_field_of_a_refused_address_is_email_unless_the_caller_says_where_it_stood() -> None:
    """INT-01."""
    with pytest.raises(Refusal) as caught:
        normalise_email("x")
    assert caught.value.errors == (FieldError("email", "field_invalid"),)


@pytest.mark.parametrize(
    "domain",
    [
        "qq.com",
        "vip.qq.com",
        "163.com",
        "vip.163.com",
        "126.com",
        "yeah.net",
        "sina.com",
        "sina.cn",
        "sina.com.cn",
        "vip.sina.com",
        "sohu.com",
        "aliyun.com",
        "foxmail.com",
        "139.com",
        "189.cn",
        "wo.cn",
        "21cn.com",
        "gmail.com",
        "outlook.com",
        "outlook.fr",
        "hotmail.com",
        "hotmail.co.uk",
        "live.cn",
        "yahoo.com",
        "yahoo.com.hk",
        "yahoo.co.jp",
        "icloud.com",
        "proton.me",
        "protonmail.com",
        "gmx.de",
    ],
)
def test_a_public_mail_domain_is_no_company_key(domain: str) -> None:
    """CUS-02: public mail domains never count as a key."""
    assert domain_key(f"zhang@{domain}") is None


@pytest.mark.parametrize(
    "domain",
    [
        "example.com",
        "mail.example.com",
        "notqq.com",
        "qq.com.example.cn",
        "my163.com",
        "liveperson.com",
        "outlook.company",
        "yahoo-reise.de",
        "huawei.com",
        "xn--mnchen-3ya.de",
    ],
)
def test_an_own_domain_is_the_company_key_as_it_stands(domain: str) -> None:
    """CUS-02: own e-mail domain, sub-domains included."""
    assert domain_key(f"zhang@{domain}") == domain


def test_the_list_of_public_domains_has_no_double_and_only_normalised_entries() -> None:
    """CUS-02."""
    assert len(PUBLIC_MAIL_DOMAINS) == len(set(PUBLIC_MAIL_DOMAINS)) >= 80
    assert all(normalise_email(f"a@{domain}").address == f"a@{domain}" for domain in PUBLIC_MAIL_DOMAINS)


@pytest.mark.parametrize(
    ("email", "mask"),
    [
        ("zhang@example.com", "z***@example.com"),
        ("zh@example.com", "z***@example.com"),
        ("z@example.com", "***@example.com"),
        ("张三@例子.中国", "张***@例子.中国"),
        ("@example.com", "***"),
        ("zhang", "***"),
        ("", "***"),
    ],
)
def test_a_mask_shows_the_first_letter_and_the_domain(email: str, mask: str) -> None:
    """AUD-03, contract 1; a single letter would be the whole of it and is hidden too."""
    assert mask_email(email) == mask


@given(st.text(st.characters(exclude_characters="*")))
def test_a_mask_never_shows_a_local_part(text: str) -> None:
    """AUD-03: at most its first character, and that only if there are more."""
    local, at, domain = text.rpartition("@")
    shown, stars, rest = mask_email(text).partition("***")
    assert stars
    assert shown == (local[:1] if len(local) > 1 else "")
    assert rest == (at + domain if local else "")


@given(st.one_of(st.text(), EMAIL_LIKE))
@example("\ud800@example.com")
@example("a@" + "\u0130" * 300)
@example("a@\u06dd.com")
def test_any_text_is_an_address_or_refused_and_an_address_normalises_to_itself(text: str) -> None:
    """CUS-02."""
    email = normalised(text)
    if email is not None:
        assert normalise_email(email.address).address == email.address
        assert normalise_email(email.display) == email
        assert "@" not in repr(email)
