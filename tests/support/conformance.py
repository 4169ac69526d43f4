"""Runs schemathesis over a world: the published description against the application, all phases, all checks.

Random requests alone would hardly ever get past "not found". So each operation has a request that succeeds
(:mod:`tests.support.operations`), and what schemathesis makes is mixed with it: ids of real objects in the path, a
person who may send it, and in turn the whole request, its references only, or nothing of its content.
"""

from __future__ import annotations

import gc
import json
import time
import tomllib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import engine, hooks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.engine import events
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.operations import FACTORIES, OPERATIONS, Wanted, World

#: Fields whose values name things of the world; made-up ones would be refused before anything else is looked at.
REFERENCES = frozenset(
    [
        "calendar",
        "claim",
        "claims",
        "customer",
        "deal",
        "delegate",
        "file",
        "from",
        "leader",
        "members",
        "oversight",
        "panel",
        "parent",
        "person",
        "program",
        "project",
        "scope",
        "stream",
        "team",
        "to",
        "version",
    ]
)
#: Who is tried for an operation first; schemathesis goes on from whoever is refused.
PEOPLE = ("owner", "peer", "admin", "policy_admin", "leader", "marketing", "finance", "auditor")


@dataclass
class Findings:
    """What a run has shown, by operation."""

    seed: int
    without: tuple[str, ...] = ()
    failures: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    checks: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    phases: dict[str, str] = field(default_factory=dict)
    seconds: float = 0

    @property
    def requests(self) -> int:
        return sum(sum(counted.values()) for counted in self.statuses.values())


def run(
    world: World, config: Path, folder: Path, *, seed: int, without: tuple[str, ...] = (), **generation: Any
) -> Findings:
    """All phases over ``world`` but those of ``without``. ``generation`` replaces values of that table."""
    content = tomllib.loads(config.read_text(encoding="utf-8"))
    content["seed"] = seed
    content["generation"] |= generation
    for phase in without:
        content["phases"][phase]["enabled"] = False
    content["auth"]["wfc"]["path"] = str(_people(world, folder / "people.json"))
    found = Findings(seed, without)
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json",
        _Observed(world.company.app, found),
        config=schemathesis.Config.from_dict(content),
    )
    started = time.monotonic()
    with _mixing(_Mixture(world)), _seldom_collecting():
        for event in engine.from_schema(schema).execute():
            _note(found, event)
    found.seconds = time.monotonic() - started
    return found


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Gigabytes of recorded requests are kept to the end; going through them all the time takes longer than sending."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 1_000)
    yield
    gc.set_threshold(*usual)


