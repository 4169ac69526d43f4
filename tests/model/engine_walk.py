"""The same walk through the real engine: every command over HTTP, rung for, drained by the claim's own workflow.

The database's clock stands still here too, and moves on by ``advance``, or runs ahead and is rung for late. Workflows
sleep in real time, so no act takes place shortly before an instant: a timer that fires meanwhile would be an actor of
its own. Where a deadline is the very instant of its decision the workflow lapses the claim by itself at once; a view
that differs is therefore read once more before it counts.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.model.claim_model import Claim, Command
from tests.model.stopped_clock import START
from tests.model.walk import Difference, Walk
from tests.model.working_time import HOUR, MINUTE, SECOND
from tests.support.live import LiveCompany
from worker.advance import advance

#: No act so shortly before an instant: longer than a walk takes.
CLEAR = 30 * MINUTE
#: How long a workflow may take for what it does by itself.
SETTLES_S = 0.5
DECIDES_S = 30.0


class EngineWalk(Walk):
    """A walk through a company on the real engine."""

    AUDIT_EVERY = 100
    READERS = 2
    #: A command takes three seconds to be answered while no worker is there.
    AWAY = (2, 5)

    def __init__(self, company: LiveCompany, seed: int) -> None:
        super().__init__(company, seed)
        self.live = company

    # --- time ------------------------------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        ahead = sorted(d for d in map(self.model.next_due, self.model.matters) if d is not None and d > self.now)
        at = self.now + self.rng.choice((1, SECOND, MINUTE, HOUR, 2 * HOUR))
        if ahead and self.rng.random() < 0.55:
            at = ahead[min(int(self.rng.expovariate(0.7)), len(ahead) - 1)] + self.rng.choice((1, SECOND))
        at = self._clear_of(at)
        if self.away or self.rng.random() < 0.4:
            self._move_to(at)
            self._wake()
        else:
            self._advance(at)

    def _clear_of(self, at: int) -> int:
        """That instant, or the first after it that lies well before the next."""
        while True:
            dues = [d for d in map(self.model.next_due, self.model.matters) if d is not None]
            near = [due for due in dues if at <= due <= at + CLEAR]
            if not near:
                return at
            at = max(near) + SECOND

    def _advance(self, at: int) -> None:
        """All that is due on the way is decided by its workflow at its instant."""
        worker = self.live.worker
        moving = advance(
            worker.client,
            self.company.database,
            to=START + timedelta(microseconds=at - self.start),
            task_queue=self.live.task_queue,
        )
        worker.run(moving, limit_s=120)
        self.now = at
        for matter in self.matter_ids:
            self._follow(matter)

    # --- the engine ------------------------------------------------------------------------------------------------

    def _switch_engine(self, *, on: bool) -> None:
        super()._switch_engine(on=on)
        if on:
            self.live.worker.start()
        else:
            self.live.worker.stop()

    def _decide_now(self, stream: str) -> None:
        ring = self.company.gateway.ring(kind="claim", stream=stream, command=f"walk-{uuid.uuid4()}", wait_s=DECIDES_S)
        if self.company.together(ring) != [True]:
            self._differ(None, f"{self.keys[stream]} was not drained within {DECIDES_S:.0f} s")

    def _pending(self, id_: str, command: Command) -> None:
        """A busy machine may need longer than a caller waits."""
        if self.away:
            super()._pending(id_, command)
            return
        self._decide_now(self.ids[command.claim])
        self._follow(self.model.claims[command.claim].matter)
        self._outcome(id_, command)

    # --- comparing -------------------------------------------------------------------------------------------------

    def _same(self, key: str, view: dict[str, Any], viewer: str) -> None:
        path = f"/v1/claims/{self.ids[key]}"
        self._or_again(
            lambda: super(EngineWalk, self)._same(key, view, viewer),
            lambda: super(EngineWalk, self)._same(key, self.world.callers[viewer].get(path).json(), viewer),
        )

    def _same_answer(self, kind: str, claim: Claim, data: dict[str, Any], view: dict[str, Any], actor: str) -> None:
        self._or_again(
            lambda: super(EngineWalk, self)._same_answer(kind, claim, data, view, actor), lambda: self._look(claim)
        )

    def _same_lists(self, name: str) -> None:
        once = super()._same_lists
        self._or_again(lambda: once(name), lambda: once(name))

    def _or_again(self, compare: Callable[[], None], compare_again: Callable[[], None]) -> None:
        try:
            compare()
        except Difference:
            time.sleep(SETTLES_S)
            for matter in self.matter_ids:
                self._follow(matter)
            compare_again()
