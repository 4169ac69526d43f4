"""When small-team mode is on, and who may switch it on (POL-09)."""

from __future__ import annotations

import pytest

from domain.policy import Policy, small_team

_DEFAULT = Policy.resolve(version=1)


@pytest.mark.parametrize(
    ("parameters", "on"),
    [
        ({}, False),
        ({"org.small_max": 0}, False),
        ({"org.small_max": 1}, True),
        ({"org.small_max": 15}, True),
        ({"org.self_approve_h": 24}, False),
    ],
)
def test_the_mode_is_on_where_the_company_names_a_number_itself(parameters: dict[str, object], on: bool) -> None:
    assert small_team.is_on(parameters) is on


def test_it_is_switched_on_alone_up_to_the_number_in_force() -> None:
    """The draft's own number says nothing about who may decide it."""
    drafted = {"org.small_max": 100}
    assert small_team.may_switch_on(drafted, in_force=_DEFAULT, people=15)
    assert not small_team.may_switch_on(drafted, in_force=_DEFAULT, people=16)
    assert not small_team.may_switch_on({}, in_force=_DEFAULT, people=1)
    larger = Policy.resolve({"org.small_max": 20}, version=2)
    assert small_team.may_switch_on(drafted, in_force=larger, people=16)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_growing_past_the_number_is_shown(lang: str) -> None:
    assert small_team.warning({"org.small_max": 5}, people=5, lang=lang) is None
    assert small_team.warning({}, people=500, lang=lang) is None
    sentence = small_team.warning({"org.small_max": 5}, people=6, lang=lang)
    assert sentence is not None
    assert "5" in sentence
    assert "6" in sentence
    assert "POL-09" in sentence
