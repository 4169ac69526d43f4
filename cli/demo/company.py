"""The company of the demo, built over HTTP: director, offices, teams, reps, a program; and the calls made in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.demo.words import NAMES, TEXTS, Lang
from cli.failing import CommandError
from cli.http import Service

#: Team of each rep.
REPS = {"wang": "east1", "liu": "east1", "zhao": "east2", "he": "east2", "ma": "west1", "lin": "west1"}
_TEAMS = {"east1": "east", "east2": "east", "west1": "west"}
_POLICY = {"claim.required_fields": ["identity"], "claim.complete_fields": [], "claim.idle_days": 12}


class Company:
    """People by the short words of ``NAMES``. ``move`` sets the company's clock, deciding what falls due."""

    def __init__(self, *, url: str, data: Path, lang: Lang, move: Callable[[datetime], None]) -> None:
        self._url, self._data, self.lang, self._move = url, data, lang, move
        self._services = {"admin": Service(url=url, token=None, data=data)}
        self.ids: dict[str, str] = {}
        self.program = ""

    def __enter__(self) -> Company:
        return self

    def __exit__(self, *_: object) -> None:
        for service in self._services.values():
            service.__exit__(None, None, None)

    def build(self) -> None:
        """Root → sales director → offices with leaders → teams with leaders → reps, and a program for all of them."""
        root = self.get("admin", "/me")["company"]["root_team"]
        teams = {"root": root}
        for office in ("east", "west"):
            teams[office] = self.post("admin", "/teams", name=self.name(office), parent=root)["id"]
        for team, office in _TEAMS.items():
            teams[team] = self.post("admin", "/teams", name=self.name(team), parent=teams[office])["id"]
        leaders = {"root": "director", "east": "east_head", "west": "west_head", **{t: f"{t}_lead" for t in _TEAMS}}
        for team, leader in leaders.items():
            self._hire(leader, teams[team])
            version = self.get("admin", f"/teams/{teams[team]}")["version"]
            self._ask("admin", "PATCH", f"/teams/{teams[team]}", {"version": version, "leader": self.ids[leader]})
        for rep, team in REPS.items():
            self._hire(rep, teams[team])
            self.post("admin", f"/people/{self.ids[rep]}/grants", role="rep", scope={"kind": "own"})
        members = [{"team": root}]
        made = self.post("admin", "/programs", name=self.name("program"), members=members, policy=_POLICY)
        self.program = made["id"]

    def name(self, word: str) -> str:
        """What somebody or something is called in the language of the demo."""
        return NAMES[word].in_(self.lang)

    def text(self, word: str) -> str:
        """What somebody writes, in the language of the demo."""
        return TEXTS[word].in_(self.lang)

    def get(self, who: str, path: str, **query: Any) -> Any:
        """A reading by ``who``."""
        return self._services[who].get(f"/v1{path}", **query)

    def items(self, who: str, path: str) -> list[dict[str, Any]]:
        """All of a list, oldest first."""
        return list(reversed(list(self._services[who].pages(f"/v1{path}"))))

    def post(self, who: str, path: str, **body: Any) -> Any:
        """A command of ``who`` that must take effect."""
        return self._ask(who, "POST", path, body)

    def upload(self, who: str, name: str, content: bytes) -> str:
        """A file of ``who``; its id."""
        return str(self._services[who].upload("/v1/files", name, content)["id"])

    def now(self) -> datetime:
        """The company's clock."""
        return datetime.fromisoformat(self.get("admin", "/me")["now"])

    def pass_to(self, instant: datetime | str) -> None:
        """Move the clock ahead to ``instant``; everything on the way is decided at its own time."""
        self._move(datetime.fromisoformat(instant) if isinstance(instant, str) else instant)

    def _hire(self, word: str, team: str) -> None:
        person = self.post("admin", "/people", name=self.name(word), team=team)["id"]
        token = self.post("admin", f"/people/{person}/tokens", name="demo")["token"]
        self.ids[word] = person
        self._services[word] = Service(url=self._url, token=token, data=self._data)

    def _ask(self, who: str, method: str, path: str, body: dict[str, Any]) -> Any:
        answer = self._services[who].ask(f"/v1{path}", body, key=str(uuid.uuid4()), method=method)
        if answer.refused:
            raise CommandError(f"the demo's {method} {path} by {who} was refused: {answer.body.get('code')}")
        return answer.body
