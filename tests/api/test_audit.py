"""`/v1/audit`: who reads the history, its check, and what an export holds (AUD-01, AUD-02, AUD-05)."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from storage.bundle import verify_bundle
from storage.checkpoints import make_checkpoint
from tests.audit.chains import Attacker
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer

NOTE = "谈了户型、预算和下次看房时间安排"


# --- events ------------------------------------------------------------------------------------------------------


def test_an_auditor_reads_every_entry_and_filters_them(company: Company) -> None:
    rep, program = company.rep(), company.program()
    claim = report(rep, program)
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    everything = listed(auditor.get("/v1/audit/events", limit=200))
    assert {e["kind"] for e in everything} >= {"received", "accepted", "created"}
    assert everything == sorted(everything, key=lambda e: (instant(e["at"]), e["stream"], e["seq"]), reverse=True)
    own = listed(auditor.get("/v1/audit/events", stream=claim))
    assert [(e["seq"], e["kind"]) for e in own] == [(2, "accepted"), (1, "received")]
    assert own[0]["prev_hash"] == own[1]["hash"]
    assert own[0]["from"] == "reported"
    assert own[0]["to"] == "protected"
    assert {e["stream"] for e in listed(auditor.get("/v1/audit/events", kind="accepted"))} == {claim}
    assert {e["actor"] for e in listed(auditor.get("/v1/audit/events", actor=rep.id))} == {rep.id}
    after = listed(auditor.get("/v1/audit/events", **{"from": own[0]["at"]}))
    until = listed(auditor.get("/v1/audit/events", limit=200, to=own[0]["at"]))
    assert own[0] in after
    assert own[0] not in until
    assert len(after) + len(until) == len(listed(auditor.get("/v1/audit/events", limit=200)))


def test_entries_of_one_instant_are_each_on_one_page(company: Company) -> None:
    program = company.program()
    reps = [company.rep() for _ in range(3)]
    for number, rep in enumerate(reps):
        report(rep, program, phone=f"1381234567{number}")
    seen: list[tuple[str, int]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = company.admin.get("/v1/audit/events", limit=3, **cursor).json()
        seen += [(e["stream"], e["seq"]) for e in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    with company.database.reading() as tx:
        count = tx.execute(sa.select(sa.func.count()).select_from(t.event)).scalar_one()
    assert len(seen) == len(set(seen)) == count
    refused(company.admin.get("/v1/audit/events", kind="created", **cursor), 422, "field_invalid", "cursor")


def test_oversight_reads_the_claims_of_its_programs_and_nothing_else(company: Company) -> None:
    overseer, rep = company.person("监督"), company.rep()
    mine = company.program("Mine", oversight=[overseer.id])
    other = company.program("Other")
    seen, unseen = report(rep, mine), report(rep, other)
    assert {e["stream"] for e in listed(overseer.get("/v1/audit/events", limit=200))} == {seen}
    assert listed(overseer.get("/v1/audit/events", stream=unseen)) == []
    assert listed(overseer.get("/v1/audit/events", stream=company.admin.id)) == []


def test_grants_over_a_program_or_for_oversight_of_all_read_claims_only(company: Company) -> None:
    rep, program = company.rep(), company.program()
    report(rep, company.program("Other"))
    claim = report(rep, program)
    narrow = company.person("项目审计")
    scope = {"kind": "program", "id": program}
    company.admin.made(f"/v1/people/{narrow.id}/grants", {"role": "auditor", "scope": scope})
    wide = company.person("总监督", roles=("oversight",), company_wide=True)
    assert {e["stream"] for e in listed(narrow.get("/v1/audit/events"))} == {claim}
    found = listed(wide.get("/v1/audit/events"))
    assert len({e["stream"] for e in found}) == 2
    assert {e["kind"] for e in found} == {"received", "accepted"}


def test_others_do_not_read_the_history(company: Company) -> None:
    company.program()
    refused(company.rep().get("/v1/audit/events"), 403, "not_allowed")
    refused(company.person(roles=("manager",), company_wide=True).get("/v1/audit/events"), 403, "not_allowed")
    refused(company.admin.get("/v1/audit/events", stream="no-id"), 422, "field_invalid", "stream")
    refused(company.admin.get("/v1/audit/events", until="2026-01-01"), 422, "field_not_allowed", "until")


def test_no_entry_holds_what_somebody_typed(company: Company) -> None:
    rep = company.rep()
    claim = report(rep, company.program(), need="要三房朝南")
    rep.made(f"/v1/claims/{claim}/follow-ups", {"kind": "visit", "note": NOTE})
    shown = json.dumps(listed(company.admin.get("/v1/audit/events", limit=200)), ensure_ascii=False)
    for typed in ("要三房朝南", NOTE, "王小明", "13812345678"):
        assert typed not in shown


# --- verify ------------------------------------------------------------------------------------------------------


def test_the_check_answers_what_it_found(company: Company) -> None:
    claim = report(company.rep(), company.program())
    checkpoint(company)
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    verdict = auditor.get("/v1/audit/verify").json()
    assert verdict["ok"] is True
    assert verdict["first_bad"] is None
    assert verdict["events"] > verdict["streams"] > 0
    assert set(verdict["checkpoint"]) == {"id", "at", "signature"}
    attacker = Attacker(company.database)
    attacker.rewrite(claim, attacker.rows(claim)[:1], attacker.head(claim))
    spoilt = auditor.get("/v1/audit/verify").json()
    assert spoilt["ok"] is False
    assert spoilt["first_bad"] == {"stream": claim, "seq": 2, "kind": "tail_cut"}
    assert auditor.get("/v1/audit/verify", stream=claim).json()["first_bad"] == spoilt["first_bad"]
    assert auditor.get("/v1/audit/verify", stream=auditor.id).json()["ok"] is True


def test_only_auditors_and_admins_of_the_company_have_the_history_checked(company: Company) -> None:
    overseer = company.person("监督")
    company.program(oversight=[overseer.id])
    for nobody in (overseer, company.rep()):
        refused(nobody.get("/v1/audit/verify"), 403, "not_allowed")
    assert company.admin.get("/v1/audit/verify").status_code == 200
    refused(company.admin.get("/v1/audit/verify", stream=str(uuid.uuid4())), 404, "not_found")


# --- export ------------------------------------------------------------------------------------------------------


def test_a_reader_takes_a_case_away_and_anybody_can_check_it(company: Company, tmp_path: Path) -> None:
    rep = company.rep()
    claim = report(rep, company.program(), need="要三房朝南")
    file = upload(rep)
    rep.made(f"/v1/claims/{claim}/follow-ups", {"kind": "visit", "note": NOTE, "files": [file]})
    checkpoint(company)
    answer = rep.get("/v1/audit/export", claim=claim)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    path = tmp_path / "case.zip"
    path.write_bytes(answer.content)
    verdict = verify_bundle(path, company.database.keys.public_key)
    assert (verdict.ok, verdict.first_bad, verdict.fault) == (True, None, None)
    assert verdict.checkpoint is not None
    parts = unzipped(answer.content)
    assert set(parts) == {
        "bundle.json",
        "checkpoint.json",
        "events.jsonl",
        "files/index.jsonl",
        f"files/{file}",
        "public-key.pem",
        "texts.jsonl",
    }
    timeline = rep.get(f"/v1/claims/{claim}/timeline").json()["items"]
    entries = lines(parts["events.jsonl"])
    assert [(e["seq"], e["kind"], e["hash"]) for e in entries] == [
        (e["seq"], e["kind"], e["hash"]) for e in reversed(timeline)
    ]
    assert {x["text"] for x in lines(parts["texts.jsonl"])} == {"要三房朝南", NOTE}
    assert parts[f"files/{file}"] == PICTURE
    assert [(f["name"], f["erased"]) for f in lines(parts["files/index.jsonl"])] == [("房.png", False)]
    known = b"".join(parts.values()).decode("utf-8", "ignore")
    assert "13812345678" not in known
    assert "王小明" not in known


def test_an_export_is_recorded_with_who_took_what(company: Company) -> None:
    """AUD-01: history records every export."""
    rep = company.rep()
    claim = report(rep, company.program())
    assert rep.get("/v1/audit/export", claim=claim).status_code == 200
    last = listed(company.admin.get("/v1/audit/events", stream=rep.id))[0]
    assert (last["kind"], last["actor"], last["data"]) == ("exported", rep.id, {"claim": claim})


def test_what_was_erased_is_not_in_an_export_and_the_history_still_holds(company: Company, tmp_path: Path) -> None:
    """AUD-05: the entries refer to texts and files that nobody can read any more."""
    rep = company.rep()
    made = rep.made("/v1/claims", {"program": company.program(), "customer": person_customer(), "need": "要三房朝南"})
    claim = made["id"]
    file = upload(rep)
    rep.made(f"/v1/claims/{claim}/follow-ups", {"kind": "visit", "note": NOTE, "files": [file]})
    rep.made(f"/v1/claims/{claim}/release", {"reason": "invalid"})
    company.admin.made(f"/v1/customers/{made['customer']['id']}/erase", {"reason": "客户要求删除"})
    checkpoint(company)
    answer = rep.get("/v1/audit/export", claim=claim)
    parts = unzipped(answer.content)
    path = tmp_path / "case.zip"
    path.write_bytes(answer.content)
    assert verify_bundle(path, company.database.keys.public_key).ok
    assert company.admin.get("/v1/audit/verify").json()["ok"] is True
    assert {x["text"] for x in lines(parts["texts.jsonl"])} == {None}
    assert [(f["name"], f["erased"]) for f in lines(parts["files/index.jsonl"])] == [(None, True)]
    assert f"files/{file}" not in parts


def test_only_readers_of_a_claim_take_it_away(company: Company) -> None:
    claim = report(company.rep(), company.program())
    refused(company.rep("别人").get("/v1/audit/export", claim=claim), 404, "not_found")
    assert company.admin.get("/v1/audit/export", claim=claim).status_code == 200


def test_an_export_names_one_case(company: Company) -> None:
    claim = report(company.rep(), company.program())
    refused(company.admin.get("/v1/audit/export"), 422, "field_missing", "claim")
    refused(company.admin.get("/v1/audit/export", claim=str(uuid.uuid4())), 404, "not_found")
    refused(company.admin.get("/v1/audit/export", dispute=str(uuid.uuid4())), 404, "not_found")
    refused(company.admin.get("/v1/audit/export", claim=claim, dispute=claim), 422, "field_invalid", "dispute")


PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)


def upload(who: Person) -> str:
    answer = who.company.call(
        "POST", "/v1/files", token=who.token, key=str(uuid.uuid4()), files={"file": ("房.png", PICTURE, "image/png")}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def report(rep: Person, program: str, *, phone: str = "13812345678", **more: Any) -> str:
    body = {"program": program, "customer": person_customer(phone=phone), **more}
    return str(rep.made("/v1/claims", body)["id"])


def checkpoint(company: Company) -> None:
    folder = company.settings.checkpoint_folder
    assert make_checkpoint(company.database, company.database.keys, folder, company.now()) is not None


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def instant(text: str) -> str:
    """Comparable: whole seconds come without a fraction."""
    return text if "." in text else text.replace("Z", ".000000Z")
