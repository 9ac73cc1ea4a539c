"""What things cost, and how well they go."""

from __future__ import annotations

from decimal import Decimal

from .record import Field, Record, list_of, maybe, money


class Spending(Record):
    """What was spent, in US dollars."""

    total = Field(money)
    records = Field(maybe(int))

    @property
    def by_category(self) -> dict[str, Decimal]:
        """By what was bought."""
        return {name: money(amount) for name, amount in self._data["by_category"].items()}


class DayCosts(Record):
    """What one day cost."""

    date = Field(str)
    spending = Field(Spending)


class ProviderCosts(Record):
    """What one provider was paid."""

    provider = Field(str)
    spending = Field(Spending)


class Projection(Record):
    """What a period will cost if things go on like this."""

    period = Field(str)
    current = Field(money)
    projected = Field(money)
    change = Field(str)


class StageEstimate(Record):
    """What one stage is expected to cost at most, if whoever is asked first serves."""

    stage = Field(str)
    provider = Field(str)
    #: Tokens, pictures or characters.
    units = Field(float)
    cost = Field(money)


class Budget(Record):
    """What may be spent, what is spent of it, and what one video is expected to cost; in US dollars.

    A cap that is ``None`` is none: the settings ``budget.run`` and ``budget.day`` make them.
    """

    #: The cap of one run, over all its attempts.
    run = Field(maybe(money))
    #: The cap of a day, in UTC.
    day = Field(maybe(money))
    #: What is spent today, or taken for calls under way.
    spent_today = Field(money)
    #: What is left of today.
    left_today = Field(maybe(money))
    #: What one video is expected to cost at most.
    expected = Field(money)
    #: The same by stage.
    stages = Field(list_of(StageEstimate))


class StageMetrics(Record):
    """How well one stage does."""

    stage = Field(str)
    runs = Field(int)
    completed = Field(int)
    failed = Field(int)
    seconds = Field(float)


class Metrics(Record):
    """How well runs do."""

    videos_per_hour = Field(float)
    error_rate = Field(float)
    stages = Field(list_of(StageMetrics))


class Funnel(Record):
    """How far content came."""

    generated = Field(int)
    review = Field(int)
    approved = Field(int)
    published = Field(int)
    rejected = Field(int)
