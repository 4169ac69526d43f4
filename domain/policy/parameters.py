"""Every policy parameter of the requirements, as data (POL-01): name, kind, default, rules, range and labels.

Values are JSON as the contract writes them (section 3, "Policy values"). Where the requirements give a default in
words, this is its JSON shape:

* days of the week are numbers, 1 = Monday; hours are text ``"09:00-18:00"``, and ``"24:00"`` may end a day;
* no default ("none", "per program") is ``null`` for one thing and ``[]`` or ``{}`` for several;
* ``pool.windows``: ``[]`` = always open, else ``"08:00-10:00"`` or ``{"weekdays": [1, 2], "hours": "08:00-10:00"}``;
* ``stage.list``: words, or ``{"name", "role"?, "conditions"?, "outputs"?, "duties"?}``, a duty being ``"need"`` or, for
  one grade, ``"A/need"``; ``stage.deadline_days``: stage → days;
* ``sop.rhythm_days``: grade, stage or ``"A/negotiation"`` → days, the most exact one counts;
* ``auth.tries``: ``{"tries": 5, "window_min": 15}``; a bare number means that many in the default window;
* ``award.best_taker``: ``{"period": "month", "min_takes": 5}``; ``deal.credit``: one word, or one per kind of deal;
* ``dispute.auto_max_amount``: ``null`` = no limit, or money; ``pool.default``: ``null`` = the program's own;
* ``handoff.team``: the id of the team that delivers, ``null`` = hand-offs are opened by call alone;
* ``lead.grades``: least score of each grade; ``dashboard.first_screen``: role → words, ``{}`` = as the preset.

An object by channel, stage, grade, customer kind or class may leave keys out: such a key stays as the layer beneath has
it (company under program, defaults under all). The one exception is ``idle`` of ``claim.reclaim_wait_h``, whose absence
means something (contract section 3), so that object is always read as a whole. So are lists and weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from domain.policy.labels import LABELS

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"


class Kind(StrEnum):
    """What a value looks like; each kind has one checker in :mod:`domain.policy.shapes`."""

    DURATION = "duration"
    """Number ≥ 0 in the unit of the suffix, or ``P[nD]T[nH][nM][nS]`` as elapsed time."""
    INTEGER = "integer"
    NUMBER = "number"
    PERCENT = "percent"
    SWITCH = "switch"
    CHOICE = "choice"
    SERIES = "series"
    """Array of durations, all in the unit of the suffix."""
    WORDS = "words"
    """Array of different words, out of ``choices`` where there are any."""
    WORD = "word"
    """One free word, ``null`` where ``nullable``."""
    DURATION_BY_KEY = "duration_by_key"
    INTEGER_BY_KEY = "integer_by_key"
    WEIGHTS = "weights"
    STAGE_LENGTH = "stage_length"
    KEY_GROUPS_BY_KIND = "key_groups_by_kind"
    KEY_GROUPS = "key_groups"
    OWNERSHIP_RULES = "ownership_rules"
    RELEASE = "release"
    WEEKDAYS = "weekdays"
    HOURS = "hours"
    """``"HH:MM-HH:MM"`` within one day."""
    NIGHT_HOURS = "night_hours"
    """The same, but it may pass midnight."""
    WINDOWS = "windows"
    ZONE = "zone"
    REGION = "region"
    STAGES = "stages"
    GRADES = "grades"
    LEVELS = "levels"
    """A level of customers by class, ``null`` for none."""
    CREDIT = "credit"
    AMOUNT = "amount"
    AWARD = "award"
    TRIES = "tries"
    SCREENS = "screens"


class Zero(StrEnum):
    """What ``0`` says (contract section 3)."""

    OFF = "off"
    NONE = "none"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One name of the catalogue. ``rules`` are requirement ids, the governing one first.

    ``exists``: the product already has the feature that reads it; the others are stored and marked (POL-01).
    ``zh``, ``en``: a short label. ``minimum`` and ``maximum`` are inclusive. ``unit`` is ``min``, ``h``, ``days``,
    ``wh``, ``oh``, ``wd`` or ``s``. ``choices`` are the words of a choice or list, or the keys of an object.
    ``falling``: a series that counts down to a deadline; the others count up from an event.
    ``staged``: beside ``choices`` a key may be a stage of ``stage.list``, or ``choice/stage``.
    """

    name: str
    kind: Kind
    default: JSON
    rules: tuple[str, ...]
    exists: bool
    zh: str
    en: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str | None = None
    zero: Zero = Zero.PLAIN
    nullable: bool = False
    falling: bool = False
    staged: bool = False

    @property
    def overridable(self) -> bool:
        """May an override by level, kind, source or channel set it (CLM-13)?

        The subject is what ownership is counted by, so it is one for the whole program.
        """
        return self.name != "claim.subject" and self.name.startswith(_PER_CLAIM)


