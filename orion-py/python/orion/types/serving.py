"""Who serves, who not and why."""

from __future__ import annotations

from .record import Field, Record, list_of, maybe, moment, money, side_of
from .runs import Provider


class Failure(Record):
    """A failure of a provider."""

    at = Field(moment)
    error = Field(str)


class Standing(Provider):
    """How one provider does, since the process began that asks it."""

    #: Its place among those who are asked, from one; ``None`` for one that the policy forbids.
    place = Field(maybe(int))
    #: Why it would not be asked now.
    why_not = Field(maybe(str))
    #: ``closed``: it is asked. ``open``: it is left alone, as it kept failing. ``half_open``: one call finds out.
    circuit = Field(str)
    #: How often it was asked, retries included.
    requests = Field(int)
    errors = Field(int)
    #: How often another was asked in its place.
    fallbacks = Field(int)
    cost = Field(money)
    last_served_at = Field(maybe(moment))
    #: Latest first, at most five.
    failures = Field(list_of(Failure))

    @property
    def available(self) -> bool:
        """Whether it would be asked now."""
        return self.why_not is None


class Choice(Record):
    """Who was chosen to serve; see `Orion.switch`."""

    side = Field(side_of)
    provider = Field(str)
    model = Field(str)
    fallback = Field(bool)


class Service(Record):
    """A capability: who provides it, and who serves in which order."""

    #: ``llm``, ``critic`` (chosen with ``llm``), ``image``, ``tts``, …
    service = Field(str)
    #: Who may serve: ``local``, ``cloud``, ``prefer-local``, ``prefer-cloud``, or names in their order.
    policy = Field(str)
    #: What was chosen with `Orion.switch`; ``None`` while the configuration holds.
    chosen = Field(maybe(Choice))
    providers = Field(list_of(Standing))

    @property
    def order(self) -> list[Standing]:
        """Those who may serve, in the order in which they are asked."""
        return sorted((one for one in self.providers if one.place), key=lambda one: one.place or 0)


class Voice(Record):
    """A voice that can be chosen."""

    id = Field(str)
    name = Field(str)
    language = Field(str)
    licence = Field(str)
    installed = Field(bool)
