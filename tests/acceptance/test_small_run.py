"""The acceptance run itself, on a small export of its own: it comes to its end, and it can fail."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.checks import Findings
from tests.acceptance.crm import CrmRun
from tests.acceptance.crm_data import DataMissingError, read_crm
from tests.acceptance.crm_disputes import DisputeRun
from tests.acceptance.crm_money import MoneyRun
from tests.acceptance.trial_plan import drawn
from tests.support.service import PROJECT, Service
from worker.engine import Located

AGENTS = (("Ann Li", "Mo Wu", "North"), ("Bo Chen", "Mo Wu", "North"), ("Cy Sun", "Jo Xu", "South"))
ACCOUNTS = ("Alder Ltd", "Birch Ltd", "Cedar Ltd", "Dogwood Ltd")
PRODUCTS = ("Base Plan", "Pro Plan")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """21 open opportunities, 2 of them without an account, one product spelled in two ways; 3 won, 1 lost."""
    folder = tmp_path / "export"
    folder.mkdir()
    _write(folder / "sales_teams.csv", ["sales_agent", "manager", "regional_office"], AGENTS)
    _write(folder / "accounts.csv", ["account", "sector"], [(account, "retail") for account in ACCOUNTS])
    _write(folder / "products.csv", ["product", "series"], zip(PRODUCTS, ("GTX", "MG"), strict=True))
    rows = [
        (f"O{at}", AGENTS[at % 3][0], ("Base Plan", "ProPlan")[at // 4 % 2], ACCOUNTS[at % 4], "Engaging", "", "", "")
        for at in range(16)
    ]
    rows += [(f"N{at}", "Cy Sun", "Pro Plan", "", "Prospecting", "", "", "") for at in (1, 2)]
    # Each win is contested by whoever engaged first: the first and the third end joint, the second changes nothing.
    for at, (rival, engaged, agent, begun, closed, value) in enumerate(
        (
            ("Bo Chen", "2017-01-05", "Ann Li", "2017-01-10", "2017-02-01", "1001"),
            ("Ann Li", "2017-01-15", "Bo Chen", "2017-01-20", "2017-02-10", "500"),
            ("Ann Li", "2017-02-14", "Cy Sun", "2017-02-15", "2017-03-03", "703"),
        )
    ):
        rows.append((f"R{at}", rival, "Base Plan", "Alder Ltd", "Engaging", engaged, "", ""))
        rows.append((f"W{at}", agent, "Base Plan", "Alder Ltd", "Won", begun, closed, value))
    rows.append(("L1", "Bo Chen", "Pro Plan", "Alder Ltd", "Lost", "2017-01-01", "2017-01-09", "0"))
    header = "opportunity_id sales_agent product account deal_stage engage_date close_date close_value"
    _write(folder / "sales_pipeline.csv", header.split(), rows)
    return folder


def test_the_main_job_runs_on_a_small_export(export: Path, tmp_path: Path, pinned_server: Located) -> None:
    """Issue "A claim lives", point 8, in small: import, reports, owners, three readings, work and idleness."""
    findings = Findings()
    with Service(tmp_path / "service", server=pinned_server) as service:
        run = CrmRun(service, read_crm(export), findings, part="crm", idle_s=12, decided_within_s=15)
        try:
            run.run()
        finally:
            run.close()
    assert [check for check in findings.checks if not check.ok] == []
    told = {check.statement: check.found for check in findings.checks}
    assert told["one program per product: refused as field_missing on customer"] == "2"
    assert (told["one program per product: decided"], told["one program per product: protected"]) == ("19", "8")
    assert told["one program for all: protected"] == "4"
    assert told["lapses stored with the claim's own deadline, to the microsecond"] == "6"


def test_every_refused_report_is_contested_on_a_small_export(
    export: Path, tmp_path: Path, pinned_server: Located
) -> None:
    """Issue "A dispute is a case", proof 1, in small: four customers, four cases, by people and by the rules."""
    findings = Findings()
    with Service(tmp_path / "service", server=pinned_server) as service:
        run = DisputeRun(service, read_crm(export), findings, part="disputes", idle_s=None)
        try:
            run.run()
        finally:
            run.close()
    assert [check for check in findings.checks if not check.ok] == []
    told = {check.statement: check.found for check in findings.checks}
    for name in ("by people", "by the rules"):
        assert told[f"{name}: one case per customer with a collision"] == "4"
        assert told[f"{name}: customers owned by whom their case says, and by nobody else"] == "4"


def test_won_opportunities_become_deals_on_a_small_export(export: Path, tmp_path: Path, pinned_server: Located) -> None:
    """Issue "Money follows the case", proof, in small: three contested deals of one customer that changes hands.

    5 % of 1,001.00, 500.00 and 703.00: 50.05, 25.00 and 35.15. Case 1 leaves 70 and 30 of the first to Ann and Bo
    (35.04 and 15.01, the unit left over to the larger); case 3 gives Cy 70 of what Ann has in it (24.53 and 10.51) and
    in the last (24.61 and 10.54); the second deal stays Bo's.
    """
    findings = Findings()
    with Service(tmp_path / "service", server=pinned_server) as service:
        run = MoneyRun(service, read_crm(export), findings, part="money", idle_s=None)
        try:
            run.run()
            earned = run.earned()
        finally:
            run.close()
    assert [check for check in findings.checks if not check.ok] == []
    assert earned == {"Ann Li": 1_051 + 1_054, "Bo Chen": 1_501 + 2_500, "Cy Sun": 2_453 + 2_461}


def test_who_has_what_after_an_opening_load_is_counted_from_the_files_alone(export: Path) -> None:
    """INT-10: four closed, Bo's on the 9th of January, Ann's objected to by Bo, Bo's, Cy's the last."""
    assert [c.opportunity.id for c in read_crm(export).closed] == ["L1", "W0", "W1", "W2"]
    found = _by_hand("opening_by_hand.py", str(export), "3000", "2")
    assert found == {"rows": 4, "objections": 1, "kept": {"Bo Chen": 2, "Cy Sun": 1}}


def test_who_is_offered_which_lead_is_counted_from_the_files_alone(tmp_path: Path) -> None:
    """LEAD-01, LEAD-04, LEAD-05, LEAD-11, LEAD-16: worked by hand. Jo's district goes in turn, Mo's by fit.

    Ann has two old customers and won one of them, Di has won hers; whoever has none carries 4 points, they 32. L1
    renews Ann's. L2 is Ann's turn and a wrong number, so L3 is hers again; she returns it, and it is Bo's turn. Cy lets
    L4 pass, Ann wins it; L5 is Bo's. By fit, Di's work of 2 and then 3 of 32 points makes 94 and 91 of 100, her sector
    100: 72.90 and 71.85 points, against Ed's 67.50.
    """
    _write(
        tmp_path / "sales_teams.csv",
        ["sales_agent", "manager", "regional_office"],
        [
            ("Ann", "Jo", "North"),
            ("Bo", "Jo", "North"),
            ("Cy", "Jo", "North"),
            ("Di", "Mo", "East"),
            ("Ed", "Mo", "East"),
        ],
    )
    _write(tmp_path / "accounts.csv", ["account", "sector"], [("Alder Ltd", "retail"), ("Birch Ltd", "retail")])
    rows = [
        ("H1", "Ann", "Base Plan", "Alder Ltd", "Won", "2017-01-01", "2017-01-05"),
        ("H2", "Ann", "Pro Plan", "Alder Ltd", "Lost", "2017-01-01", "2017-01-06"),
        ("H3", "Di", "Pro Plan", "Birch Ltd", "Won", "2017-01-01", "2017-01-07"),
        ("N1", "Bo", "Pro Plan", "Birch Ltd", "Won", "2017-01-07", "2017-01-19"),  # engaged before the last had closed
        ("L1", "Ann", "BasePlan", "Alder Ltd", "Won", "2017-01-10", "2017-01-30"),
        ("L2", "Bo", "Base Plan", "Alder Ltd", "Lost", "2017-01-11", "2017-01-14"),
        ("L3", "Bo", "Base Plan", "Alder Ltd", "Lost", "2017-01-12", "2017-01-22"),
        ("L4", "Bo", "Base Plan", "Alder Ltd", "Won", "2017-01-13", "2017-04-23"),
        ("L5", "Bo", "Base Plan", "Alder Ltd", "Won", "2017-01-14", "2017-02-20"),
        ("M1", "Ed", "Base Plan", "Alder Ltd", "Won", "2017-01-11", "2017-02-20"),
        ("M2", "Ed", "Base Plan", "Alder Ltd", "Lost", "2017-01-12", "2017-02-20"),
    ]
    header = "opportunity_id sales_agent product account deal_stage engage_date close_date"
    _write(tmp_path / "sales_pipeline.csv", header.split(), rows)
    numbers = json.dumps({name: number for number, name in enumerate(("Ann", "Bo", "Cy", "Di", "Ed"), 7)})
    found = _by_hand("leads_by_hand.py", str(tmp_path), "3", "100", "32", told=numbers)
    assert (found["rows"], found["leads"]) == (3, 7)
    assert found["offers"] == {
        "L1": [],
        "L2": [["Ann", None]],
        "L3": [["Ann", None], ["Bo", None]],
        "L4": [["Cy", None], ["Ann", None]],
        "L5": [["Bo", None]],
        "M1": [["Di", 73]],
        "M2": [["Di", 72]],
    }
    assert found["states"] == {"attached": 1, "closed": 1, "accepted": 5}
    counts = {name: tuple(of.values()) for name, of in found["counts"].items()}  # offered, accepted, held, won
    assert counts == {"Ann": (3, 1, 3, 1), "Bo": (2, 2, 1, 1), "Cy": (1, 0, 0, 0), "Di": (2, 2, 2, 1), "Ed": (0,) * 4}


def test_what_a_trial_lists_is_told_from_the_acts_alone() -> None:
    """POL-08: worked by hand. Two old customers, a cap of two, one take a day, 60 hours to idle, none lapses before 36.

    Ann works hers on day 1 and again on day 5, after it would have lapsed on day 3. Bo's was worked three days before.
    Bo stands beside Ann on day 1, takes one customer on day 1 and another one on day 2 over the cap; Cy takes two and
    wins one of them on day 2, for 1.30 at 5 %: 6.5 cents are 7. So Cy's next report is not one too many, the third is.
    Bo contests on the last day; Ann came first.
    """
    rows = [
        {"customer": "a", "owner": "Ann", "worked_days_ago": None},
        {"customer": "b", "owner": "Bo", "worked_days_ago": 3},
    ]
    acts = [
        (1, "Ann", "work", "a"),
        (1, "Bo", "report", "a"),
        (1, "Bo", "take", "c"),
        (1, "Cy", "take", "e"),
        (1, "Cy", "take", "f"),
        (2, "Bo", "work", "a"),  # beside: it counts for nothing
        (2, "Bo", "take", "d"),
        (2, "Cy", "win", "f"),
        (2, "Cy", "report", "b"),
        (3, "Cy", "report", "a"),
        (5, "Ann", "work", "a"),
    ]
    plan = {
        "rows": rows,
        "acts": [dict(zip(("day", "person", "kind", "customer", "cents"), (*act, 130), strict=True)) for act in acts],
        "contests": [{"person": "Bo", "customer": "a"}],
        "cap": 2,
        "daily": 1,
        "rate_bps": 500,
        "idle_h": 60,
        "grace_h": 36,
        "ends_h": 24 * 5 + 18,
    }
    found = _by_hand("trial_by_hand.py", told=json.dumps(plan))
    assert found["results"] == [
        ["accept", "", "Ann", 0, 1],
        ["accept", "", "Bo", 0, 1],
        ["accept", "", "Bo", 1, 1],
        ["accept", "", "Cy", 1, 1],
        ["commission", "accrual", "Cy", 2, 1],
        ["lapse", "idle", "Ann", 3, 1],
        ["lapse", "idle", "Bo", 1, 1],
        ["lapse", "idle", "Bo", 3, 1],
        ["lapse", "idle", "Bo", 4, 1],
        ["lapse", "idle", "Cy", 3, 1],
        ["refuse", "claim_cap", "Bo", 2, 1],
        ["refuse", "claim_cap", "Cy", 3, 1],
        ["refuse", "customer_owned", "Bo", 1, 1],
        ["refuse", "customer_owned", "Cy", 2, 1],
        ["refuse", "daily_limit", "Cy", 1, 1],
        ["tier_0", "", "Ann", 5, 1],
    ]
    assert found["kinds"] == {"accept": 4, "refuse": 5, "lapse": 5, "commission": 1, "tier_0": 1}
    assert (found["held"], found["beside"]) == ({"Ann": 1, "Bo": 3, "Cy": 2}, {"Bo": 1, "Cy": 2})
    assert found["commission"] == {"Cy": 7}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_is_its_seeds_alone_and_goes_beyond_every_rule(seed: int) -> None:
    """POL-08: nobody reports a customer twice; work is that of people who have, or stand beside."""
    people = [f"Pat{n} Newman{n}" for n in range(12)]
    plan = drawn(people, seed=seed, scale=0.1)
    assert drawn(people, seed=seed, scale=0.1) == plan
    acts = plan.said["acts"]
    named = {(row["owner"], row["customer"]) for row in plan.said["rows"]}
    for act in acts:
        pair = (act["person"], act["customer"])
        assert (pair in named) is (act["kind"] in ("work", "win")), act
        named.add(pair)
    assert set(plan.pooled) == {act["customer"] for act in acts if act["kind"] == "take"}
    refused = {
        code
        for kind, code, *_ in _by_hand("trial_by_hand.py", told=json.dumps(plan.said))["results"]
        if kind == "refuse"
    }
    assert refused == {"claim_cap", "customer_owned", "daily_limit"}


def test_dirty_rows_are_told_and_products_are_brought_together(export: Path) -> None:
    crm = read_crm(export)
    assert (crm.rows, len(crm.open), len(crm.named)) == (25, 21, 19)
    assert [(win.opportunity.id, win.rival) for win in crm.won] == [
        ("W0", "Bo Chen"),
        ("W1", "Ann Li"),
        ("W2", "Ann Li"),
    ]
    assert {o.product for o in crm.open} == set(PRODUCTS)
    assert [sentence for sentence in crm.dirt if "ProPlan" in sentence and "Pro Plan" in sentence]
    assert [sentence for sentence in crm.dirt if sentence.startswith("2 rows name no account")]


def test_a_missing_export_is_told_with_what_to_do(export: Path, tmp_path: Path) -> None:
    (export / "accounts.csv").unlink()
    with pytest.raises(DataMissingError, match=r"lacks accounts\.csv.*make acceptance CRM="):
        read_crm(export)
    asked = [sys.executable, "-m", "tests.acceptance", "--crm", str(tmp_path / "nowhere"), "--only", "crm"]
    done = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_one_failed_check_fails_the_run() -> None:
    findings = Findings()
    assert not findings.ok
    findings.equal("part", "two and two", 4, 4)
    assert findings.ok
    findings.within("part", "late", 5.1, 5.0, "s")
    assert not findings.ok


def _by_hand(script: str, *arguments: str, told: str = "") -> dict[str, Any]:
    """What a script that stands by itself says."""
    done = subprocess.run(
        [sys.executable, "-I", str(PROJECT / "tests" / "acceptance" / script), *arguments],
        cwd=PROJECT,
        input=told,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _write(path: Path, header: list[str], rows: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]
