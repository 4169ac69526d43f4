"""The acceptance run itself, on a small export of its own: it comes to its end, and it can fail."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.checks import Findings
from tests.acceptance.crm import CrmRun
from tests.acceptance.crm_data import DataMissingError, read_crm
from tests.acceptance.crm_disputes import DisputeRun
from tests.acceptance.crm_money import MoneyRun
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
    script = PROJECT / "tests" / "acceptance" / "opening_by_hand.py"
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(export), "3000", "2"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == {"rows": 4, "objections": 1, "kept": {"Bo Chen": 2, "Cy Sun": 1}}


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


def _write(path: Path, header: list[str], rows: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]
