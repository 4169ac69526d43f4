"""Two relatives are reported at the same moment: one of the two reporters has the household (CUS-14, TER-01)."""

from __future__ import annotations

from tests.faults.held import Held, contest
from tests.support.company import Company, Person
from tests.support.office import Office, customer, done

FATHER, DAUGHTER = customer(91), customer(92, "王丽")


def test_the_report_of_a_relative_waits_for_the_one_that_is_being_received(here: Company, beside: Company) -> None:
    """CUS-14: neither customer had a matter when the other report began; the second one meets the first."""
    office = Office(here, policy={"match.related_scope": "household"})
    father, daughter = (done(here.admin.post("/v1/customers", one))["id"] for one in (FATHER, DAUGHTER))
    desk = here.person("前台", roles=("reception",), company_wide=True)
    link = desk.made(f"/v1/customers/{father}/links", {"with": daughter, "kind": "household"})
    done(here.admin.post(f"/v1/links/{link['id']}/approve", {}))
    elsewhere = Person(beside, office.second.id, office.second.token)
    body = {"program": office.program, "customer": DAUGHTER}
    one, other = contest(
        lambda: office.report(office.first, customer=FATHER),
        lambda: elsewhere.post("/v1/claims", body),
        of_first=Held(here.database, "INSERT INTO claim"),
        of_second=beside.database,
    )
    assert done(one)["state"] == "protected"
    assert (done(other)["state"], done(other)["reason"]) == ("rejected", "customer_owned")
