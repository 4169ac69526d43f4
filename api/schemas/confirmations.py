"""What a customer sees and says by a link (additions to the contract, section 22: CNF-01)."""

from __future__ import annotations

from typing import Literal

from api.schemas.base import Id, Input, Output, Str


class QuestionOut(Output):
    """`GET /v1/confirmations/{code}`: was this person the first to serve you?"""

    company: str
    person: str
    point: str
    until: str | None


class AnswerIn(Input):
    """`named`: who it was, in the customer's own words; only with `no`."""

    answer: Literal["yes", "no"]
    named: Str | None = None


class FormIn(AnswerIn):
    """`POST /v1/claims/{id}/confirmations/{confirmation}/form`: ``file`` is the form the customer signed."""

    file: Id


class AnsweredOut(Output):
    answer: Literal["yes", "no"]
    answered_at: str
