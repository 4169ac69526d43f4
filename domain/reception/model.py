"""What a reception (接待) is made of. Immutable: a step replaces it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.policy.policy import Policy
from domain.reception.lifecycle import ReceptionState
from domain.reception.visits import Visit

#: The source of a customer who calls in.
CALL = "call"


class Way(StrEnum):
    """How somebody came to serve."""

    TURN = "turn"
    OWNER = "owner"
    STAND_IN = "stand_in"  # for the owner (代接, LEAD-15)
    NAMED = "named"  # by the duty manager


@dataclass(frozen=True, slots=True)
class Recognition:
    """``person`` says that the visitor is the customer of their ``claim`` (客户认领); the desk decides."""

    person: str
    claim: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """One arrival. ``owner``: whose customer it was on arrival; ``server``: who serves, or is called to.

    ``asked``: the customer was asked who served them first, and named ``served_before``. ``turn_of``: whose turn it
    used up; ``passed``: who was called and did not come. ``need``: the id of a text;
    ``features``, ``identifying``: ids of what was noticed, in no field and in a field (CUS-10).
    """

    id: str
    site: str
    program: str
    matter: str
    customer: str
    state: ReceptionState
    arrived_at: datetime
    source: str = "natural"
    way: Way | None = None
    server: str | None = None
    owner: str | None = None
    makeup: bool = False
    turn_of: str | None = None
    passed: tuple[str, ...] = ()
    asked: bool = False
    served_before: str | None = None
    asks_for: str | None = None
    code_of: str | None = None  # the claim whose one-time code the visitor showed (到访确认, LEAD-10)
    need: str | None = None
    features: tuple[str, ...] = ()
    identifying: tuple[str, ...] = ()
    called_at: datetime | None = None
    wait_until: datetime | None = None
    greeted_at: datetime | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None
    claim: str | None = None
    recognise_by: datetime | None = None  # posted until then: was here before, and nobody knows with whom (CUS-13)
    recognised: tuple[Recognition, ...] = ()
    visit: Visit | None = None  # led by a partner's broker (LEAD-14)
    version: int = 1

    @property
    def is_call(self) -> bool:
        """The customer calls in, and is not here (POOL-03)."""
        return self.source == CALL

    @property
    def served_for(self) -> str | None:
        """Whose reception it counts as: the owner's, whoever served for them (LEAD-15)."""
        return self.owner or self.server


def missing_steps(reception: Reception, policy: Policy) -> tuple[str, ...]:
    """Steps of the procedure that are not done (`reception.steps`, LEAD-10), in its order.

    An arrival cannot be registered without a look for its owner, and completing is the last step itself. Nobody is
    there to be looked at who only calls: what was said need not be recorded. ``record`` is need and features.
    """
    need = reception.is_call or reception.need is not None
    features = reception.is_call or bool(reception.features or reception.identifying)
    done = {
        "register": True,
        "look_up_owner": True,
        "ask_first_served": reception.asked,
        "assign": reception.server is not None,
        "greet": reception.greeted_at is not None,
        "record": need and features,
        "record_need": need,
        "record_features": features,
        "close_or_hand_over": True,
    }
    return tuple(step for step in policy.words("reception.steps") if not done[step])
