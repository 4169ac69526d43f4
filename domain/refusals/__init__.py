"""Refusals (拒绝): the closed list of codes, and the exception that carries one.

>>> from domain.refusals import Refusal
>>> raise Refusal("claim_cap", rule="CLM-25", facts={"cap": 200, "count": 200})
"""

from domain.refusals.refusal import FieldError, Refusal, describe

__all__ = ["FieldError", "Refusal", "describe"]