UNITS: Final = ("min", "h", "days", "wh", "oh", "wd", "s")
LEVELS: Final = ("VIP", "A", "B", "C")
CUSTOMER_KINDS: Final = ("person", "company")
CHANNELS: Final = ("in_house", "partner")
CLAIM_FIELDS: Final = (
    "identity",
    "program",
    "need",
    "progress",
    "next_follow_up_at",
    "expected_close",
    "expected_amount",
    "source",
    "first_contact",
)
#: States of a claim in which somebody holds the customer, or a case decides whether they do.
HELD_STATES: Final = ("protected", "active", "won", "disputed", "arbitrated")
RECORD_DUTIES: Final = (
    "outcome",
    "next_at",
    "files",
    "need",
    "progress",
    "next_follow_up_at",
    "expected_close",
    "expected_amount",
)
"""What a stage may ask a follow-up to record (LEAD-12): fields of the follow-up, then of the claim."""
FOLLOW_UP_KINDS: Final = ("call", "message", "meeting", "visit", "demo")
MATCH_FIELDS: Final = ("phone", "company_code", "email", "email_domain", "external_id", "name")
PROTECTION_STAGES: Final = ("report_visit", "visit_deal")
PROTECTION_SHAPES: Final = ("report_deal", "report_visit_deal", "visit_deal")
OWNERSHIP_RULES: Final = (
    "named_account",
    "territory",
    "first_contact",
    "first_report",
    "first_reception",
    "deeper_relation",
    "customer_choice",
    "best_fit",
)
RELEASE_STAGES: Final = ("contract", "first_payment", "full_payment")
DEAL_KINDS: Final = ("new", "renewal", "upsell", "repurchase")
ROLES: Final = (
    "rep",
    "account_manager",
    "service",
    "marketing",
    "pre_sales",
    "broker",
    "reception",
    "team_lead",
    "manager",
    "mediator",
    "arbitrator",
    "oversight",
    "finance",
    "policy_admin",
    "auditor",
    "admin",
)
PRESET_NAMES: Final = ("general", "real_estate", "b2b_saas", "channel_partner")
GRADES: Final = ("A", "B", "C", "D")
PERIODS: Final = ("month", "quarter", "year")

MAX_INTEGER: Final = 2**63 - 1

_PER_CLAIM: Final = ("claim.", "collision.", "release.", "reminder.", "transfer.")

# Rows whose feature the product has. A row that is built is added here, and its parameters lose their mark.
_BUILT: Final = frozenset(
    f"{section}-{number:02d}"
    for section, numbers in {
        "PPL": range(1, 9),
        "TER": range(1, 7),
        "CUS": (1, 2, 3, 4, 5, 6, *range(8, 15)),
        "CLM": range(1, 35),
        "DSP": (2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 15, 16, 18, 19),
        "LEAD": range(1, 17),
        "COM": range(1, 14),
        "CNF": (1, 5),
        "POL": (1, 2, 3, 4, 7, 8, 9),
        "NTF": (1,),
        "AUD": (1, 2, 3, 4, 5, 6, 7),
        "INT": (1, 3, 8, 10),
        "POOL": range(1, 12),
    }.items()
    for number in numbers
)


def _parameter(
    kind: Kind,
    name: str,
    default: JSON,
    rules: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    unit: str | None = None,
    zero: Zero = Zero.PLAIN,
    nullable: bool = False,
    falling: bool = False,
    staged: bool = False,
) -> Parameter:
    zh, en = LABELS[name]
    ids = tuple(rules.split())
    return Parameter(
        name=name,
        kind=kind,
        default=default,
        rules=ids,
        exists=ids[0] in _BUILT,
        zh=zh,
        en=en,
        minimum=minimum,
        maximum=maximum,
        choices=choices,
        unit=unit,
        zero=zero,
        nullable=nullable,
        falling=falling,
        staged=staged,
    )


def _unit(name: str) -> str:
    """The unit that the last word of ``name`` says: ``claim.idle_days`` and ``clawback.days`` are both in days."""
    suffix = name.replace(".", "_").rsplit("_", 1)[1]
    if suffix not in UNITS:
        raise ValueError(f"{name} names no unit of time")
    return suffix


def _duration(name: str, default: JSON, rules: str) -> Parameter:
    return _parameter(Kind.DURATION, name, default, rules, unit=_unit(name), zero=Zero.OFF)