def _people(world: World, path: Path) -> Path:
    """The people of the world as schemathesis reads them."""
    path.write_text(
        json.dumps(
            {
                "auth": [
                    {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {world[name].token}"}]}
                    for name in PEOPLE
                ]
            }
        ),
        encoding="utf-8",
    )
    return path


def _note(found: Findings, event: events.EngineEvent) -> None:
    if isinstance(event, events.PhaseFinished):
        found.phases[event.phase.name.value] = event.status.value
    elif isinstance(event, events.NonFatalError):
        found.errors.append(f"{event.label}: {event.info.title}: {event.info.message}")
    elif isinstance(event, events.FatalError):
        found.errors.append(repr(event.exception))
    elif isinstance(event, events.ScenarioFinished):
        for case, results in event.recorder.checks.items():
            operation = _name(event.recorder.cases[case].value)
            for result in results:
                found.checks[result.name] += 1
                if result.failure_info is not None:
                    failure = result.failure_info.failure
                    text = f"{failure.title}\n{failure.message}\n{result.failure_info.code_sample}"
                    found.failures[operation].append(text)


def _name(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw["operationId"])


# --- what schemathesis makes, mixed with what succeeds ---------------------------------------------------------------


class _Mixture:
    """Completes the cases that schemathesis is about to send."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens = {person.token for person in world.people.values()}
        self._ready: dict[str, Wanted] = {}
        self._turns: Counter[str] = Counter()
        #: Ids of what schemathesis itself has made: it may do with them what it likes.
        self._made: set[str] = set()

    def complete(self, case: schemathesis.Case) -> None:
        name = _name(case)
        wanted = self._ready.get(name) or FACTORIES[name](self._world)
        self._ready[name] = wanted
        negative = {location for location in ParameterLocation if _is_negative(case, location)}
        self._sign(case, wanted, negative)
        if case.meta is not None and case.meta.generation.mode.is_negative:
            # What is meant to be wrong stays so, and everything else is as right as it can be.
            if negative:
                self._name_things(case, wanted, negative)
                self._fill(case, wanted, negative, whole=True)
            return
        turn = self._turns[name]
        self._turns[name] += 1
        whole = turn % 3 == 0
        self._name_things(case, wanted, negative)
        if turn % 3 != 2:
            self._fill(case, wanted, negative, whole=whole)

    def learn(self, case: schemathesis.Case, response: Response) -> None:
        """Note what was made, and that a request which has had its effect is used up."""
        if case.method == "GET" or not response.status_code < 300:
            return
        self._ready.pop(_name(case), None)
        if response.status_code == 201 and "id" in response.json():  # a proposal is named by its place in a case
            self._made.add(response.json()["id"])

    def _sign(self, case: schemathesis.Case, wanted: Wanted, negative: set[ParameterLocation]) -> None:
        """The person who may send it, where schemathesis has signed it at all, and a fresh key where it has one."""
        if str(case.headers.get("Authorization", "")).removeprefix("Bearer ") in self._tokens:
            sender = self._world.people.get(wanted.by)
            if sender is None:
                del case.headers["Authorization"]
            else:
                case.headers["Authorization"] = f"Bearer {sender.token}"
        varied = getattr(case.meta.phase.data, "parameter", None) if case.meta is not None else None
        keyed = "Idempotency-Key" in case.headers and varied != "Idempotency-Key"
        if keyed and ParameterLocation.HEADER not in negative:
            case.headers["Idempotency-Key"] = str(uuid.uuid4())

    def _name_things(self, case: schemathesis.Case, wanted: Wanted, negative: set[ParameterLocation]) -> None:
        """Real ids in the path: of what an earlier step made, else those of the request that succeeds.

        Whatever else an answer has told may be read, but not written: the world's own people and programs must last.
        """
        given = case.path_parameters
        if ParameterLocation.PATH in negative or not given:
            return
        is_step = case.meta is not None and case.meta.phase.name.value == "stateful"
        if not (is_step and all(value in self._made for value in given.values())):
            given.update(wanted.ids_of(self._world.people.get(wanted.by)))

    def _fill(self, case: schemathesis.Case, wanted: Wanted, negative: set[ParameterLocation], *, whole: bool) -> None:
        """The query and the body that succeed, or only what they refer to."""
        if ParameterLocation.QUERY not in negative:
            if whole:
                case.query = dict(wanted.query)
            else:
                _refer(case.query, wanted.query)
        if ParameterLocation.BODY in negative or not isinstance(case.body, dict):
            return
        if wanted.body is not None:
            if whole:
                case.body = dict(wanted.body)
            else:
                _refer(case.body, wanted.body)


def _refer(made: MutableMapping[str, Any], wanted: Any) -> None:
    made.update({name: value for name, value in wanted.items() if name in REFERENCES and name in made})


def _is_negative(case: schemathesis.Case, location: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(location)


@contextmanager
def _mixing(mixture: _Mixture) -> Iterator[None]:
    """Hooks before a call are the whole process's: they last as long as the run."""

    @schemathesis.hook("before_call")
    def complete(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
        mixture.complete(case)

    @schemathesis.hook("after_call")
    def learn(context: schemathesis.HookContext, case: schemathesis.Case, response: Response) -> None:
        mixture.learn(case, response)

    try:
        yield
    finally:
        hooks.unregister(complete)
        hooks.unregister(learn)


class _Observed:
    """The application, every status noted by operation: also those of requests that checks send by themselves."""

    def __init__(self, app: ASGIApp, found: Findings) -> None:
        self._app = app
        self._found = found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                name = getattr(scope.get("route"), "name", "")
                self._found.statuses[name if name in OPERATIONS else "elsewhere"][message["status"]] += 1
            await send(message)

        await self._app(scope, receive, noted)
