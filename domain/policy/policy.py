"""A policy as the rest of the domain reads it: resolved, immutable, typed (POL-01, POL-02, CLM-13).

Values come from layers: the defaults of the catalogue, the company, the preset, the program, and for one claim the
overrides that match it. A later layer wins. Instances live as long as their version; parsed values are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Self, TypeVar, cast

from domain.calendar.duration import DAY_US, Duration
from domain.policy import values as read
from domain.policy.overrides import Override
from domain.policy.parameters import JSON, PARAMETERS, Kind, Parameter, Zero
from domain.policy.values import Hours, Window

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OwnershipRule:
    """One entry of ``ownership.rules``, in its order (CLM-06)."""

    rule: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class SalesStage:
    """One entry of ``stage.list`` (CLM-30). ``role`` answers for it; None: whoever owns the customer.

    ``duties``: what a follow-up in it is to record, some of it for one grade only: ``A/need`` (LEAD-12).
    """

    name: str
    role: str | None = None
    conditions: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()

    def duties_of(self, grade: str | None) -> tuple[str, ...]:
        """The fields that a follow-up is to record for a customer of ``grade``, each once (LEAD-12)."""
        found = (duty.rpartition("/") for duty in self.duties)
        return tuple(dict.fromkeys(field for asked, _, field in found if asked in ("", grade)))


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in minor units with its currency."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Policy:
    """One version of the rules. Make it with :meth:`resolve`; names outside the catalogue raise KeyError.

    A reader of the wrong kind (a duration asked of a switch) raises TypeError: that is a defect, not a refusal.
    """

    version: int
    overrides: tuple[Override, ...]
    """Overrides of the version, the least specific first."""
    applied: tuple[Override, ...]
    """Those that :meth:`for_claim` applied, the least specific first; empty on the policy itself."""
    _layers: tuple[Mapping[str, JSON], ...] = field(repr=False)
    _values: Mapping[str, JSON] = field(repr=False)
    _root: Policy | None = field(default=None, repr=False)
    _parsed: dict[object, object] = field(default_factory=dict, repr=False)
    _by_match: dict[tuple[int, ...], Policy] = field(default_factory=dict, repr=False)

    @classmethod
    def resolve(
        cls,
        *layers: Mapping[str, JSON],
        overrides: Sequence[Override | Mapping[str, JSON]] = (),
        version: int,
    ) -> Self:
        """``layers``, already validated, over the defaults of the catalogue; of two the later one wins.

        ``overrides``: as validated, or as stored (``{"when": …, "set": …}``). ValueError: an unknown name.
        """
        ranked = sorted(
            (item if isinstance(item, Override) else Override.of(item) for item in overrides),
            key=lambda override: override.specificity,
        )
        stack = (_DEFAULTS, *(deepcopy(dict(layer)) for layer in layers))
        return cls(version=version, overrides=tuple(ranked), applied=(), _layers=stack, _values=_merged(stack))

    @property
    def override(self) -> Mapping[str, str] | None:
        """The conditions of the most specific override applied (CLM-13), ``None`` without one."""
        return self.applied[-1].when if self.applied else None

    def for_claim(self, *, level: str | None, kind: str | None, source: str | None, channel: str | None) -> Policy:
        """The policy of one claim: each parameter from the most specific override that matches and sets it (CLM-13).

        Asked of a claim's policy it starts from the version again, so a changed level replaces the earlier match.
        """
        root = self._root or self
        facts = {"level": level, "kind": kind, "source": source, "channel": channel}
        matching = tuple(index for index, override in enumerate(root.overrides) if override.matches(facts))
        if not matching:
            return root
        if matching not in root._by_match:
            root._by_match[matching] = root._with(tuple(root.overrides[index] for index in matching))
        return root._by_match[matching]

    def reads_like(self, other: Policy) -> bool:
        """Whether both come to the same rules, whatever their versions."""
        # Of an object by channel, stage or kind the keys that a layer leaves out count too.
        return all(self.effective(name) == other.effective(name) for name in PARAMETERS) and (
            [(o.when, o.values) for o in self.overrides] == [(o.when, o.values) for o in other.overrides]
        )

    def value(self, name: str) -> JSON:
        """The value as given, a copy where it is a list or object."""
        value = self._values[name]
        return deepcopy(value) if isinstance(value, list | dict) else value

    def values(self) -> dict[str, JSON]:
        """Every parameter of the catalogue with its value as given."""
        return {name: self.value(name) for name in PARAMETERS}

    def entry(self, name: str, key: str) -> JSON:
        """One entry of an object by channel, stage, grade or kind; a key left out stays as the layer beneath has it."""
        return deepcopy(self._keyed(name, key))

    def effective(self, name: str) -> JSON:
        """The value with the keys it leaves out filled in from beneath, in the catalogue's order of keys."""
        parameter, value = PARAMETERS[name], self.value(name)
        if parameter.kind is Kind.TRIES and not isinstance(value, dict):
            value = {"tries": value}
        if parameter.kind not in _INHERITING or not isinstance(value, dict):
            return value
        optional = {"idle"} if name == "claim.reclaim_wait_h" else set[str]()
        beneath = (found for layer in reversed(self._layers) if isinstance(found := layer.get(name), dict))
        others = (key for found in beneath for key in found) if parameter.staged else ()
        keys = [key for key in parameter.choices or tuple(value) if key not in optional or key in value]
        keys = list(dict.fromkeys((*keys, *others)))
        return {key: value[key] if key in value else self.entry(name, key) for key in keys if self._has(name, key)}

    def duration(self, name: str) -> Duration | None:
        """The duration, ``None`` where 0 switches it off; ``claim.pause_max_days`` 0 allows no time and is zero."""
        return self._once(name, lambda: self._read_limit(_of_kind(name, Kind.DURATION)))

    def switch(self, name: str) -> bool:
        _of_kind(name, Kind.SWITCH)
        return self._values[name] is True

    def integer(self, name: str) -> int:
        """The count as given; for caps and limits per time see :meth:`limit`.

        Of a duration in days: whole days, counted up, for what compares days of a calendar (CLM-17, closures).
        """
        return self._once(("integer", name), lambda: self._read_integer(_of_kind(name, Kind.INTEGER, Kind.DURATION)))

    def limit(self, name: str) -> int | None:
        """A cap or limit: ``None`` where 0 means off, 0 where it means none allowed (POL-01)."""
        count = self.integer(name)
        return None if count == 0 and PARAMETERS[name].zero is Zero.OFF else count

    def number(self, name: str) -> Decimal:
        """A number or per cent (0 to 100), exact as written."""
        return self._once(
            ("number", name),
            lambda: read.number(self._values[_of_kind(name, Kind.NUMBER, Kind.PERCENT, Kind.INTEGER).name]),
        )

    def choice(self, name: str) -> str:
        """The word; empty where a free word is ``null``."""
        _of_kind(name, Kind.CHOICE, Kind.WORD)
        return cast(str, self._values[name] or "")

    def words(self, name: str) -> tuple[str, ...]:
        """A list of words, in its order."""
        return self._once(
            ("words", name), lambda: tuple(cast(list[str], self._values[_of_kind(name, Kind.WORDS).name]))
        )

    def word(self, name: str) -> str | None:
        """A free word or place: guard stage, pool, zone, country; ``None`` where there is none."""
        _of_kind(name, Kind.WORD, Kind.ZONE, Kind.REGION)
        return cast("str | None", self._values[name])

    def series(self, name: str) -> tuple[Duration, ...]:
        """Durations in their order; entries of 0 are off and left out."""
        return self._once(("series", name), lambda: self._read_series(_of_kind(name, Kind.SERIES)))

    def weights(self, name: str) -> Mapping[str, Decimal]:
        """Weights by key; a key left out weighs nothing."""
        return self._once(("weights", name), lambda: self._read_weights(_of_kind(name, Kind.WEIGHTS)))

    def duration_for(self, name: str, key: str) -> Duration | None:
        """The duration of one channel, grade or stage, ``None`` where it is off or not set."""
        parameter = _of_kind(name, Kind.DURATION_BY_KEY)
        return self._once((name, key), lambda: self._off(self._read_keyed(parameter, key), of=parameter))

    def rhythm(self, grade: str | None, stage: str) -> Duration | None:
        """How often a claim of ``grade`` in ``stage`` is followed up (LEAD-12); None: no procedure for it.

        The most exact entry counts: of grade and stage, of the stage, of the grade.
        """
        name = "sop.rhythm_days"
        keys = (f"{grade}/{stage}", stage, grade) if grade is not None else (stage,)
        # A stage that is called like a grade has no entry of its own.
        own = (key for key in keys if key == grade or key not in PARAMETERS[name].choices)
        found = next((key for key in own if self._has(name, key)), None)
        return self.duration_for(name, found) if found is not None else None

    def integer_for(self, name: str, key: str) -> int | None:
        """The limit of one channel, ``None`` where it is off."""
        found = self._keyed(_of_kind(name, Kind.INTEGER_BY_KEY).name, key)
        return read.integer(found) or None

    def weekdays(self) -> tuple[int, ...]:
        """Working days of the week, 1 = Monday."""
        return self._once("calendar.weekdays", lambda: read.weekdays(self._values["calendar.weekdays"]))

    def hours(self, name: str) -> Hours:
        parameter = _of_kind(name, Kind.HOURS, Kind.NIGHT_HOURS)
        return self._once(
            ("hours", name), lambda: read.hours(self._values[name], overnight=parameter.kind is Kind.NIGHT_HOURS)
        )

    @property
    def required_fields(self) -> tuple[str, ...]:
        """What a report needs at once (CLM-02)."""
        return self.words("claim.required_fields")

    @property
    def complete_fields(self) -> tuple[str, ...]:
        """What may follow within ``claim.complete_h`` (CLM-02)."""
        return self.words("claim.complete_fields")

    @property
    def tracks(self) -> tuple[str, ...]:
        return self.words("ownership.tracks")

    @property
    def protection_shape(self) -> str:
        """report_deal, report_visit_deal or visit_deal (CLM-12); visit_deal while a visit goes first (CLM-09)."""
        return self.choice("claim.protection_shape")

    @property
    def owner_name_visibility(self) -> str:
        """Who sees the owner's name: team, program or hidden; partners never do (CUS-09)."""
        return self.choice("visibility.owner_name")

    @property
    def guard_stage(self) -> str | None:
        return self.word("claim.guard_stage")

    def stage_length(self, stage: str) -> Duration | None:
        """Protection of ``report_visit`` or ``visit_deal`` (CLM-12), ``None`` where it is off."""
        key = ("claim.stage_length", stage)
        return self._once(key, lambda: _on(read.stage_length(self._keyed(*key))))

    def reclaim_wait(self, kind: str, *, idle: bool) -> Duration | None:
        """How long the former owner waits (CLM-26): by customer kind, or for ``idle`` after a lapse for idleness.

        An object without the key ``idle`` makes no difference for such a lapse.
        """
        parameter = PARAMETERS["claim.reclaim_wait_h"]
        waits = cast(dict[str, JSON], self._values[parameter.name])
        return self.duration_for(parameter.name, "idle" if idle and "idle" in waits else kind)

    def match_groups(self, kind: str) -> tuple[tuple[str, ...], ...]:
        """Fields that must all agree, in groups of which one is enough, for ``person`` or ``company`` (CUS-02)."""
        key = ("match.keys", kind)
        return self._once(key, lambda: _groups(self._keyed(*key)))

    def project_match_groups(self) -> tuple[tuple[str, ...], ...]:
        """The same for two projects (CLM-33)."""
        return self._once("match.project_keys", lambda: _groups(self._values["match.project_keys"]))

    def probe_limits(self, channel: str) -> tuple[int | None, int | None]:
        """Blind checks per hour and per day of ``in_house`` or ``partner``; ``None`` = no limit (CUS-08)."""
        return self.integer_for("match.probes_per_hour", channel), self.integer_for("match.probes_per_day", channel)

    def intercept(self, channel: str) -> Duration | None:
        """How close to an arrival a report of this channel no longer outranks it (CLM-10)."""
        return self.duration_for("ownership.intercept_min", channel)

    @property
    def ownership_rules(self) -> tuple[OwnershipRule, ...]:
        return self._once("ownership.rules", lambda: _rules(self._values["ownership.rules"]))

    @property
    def commission_release(self) -> Mapping[str, Decimal] | None:
        """Per cent by stage, totalling 100; ``None`` = pro rata of the cash received (COM-07)."""
        return self._once("commission.release", lambda: _release(self._values["commission.release"]))

    @property
    def pool_windows(self) -> tuple[Window, ...]:
        """When the pool is open; empty = always (POOL-04)."""
        return self._once(
            "pool.windows", lambda: tuple(read.window(item) for item in cast(list[JSON], self._values["pool.windows"]))
        )

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the sales stages in their order (CLM-30)."""
        return tuple(stage.name for stage in self.sales_stages)

    @property
    def sales_stages(self) -> tuple[SalesStage, ...]:
        """The sales stages in their order (CLM-30)."""
        return self._once(
            "stage.list",
            lambda: tuple(
                _sales_stage(item) for item in cast("list[str | dict[str, JSON]]", self._values["stage.list"])
            ),
        )

    def is_proposed(self, stage: str | None) -> bool:
        """Whether ``stage`` is the proposal or comes after it (table 0.4)."""
        order = self.stages
        return stage in order and "proposal" in order[: order.index(stage) + 1]

    def sales_stage(self, name: str | None) -> SalesStage:
        """The stage of this name, the first one for ``None``; one that the list lost meanwhile asks for nothing."""
        stages = self.sales_stages
        return next((s for s in stages if s.name == name), stages[0] if name is None else SalesStage(name))

    @property
    def auto_max_amount(self) -> Amount | None:
        """Deals above it are not settled by the system; ``None`` = no limit (DSP-04)."""
        amount = cast("dict[str, JSON] | None", self._values["dispute.auto_max_amount"])
        return None if amount is None else Amount(cast(int, amount["amount_minor"]), cast(str, amount["currency"]))

    def deal_credit(self, deal_kind: str) -> str:
        """Who is credited with a deal of this kind: owner, account_manager or shares (COM-01)."""
        if isinstance(credit := self._values["deal.credit"], str):
            return credit
        return cast(str, self._keyed("deal.credit", deal_kind))

    def class_level(self, customer_class: str) -> str | None:
        """The level that customers of this class have, where people gave none (CUS-12)."""
        return cast("str | None", self._keyed("customer.class_levels", customer_class))

    @property
    def password_tries(self) -> tuple[int | None, Duration]:
        """Wrong passwords allowed within a time; ``None`` = no limit (AUD-06)."""
        given = self._values["auth.tries"]
        tries = given["tries"] if isinstance(given, dict) else given
        return read.integer(tries) or None, read.duration(self._keyed("auth.tries", "window_min"), unit="min")

    def _with(self, applied: tuple[Override, ...]) -> Policy:
        stack = (*self._layers, *(override.values for override in applied))
        return Policy(
            version=self.version,
            overrides=self.overrides,
            applied=applied,
            _layers=stack,
            _values=_merged(stack),
            _root=self,
        )

    def _once(self, key: object, make: Callable[[], T]) -> T:
        try:
            return cast(T, self._parsed[key])
        except KeyError:
            made = make()
            self._parsed[key] = made
            return made

    def _keyed(self, name: str, key: str) -> JSON:
        """The entry of an object value; a key left out stays as the layer beneath has it. KeyError: in no layer."""
        for layer in reversed(self._layers):
            value = layer.get(name)
            if isinstance(value, dict) and key in value:
                return value[key]
        raise KeyError(f"{name}: {key}")

    def _has(self, name: str, key: str) -> bool:
        return any(isinstance(value := layer.get(name), dict) and key in value for layer in self._layers)

    def _read_limit(self, parameter: Parameter) -> Duration | None:
        return self._off(self._read_duration(parameter.name), of=parameter)

    def _read_duration(self, name: str) -> Duration:
        return read.duration(self._values[name], unit=PARAMETERS[name].unit or "")

    def _read_keyed(self, parameter: Parameter, key: str) -> Duration:
        if parameter.choices and key not in parameter.choices and not parameter.staged:
            raise KeyError(f"{parameter.name}: {key}")
        # A grade or a stage of the program's own may have no entry in any layer; then nothing is limited.
        found = self._keyed(parameter.name, key) if self._has(parameter.name, key) else 0
        return read.duration(found, unit=parameter.unit or "")

    def _read_integer(self, parameter: Parameter) -> int:
        if parameter.kind is Kind.INTEGER:
            return read.integer(self._values[parameter.name])
        if parameter.unit != "days":
            raise TypeError(f"{parameter.name} is no number of days")
        return -(-self._read_duration(parameter.name).microseconds // DAY_US)

    def _read_series(self, parameter: Parameter) -> tuple[Duration, ...]:
        items = cast(list[JSON], self._values[parameter.name])
        durations = (read.duration(item, unit=parameter.unit or "") for item in items)
        return tuple(duration for duration in durations if not duration.is_zero)

    def _read_weights(self, parameter: Parameter) -> Mapping[str, Decimal]:
        given = cast(dict[str, JSON], self._values[parameter.name])
        weights = dict.fromkeys(parameter.choices, Decimal(0))
        return MappingProxyType(weights | {key: read.number(weight) for key, weight in given.items()})

    @staticmethod
    def _off(duration: Duration, *, of: Parameter) -> Duration | None:
        return _on(duration) if of.zero is Zero.OFF else duration


_DEFAULTS: Final[Mapping[str, JSON]] = {name: parameter.default for name, parameter in PARAMETERS.items()}


_INHERITING: Final = frozenset(
    {
        Kind.DURATION_BY_KEY,
        Kind.INTEGER_BY_KEY,
        Kind.STAGE_LENGTH,
        Kind.KEY_GROUPS_BY_KIND,
        Kind.LEVELS,
        Kind.TRIES,
    }
)


def _merged(layers: Sequence[Mapping[str, JSON]]) -> Mapping[str, JSON]:
    merged: dict[str, JSON] = {}
    for layer in layers:
        merged.update(layer)
    if unknown := merged.keys() - PARAMETERS.keys():
        raise ValueError(f"unknown parameters: {', '.join(sorted(unknown))}")
    if merged["ownership.visit_first"] is True:
        # The switch is the visit_deal shape (table 13.1): no report protects before the first visit (CLM-09).
        merged["claim.protection_shape"] = "visit_deal"
    return merged


def _of_kind(name: str, *kinds: Kind) -> Parameter:
    parameter = PARAMETERS[name]
    if parameter.kind not in kinds:
        raise TypeError(f"{name} is a {parameter.kind.value}")
    return parameter


def _on(duration: Duration) -> Duration | None:
    return None if duration.is_zero else duration


def _groups(value: JSON) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group) for group in cast(list[list[str]], value))


def _rules(value: JSON) -> tuple[OwnershipRule, ...]:
    entries = cast(list[dict[str, JSON]], value)
    return tuple(OwnershipRule(cast(str, entry["rule"]), read.number(entry.get("weight", 0))) for entry in entries)


def _sales_stage(item: str | dict[str, JSON]) -> SalesStage:
    if isinstance(item, str):
        return SalesStage(item)
    conditions, outputs, duties = (
        tuple(cast(list[str], item.get(key, []))) for key in ("conditions", "outputs", "duties")
    )
    return SalesStage(cast(str, item["name"]), cast("str | None", item.get("role")), conditions, outputs, duties)


def _release(value: JSON) -> Mapping[str, Decimal] | None:
    if not isinstance(value, dict):
        return None
    return MappingProxyType({stage: read.number(part) for stage, part in value.items()})