def _series(name: str, default: list[JSON], rules: str) -> Parameter:
    return _parameter(Kind.SERIES, name, default, rules, unit=_unit(name), falling=name.startswith("reminder."))


def _durations(name: str, default: dict[str, JSON], rules: str, keys: tuple[str, ...] = ()) -> Parameter:
    return _parameter(Kind.DURATION_BY_KEY, name, default, rules, unit=_unit(name), zero=Zero.OFF, choices=keys)


def _integer(name: str, default: int, rules: str, *, minimum: int = 0, maximum: int = MAX_INTEGER) -> Parameter:
    """A count: ``*_max`` = 0 allows none, any other 0 is just 0."""
    zero = Zero.NONE if name.endswith("_max") else Zero.PLAIN
    return _parameter(Kind.INTEGER, name, default, rules, minimum=minimum, maximum=maximum, zero=zero)


def _limit(name: str, default: int, rules: str) -> Parameter:
    """A cap or a limit per time: 0 = off."""
    return _parameter(Kind.INTEGER, name, default, rules, minimum=0, maximum=MAX_INTEGER, zero=Zero.OFF)


def _percent(name: str, default: float, rules: str) -> Parameter:
    return _parameter(Kind.PERCENT, name, default, rules, minimum=0, maximum=100)


def _switch(name: str, default: bool, rules: str) -> Parameter:
    return _parameter(Kind.SWITCH, name, default, rules)


def _choice(name: str, default: str, rules: str, choices: str | tuple[str, ...]) -> Parameter:
    words = tuple(choices.split()) if isinstance(choices, str) else choices
    return _parameter(Kind.CHOICE, name, default, rules, choices=words)


def _words(
    name: str, default: str, rules: str, choices: str | tuple[str, ...] = (), *, at_least_one: bool = False
) -> Parameter:
    words = tuple(choices.split()) if isinstance(choices, str) else choices
    items: list[JSON] = list(default.split())
    return _parameter(Kind.WORDS, name, items, rules, choices=words, minimum=1 if at_least_one else 0)


def _weights(name: str, default: dict[str, JSON], rules: str) -> Parameter:
    return _parameter(Kind.WEIGHTS, name, default, rules, choices=tuple(default))


_PEOPLE: Final = (
    _duration("people.duty_ack_wd", 5, "PPL-03"),
    _integer("people.capacity_points", 400, "PPL-04"),
    _switch("people.skill_confirm", False, "PPL-04"),
    _duration("absence.pause_after_wd", 5, "PPL-05"),
    _duration("delegation.max_days", 30, "PPL-05"),
    _duration("people.leaver_handover_wd", 3, "PPL-06"),
    _choice("people.handover_to", "supervisor", "PPL-06", "supervisor pool"),
    _duration("people.mover_keep_days", 60, "PPL-06"),
    _percent("people.successor_share_pct", 50, "PPL-06"),
    _duration("partner.confirm_wd", 5, "PPL-08"),
)

_TERRITORIES: Final = (
    _words("ownership.tracks", "sales", "TER-01", "sales channel", at_least_one=True),
    _duration("territory.review_days", 90, "TER-04"),
    _choice("claim.out_of_territory", "approve", "TER-05", "refuse warn approve"),
    _parameter(Kind.REGION, "calendar.country", "CN", "TER-06"),
    _parameter(Kind.ZONE, "calendar.zone", "Asia/Shanghai", "TER-06"),
    _parameter(Kind.WEEKDAYS, "calendar.weekdays", [1, 2, 3, 4, 5], "TER-06"),
    _parameter(Kind.HOURS, "calendar.office_hours", "09:00-18:00", "TER-06"),
    _duration("calendar.min_notice_wd", 1, "TER-06"),
)

