"""`fairclaim import` against a running service (INT-03): files as people really have them, results row by row."""

from __future__ import annotations

import csv
import json
import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.cli.conftest import Imported
from tests.support.service import FAIRCLAIM, PROJECT, RemoteCompany, Service

NOTE = "谈了户型、预算和下次看房时间安排"


def items(company: RemoteCompany, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = company.admin.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def one(company: RemoteCompany, path: str, external_id: str) -> dict[str, Any]:
    (found,) = items(company, path, external_id=external_id)
    return found


def reporter(company: RemoteCompany, external_id: str, *, name: str = "李娜") -> str:
    """A rep with this external_id; the id."""
    made = company.admin.made("/v1/people", {"name": name, "external_id": external_id})
    company.admin.made(f"/v1/people/{made['id']}/grants", {"role": "rep", "scope": {"kind": "own"}})
    return str(made["id"])


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """An XLSX file as Excel writes it, with dates as dates."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


# --- teams and people ----------------------------------------------------------------------------------------------


def test_a_child_above_its_parent_in_the_file_is_entered_below_it(imported: Imported, company: RemoteCompany) -> None:
    """PPL-01."""
    told = imported("teams", "编号,团队名称,上级\nT-11,一组,T-1\nT-1,东区,\n")
    assert (told.code, told.summary) == (0, {"created": 2})
    teams = {team["external_id"]: team for team in items(company, "/v1/teams")}
    assert teams["T-1"]["parent"] == company.root
    assert (teams["T-11"]["name"], teams["T-11"]["parent"]) == ("一组", teams["T-1"]["id"])


def test_teams_that_stand_above_one_another_are_refused(imported: Imported, company: RemoteCompany) -> None:
    """PPL-01: `team_cycle`."""
    told = imported("teams", "id,name,parent\nL-1,Left,L-2\nL-2,Right,L-1\n")
    assert told.code == 1
    assert {row["code"] for row in told.results.values()} == {"team_cycle"}
    assert not [team for team in items(company, "/v1/teams") if team["external_id"] in {"L-1", "L-2"}]


def test_people_come_into_their_teams_with_roles_and_lead_them(imported: Imported, company: RemoteCompany) -> None:
    """PPL-01, PPL-02: the leader is named in the last pass."""
    imported("teams", "id,name\nN-1,North\n")
    content = "工号,姓名,部门,岗位,负责团队,手机\nN-2,王芳,N-1,销售,,13900000001\nN-3,张主管,North,,N-1,\n"
    told = imported("people", content)
    assert (told.code, told.summary) == (0, {"created": 2})
    rep, leader = one(company, "/v1/people", "N-2"), one(company, "/v1/people", "N-3")
    (team,) = [t for t in items(company, "/v1/teams", limit=200) if t["external_id"] == "N-1"]
    assert (rep["name"], rep["phone"], rep["team"]) == ("王芳", "13900000001", team["id"])
    assert team["leader"] == leader["id"]
    (grant,) = items(company, f"/v1/people/{rep['id']}/grants")
    assert (grant["role"], grant["scope"]) == ("rep", {"kind": "own", "id": None})
    again = imported("people", content)
    assert (again.code, again.summary) == (0, {"unchanged": 2})


def test_a_leader_who_is_not_there_yet_is_added_when_the_file_comes_again(
    imported: Imported, company: RemoteCompany
) -> None:
    """PPL-01."""
    content = "id,name,leader\nS-1,South,S-9\n"
    first = imported("teams", content)
    assert first.code == 0
    assert "import people" in first.results["S-1"]["sentence"]
    imported("people", "id,name,team\nS-9,赵敏,S-1\n")
    assert imported("teams", content).summary == {"completed": 1}
    (team,) = [t for t in items(company, "/v1/teams", limit=200) if t["external_id"] == "S-1"]
    assert team["leader"] == one(company, "/v1/people", "S-9")["id"]
    assert imported("teams", content).summary == {"unchanged": 1}


def test_an_import_that_was_broken_off_is_finished_by_the_same_file(imported: Imported, company: RemoteCompany) -> None:
    """INT-03: the person was entered, the role not yet."""
    made = company.admin.made("/v1/people", {"name": "孙伟", "external_id": "B-1"})
    told = imported("people", "id,name,roles\nB-1,孙伟,rep\n")
    assert told.summary == {"completed": 1}
    assert [g["role"] for g in items(company, f"/v1/people/{made['id']}/grants")] == ["rep"]


def test_a_person_who_is_there_with_another_name_is_told_and_left_alone(
    imported: Imported, company: RemoteCompany
) -> None:
    """INT-03: different rows change nothing."""
    imported("people", "id,name\nD-1,周杰\n")
    told = imported("people", "id,name\nD-1,周涛\nD-2,吴刚\n")
    assert told.code == 1
    assert (told.results["D-1"]["result"], told.results["D-2"]["result"]) == ("different", "created")
    assert "name" in told.results["D-1"]["sentence"]
    assert one(company, "/v1/people", "D-1")["name"] == "周杰"


# --- bad rows --------------------------------------------------------------------------------------------------------


def test_nothing_is_loaded_while_a_row_is_bad(imported: Imported, company: RemoteCompany) -> None:
    """INT-03: good rows are loaded only if so chosen; CUS-04 is checked by the service itself."""
    content = (
        "external_id,kind,name,company_code\n"
        "G-1,公司,上海好客有限公司,\n"
        "G-2,公司,北京坏码有限公司,91310000000000000X\n"
        "G-3,company,,\n"
    )
    told = imported("customers", content)
    assert told.code == 1
    assert told.summary == {"refused": 2, "held_back": 1}
    assert (told.results["G-2"]["code"], told.results["G-2"]["line"]) == ("credit_code_invalid", 3)
    rows = told.results_by_line
    assert rows[4]["code"] == "field_missing"
    assert not items(company, "/v1/customers", external_id="G-1")
    good = imported("customers", content, "--load-good")
    assert (good.code, good.summary) == (1, {"created": 1, "refused": 2})
    assert one(company, "/v1/customers", "G-1")["name"] == "上海好客有限公司"


def test_a_dry_run_tells_the_same_and_loads_nothing(imported: Imported, company: RemoteCompany) -> None:
    """INT-03."""
    content = "external_id,kind,name,email\nY-1,company,杭州试跑有限公司,\nY-2,company,南京错邮有限公司,nobody\n"
    told = imported("customers", content, "--dry-run")
    assert told.code == 1
    assert told.results["Y-1"]["result"] == "created"
    assert (told.results["Y-2"]["result"], told.results["Y-2"]["code"]) == ("refused", "field_invalid")
    assert "email" in told.results["Y-2"]["sentence"]
    assert not items(company, "/v1/customers", external_id="Y-1")


def test_a_row_with_more_cells_than_columns_is_refused_alone(imported: Imported) -> None:
    """INT-03."""
    told = imported("customers", "id,kind,name\nW-1,company,Wide Ltd,extra\nW-2,company,Narrow Ltd\n", "--dry-run")
    rows = told.results_by_line
    assert (rows[2]["code"], rows[3]["result"]) == ("row_invalid", "created")


def test_one_external_id_with_two_contents_is_refused_and_twice_the_same_is_one(imported: Imported) -> None:
    """INT-03: the natural key."""
    told = imported(
        "customers", "id,kind,name\nK-1,company,Kappa One\nK-1,company,Kappa One\nK-1,company,Kappa Two\n", "--dry-run"
    )
    rows = told.results_by_line
    assert [(rows[n]["result"], rows[n]["duplicate_of"]) for n in (2, 3, 4)] == [
        ("created", None),
        ("unchanged", "line 2"),
        ("refused", "line 2"),
    ]


# --- columns and encodings -------------------------------------------------------------------------------------------


def test_unknown_columns_stop_the_import_until_somebody_says_what_they_mean(
    imported: Imported, company: RemoteCompany
) -> None:
    """INT-03: column mapping."""
    content = "account,sector,kind\nMapped Ltd,medical,company\n"
    told = imported("customers", content)
    assert (told.code, told.out) == (2, "")
    assert "sector" in told.err
    mapped = ("--map", "account=name", "--map", "account=external_id")
    assert imported("customers", content, *mapped).code == 2
    assert imported("customers", content, *mapped, "--ignore", "sector").summary == {"created": 1}
    assert imported("customers", content, *mapped, "--ignore-unknown").summary == {"unchanged": 1}
    assert one(company, "/v1/customers", "Mapped Ltd")["name"] == "Mapped Ltd"


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("bom", "\ufeff编号,类型,客户名称\nE-1,公司,苏州甲乙有限公司\n".encode(), "UTF-8, comma-separated"),
        ("gb", "编号;类型;客户名称\nE-2;公司;无锡丙丁有限公司\n".encode("gb18030"), "GB18030, semicolon-separated"),
        ("tab", '编号\t类型\t客户名称\r\nE-3\t公司\t"常州，戊\n己有限公司"\r\n'.encode(), "UTF-8, tab-separated"),
    ],
)
def test_files_are_read_in_the_encoding_and_with_the_separator_they_have(
    name: str, content: bytes, form: str, imported: Imported
) -> None:
    """INT-03: UTF-8 and GB18030, with a preview."""
    told = imported("customers", content, "--dry-run")
    assert told.code == 0, told.err + told.out
    assert json.loads(told.out)["form"] == form
    assert "有限公司" in told.err


def test_a_named_encoding_that_the_file_is_not_in_is_refused(imported: Imported) -> None:
    """INT-03."""
    told = imported("customers", "编号,类型,名称\nE-9,公司,镇江\n".encode("gb18030"), "--encoding", "utf-8")
    assert told.code == 2
    assert "line 1" in told.err


def test_the_preview_shows_columns_and_first_rows_before_anything_is_sent(imported: Imported) -> None:
    """INT-03."""
    told = imported("customers", "id,kind,name,shoe\nP-1,company,Preview Ltd,44\n", "--ignore", "shoe", "--dry-run")
    assert "id → external_id" in told.err
    assert "not read: shoe" in told.err
    assert "P-1 | company | Preview Ltd | 44" in told.err


def test_a_workbook_gives_dates_numbers_and_the_sheet_asked_for(
    imported: Imported, company: RemoteCompany, tmp_path: Path
) -> None:
    """INT-03: XLSX; a phone typed as a number stays one, a formula counts as its last value."""
    reporter(company, "X-REP")
    program = company.program("XLSX")
    nine = datetime(2099, 11, 1, 9)  # noqa: DTZ001 - a sheet knows no zones
    book = workbook(
        tmp_path / "claims.xlsx",
        {
            "Notes": [["nothing here"]],
            "Claims": [
                ["报备编号", "报备人", "客户类型", "客户姓名", "手机", "预计成交时间", "预计金额", "下次跟进时间"],
                ["X-1", "X-REP", "个人", "王小明", 13812340001, date(2099, 11, 5), 120000.5, nine],
            ],
        },
    )
    told = imported("claims", book, "--sheet", "Claims", "--program", program)
    assert told.code == 0, told.err + told.out
    claim = one(company, "/v1/claims", "X-1")
    assert claim["customer"]["phone"] == "+86138****0001"
    assert (claim["expected_close"], claim["next_follow_up_at"]) == ("2099-11-05", "2099-11-01T01:00:00Z")
    assert claim["expected_amount"] == {"amount_minor": 12_000_050, "currency": "CNY"}
    assert imported("claims", book, "--sheet", "Claims", "--program", program).summary == {"unchanged": 1}
    assert imported("claims", book, "--sheet", "Nobody").code == 2


def test_a_number_too_long_for_a_workbook_is_refused_instead_of_rounded(imported: Imported, tmp_path: Path) -> None:
    """CUS-04: a credit code typed as a number has lost its last digits."""
    rows = [["id", "kind", "name", "credit code"], ["R-1", "company", "Rounded Ltd", 913100001322107899]]
    told = imported("customers", workbook(tmp_path / "long.xlsx", {"Sheet1": rows}), "--dry-run")
    assert told.results_by_line[2]["code"] == "field_invalid"
    assert "as text" in told.results_by_line[2]["sentence"]


# --- customers -------------------------------------------------------------------------------------------------------


def test_customers_known_by_another_key_are_listed_as_duplicates(
    imported: Imported, company: RemoteCompany, tmp_path: Path
) -> None:
    """CUS-02, INT-03: a downloadable duplicate report."""
    known = company.admin.made("/v1/customers", {"kind": "person", "name": "钱进", "phone": "13700000001"})
    listed = tmp_path / "duplicates.csv"
    told = imported(
        "customers",
        "编号,类型,姓名,手机\nQ-1,个人,钱进,+86 137-0000-0001\n"
        "Q-2,个人,郑爽,13700000002\nQ-3,个人,郑双,１３７００００ ０００２\n",
        "--duplicates",
        str(listed),
    )
    assert told.code == 1
    assert {key: row["result"] for key, row in told.results.items()} == {
        "Q-1": "different",
        "Q-2": "created",
        "Q-3": "different",
    }
    with listed.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["external_id"], row["duplicate_of"]) for row in rows] == [("Q-1", known["id"]), ("Q-3", "line 3")]


def test_a_file_may_come_twice_and_changes_nothing_the_second_time(imported: Imported, company: RemoteCompany) -> None:
    """INT-03; contacts are compared though nobody is shown them (AUD-03)."""
    content = "编号,类型,姓名,手机,邮箱,级别\nA-1,个人,冯远,13600000001,Feng@Example.com,A\n"
    assert imported("customers", content).summary == {"created": 1}
    before = one(company, "/v1/customers", "A-1")
    assert imported("customers", content).summary == {"unchanged": 1}
    assert imported("customers", content.replace("13600000001", "13600000009")).summary == {"different": 1}
    assert one(company, "/v1/customers", "A-1") == before


# --- claims and follow-ups -------------------------------------------------------------------------------------------


def test_each_claim_is_reported_by_its_own_reporter_and_no_token_is_left(
    imported: Imported, company: RemoteCompany, tmp_path: Path
) -> None:
    """CLM-02, CLM-27, INT-03, AUD-06: the second row on one customer collides, as it would by hand."""
    first, second = reporter(company, "C-甲", name="甲"), reporter(company, "C-乙", name="乙")
    program = company.program("Claims", external_id="PRG-1")
    content = (
        "报备编号,业务项目,报备人,客户类型,客户姓名,手机,需求\n"
        "C-1,PRG-1,C-甲,个人,陈一,13500000001,三居室\n"
        "C-2,PRG-1,C-乙,个人,陈一,13500000001,两居室\n"
        "C-3,PRG-1,C-乙,个人,陈二,13500000002,\n"
    )
    listed = tmp_path / "duplicates.csv"
    told = imported("claims", content, "--duplicates", str(listed))
    assert (told.code, told.summary) == (0, {"created": 3})
    claims = {number: one(company, "/v1/claims", number) for number in ("C-1", "C-2", "C-3")}
    assert [(claims[n]["state"], claims[n]["reporter"]) for n in claims] == [
        ("protected", first),
        ("rejected", second),
        ("protected", second),
    ]
    assert (claims["C-1"]["need"], claims["C-1"]["program"]) == ("三居室", program)
    assert told.results["C-2"]["code"] == "customer_owned"
    assert "C-2" in listed.read_text(encoding="utf-8-sig")
    for person in (first, second):
        (token,) = items(company, f"/v1/people/{person}/tokens")
        assert token["revoked_at"] is not None
        assert token["roles"] == ["rep", "account_manager", "broker"]
    assert imported("claims", content).summary == {"unchanged": 3}
    assert len(items(company, "/v1/claims", program=program)) == 3


def test_claims_pass_the_same_checks_as_reports_made_by_hand(imported: Imported, company: RemoteCompany) -> None:
    """CLM-02, PPL-02, INT-03: required fields, membership, the right to report."""
    reporter(company, "V-甲")
    company.admin.made("/v1/people", {"name": "无权", "external_id": "V-无"})
    outside = company.team("Elsewhere")
    company.program("Strict", external_id="V-P", policy={"claim.required_fields": ["identity", "need"]})
    company.program("Closed circle", external_id="V-Q", members=[{"team": outside}])
    content = (
        "id,program,reporter,customer_kind,customer_name,phone,need\n"
        "V-1,V-P,V-甲,person,林一,13400000001,\n"
        "V-2,V-P,V-无,person,林二,13400000002,flat\n"
        "V-3,V-Q,V-甲,person,林三,13400000003,flat\n"
        "V-4,V-P,V-甲,person,林四,1340000,flat\n"
        "V-5,V-P,V-甲,,,,flat\n"
        "V-6,V-P,V-nobody,person,林六,13400000006,flat\n"
        "V-7,V-P,V-甲,person,林七,13400000007,flat\n"
    )
    told = imported("claims", content, "--load-good")
    assert {number: row["code"] for number, row in told.results.items()} == {
        "V-1": "field_missing",
        "V-2": "not_allowed",
        "V-3": "not_member",
        "V-4": "phone_invalid",
        "V-5": "field_missing",
        "V-6": "field_invalid",
        "V-7": None,
    }
    assert "need" in told.results["V-1"]["sentence"]
    assert told.results["V-7"]["result"] == "created"


def test_a_dry_run_of_claims_leaves_no_claim(imported: Imported, company: RemoteCompany) -> None:
    """INT-03."""
    reporter(company, "Z-甲")
    program = company.program("Rehearsed", policy={"claim.required_fields": ["identity", "need"]})
    content = (
        "id,reporter,customer_kind,customer_name,phone,need\n"
        "Z-1,Z-甲,person,何一,13300000001,flat\n"
        "Z-2,Z-甲,person,何二,13300000002,\n"
    )
    told = imported("claims", content, "--program", program, "--dry-run")
    assert {number: row["code"] for number, row in told.results.items()} == {"Z-1": None, "Z-2": "field_missing"}
    assert not items(company, "/v1/claims", program=program)


def test_an_opening_load_names_owners_and_dates_and_is_rehearsed_before_it_begins(
    imported: Imported, company: RemoteCompany
) -> None:
    """INT-10, INT-03: rows of two owners are both listed; repeating the file changes nothing."""
    owners = [reporter(company, "OP-甲", name="甲"), reporter(company, "OP-乙", name="乙")]
    program = company.program("Loaded", external_id="OP-P")
    content = (
        "报备编号,业务项目,归属人,客户类型,客户姓名,手机,最后跟进时间,保护期剩余天数,阶段\n"
        "OP-1,OP-P,OP-甲,个人,吴一,13610000001,2026-01-05 10:00,30,need\n"
        "OP-2,OP-P,OP-乙,个人,吴一,13610000001,,,\n"
        "OP-3,OP-P,OP-乙,个人,吴二,13610000002,,十天,\n"
    )
    rows = f"/v1/programs/{program}/opening/rows"
    tried = imported("opening", content, "--dry-run")
    assert {n: (row["result"], row["code"]) for n, row in tried.results_by_line.items()} == {
        2: ("created", None),
        3: ("created", None),
        4: ("refused", "field_invalid"),
    }
    assert company.admin.get(rows).status_code == 404
    told = imported("opening", content.replace("十天", "10"))
    assert (told.code, told.summary) == (0, {"created": 3})
    found = {row["receipt"]: row for row in items(company, rows)}
    first, second, third = (found[receipt] for receipt in sorted(found))
    assert {first["owner"], second["owner"]} <= set(owners)
    assert {row["protection_days_left"] for row in (first, second, third)} == {30, None, 10}
    assert sorted(row["others"] for row in found.values()) == [0, 1, 1]
    assert [row["stage"] for row in found.values() if row["stage"]] == ["need"]
    again = imported("opening", content.replace("十天", "10"))
    assert again.summary == {"unchanged": 3}, again.results_by_line
    assert not items(company, f"/v1/people/{owners[0]}/tokens")


def test_an_older_report_time_is_refused_with_a_reason(imported: Imported) -> None:
    """INT-03: the report time is the import's."""
    told = imported("claims", "id,program,customer,报备时间\nO-1,P,C,2020-01-01\n")
    assert told.code == 2
    assert "报备时间" in told.err
    assert "time of the import" in told.err


def test_follow_ups_are_logged_once_by_whoever_owns_the_claim(imported: Imported, company: RemoteCompany) -> None:
    """CLM-15, INT-03."""
    owner = reporter(company, "F-甲")
    company.program("Worked", external_id="F-P")
    imported("claims", "id,program,reporter,客户类型,姓名,手机\nF-1,F-P,F-甲,个人,许一,13200000001\n")
    content = (
        "编号,报备编号,跟进方式,跟进内容,跟进时间\n"
        f"F-11,F-1,电话,{NOTE},2026-01-05 09:30\n"
        "F-12,F-1,微信,再约周末带家人来看样板间和周边学校,\n"
    )
    told = imported("follow-ups", content)
    assert (told.code, told.summary) == (0, {"created": 2})
    claim = one(company, "/v1/claims", "F-1")
    logged = {f["kind"]: f for f in items(company, f"/v1/claims/{claim['id']}/follow-ups")}
    assert (claim["state"], set(logged)) == ("active", {"call", "message"})
    assert (logged["call"]["author"], logged["call"]["at"]) == (owner, "2026-01-05T01:30:00Z")
    assert "resets no clock" in told.results["F-12"]["sentence"]
    assert imported("follow-ups", content).summary == {"unchanged": 2}
    assert imported("follow-ups", content.replace("周末", "周日")).summary == {"unchanged": 1, "different": 1}
    assert len(items(company, f"/v1/claims/{claim['id']}/follow-ups")) == 2


def test_a_follow_up_on_a_claim_that_is_not_there_is_refused(imported: Imported) -> None:
    """INT-03."""
    told = imported("follow-ups", f"id,claim,kind,note\nM-1,nothing,call,{NOTE}\n")
    assert (told.results["M-1"]["code"], told.code) == ("field_invalid", 1)


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_ends_with_a_code_a_script_can_use(service: Service, tmp_path: Path) -> None:
    """INT-03: 0 all there, 1 bad rows, 2 a wrong call; plain progress lines where there is no terminal."""
    path = tmp_path / "people.csv"
    path.write_text("id,name\nEX-1,金一\nEX-2,\n", encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FAIRCLAIM, "import", *arguments, "--url", service.url, "--data", str(service.data)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    bad = run("people", str(path))
    assert bad.returncode == 1
    assert "line 3" in bad.stdout
    assert "Checking" in bad.stderr
    assert run("people", str(path), "--encoding", "latin-1").returncode == 2
    path.write_text("id,name\nEX-1,金一\n", encoding="utf-8")
    good = run("people", str(path))
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "1 rows: 1 created")


def test_more_rows_than_the_policy_allows_are_refused(imported: Imported, company: RemoteCompany) -> None:
    """INT-03: `import.rows_max`."""
    other = company.person("钟审", roles=("policy_admin",), company_wide=True)
    draft = company.admin.made("/v1/policies", {"reason": "small files", "parameters": {"import.rows_max": 60}})
    for person, step in ((other, "review"), (other, "approve"), (company.admin, "activate")):
        person.made(f"/v1/policies/{draft['id']}/{step}", {})
    header, rows = "id,kind,name\n", [f"MAX-{n},company,Maximum {n} Ltd\n" for n in range(61)]
    told = imported("customers", header + "".join(rows), "--dry-run")
    assert told.code == 2
    assert "import.rows_max" in told.err
    assert imported("customers", header + "".join(rows[:60]), "--dry-run").summary == {"created": 60}
