"""The hash tree over a checkpoint's lines (AUD-02)."""

from __future__ import annotations

import pytest

from storage.merkle import Tree, leaf, path_to, root_from

#: Leaves and roots published with RFC 6962 implementations.
_LEAVES = [
    bytes.fromhex(x)
    for x in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", sorted(_ROOTS))
def test_the_root_is_that_of_rfc_6962(size: int) -> None:
    assert root_of(_LEAVES[:size]).hex() == _ROOTS[size]


@pytest.mark.parametrize("size", [*range(1, 20), 63, 64, 65])
def test_every_line_leads_to_the_root_and_no_other_line_does(size: int) -> None:
    lines = [f"line {n}".encode() for n in range(size)]
    root = root_of(lines)
    leaves = [leaf(line) for line in lines]
    for index, line in enumerate(lines):
        path = path_to(index, leaves)
        assert root_from(line, path) == root
        assert root_from(line + b"x", path) != root


def test_there_is_no_path_to_a_line_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        path_to(1, [leaf(b"only")])


def root_of(lines: list[bytes]) -> bytes:
    tree = Tree()
    for line in lines:
        tree.add(line)
    return tree.root()