_CUSTOMERS: Final = (
    _parameter(
        Kind.KEY_GROUPS_BY_KIND,
        "match.keys",
        {"person": [["phone"]], "company": [["company_code"], ["email_domain"], ["name"]]},
        "CUS-02",
        choices=CUSTOMER_KINDS,
    ),
    _words("match.weak_keys", "contact_phone close_name", "CUS-02", "contact_phone close_name"),
    _choice("claim.on_possible", "accept_alert", "CUS-02 CUS-05", "accept_alert judge"),
    _parameter(Kind.REGION, "match.phone_region", "CN", "CUS-03"),
    _parameter(Kind.NUMBER, "match.fuzzy_threshold", 0.85, "CUS-05", minimum=0, maximum=1),
    _choice("match.phone_mode", "full", "CUS-06", "full 3+4 4+3 3+6"),
    _choice("match.complete_by", "visit", "CUS-06", "visit deal"),
    _parameter(
        Kind.INTEGER_BY_KEY,
        "match.probes_per_hour",
        {"in_house": 60, "partner": 10},
        "CUS-08",
        choices=CHANNELS,
        zero=Zero.OFF,
    ),
    _parameter(
        Kind.INTEGER_BY_KEY,
        "match.probes_per_day",
        {"in_house": 300, "partner": 30},
        "CUS-08",
        choices=CHANNELS,
        zero=Zero.OFF,
    ),
    _choice("visibility.owner_name", "team", "CUS-09", "team program hidden"),
    _words("customer.feature_fields", "companions referrer vehicle spoken_need", "CUS-10"),
    _duration("customer.feature_retention_days", 365, "CUS-10"),
    _duration("customer.new_days", 90, "CUS-12"),
    _duration("customer.dormant_days", 180, "CUS-12"),
    _parameter(
        Kind.LEVELS,
        "customer.class_levels",
        {"existing": "A", "new": "B", "dormant": "C"},
        "CUS-12",
        choices=("existing", "new", "dormant"),
    ),
    _duration("customer.unmerge_days", 30, "CUS-13"),
    _duration("customer.recognise_days", 2, "CUS-13"),
    _choice("match.related_scope", "none", "CUS-14", "none household group"),
    _choice("household.rule", "first", "CUS-14", "first equal_shares"),
    _choice("group.covers", "named_account", "CUS-14", "named_account all"),
    _switch("buyer.check", True, "CUS-14"),
)

_REPORTS: Final = (
    _words("claim.required_fields", "identity program", "CLM-02", CLAIM_FIELDS),
    _words("claim.complete_fields", "need next_follow_up_at expected_close", "CLM-02", CLAIM_FIELDS),
    _duration("claim.complete_h", 72, "CLM-02"),
    _choice("claim.judgement_mode", "auto_then_manual", "CLM-03", "auto manual auto_then_manual"),
    _duration("claim.approval_wh", 48, "CLM-04"),
    _duration("claim.correction_wh", 24, "CLM-05"),
    _choice("ownership.mode", "ordered", "CLM-06", "ordered weighted"),
    _parameter(
        Kind.OWNERSHIP_RULES,
        "ownership.rules",
        [
            {"rule": "named_account", "weight": 40},
            {"rule": "first_report", "weight": 40},
            {"rule": "deeper_relation", "weight": 20},
        ],
        "CLM-06",
        choices=OWNERSHIP_RULES,
    ),
    _duration("ownership.time_margin_h", 0, "CLM-06"),
    _parameter(Kind.NUMBER, "ownership.score_margin", 10, "CLM-06", minimum=0, maximum=1_000_000),
    _duration("claim.late_report_h", 24, "CLM-07"),
    _duration("ownership.depth_days", 90, "CLM-08"),
    _weights("ownership.depth_weights", {"follow_up": 1, "visit": 3, "decision_maker": 5, "stage": 5}, "CLM-08"),
    _percent("ownership.depth_margin_pct", 20, "CLM-08"),
    _switch("ownership.visit_first", False, "CLM-09"),
    _durations("ownership.intercept_min", {"in_house": 0, "partner": 30}, "CLM-10 LEAD-14", CHANNELS),
)

