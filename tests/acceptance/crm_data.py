"""The CRM export as it is: agents, teams, accounts, products, open opportunities, and what is dirty about them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

FILES = ("accounts.csv", "products.csv", "sales_pipeline.csv", "sales_teams.csv")
#: Stages in which nobody has won or lost yet.
OPEN = ("Prospecting", "Engaging")
CLOSED = ("Won", "Lost")


class DataMissingError(Exception):
    """The folder is not there or lacks a file."""


@dataclass(frozen=True)
class Agent:
    name: str
    manager: str
    office: str


@dataclass(frozen=True)
class Opportunity:
    """``account`` is empty where the export names none; ``product`` is spelled as in the list of products."""

    id: str
    agent: str
    product: str
    account: str


@dataclass(frozen=True)
class Closed:
    """An opportunity that was won or lost, and when; ``value`` in whole units of money, 0 of what was lost."""

    opportunity: Opportunity
    closed: date
    engaged: date
    won: bool
    value: int


@dataclass(frozen=True)
class Win:
    """A won opportunity; ``rival``: the agent who contests it, as the issue about money says who does."""

    opportunity: Opportunity
    closed: date
    value: int
    rival: str | None


@dataclass(frozen=True)
class Crm:
    """``dirt``: what is wrong with the files, a sentence each with the lines concerned."""

    folder: Path
    agents: tuple[Agent, ...]
    accounts: tuple[str, ...]
    products: tuple[str, ...]
    rows: int
    open: tuple[Opportunity, ...]
    dirt: tuple[str, ...]
    won: tuple[Win, ...] = ()  # in the order of close date and id
    closed: tuple[Closed, ...] = ()  # won or lost, likewise
    series: Mapping[str, str] = field(default_factory=dict)  # of each product
    sectors: Mapping[str, str] = field(default_factory=dict)  # of each account

    @property
    def named(self) -> tuple[Opportunity, ...]:
        """Open opportunities that name an account."""
        return tuple(o for o in self.open if o.account)

    @property
    def offices(self) -> tuple[str, ...]:
        return tuple(sorted({agent.office for agent in self.agents}))

    @property
    def managers(self) -> dict[str, str]:
        """The office of each manager."""
        return dict(sorted((agent.manager, agent.office) for agent in self.agents))


def read_crm(folder: Path) -> Crm:
    """The four files of ``folder``."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise DataMissingError(
            f"{folder} lacks {', '.join(missing)}. Name the folder of the CRM export: make acceptance CRM=FOLDER"
        )
    products = tuple(row["product"] for row in _rows(folder / "products.csv"))
    sectors = {row["account"]: row["sector"] for row in _rows(folder / "accounts.csv")}
    accounts = tuple(sectors)
    agents = tuple(
        Agent(row["sales_agent"], row["manager"], row["regional_office"]) for row in _rows(folder / "sales_teams.csv")
    )
    pipeline = list(_rows(folder / "sales_pipeline.csv"))
    spelled = {_letters(product): product for product in products}
    opened = tuple(
        Opportunity(row["opportunity_id"], row["sales_agent"], spelled[_letters(row["product"])], row["account"])
        for row in pipeline
        if row["deal_stage"] in OPEN
    )
    return Crm(
        folder,
        agents,
        accounts,
        products,
        len(pipeline),
        opened,
        tuple(_dirt(pipeline, products, accounts)),
        tuple(_won(pipeline, spelled)),
        tuple(_closed(pipeline, spelled)),
        {row["product"]: row["series"] for row in _rows(folder / "products.csv")},
        sectors,
    )


def _closed(pipeline: Sequence[dict[str, str]], spelled: Mapping[str, str]) -> Iterator[Closed]:
    """Opportunities that ended and name account and dates."""
    ended = (r for r in pipeline if r["deal_stage"] in CLOSED and r["account"] and r["engage_date"] and r["close_date"])
    for row in sorted(ended, key=lambda r: (r["close_date"], r["opportunity_id"])):
        product = spelled[_letters(row["product"])]
        opportunity = Opportunity(row["opportunity_id"], row["sales_agent"], product, row["account"])
        yield Closed(
            opportunity,
            date.fromisoformat(row["close_date"]),
            date.fromisoformat(row["engage_date"]),
            row["deal_stage"] == "Won",
            int(row["close_value"] or 0),
        )


def _won(pipeline: Sequence[dict[str, str]], spelled: Mapping[str, str]) -> Iterator[Win]:
    """Wins that name account and dates, each with whoever engaged the same account and product first."""
    alike: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in pipeline:
        if row["account"] and row.get("engage_date"):
            alike.setdefault((row["account"], _letters(row["product"])), []).append(row)
    complete = (r for r in pipeline if r["deal_stage"] == "Won" and r["account"] and r.get("close_date"))
    for row in sorted(complete, key=lambda r: (r["close_date"], r["opportunity_id"])):
        product = _letters(row["product"])
        rivals = [r for r in alike[row["account"], product] if _contests(r, row)]
        first = min(rivals, key=lambda r: (r["engage_date"], r["opportunity_id"]), default=None)
        yield Win(
            Opportunity(row["opportunity_id"], row["sales_agent"], spelled[product], row["account"]),
            date.fromisoformat(row["close_date"]),
            int(row["close_value"]),
            first["sales_agent"] if first is not None else None,
        )


def _contests(rival: Mapping[str, str], win: Mapping[str, str]) -> bool:
    """Another agent's, engaged earlier and within 30 days before the close, and not closed before it."""
    earliest = (date.fromisoformat(win["close_date"]) - timedelta(days=30)).isoformat()
    return (
        rival["sales_agent"] != win["sales_agent"]
        and earliest <= rival["engage_date"] < win["engage_date"]
        and not (rival["close_date"] and rival["close_date"] < win["close_date"])
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: value.strip() for name, value in row.items()}


def _dirt(pipeline: Sequence[dict[str, str]], products: Sequence[str], accounts: Sequence[str]) -> Iterator[str]:
    misspelled = Counter(row["product"] for row in pipeline if row["product"] not in products)
    spelled = {_letters(product): product for product in products}
    for product, count in sorted(misspelled.items()):
        yield f"{count:,} rows name the product {product}; the list of products calls it {spelled[_letters(product)]}"
    unnamed = [at for at, row in enumerate(pipeline, 2) if not row["account"]]
    if unnamed:
        yield f"{len(unnamed):,} rows name no account, the first on line {unnamed[0]}"
    strangers = Counter(row["account"] for row in pipeline if row["account"] and row["account"] not in accounts)
    for account, count in sorted(strangers.items()):
        yield f"{count:,} rows name the account {account}, which the list of accounts lacks"


def _letters(product: str) -> str:
    return "".join(product.split()).casefold()
