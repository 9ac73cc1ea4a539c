"""How it is made: runs, their steps, who served, and how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from .record import Field, Record, list_of, maybe, moment, money, side_of


class Run(Record):
    """One run, from trend to reviewed video."""

    id = Field(UUID)
    content_id = Field(UUID)
    owner = Field(maybe(UUID))
    gates = Field(list_of(str))
    feedback = Field(list_of(str))
    attempts = Field(int)
    created_at = Field(moment)
    started_at = Field(maybe(moment))
    finished_at = Field(maybe(moment))

    @property
    def state(self) -> str:
        """``pending``, ``running``, ``waiting``, ``completed``, ``failed``, ``rejected`` or ``cancelled``."""
        return str(self._data["state"]["state"])

    @property
    def stage(self) -> str | None:
        """The stage that it is in, or where it stopped."""
        return self._data["state"].get("stage")

    @property
    def gate(self) -> str | None:
        """The gate where it waits for a person, or was refused."""
        return self._data["state"].get("gate")

    @property
    def reason(self) -> str | None:
        """Why it failed."""
        return self._data["state"].get("reason")

    @property
    def next_step(self) -> str | None:
        """What can be done now, if that is known."""
        return self._data["state"].get("next_step")

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from super()._shown()
        yield from (("state", self.state), ("stage", self.stage), ("gate", self.gate), ("reason", self.reason))


class Provider(Record):
    """Who provides a capability. `side` is ``"local"``, or ``"cloud"`` for somebody else's machine."""

    name = Field(str)
    model = Field(str)
    side = Field(side_of)

    def __str__(self) -> str:
        return f"{self.name}/{self.model}" if self.model else self.name


class Attempt(Record):
    """An attempt that failed before another provider served."""

    provider = Field(Provider)
    error = Field(str)


class Step(Record):
    """One journaled step of a run: what was done, by whom, and what it cost."""

    key = Field(str)
    state = Field(str)
    provider = Field(maybe(str))
    served_by = Field(maybe(Provider))
    after = Field(list_of(Attempt))
    attempts = Field(int)
    cost = Field(money)
    error = Field(maybe(str))
    started_at = Field(moment)
    finished_at = Field(maybe(moment))


class Progress(Record):
    """How far a stage of a run is."""

    stage = Field(str)
    status = Field(str)
    done = Field(int)
    total = Field(int)
    unit = Field(str)
    message = Field(maybe(str))
    seconds_left = Field(maybe(float), "time_left")
    reused = Field(bool)

    @property
    def fraction(self) -> float | None:
        """Share of the stage that is done, 0 to 1; ``None`` where the whole is not known."""
        return self.done / self.total if self.total else None
