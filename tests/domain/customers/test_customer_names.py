"""Names: equality of companies and persons, search words, masks (CUS-01, CUS-02, CUS-05, AUD-03)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.customers import CustomerKind, mask_person_name, normalise_name, query_words, search_words, surname
from domain.customers.compound_surnames import COMPOUND_SURNAMES
from domain.customers.legal_forms import CHINESE_FORMS, WORD_FORMS

EQUAL_COMPANIES = (
    ("上海甲科技有限公司", "上海甲科技有限责任公司"),
    ("上海甲科技有限公司", "上海甲科技有限責任公司"),
    ("上海甲科技有限公司", " 上海 甲科技 有限公司 "),
    ("上海甲科技有限公司", "上海甲科技有限公司。"),
    ("上海甲科技有限公司", "上海甲\u200b科技有限公司\ufeff"),
    ("上海甲科技有限公司", "“上海甲”科技有限公司"),
    ("上海甲科技有限公司", "上海·甲科技有限公司"),
    ("阿里巴巴（中国）有限公司", "阿里巴巴(中国)有限公司"),
    ("阿里巴巴（中国）有限公司", "阿里巴巴 (中国) 有限责任公司"),
    ("阿里巴巴（中国）有限公司", "阿里巴巴【中国】有限公司"),
    ("阿里巴巴（中国）有限公司", "阿里巴巴〔中国〕有限公司"),
    ("甲集团股份有限公司", "甲集团股份公司"),
    # no law knows this form any more; who writes it means the joint stock company
    ("甲集团股份有限公司", "甲集团股份有限责任公司"),
    ("甲有限责任公司北京分公司", "甲有限公司北京分公司"),
    ("甲中心(有限合伙)", "甲中心（有限合伙）"),
    ("ＡＢＣ科技有限公司", "abc科技有限公司"),
    ("ABC 科技有限公司", "ABC科技有限公司"),
    ("３６０科技有限公司", "360科技有限公司"),
    ("株式会社ソニー", "㈱ソニー"),
    ("株式会社ソニー", "（株）ソニー"),
    ("ソニー株式会社", "ソニー(株)"),
    ("ソニー株式会社", "ｿﾆｰ株式会社"),
    ("Foo Co., Ltd.", "Foo Co.,Ltd"),
    ("Foo Co., Ltd.", "FOO CO LTD"),
    ("Foo Co., Ltd.", "Foo Company Limited"),
    ("Foo Co., Ltd.", "Foo Co. Limited"),
    ("Foo Co., Ltd.", "Ｆｏｏ　Ｃｏ．，　Ｌｔｄ．"),
    ("Foo Ltd", "Foo Limited"),
    ("Foo, Inc.", "Foo Incorporated"),
    ("Foo Corp.", "Foo Corporation"),
    ("Foo LLC", "Foo L.L.C."),
    ("Foo LLC", "Foo Limited Liability Company"),
    ("Foo GmbH", "Foo G.m.b.H."),
    ("Foo GmbH", "Foo Gesellschaft mit beschränkter Haftung"),
    ("Foo GmbH & Co. KG", "Foo GmbH and Co KG"),
    ("Foo GmbH & Co. KG", "Foo Gesellschaft mbH & Co. KG"),
    ("Foo KGaA", "Foo Kommanditgesellschaft auf Aktien"),
    ("Foo AG", "Foo Aktiengesellschaft"),
    ("Foo PLC", "Foo Public Limited Company"),
    ("Foo S.A.", "Foo SA"),
    ("Foo S.A", "Foo Société Anonyme"),
    ("Foo Pty Ltd", "Foo Proprietary Limited"),
    ("Foo (China) Co., Ltd.", "Foo(China)Co.,Ltd."),
    ("腾讯 Company Limited", "腾讯Co., Ltd."),
    ("Johnson & Johnson", "Johnson and Johnson"),
    ("McDonald's Corp", "McDonald’s Corporation"),
    ("McDonald's Corp", "McDonalds Corp"),
    ("Coca-Cola Company", "Coca Cola Co"),
    ("U.S. Steel Corp", "U.S.Steel Corporation"),
    ("Foo™ Inc", "Foo Inc"),
    ("Straße GmbH", "STRASSE GMBH"),
    ("Cafe\u0301 SA", "Café SA"),
)

DIFFERENT_COMPANIES = (
    ("上海甲科技有限公司", "北京甲科技有限公司"),
    ("上海甲科技有限公司", "甲科技有限公司"),
    ("上海甲科技有限公司", "甲科技(上海)有限公司"),
    ("上海甲科技有限公司", "上海市甲科技有限公司"),
    ("上海甲科技有限公司", "上海甲科技股份有限公司"),
    ("上海甲科技有限公司", "上海甲科技公司"),
    ("上海甲科技有限公司", "上海甲科技"),
    ("上海甲科技有限公司", "上海甲贸易有限公司"),
    ("上海甲科技有限公司", "上海甲科技集团有限公司"),
    ("上海甲科技有限公司", "上海甲科技有限公司北京分公司"),
    ("甲有限公司北京分公司", "甲有限公司上海分公司"),
    ("甲(中国)有限公司", "甲(香港)有限公司"),
    ("甲(中国)有限公司", "甲中国有限公司"),
    ("甲中心(有限合伙)", "甲中心(普通合伙)"),
    ("株式会社甲", "甲株式会社"),
    ("株式会社甲", "有限会社甲"),
    ("Foo Co., Ltd.", "Foo Ltd"),
    ("Foo Ltd", "Foo LLC"),
    ("Foo Ltd", "Foo Inc"),
    ("Foo Inc", "Foo Corp"),
    ("Foo Pte Ltd", "Foo Pvt Ltd"),
    ("Foo Private Limited", "Foo Pte Ltd"),
    ("Foo Pte Ltd", "Foo Ltd"),
    ("Foo GmbH", "Foo AG"),
    ("Foo GmbH", "Foo GmbH & Co KG"),
    ("Foo (China) Ltd", "Foo (Asia) Ltd"),
    ("Foo LP", "Foo LLP"),
    ("Foo Bar Ltd", "FooBar Ltd"),
    ("C++ GmbH", "C GmbH"),
    ("AT&T Inc", "ATT Inc"),
    ("1 Foo Ltd", "2 Foo Ltd"),
)

NAMES_LIKE = st.text(
    alphabet="上海甲乙有限责任股份公司集团（）()【】 ·.,&'ABCab株㈱かﾞ\u3099\u0301\u200b\uffa0LtdCoInc", max_size=24
)
KINDS = st.sampled_from(CustomerKind)


def company(text: str) -> str:
    return normalise_name(text, kind=CustomerKind.COMPANY)


def person(text: str) -> str:
    return normalise_name(text, kind=CustomerKind.PERSON)


def finds(query: str, name: str) -> bool:
    words = search_words(name)
    return all(any(word.startswith(asked) for word in words) for asked in query_words(query))


@pytest.mark.parametrize(("one", "other"), EQUAL_COMPANIES)
def test_one_company_in_two_spellings_has_one_name(one: str, other: str) -> None:
    """CUS-02, CUS-05: full legal name equal after clean-up of width, brackets and suffix."""
    assert company(one) == company(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT_COMPANIES)
def test_two_companies_keep_two_names(one: str, other: str) -> None:
    """CUS-05: region, core, industry and legal form stay distinct."""
    assert company(one) != company(other)


@pytest.mark.parametrize("nothing", ["", " ", "™", "。，", "\u200b"])
def test_a_name_without_letters_is_no_name(nothing: str) -> None:
    """CUS-02: nothing to compare must not equal nothing to compare."""
    assert company(nothing) == ""


def test_the_kinds_of_customer_are_those_of_the_contract() -> None:
    """Contract 4."""
    assert [*CustomerKind] == ["person", "company"]


def test_a_legal_form_alone_is_kept_as_a_name() -> None:
    """CUS-05: the first word is never a form."""
    assert company("Limited") == "limited"
    assert company("Limited Limited") == "limited ltd"
    assert company("Limited Partnership") == "limited partnership"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王小明", " 王 小明 "),
        ("王小明", "王\u200b小明"),
        ("John Smith", "JOHN  SMITH"),
        ("John Smith", "Ｊｏｈｎ　Ｓｍｉｔｈ"),
        ("O'Brien", "O’Brien"),
        ("阿卜杜拉·买买提", "阿卜杜拉 • 买买提"),
        ("阿卜杜拉·买买提", "阿卜杜拉・买买提"),
        ("Jean‐Luc", "Jean-Luc"),
        ("Smith, John", "Smith ,John"),
    ],
)
def test_one_person_in_two_spellings_has_one_name(one: str, other: str) -> None:
    """CUS-02: name = normalised, equal."""
    assert person(one) == person(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("王小明", "王小名"), ("An Limited", "An Ltd"), ("O'Brien", "OBrien"), ("Jean-Luc", "Jean Luc"), ("王", "王*")],
)
def test_two_persons_keep_two_names(one: str, other: str) -> None:
    """CUS-02: the clean-up of legal forms and punctuation is for companies only."""
    assert person(one) != person(other)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("阿里", "杭州阿里巴巴网络技术有限公司"),
        ("杭州阿里", "杭州阿里巴巴网络技术有限公司"),
        ("州阿里", "杭州阿里巴巴网络技术有限公司"),
        ("有限公司", "杭州阿里巴巴网络技术有限公司"),
        ("中abc", "甲中abc丙有限公司"),
        ("丙", "甲中abc丙有限公司"),
        ("网络技术", "杭州阿里巴巴网络技术有限公司"),
        ("网络 阿里", "杭州阿里巴巴网络技术有限公司"),
        ("杭州阿里巴巴网络技术有限责任公司", "杭州阿里巴巴网络技术有限公司"),
        ("阿里巴巴（中国", "阿里巴巴(中国)有限公司"),
        ("阿里巴巴中国", "阿里巴巴(中国)有限公司"),
        ("中国", "阿里巴巴(中国)有限公司"),
        ("360", "北京360科技有限公司"),
        ("科技", "北京360科技有限公司"),
        ("ＡＢＣ", "abc科技有限公司"),
        ("john", "Johnson & Johnson"),
        ("steel us", "U.S. Steel Corporation"),
        ("foo company limited", "Foo Co., Ltd."),
        ("foo compan", "Foo Company Limited"),
        ("foo ltd", "Foo Limited"),
        ("gmbh", "Foo Gesellschaft mit beschränkter Haftung"),
        ("haftung", "Foo Gesellschaft mit beschränkter Haftung"),
        ("公司", "公司"),
        ("china", "Foo (China) Co., Ltd."),
        ("foo china co", "Foo (China) Co., Ltd."),
        ("limited", "Limited"),
        ("甲" * 80, "甲" * 90),
    ],
)
def test_a_word_or_its_beginning_finds_the_company(query: str, name: str) -> None:
    """CUS-01: company names are searched by word or prefix."""
    assert finds(query, name)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("里巴里", "杭州阿里巴巴有限公司"),
        ("60", "北京360科技有限公司"),
        ("ohn", "Johnson"),
        ("限公司", "上海甲有限公司"),
    ],
)
def test_the_middle_of_a_word_finds_nothing(query: str, name: str) -> None:
    """CUS-01: by word or prefix; inside the legal form nothing is worth an index entry."""
    assert not finds(query, name)


def test_search_words_are_bounded_in_number_and_length() -> None:
    """CUS-01: a name of 200 characters may not fill the index."""
    words = search_words("".join(chr(0x4E00 + n) for n in range(200)))
    assert len(words) == 32
    assert max(map(len, words)) == 64
    assert len(query_words(" ".join(f"w{n}" for n in range(90)))) == 32


@pytest.mark.parametrize(
    ("name", "mask", "family"),
    [
        ("张伟", "张*", "张"),
        ("王小明", "王*", "王"),
        ("张", "张*", "张"),
        ("张先生", "张*", "张"),
        ("欧阳锋", "欧阳*", "欧阳"),
        ("欧阳娜娜", "欧阳*", "欧阳"),
        ("歐陽鋒", "歐陽*", "歐陽"),
        ("欧阳女士", "欧阳*", "欧阳"),
        ("欧阳", "欧*", "欧阳"),
        ("欧 阳 锋", "欧阳*", "欧阳"),
        ("司马光", "司马*", "司马"),
        ("司马", "司*", "司马"),
        ("诸葛亮", "诸葛*", "诸葛"),
        ("欧伟", "欧*", "欧"),
        (" 李 小明", "李*", "李"),
        ("（李）小明", "李*", "李"),
        ("张*", "张*", "张"),
        ("𠮷田", "𠮷*", "𠮷"),
        ("阿卜杜拉·买买提", "阿*", "阿卜杜拉"),
        ("김철수", "김*", "김"),
        ("남궁민수", "남궁*", "남궁"),
        ("John Smith", "J*", "smith"),
        ("john", "j*", "john"),
        ("Smith, John", "S*", "smith"),
        ("Émile Zola", "É*", "zola"),
        ("'John'", "J*", "john'"),
        ("ＺＨＡＮＧ Wei", "Z*", "wei"),
        ("", "*", ""),
        ("  ", "*", ""),
        ("**", "*", ""),
    ],
)
def test_a_person_is_masked_to_the_surname_and_known_by_it(name: str, mask: str, family: str) -> None:
    """AUD-03, contract 1: 张* elsewhere; CUS-06: visible digits and surname."""
    assert mask_person_name(name) == mask
    assert surname(name) == family


@given(st.text())
def test_a_mask_shows_one_character_or_a_compound_surname_before_a_given_name(text: str) -> None:
    """AUD-03: never a given name."""
    shown, star = mask_person_name(text)[:-1], mask_person_name(text)[-1]
    assert star == "*"
    assert len(shown) <= 1 or shown in COMPOUND_SURNAMES


@given(st.one_of(st.text(), NAMES_LIKE), KINDS)
@example("か \u3099", CustomerKind.PERSON)
@example("甲 \u0301", CustomerKind.COMPANY)
@example("\ud800", CustomerKind.PERSON)
@example("s.a.ltd", CustomerKind.COMPANY)
def test_a_normalised_name_normalises_to_itself(text: str, kind: CustomerKind) -> None:
    """CUS-02: what is stored meets what is asked, however often either was cleaned."""
    name = normalise_name(text, kind=kind)
    assert normalise_name(name, kind=kind) == name
    assert name == name.strip()


@given(st.one_of(st.text(), NAMES_LIKE))
def test_a_company_is_found_by_its_own_name_and_every_beginning_of_it(text: str) -> None:
    """CUS-01."""
    assert finds(company(text), text)
    assert len(text.split()) > 1 or finds(text, text)
    assert len(search_words(text)) <= 32
    assert surname(text) == surname(person(text))


def test_every_spelling_of_a_form_leads_to_a_form_that_stays() -> None:
    """CUS-05: forms in the tables are fixed points, else equality would depend on the number of clean-ups."""
    assert all(WORD_FORMS[form] == form for form in WORD_FORMS.values())
    assert all(pattern.sub(form, form) == form for pattern, form in CHINESE_FORMS)
    assert company("甲" + "股份公司") == "甲股份有限公司"
