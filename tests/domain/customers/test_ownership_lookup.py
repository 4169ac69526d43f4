"""The five answers of a look-up, and who reads the owner's name (CUS-08, CUS-09)."""

from __future__ import annotations

from itertools import product

import pytest

from domain.customers import Answer, OwnerNameVisibility, answer, shows_owner_name

TABLE = """
matched own other pooled possible | answer
-       -   -     -      -        | free
-       -   -     -      x        | possible
x       -   -     -      -        | free
x       -   -     -      x        | possible
x       -   -     x      -        | pooled
x       -   -     x      x        | pooled
x       -   x     -      -        | conflict
x       -   x     -      x        | conflict
x       -   x     x      -        | conflict
x       -   x     x      x        | conflict
x       x   -     -      -        | own
x       x   -     -      x        | own
x       x   -     x      -        | own
x       x   -     x      x        | own
x       x   x     -      -        | own
x       x   x     -      x        | own
x       x   x     x      -        | own
x       x   x     x      x        | own
"""
ROWS = {
    tuple(mark == "x" for mark in marks.split()): Answer(word.strip())
    for marks, word in (line.split("|") for line in TABLE.strip().splitlines()[1:])
}


@pytest.mark.parametrize("facts", list(product([False, True], repeat=5)))
def test_every_combination_of_facts_has_one_answer_or_is_a_mistake(facts: tuple[bool, ...]) -> None:
    """CUS-08: the table is exhaustive; what it lacks contradicts itself."""
    matched, own, owned_by_other, pooled, possible = facts
    if facts in ROWS:
        given = answer(matched=matched, own=own, owned_by_other=owned_by_other, pooled=pooled, possible=possible)
        assert given is ROWS[facts]
    else:
        with pytest.raises(ValueError, match="matched"):
            answer(matched=matched, own=own, owned_by_other=owned_by_other, pooled=pooled, possible=possible)


def test_the_answers_are_the_five_words_of_the_contract() -> None:
    """CUS-08, contract 4."""
    assert [*Answer] == ["free", "own", "conflict", "pooled", "possible"]
    assert [*OwnerNameVisibility] == ["team", "program", "hidden"]


@pytest.mark.parametrize(
    ("setting", "readers"),
    [
        (OwnerNameVisibility.TEAM, {"team mate"}),
        (OwnerNameVisibility.PROGRAM, {"team mate", "member"}),
        (OwnerNameVisibility.HIDDEN, set()),
    ],
)
def test_the_owners_name_reaches_whom_the_setting_names_and_never_a_partner(
    setting: OwnerNameVisibility, readers: set[str]
) -> None:
    """CUS-09: visibility.owner_name; partners: hidden."""
    people = {
        "team mate": (True, True, False),
        "member": (False, True, False),
        "stranger": (False, False, False),
        "team mate outside the program": (True, False, False),
        "broker": (False, True, True),
        "broker of the owner's team": (True, True, True),
    }
    told = {
        name
        for name, (same_team, member, partner) in people.items()
        if shows_owner_name(setting=setting, same_team=same_team, member=member, partner=partner)
    }
    assert told == readers
