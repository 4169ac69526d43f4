"""One request in hand: who asks, in which language, and how a command is stored, rung for and answered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api import idempotency
from api.auth import Caller
from api.idempotency import Kept, Key, RepeatedError
from api.problems import house_language, language_of, problem_response
from api.services import Services
from domain.matters.setting import Setting
from domain.refusals import FieldError, Refusal
from storage import matters
from storage.database import Transaction

T = TypeVar("T")

#: A header. ``true``: only check. What would be stored for a decision is answered with 204.
REHEARSAL = "fairclaim-dry-run"


@dataclass(frozen=True, slots=True)
class Done:
    """An effect that is complete: the status and body to answer with.

    ``kept_body`` is what a repeat of the call is answered with, where that is not ``body``: secrets are not repeated.
    """

    status: int
    body: Any
    kept_body: Any = None
    #: What was done is saved, and answered with this: what was asked for was not done.
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command was stored; its stream must be rung. ``status`` is that of the decided answer."""

    command: str
    kind: str
    stream: str


class _RehearsedError(Exception):
    """What a rehearsal would have done; leaving the transaction by an exception undoes it."""

    def __init__(self, result: Done | Waiting) -> None:
        super().__init__("rehearsed")
        self.result = result


@dataclass(frozen=True, slots=True)
class Decision:
    """How a command stands. ``body`` is the present answer, with ``pending`` set while undecided."""

    status: int
    body: Any
    decided: bool
    refusal: Refusal | None


