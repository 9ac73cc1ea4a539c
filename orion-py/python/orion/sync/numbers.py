"""What things cost, and how well they go."""

from __future__ import annotations



from .._client import SyncBase
from ..types import Budget, DayCosts, Funnel, Metrics, Projection, ProviderCosts, Spending
from ..types.record import records


class NumbersCalls(SyncBase):
    """What things cost, and how well they go."""

    def costs(self, days: int = 30) -> Spending:
        """What the last days cost."""
        return Spending(self._call("costs", days=days))

    def daily_costs(self, days: int = 30) -> list[DayCosts]:
        """What each of the last days cost on which anything was spent, oldest first."""
        return records(DayCosts, self._call("daily_costs", days=days))

    def provider_costs(self, days: int = 30) -> list[ProviderCosts]:
        """What each provider was paid in the last days, most first."""
        return records(ProviderCosts, self._call("provider_costs", days=days))

    def projections(self, days: int = 7) -> list[Projection]:
        """What days, weeks and months will cost if they go on like the last days."""
        return records(Projection, self._call("projections", days=days))

    def metrics(self, hours: int = 24) -> Metrics:
        """How well the runs of the last hours did."""
        return Metrics(self._call("metrics", hours=hours))

    def funnel(self) -> Funnel:
        """How far content came."""
        return Funnel(self._call("funnel"))

    def budget(self, seconds: int | None = None) -> Budget:
        """What may be spent, what is spent today, and what a video is expected to cost at most.

        The caps are the settings ``budget.run`` and ``budget.day``: a call of a provider in the cloud that would
        break one is not made, and its run stops with an `orion.ExhaustedError`; it can go on when there is more.

        Parameters
        ----------
        seconds
            The length of the video, 5 to 180; without one as the settings have it.

        Examples
        --------
        >>> budget = app.budget(60)
        >>> budget.day is None, budget.expected
        (True, Decimal('0.000000'))
        """
        return Budget(self._call("budget", seconds=seconds))