_CLOCKS: Final = (
    _duration("claim.protection_days", 90, "CLM-11"),
    _choice("claim.on_protection_end", "renew_if_worked", "CLM-11", "lapse renew_if_worked"),
    _duration("claim.renew_recent_days", 30, "CLM-11"),
    _duration("claim.max_total_days", 180, "CLM-11"),
    _choice("claim.protection_shape", "report_deal", "CLM-12", PROTECTION_SHAPES),
    _parameter(
        Kind.STAGE_LENGTH,
        "claim.stage_length",
        {"report_visit": "15d", "visit_deal": "30d"},
        "CLM-12",
        choices=PROTECTION_STAGES,
        zero=Zero.OFF,
    ),
    _duration("claim.first_follow_up_wh", 48, "CLM-14"),
    _choice("claim.first_follow_up_miss", "lapse", "CLM-14", "lapse escalate"),
    _words("claim.qualified_kinds", "call message meeting visit demo", "CLM-16", FOLLOW_UP_KINDS),
    _integer("claim.min_note_chars", 10, "CLM-16"),
    _limit("claim.qualified_per_day", 1, "CLM-16"),
    _duration("claim.void_notice_wh", 24, "CLM-16"),
    _duration("claim.idle_days", 60, "CLM-17"),
    _duration("claim.no_deal_days", 180, "CLM-17"),
    _parameter(Kind.WORD, "claim.guard_stage", "proposal", "CLM-17", nullable=True),
    _duration("claim.guard_wd", 5, "CLM-17"),
    _duration("calendar.closure_days", 3, "CLM-17"),
    _series("reminder.protection_days", [30, 14, 7], "CLM-18"),
    _series("reminder.idle_days", [7], "CLM-18"),
    _series("reminder.first_follow_up_wh", [24, 8], "CLM-18"),
    _series("reminder.stage_days", [3, 1], "CLM-18"),
    _duration("claim.grace_days", 0, "CLM-20"),
    _choice("claim.lapse_to", "pool", "CLM-20", "pool dispatch supervisor"),
    _parameter(Kind.DURATION, "claim.pause_max_days", 30, "CLM-21", unit="days", zero=Zero.NONE),
    _duration("claim.extension_days", 30, "CLM-22 CLM-17"),
    _integer("claim.extension_max", 1, "CLM-22"),
    _duration("claim.extension_decide_wh", 48, "CLM-22"),
)

_CHANGES: Final = (
    _duration("release.objection_wh", 24, "CLM-23"),
    _words(
        "release.reasons",
        "not_worked need_unmet customer_request lost invalid false_report",
        "CLM-23",
        at_least_one=True,
    ),
    _duration("release.nurture_days", 90, "CLM-23"),
    _percent("release.past_share_pct", 30, "CLM-23"),
    _duration("transfer.accept_wh", 48, "CLM-24"),
    _choice("transfer.approval", "cross_team", "CLM-24", "never cross_team always"),
    _limit("claim.cap_person", 200, "CLM-25"),
    _limit("claim.cap_team", 0, "CLM-25"),
    _limit("claim.cap_partner", 1000, "CLM-25"),
    _percent("guard.rate_pct", 10, "CLM-25"),
    _integer("guard.min_reports", 20, "CLM-25"),
    _duration("guard.window_days", 30, "CLM-25"),
    _durations("claim.reclaim_wait_h", {"person": 1, "company": 12, "idle": 168}, "CLM-26", (*CUSTOMER_KINDS, "idle")),
    _integer("claim.resubmit_max", 2, "CLM-26"),
    _duration("claim.return_flag_days", 30, "CLM-26"),
    _choice("claim.on_collision", "refuse", "CLM-27", "refuse queue dispute"),
    _integer("claim.queue_max", 3, "CLM-27"),
    _duration("claim.queue_days", 30, "CLM-27"),
    _choice("collision.reveal", "verdict", "CLM-27", "verdict end_date"),
    _duration("claim.provisional_days", 10, "CLM-28"),
    _integer("claim.collaborators_max", 5, "CLM-29"),
    _switch("claim.collab_counts", True, "CLM-29"),
    _parameter(
        Kind.STAGES, "stage.list", ["contact", "need", "proposal", "negotiation", "close", "delivery"], "CLM-30"
    ),
    _durations("stage.deadline_days", {}, "CLM-30"),
    _choice("stage.on_miss", "warn", "CLM-30", "warn lapse"),
    _duration("handoff.accept_wd", 3, "CLM-31"),
    _parameter(Kind.WORD, "handoff.team", None, "CLM-31", nullable=True),
    _words("handoff.checklist", "", "CLM-31"),
    _duration("claim.after_deal_days", 180, "CLM-32"),
    _choice("claim.subject", "customer", "CLM-33", "customer project"),
    _parameter(
        Kind.KEY_GROUPS,
        "match.project_keys",
        [["customer", "tender_number"]],
        "CLM-33",
        choices=("customer", "tender_number", "name", "department", "site", "bid_date"),
    ),
    _duration("bid.protect_days", 30, "CLM-33"),
    _integer("bid.letters", 1, "CLM-33"),
    _words("override.roles", "manager", "CLM-34", ROLES),
    _limit("override.per_month", 5, "CLM-34"),
    _duration("override.objection_wh", 24, "CLM-34"),
)

