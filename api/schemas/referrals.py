"""What customers are owed for bringing others (additions to the contract, section 22: CNF-05)."""

from __future__ import annotations

from typing import Literal

from api.schemas.base import Output
from api.schemas.claims import ClaimCustomer


class RewardOut(Output):
    """A reward. `channel`: a partner is paid for the customer too; `cancelled`: the deal is off; `related`: who brought
    and who was brought belong together.
    """

    id: str
    program: str
    lead: str
    claim: str
    deal: str
    deal_number: int
    referrer: ClaimCustomer
    customer: str
    owner: str | None
    at: str
    state: Literal["due", "channel", "cancelled"]
    related: bool


class RewardPage(Output):
    items: list[RewardOut]
    next: str | None
