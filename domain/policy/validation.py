"""Saving a policy (POL-01, POL-04, CLM-13): every name and value, then the policy as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from domain.policy import shapes, values
from domain.policy.contradictions import Contradiction, contradictions
from domain.policy.overrides import Override
from domain.policy.parameters import CHANNELS, CUSTOMER_KINDS, JSON, LEVELS, PARAMETERS
from domain.refusals import FieldError, Refusal

MAX_OVERRIDES: Final = 100


def validate(
    parameters: Mapping[str, object],
    *,
    overrides: Sequence[object] = (),
    base: Mapping[str, object] | None = None,
) -> tuple[dict[str, JSON], list[Override]]:
    """The parameters and overrides of a policy, checked by themselves, against each other and over ``base``.

    ``parameters``: name → JSON value, only what this policy sets. ``overrides``: ``{"when": …, "set": …}`` each.
    ``base``: resolved values beneath, e.g. ``Policy.values()`` of the company or preset; default: the catalogue's.

    Refusal ``policy_invalid`` (422) with one :class:`FieldError` per offending parameter: the bare name, or
    ``overrides[i]`` and ``overrides[i].set.<name>``. Its code is ``field_not_allowed`` for an unknown name,
    ``field_invalid`` for a value of the wrong type or range, and ``policy_invalid`` for a contradiction, which names
    everything it stands between. ``facts.expected`` says what a wrong value should have been.
    """
    findings = _Findings()
    checked = _checked_parameters(parameters, prefix="", findings=findings)
    exceptions = _checked_overrides(overrides, findings)
    beneath = {name: parameter.default for name, parameter in PARAMETERS.items()} | cast(
        "dict[str, JSON]", dict(base or {})
    )
    _check_whole(beneath | checked, given=checked, overrides=exceptions, findings=findings)
    findings.refuse_if_any()
    return checked, [override for override in exceptions if override is not None]


class _Findings:
    """What is wrong so far: one error per field, in the order found."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.expected: dict[str, str] = {}
        self.contradictions: list[list[str]] = []
        self.rule: str | None = None

    def add(self, field: str, code: str, *, expected: str | None = None) -> None:
        # A name may hold anything a JSON key may; the answer must stay printable.
        shown = field.encode("utf-8", "replace").decode().replace("\x00", "?")[: values.MAX_TEXT]
        self.codes.setdefault(shown, code)
        if expected is not None:
            self.expected.setdefault(shown, expected)

    def contradict(self, rule: str, fields: Sequence[str]) -> None:
        self.rule = self.rule or rule
        self.contradictions.append(list(fields))
        for field in fields:
            self.add(field, "policy_invalid")

    def refuse_if_any(self) -> None:
        if not self.codes:
            return
        facts: dict[str, Any] = {}
        if self.expected:
            facts["expected"] = self.expected
        if self.contradictions:
            facts["contradictions"] = self.contradictions
        rule = self.rule if self.rule and set(self.codes.values()) == {"policy_invalid"} else "POL-01"
        errors = tuple(FieldError(field, code) for field, code in self.codes.items())
        raise Refusal("policy_invalid", rule=rule, facts=facts, errors=errors)


def _checked_parameters(
    parameters: Mapping[str, object], *, prefix: str, findings: _Findings, per_claim: bool = False
) -> dict[str, JSON]:
    """The well-formed ones among ``parameters``, copied; the others go to ``findings``."""
    checked: dict[str, JSON] = {}
    for name, given in parameters.items():
        parameter = PARAMETERS.get(name)
        if parameter is None or (per_claim and not parameter.overridable):
            findings.add(prefix + name, "field_not_allowed")
            if len(findings.codes) > len(PARAMETERS):
                break  # an answer has a limit too
            continue
        try:
            value = _json(given)
            shapes.check(parameter, value)
        except ValueError:
            findings.add(prefix + name, "field_invalid", expected=shapes.expectation(parameter))
        else:
            checked[name] = value
    return checked