_POOLS: Final = (
    _parameter(Kind.WORD, "pool.default", None, "POOL-01", nullable=True),
    _duration("pool.named_days", 90, "POOL-03"),
    _parameter(Kind.WINDOWS, "pool.windows", [], "POOL-04"),
    _words("pool.priority_order", "level amount region", "POOL-05", "level amount region"),
    _duration("pool.priority_lead_min", 30, "POOL-05"),
    _duration("pool.unclaimed_h", 24, "POOL-05"),
    _limit("pool.daily_takes", 10, "POOL-06"),
    _limit("pool.holding_cap", 200, "POOL-07"),
    _words("pool.holding_counts", "protected active disputed", "POOL-07", HELD_STATES),
    _words("pool.holding_sources", "", "POOL-07"),  # none named: all
    _choice("pool.restricted_view", "locked_row", "POOL-08", "hidden locked_row"),
    _duration("pool.restricted_wait_wh", 24, "POOL-08"),
    _duration("pool.cool_off_h", 0, "POOL-09"),
    _words("pool.hidden_fields", "phone email address", "POOL-10"),
    _limit("pool.daily_views", 100, "POOL-10"),
    _parameter(Kind.NUMBER, "load.max_ratio", 1.0, "POOL-11", minimum=0, maximum=1_000, zero=Zero.OFF),
    _weights("load.weights", {"lead": 1, "protected": 1, "active": 2, "proposal": 3, "overdue": 1}, "POOL-11"),
)

_LEADS: Final = (
    _parameter(Kind.GRADES, "lead.grades", {"A": 80, "B": 60, "C": 40}, "LEAD-02", choices=GRADES[:3]),
    _parameter(Kind.WEIGHTS, "lead.weights", {"fit": 40, "power": 35, "chain": 25}, "LEAD-02"),
    _parameter(Kind.WORD, "lead.fallback", "default_pool", "LEAD-03"),
    _switch("rotation.makeup", True, "LEAD-04"),
    _weights(
        "dispatch.weights",
        {"load": 35, "skill": 25, "need": 15, "success": 15, "experience": 5, "interest": 5},
        "LEAD-05",
    ),
    _words("lead.assess_grades", "A B", "LEAD-06", GRADES),
    _words("lead.assess_sources", "", "LEAD-06"),
    _duration("lead.assess_oh", 4, "LEAD-06"),
    _integer("recommend.count", 3, "LEAD-07"),
    _choice("rotation.order", "sign_in", "LEAD-08", "sign_in carry_over"),
    _duration("rotation.call_min", 3, "LEAD-09"),
    _duration("rotation.giveback_min", 30, "LEAD-09"),
    _words(
        "reception.steps",
        "register look_up_owner ask_first_served assign greet record close_or_hand_over",
        "LEAD-10",
        "register look_up_owner ask_first_served assign greet record record_need record_features close_or_hand_over",
    ),
    _durations("lead.first_response_oh", {"A": 0.5, "B": 4, "C": 8, "D": 8}, "LEAD-11", GRADES),
    _integer("lead.reassign_max", 2, "LEAD-11"),
    _parameter(
        Kind.DURATION_BY_KEY,
        "sop.rhythm_days",
        {"A": 3, "B": 7, "C": 14},
        "LEAD-12",
        unit="days",
        zero=Zero.OFF,
        choices=GRADES,
        staged=True,
    ),
    _percent("lead.balance_tolerance_pct", 20, "LEAD-13"),
    _duration("lead.balance_days", 30, "LEAD-13"),
    _integer("lead.balance_min", 10, "LEAD-13"),  # a number of leads, not minutes
    _duration("visit.confirm_h", 24, "LEAD-14"),
    _choice("visit.broker_present", "on_valid_report", "LEAD-14", "always on_valid_report"),
    _duration("visit.object_h", 48, "LEAD-14"),
    _duration("standin.wait_min", 10, "LEAD-15"),
    _percent("standin.share_pct", 50, "LEAD-15"),
    _duration("lead.accept_oh", 8, "LEAD-16"),
    _words("lead.return_reasons", "wrong_number no_need duplicate out_of_scope", "LEAD-16", at_least_one=True),
    _percent("lead.return_alarm_pct", 30, "LEAD-16"),
)

