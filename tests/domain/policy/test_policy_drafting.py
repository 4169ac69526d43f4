"""What a new policy version is made of (POL-03, POL-04)."""

from __future__ import annotations

from domain.policy.drafting import drafted
from domain.policy.presets import PRESETS

_BASE = {"claim.idle_days": 10, "claim.grace_days": 2}
_VIP = {"when": {"level": "VIP"}, "set": {"claim.idle_days": 30}}
_PARTNER = {"when": {"channel": "partner"}, "set": {"claim.idle_days": 5}}


def test_what_is_given_lies_over_the_base_version() -> None:
    assert drafted({"claim.idle_days": 20}, None, base_parameters=_BASE, base_overrides=[_VIP]) == (
        {"claim.idle_days": 20, "claim.grace_days": 2},
        [_VIP],
    )


def test_given_overrides_replace_those_of_the_base_version() -> None:
    assert drafted({}, [_PARTNER], base_parameters=_BASE, base_overrides=[_VIP])[1] == [_PARTNER]
    assert drafted({}, [], base_parameters=_BASE, base_overrides=[_VIP])[1] == []


def test_a_preset_lies_between_the_base_version_and_what_is_given() -> None:
    preset = PRESETS["real_estate"]
    parameters, overrides = drafted(
        {"reminder.idle_days": [1]}, None, preset=preset, base_parameters=_BASE, base_overrides=[_VIP, _PARTNER]
    )
    assert (parameters["claim.idle_days"], parameters["claim.grace_days"]) == (7, 2)
    assert parameters["reminder.idle_days"] == [1]
    assert overrides == [_VIP, preset.overrides[0].as_json()]


def test_an_override_beside_a_preset_takes_the_place_of_the_one_with_its_conditions() -> None:
    preset = PRESETS["real_estate"]
    assert drafted({}, [_PARTNER, _VIP], preset=preset)[1] == [_PARTNER, _VIP]
    assert drafted({}, [_VIP], preset=preset)[1] == [preset.overrides[0].as_json(), _VIP]


def test_malformed_overrides_are_left_for_the_check_that_follows() -> None:
    assert drafted({}, [7, "x"], preset=PRESETS["real_estate"])[1][-2:] == [7, "x"]