class Call:
    """What an endpoint works with."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.services: Services = request.app.state.services
        self.caller: Caller = request.state.caller
        self.key: Key | None = getattr(request.state, "key", None)
        #: Every check is made, nothing is kept (INT-03, dry run).
        self.rehearsal = request.headers.get(REHEARSAL) == "true"
        if self.rehearsal:
            # A rehearsal takes no key and leaves no answer under one.
            self.key = request.state.key = None

    @property
    def setting(self) -> Setting:
        return self.caller.setting

    @property
    def person(self) -> str:
        return self.caller.person

    @property
    def language(self) -> str:
        """The language to answer in, where an answer is in one."""
        default = house_language(self.setting, at=self.caller.at)
        return language_of(self.request.headers.get("accept-language"), default=default)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """``work`` in a reading transaction, in this thread."""
        with self.services.database.reading() as tx:
            return work(tx)

    def write(self, work: Callable[[Transaction], Done], *, may_rehearse: bool = False) -> Response:
        """``work`` once per key: its effect and its answer are saved together. For plain ``def`` endpoints."""
        if self.rehearsal:
            return self._rehearse(work, may_rehearse)
        done = self._transact(work)
        if isinstance(done, Done) and done.refusal is not None:
            raise done.refusal
        return self._answer(done)

    async def command(self, work: Callable[[Transaction], Done | Waiting], *, may_rehearse: bool = False) -> Response:
        """``work`` stores a command (or is done at once); then ring, wait for the decision, answer."""
        if self.rehearsal:
            return await run_in_threadpool(self._rehearse, work, may_rehearse)
        stored = await run_in_threadpool(self._transact, work)
        if isinstance(stored, Done) and stored.refusal is not None:
            raise stored.refusal
        if isinstance(stored, Waiting):
            return await self._decided(stored, repeated=False)
        if isinstance(stored, Kept) and stored.status is None:
            waiting = await run_in_threadpool(self._waiting_of, stored)
            return await self._decided(waiting, repeated=True)
        return self._answer(stored)

    def _transact(self, work: Callable[[Transaction], Done | Waiting]) -> Done | Waiting | Kept:
        key = self.key

        def run(tx: Transaction) -> Done | Waiting:
            if key is not None:
                idempotency.begin(tx, key)
            result = work(tx)
            if isinstance(result, Waiting) and not self.services.decides.is_set():
                _require_room(tx, self.services.settings.waiting_max)
            if key is not None:
                if isinstance(result, Waiting):
                    idempotency.name_command(tx, key, result.command)
                elif result.refusal is not None:
                    idempotency.free(tx, key)  # the answer to a refusal is kept when it is given
                else:
                    kept = result.body if result.kept_body is None else result.kept_body
                    idempotency.keep(tx, key, status=result.status, body=kept)
            return result

        try:
            return self.services.database.transact(run)
        except RepeatedError as repeated:
            return repeated.kept

    def _rehearse(self, work: Callable[[Transaction], Done | Waiting], may_rehearse: bool) -> Response:
        """Do it and undo it. Only where an endpoint says so: elsewhere the answer itself may be what is guarded."""
        if not may_rehearse:
            raise Refusal("field_not_allowed", rule="INT-03", errors=(FieldError(REHEARSAL, "field_not_allowed"),))

        def run(tx: Transaction) -> Done | Waiting:
            raise _RehearsedError(work(tx))

        try:
            self.services.database.transact(run)
        except _RehearsedError as rehearsed:
            result = rehearsed.result
            if isinstance(result, Done) and result.refusal is not None:
                raise result.refusal from None
            if isinstance(result, Done):
                return JSONResponse(result.body, status_code=result.status)
        return Response(status_code=204)

    async def _decided(self, waiting: Waiting, *, repeated: bool) -> Response:
        settings = self.services.settings
        await self.services.gateway.ring(
            kind=waiting.kind, stream=waiting.stream, command=waiting.command, wait_s=settings.wait_s
        )
        decision = await run_in_threadpool(self._decision, waiting)
        if decision.decided:
            self.services.decides.set()
        else:
            self.services.decides.clear()
        headers = {"Idempotency-Replayed": "true"} if repeated else {}
        if decision.refusal is not None:
            # The middleware of refusals answers it, keeps a 409 and frees the key otherwise.
            self.request.state.command_refused = True
            raise decision.refusal
        if not decision.decided:
            headers["Location"] = f"/v1/commands/{waiting.command}"
        # Kept once the answer is out: until then, and if it never is, a repeat of the call finds the command instead.
        kept = BackgroundTask(self._keep, decision) if decision.decided and self.key is not None else None
        return JSONResponse(decision.body, status_code=decision.status, headers=headers, background=kept)

    def _decision(self, waiting: Waiting) -> Decision:
        from api.views.commands import decision_of

        with self.services.database.reading() as tx:
            return decision_of(tx, self, waiting.command)

    def _keep(self, decision: Decision) -> None:
        """The answer under its key. Decided is decided: that it cannot be kept changes nothing for the caller."""
        key = self.key
        assert key is not None
        with suppress(Refusal):
            self.services.database.transact(
                lambda tx: idempotency.keep(tx, key, status=decision.status, body=decision.body)
            )

    def _waiting_of(self, kept: Kept) -> Waiting:
        from api.views.commands import waiting_of

        assert kept.command is not None
        with self.services.database.reading() as tx:
            return waiting_of(tx, kept.command)

    def _answer(self, result: Done | Waiting | Kept) -> Response:
        if isinstance(result, Kept):
            headers = {"Idempotency-Replayed": "true"}
            if result.status is not None and result.status >= 400:
                return problem_response(result.body, headers=headers)
            return JSONResponse(result.body, status_code=result.status or 200, headers=headers)
        assert isinstance(result, Done)
        return JSONResponse(result.body, status_code=result.status)


def _require_room(tx: Transaction, most: int) -> None:
    """So many commands may wait for an engine that is away, this one included (contract section 1, Codes)."""
    if matters.undecided(tx, at_most=most + 1) > most:
        raise Refusal("engine_unavailable")


def _call(request: Request) -> Call:
    return Call(request)


#: The dependency every endpoint declares.
TheCall = Annotated[Call, Depends(_call)]