_DISPUTES: Final = (
    _duration("dispute.contest_wd", 5, "DSP-02"),
    _duration("dispute.after_deal_days", 30, "DSP-02"),
    _integer("dispute.frivolous_max", 3, "DSP-02"),
    _duration("dispute.frivolous_days", 90, "DSP-02"),
    _choice("dispute.service_by", "owner", "DSP-03", "owner supervisor"),
    _switch("dispute.auto_settle", True, "DSP-04"),
    _parameter(Kind.AMOUNT, "dispute.auto_max_amount", None, "DSP-04", nullable=True),
    _duration("dispute.objection_wh", 24, "DSP-04"),
    _choice("dispute.objection_needs", "fact", "DSP-04", "nothing fact"),
    _duration("dispute.negotiation_wh", 24, "DSP-05"),
    _duration("dispute.negotiation_oh", 0, "DSP-05"),
    _words("settle.templates", "yield joint shares", "DSP-05", "yield joint shares"),
    _duration("discussion.close_wh", 24, "DSP-07"),
    _choice("dispute.mediation", "optional", "DSP-08", "none optional always"),
    _duration("dispute.mediation_wh", 24, "DSP-08"),
    _integer("dispute.file_mb", 20, "DSP-09"),
    _words("dispute.file_types", "image pdf audio office", "DSP-09", "image pdf audio office"),
    _duration("dispute.evidence_wh", 24, "DSP-10"),
    _duration("dispute.more_evidence_wh", 24, "DSP-10"),
    _duration("dispute.tier_wh", 48, "DSP-12"),
    _duration("dispute.exec_wd", 5, "DSP-12"),
    _switch("dispute.strict_neutral", False, "DSP-13"),
    _duration("dispute.recusal_wh", 24, "DSP-13"),
    _duration("dispute.min_remaining_days", 14, "DSP-15"),
    _duration("dispute.appeal_wd", 3, "DSP-16"),
    _integer("precedent.similar", 3, "DSP-18"),
    _integer("precedent.group_min", 5, "DSP-18"),  # a number of people, not minutes
    _duration("conflict.window_days", 7, "DSP-19"),
    _duration("inspection.every_days", 7, "DSP-20"),
    _percent("inspection.sample_pct", 2, "DSP-20"),
    _duration("inspection.close_wd", 5, "DSP-20"),
    _duration("investigation.limit_wd", 10, "DSP-21"),
    _words(
        "penalty.steps",
        "warning points suspension fine bonus_deduction reassignment",
        "DSP-22",
        "warning points suspension fine bonus_deduction reassignment",
    ),
    _duration("penalty.points_days", 180, "DSP-22"),
    _duration("penalty.suspend_days", 7, "DSP-22"),
    _switch("penalty.money", False, "DSP-22"),
    _duration("penalty.answer_wd", 3, "DSP-23"),
    _duration("penalty.appeal_wd", 5, "DSP-23"),
    _percent("remedy.share_max_pct", 10, "DSP-24"),
    _integer("remedy.turns", 1, "DSP-24"),
)

_MONEY: Final = (
    _parameter(
        Kind.CREDIT,
        "deal.credit",
        {"new": "owner", "renewal": "owner", "upsell": "owner", "repurchase": "owner"},
        "COM-01",
        choices=("owner", "account_manager", "shares"),
    ),
    _choice("plan.version_by", "contract_date", "COM-02", "contract_date"),
    _percent("split.owner_min_pct", 0, "COM-03"),
    _duration("split.accept_wh", 48, "COM-04"),
    _percent("assist.pct", 5, "COM-05"),
    _integer("assist.per_deal", 2, "COM-05"),
    _integer("assist.flag_pair", 3, "COM-05"),
    _duration("assist.flag_days", 90, "COM-05"),
    _percent("joint.bonus_pct", 0, "COM-05"),
    _parameter(Kind.RELEASE, "commission.release", "cash_pro_rata", "COM-07", choices=RELEASE_STAGES),
    _duration("clawback.days", 180, "COM-10"),
    _integer("payout.day", 10, "COM-12", minimum=1, maximum=28),
    _choice("performance.recognise_at", "contract", "COM-13", "subscription contract cash"),
    _integer("performance.close_day", 5, "COM-13", minimum=1, maximum=28),
)

_CARE: Final = (
    _words("confirm.points", "", "CNF-01", "after_first_visit before_contract"),
    _switch("confirm.required", False, "CNF-01"),
    _switch("confirm.hold_commission", False, "CNF-01"),
    _duration("confirm.link_h", 72, "CNF-01"),
    _integer("feedback.low_score", 2, "CNF-02", maximum=5),
    _limit("feedback.max_per_month", 2, "CNF-02"),
    _duration("feedback.alert_wd", 1, "CNF-02"),
    _integer("feedback.group_min", 5, "CNF-02"),  # a number of answers, not minutes
    _series("revisit.days", [7, 30, 90], "CNF-03"),
    _duration("care.silence_days", 90, "CNF-04"),
    _choice("referral.receiver", "named_or_owner", "CNF-05", "named_or_owner rotation"),
    _duration("referral.valid_days", 30, "CNF-05"),
    _switch("referral.one_source", True, "CNF-05"),
)

