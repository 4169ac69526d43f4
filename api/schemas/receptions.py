"""Sites, their queues and receptions (contract section 15)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Bool, Id, Input, Name, Output, Pending, Reason, Text, Track, Version
from api.schemas.claims import ClaimCustomer, CustomerGiven, CustomerRef, ProjectGiven, ProjectRef

ReceptionStateName = Literal["waiting", "called", "serving", "completed", "closed"]
SourceName = Literal["natural", "partner_led", "referral", "outreach", "call"]
StepName = Literal["register", "look_up_owner", "ask_first_served", "assign", "greet", "record", "close_or_hand_over"]


#: Identifying features (客户特征) by their fields, which the program lists (CUS-10).
Noticed = Annotated[dict[Name, Name], Field(max_length=20)]


class SiteIn(Input):
    """`POST /v1/sites`."""

    program: Id
    name: Name
    lead: Id | None = None


class SitePatch(Input):
    version: Version
    name: Name | None = None
    lead: Id | None = None


class PresenceIn(Input):
    """Signing in, and what keeps one (LEAD-08, LEAD-09). `claim`: of the customer one is busy with; `person`: whom the
    duty manager speaks of.
    """

    presence: Literal["free", "busy", "duty", "out"]
    buddy: Id | None = None
    claim: Id | None = None
    person: Id | None = None


class SwapIn(Input):
    with_: Annotated[Id, Field(alias="with")]


class ReceptionIn(Input):
    """An arrival (到访). `served_before` null: nobody; left out: not asked yet (LEAD-10)."""

    site: Id
    track: Track = "sales"
    customer: CustomerRef | CustomerGiven
    project: ProjectRef | ProjectGiven | None = None
    source: SourceName = "natural"
    served_before: Id | None = None
    asks_for: Id | None = None
    returning: Bool = False
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    broker: Id | None = None


class NamedIn(Input):
    person: Id
    reason: Reason


class RecogniseIn(Input):
    """`POST /v1/receptions/{id}/recognise`: the visitor is the customer of ``claim``, the caller's own (CUS-13)."""

    claim: Id
    reason: Reason


class HandOverIn(Input):
    to: Id
    reason: Reason


class RecordIn(Input):
    """What the visitor needs and looks like; what is left out stays as it is."""

    need: Text | None = None
    features: Annotated[list[Name], Field(max_length=50)] | None = None
    identifying: Noticed | None = None
    served_before: Id | None = None


class FeatureSearchIn(Input):
    """`POST /v1/programs/{id}/features/search`."""

    track: Track = "sales"
    identifying: Annotated[dict[Name, Name], Field(min_length=1, max_length=20)]


# --- answers ---------------------------------------------------------------------------------------------------


class QueueRow(Output):
    """Somebody who is signed in today."""

    person: str
    presence: Literal["free", "busy", "duty"]
    serving: bool
    makeup: int
    buddy: str | None
    swap_with: str | None


class SiteOut(Output):
    id: str
    program: str
    name: str
    lead: str | None
    queue: list[QueueRow]
    next: str | None
    version: int


class SitePage(Output):
    items: list[SiteOut]
    next: str | None


class RecognitionOut(Output):
    person: str
    claim: str
    at: str


class PostedCustomer(Output):
    """A visitor as all reps of the program see them: a person's name shortened, contacts masked (AUD-03)."""

    kind: Literal["person", "company"]
    name: str | None
    phone: str | None


class PostedOut(Output):
    """A visitor who was here before and whom nobody recognised (CUS-13). ``mine``: claims the caller has named."""

    reception: str
    site: str
    customer: PostedCustomer
    arrived_at: str
    recognise_by: str
    mine: list[str]


class PostedPage(Output):
    items: list[PostedOut]
    next: str | None


class ReceptionOut(Output):
    """A reception as its reader may see it; contacts are masked (AUD-03)."""

    id: str
    site: str
    program: str
    track: Track
    customer: ClaimCustomer
    project: str | None
    source: SourceName
    state: ReceptionStateName
    way: Literal["turn", "owner", "stand_in", "named"] | None
    server: str | None
    owner: str | None
    makeup: bool
    served_before: str | None
    asks_for: str | None
    code_of: str | None
    need: str | None
    features: list[str]
    identifying: dict[str, str]
    missing: list[StepName]
    claim: str | None
    recognise_by: str | None
    recognised: list[RecognitionOut]
    arrived_at: str
    called_at: str | None
    wait_until: str | None
    completed_at: str | None
    ended_at: str | None
    allowed: list[Literal["next", "assign", "greet", "record", "hand-over", "complete", "close"]]
    pending: Pending | None
    version: int


class LikenessOut(Output):
    """A visitor who may be the one asked about; ``fields`` agree. Contacts are masked (AUD-03)."""

    reception: str
    customer: ClaimCustomer
    fields: list[str]
    arrived_at: str


class FeatureSearchOut(Output):
    """One word, and for readers of a reception whom it speaks of (CUS-10)."""

    answer: Literal["free", "possible"]
    items: list[LikenessOut]


class ConfirmedOut(Output):
    by: Literal["broker", "server", "desk"]
    person: str
    at: str


class VisitOut(Output):
    """A partner-led visit as broker, server and desk see it; for another broker, only how it is recorded (LEAD-14)."""

    reception: str
    source: SourceName
    broker: str | None
    report: str | None
    why: Literal["no_report", "intercepted"] | None
    state: Literal["open", "counted", "missed", "none"]
    needed: list[Literal["broker", "server", "desk"]]
    confirmed: list[ConfirmedOut]
    arrived_at: str
    object_by: str | None
    confirm_by: str | None
    counted_at: str | None
    pending: Pending | None


class ArrivalCodeOut(Output):
    """A one-time code (到访确认). ``code`` null: it was told before."""

    claim: str
    code: str | None
    until: str


class ReceptionPage(Output):
    items: list[ReceptionOut]
    next: str | None