def _checked_overrides(overrides: Sequence[object], findings: _Findings) -> list[Override | None]:
    """By index, ``None`` where one is malformed."""
    if len(overrides) > MAX_OVERRIDES:
        findings.add("overrides", "field_invalid", expected=f"at most {MAX_OVERRIDES}")
        return []
    return [
        _checked_override(item, field=f"overrides[{index}]", findings=findings) for index, item in enumerate(overrides)
    ]


def _checked_override(item: object, *, field: str, findings: _Findings) -> Override | None:
    if isinstance(item, Override):
        item = item.as_json()
    if not isinstance(item, Mapping) or set(item) != {"when", "set"}:
        findings.add(field, "field_invalid", expected='{"when": {…}, "set": {…}}')
        return None
    when = _checked_when(item["when"], field=f"{field}.when", findings=findings)
    if not isinstance(item["set"], Mapping) or not item["set"]:
        findings.add(f"{field}.set", "field_invalid", expected="at least one parameter")
        return None
    checked = _checked_parameters(item["set"], prefix=f"{field}.set.", findings=findings, per_claim=True)
    return Override(when, checked) if when is not None and checked else None


def _checked_when(when: object, *, field: str, findings: _Findings) -> dict[str, str] | None:
    """Conditions: level, kind and channel by their words, source by any word; none at all is no override."""
    if not isinstance(when, Mapping) or not when or not set(when) <= set(_CONDITIONS):
        findings.add(field, "field_invalid", expected="at least one of level, kind, source, channel")
        return None
    conditions: dict[str, str] = {}
    for key, given in when.items():
        try:
            conditions[key] = values.word(_json(given))
            if _CONDITIONS[key] and conditions[key] not in _CONDITIONS[key]:
                raise ValueError("not one of the words")
        except ValueError:
            findings.add(f"{field}.{key}", "field_invalid", expected=" / ".join(_CONDITIONS[key]) or "a word")
            return None
    return conditions


def _check_whole(
    merged: Mapping[str, JSON],
    *,
    given: Mapping[str, JSON],
    overrides: Sequence[Override | None],
    findings: _Findings,
) -> None:
    plain = list(contradictions(values=merged, given=given))
    for contradiction in plain:
        # A parameter that is wrong by itself is merged with what lies beneath; that pair is not the author's.
        if not any(name in findings.codes for name in contradiction.names):
            findings.contradict(contradiction.rule, contradiction.names)
    for index, override in enumerate(overrides):
        if override is not None:
            _check_override_over(merged, override, index=index, known=plain, findings=findings)
    _check_rivals(overrides, findings)


def _check_override_over(
    merged: Mapping[str, JSON],
    override: Override,
    *,
    index: int,
    known: Sequence[Contradiction],
    findings: _Findings,
) -> None:
    for contradiction in contradictions(values={**merged, **override.values}, given=override.values):
        if contradiction not in known:
            fields = [
                f"overrides[{index}].set.{name}" if name in override.values else name for name in contradiction.names
            ]
            findings.contradict(contradiction.rule, fields)


def _check_rivals(overrides: Sequence[Override | None], findings: _Findings) -> None:
    """Two equally specific overrides that could decide the same parameter of one claim (CLM-13)."""
    for index, one in enumerate(overrides):
        for later, other in enumerate(overrides[index + 1 :], index + 1):
            if one is not None and other is not None and one.rivals(other):
                findings.contradict("CLM-13", [f"overrides[{index}]", f"overrides[{later}]"])


_CONDITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "level": LEVELS,
    "kind": CUSTOMER_KINDS,
    "source": (),
    "channel": CHANNELS,
}

_MAX_DEPTH: Final = 6


def _json(value: object, *, depth: int = 0) -> JSON:
    """A deep copy of ``value``; ValueError if it holds anything that JSON does not."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key that is no text")
        return {key: _json(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_json(item, depth=depth + 1) for item in value]
    raise ValueError("not JSON")