_INCENTIVES: Final = (
    _parameter(Kind.AWARD, "award.best_taker", {"period": "month", "min_takes": 5}, "INC-01", choices=PERIODS),
    _integer("award.new_min_followups", 1, "INC-02"),
    _percent("reward.team_pct", 20, "INC-03"),
    _choice("goal.period", "quarter", "INC-04", PERIODS),
    _choice("assess.period", "quarter", "INC-06", PERIODS),
    _weights(
        "assess.weights",
        {"sales": 35, "workload": 15, "take_success": 10, "satisfaction": 20, "cooperation": 10, "attitude": 10},
        "INC-06",
    ),
    _duration("assess.comment_wd", 5, "INC-06"),
    _integer("assess.voices_min", 3, "INC-06 INC-07"),  # a number of voices, not minutes
    _choice("feedback.peer_period", "quarter", "INC-07", PERIODS),
    _percent("coaching.failure_pct", 50, "INC-08"),
    _integer("coaching.min_takes", 5, "INC-08"),
    _duration("coaching.window_days", 90, "INC-08"),
    _duration("coaching.due_wd", 10, "INC-08"),
)

_NOTICES: Final = (
    _parameter(Kind.NIGHT_HOURS, "notify.quiet", "21:00-08:00", "NTF-02"),
    _duration("notify.ack_min", 30, "NTF-02"),
    _integer("notify.retry_max", 8, "NTF-03"),
    _duration("dashboard.stale_s", 5, "OVS-01"),
    _parameter(Kind.SCREENS, "dashboard.first_screen", {}, "OVS-01", choices=ROLES, maximum=8),
    _duration("publish.every_days", 7, "OVS-03"),
    _duration("publish.object_wd", 3, "OVS-03"),
    _duration("retro.every_days", 90, "OVS-04"),
    _integer("fairness.group_min", 5, "OVS-05"),  # a number of people, not minutes
    _integer("report.min_cases", 5, "OVS-06"),
    _duration("record.late_h", 24, "OVS-08"),
    _duration("pack.every_days", 7, "OVS-10"),
)

_POLICY: Final = (
    _duration("policy.migration_notice_wd", 5, "POL-02"),
    _choice("policy.preset", "general", "POL-03", PRESET_NAMES),
    _percent("policy.sales_cycle_warn_pct", 75, "POL-04"),
    _duration("replay.days", 180, "POL-05"),
    _duration("policy.review_days", 90, "POL-06"),
    _choice("program.mode", "live", "POL-08", "trial live"),
    _duration("program.trial_days", 14, "POL-08"),
    _integer("org.small_max", 15, "POL-09"),
    _duration("org.self_approve_h", 24, "POL-09"),
)

_DATA: Final = (
    _duration("audit.checkpoint_h", 1, "AUD-02"),
    _limit("reveal.per_day", 100, "AUD-03"),
    _limit("alarm.reads_per_h", 300, "AUD-04"),
    _duration("privacy.retention_days", 1095, "AUD-05"),
    _parameter(
        Kind.TRIES,
        "auth.tries",
        {"tries": 5, "window_min": 15},
        "AUD-06",
        choices=("tries", "window_min"),
        zero=Zero.OFF,
    ),
    _duration("engine.recover_s", 60, "AUD-07"),
    _duration("api.idempotency_h", 24, "INT-01"),
    _duration("webhook.retry_h", 24, "INT-02"),
    _integer("import.rows_max", 50_000, "INT-03"),
    _integer("export.rows_max", 100_000, "INT-04"),
    _duration("export.keep_h", 24, "INT-04"),
    _duration("sync.lag_alert_min", 15, "INT-05"),
    _duration("mobile.offline_h", 24, "INT-06"),
    _choice("locale.default", "zh-CN", "INT-07", "zh-CN en"),
    _duration("opening.object_wd", 5, "INT-10"),
    _duration("opening.grace_days", 14, "INT-10 POL-08"),
    _words("chat.template", "name phone program visit_time", "INT-11", at_least_one=True),
    _duration("chat.answer_s", 5, "INT-11"),
)

_ALL: Final = (
    *_PEOPLE,
    *_TERRITORIES,
    *_CUSTOMERS,
    *_REPORTS,
    *_CLOCKS,
    *_CHANGES,
    *_POOLS,
    *_LEADS,
    *_DISPUTES,
    *_MONEY,
    *_CARE,
    *_INCENTIVES,
    *_NOTICES,
    *_POLICY,
    *_DATA,
)

PARAMETERS: Final[Mapping[str, Parameter]] = MappingProxyType({parameter.name: parameter for parameter in _ALL})
"""By name, in the order of the catalogue."""
