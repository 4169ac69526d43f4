"""What the service says to customers themselves, in both languages: names and a link, nothing of the house (CNF-01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CONFIRMATION: Final = "customer.confirmation"
"""The kind under which a company's own gateway has it."""


def confirmation_title(company: str) -> Mapping[str, str]:
    """Over the question who served them first."""
    return {"zh": f"{company}：请确认首次接待人", "en": f"{company}: who served you first?"}


def confirmation_text(person: str, *, company: str, link: str) -> Mapping[str, str]:
    """The question itself. ``link``: where it is answered, or the code alone where no page is known."""
    return {
        "zh": f"您好！请确认{company}的{person}是否为最先接待您的人。请打开链接或填写验证码：{link}。链接只能使用一次；"
        "若不是，请写明最先接待您的人。您可以不作答。",
        "en": f"Was {person} the first person at {company} to serve you? Please answer once, by this link or code: "
        f"{link}. If it was somebody else, please say who. You need not answer.",
    }
