"""Legal forms (组织形式) in company names: which spellings mean one and the same form (CUS-02, CUS-05).

Only spellings of one form of one law are joined. 有限公司 and 有限责任公司 are one (Company Law, article 7); a joint
stock company is another, and so are "Ltd" and "Co Ltd", or the Singapore "Pte Ltd" and the Indian "Pvt Ltd".
"""

from __future__ import annotations

import re

CHINESE_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("有限[责責]任公司"), "有限公司"),
    (re.compile("股份公司"), "股份有限公司"),
)
"""Applied anywhere in a name: a branch (分公司) carries the name of its company in front."""

CHINESE_FORM_AT_END = re.compile(
    r"(?:集团)?(?:股份有限公司|有限公司|有限责任公司|合伙企业|总公司|分公司|公司|事务所|株式会社|有限会社|주식회사)$"
)
"""Where a name stops telling anything to a search for an inner word."""

ABBREVIATED_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\(株\)"), "株式会社"),
    (re.compile(r"\(有\)"), "有限会社"),
    (re.compile(r"\(주\)"), "주식회사"),
)
"""Japanese and Korean short forms in brackets, as ㈱, ㈲ and ㈜ become too. Front and rear are kept apart."""

WORD_FORMS: dict[str, str] = {
    "ag": "ag", "aktiengesellschaft": "ag", "bv": "bv", "co": "co", "company": "co", "corp": "corp",
    "corporation": "corp", "gmbh": "gmbh", "inc": "inc", "incorporated": "inc", "kg": "kg", "kgaa": "kgaa",
    "kommanditgesellschaft": "kg", "limited": "ltd", "llc": "llc", "llp": "llp", "lp": "lp", "ltd": "ltd",
    "nv": "nv", "plc": "plc", "private": "private", "proprietary": "pty", "pte": "pte", "pty": "pty", "pvt": "pvt",
    "sa": "sa", "sarl": "sarl", "se": "se", "spa": "spa", "srl": "srl",
}  # fmt: skip
"""Latin form words at the end of a name and the spelling that stands for them."""

PHRASE_FORMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("gesellschaft", "mit", "beschränkter", "haftung"), "gmbh"),
    (("gesellschaft", "mbh"), "gmbh"),
    (("kommanditgesellschaft", "auf", "aktien"), "kgaa"),
    (("limited", "liability", "company"), "llc"),
    (("limited", "liability", "co"), "llc"),
    (("limited", "liability", "partnership"), "llp"),
    (("limited", "partnership"), "lp"),
    (("public", "limited", "company"), "plc"),
    (("société", "anonyme"), "sa"),
    (("besloten", "vennootschap"), "bv"),
    (("naamloze", "vennootschap"), "nv"),
)
"""Forms of several words, longest first; in case-folded spelling."""

LINK_WORDS = frozenset({"and"})
"""May stand between two forms, as in "GmbH and Co KG"."""
