"""The scan for close company names finds what comparing one by one would find (CUS-05)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from domain.customers.company_index import CompanyIndex
from domain.customers.company_names import FUZZY_THRESHOLD, compare_companies

with Path(__file__).with_name("company_pairs.tsv").open(encoding="utf-8", newline="") as file:
    NAMES = sorted({name for row in list(csv.reader(file, delimiter="\t"))[1:] for name in row[:2]})

KNOWN = {"c1": "北京长青贸易有限公司", "c2": "上海长青贸易有限公司", "c3": "北京常青贸易有限公司", "c4": "长青商贸"}


def found(index: CompanyIndex, name: str, *, threshold: float = FUZZY_THRESHOLD) -> list[str]:
    return [hit.customer for hit in index.close_to(name, threshold=threshold)]


@pytest.mark.parametrize("threshold", [0.3, 0.7, 0.8, FUZZY_THRESHOLD, 0.95, 1.0])
def test_the_index_finds_what_a_comparison_with_every_name_finds(threshold: float) -> None:
    """CUS-05: no shortcut of the scan may lose a hint, at any `match.fuzzy_threshold`."""
    index = CompanyIndex.of((name, name) for name in NAMES)
    for asked in NAMES[::23]:
        hits = {hit.customer: hit.comparison for hit in index.close_to(asked, threshold=threshold)}
        every = {name: compare_companies(asked, name, threshold=threshold) for name in NAMES}
        assert hits == {name: comparison for name, comparison in every.items() if comparison.possible}


def test_hits_come_closest_first_and_without_namesakes_of_other_regions() -> None:
    """CUS-05."""
    index = CompanyIndex.of(KNOWN.items())
    assert found(index, "长青贸易(北京)有限公司") == ["c1", "c3", "c4"]
    assert found(index, "广州长青贸易有限公司") == ["c4"]
    assert found(index, "北京长安贸易有限公司") == []


def test_a_company_is_found_by_its_present_name_only() -> None:
    """CUS-01: a record may be renamed and erased."""
    index = CompanyIndex.of(KNOWN.items())
    index.put("c1", "北京鹏程万里物流有限公司")
    assert found(index, "北京长青贸易有限公司") == ["c3", "c4"]
    assert found(index, "北京鹏程万理物流有限公司") == ["c1"]
    index.drop("c1")
    index.drop("c1")
    assert found(index, "北京鹏程万里物流有限公司") == []
    assert len(index) == 3


def test_a_name_that_says_nothing_is_close_to_nothing() -> None:
    """CUS-02: nothing to compare must not equal nothing to compare."""
    index = CompanyIndex.of({"c1": "。", "c2": "有限公司"}.items())
    assert len(index) == 1
    assert found(index, " ") == []
    assert found(CompanyIndex(), "北京长青贸易有限公司") == []
