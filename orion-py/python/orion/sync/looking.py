"""Trends, contents, runs, and what happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from .._client import SyncBase
from .._given import PathLike, content_id, id_of, run_id
from ..types import Asset, Content, Event, Run, Scan, Step, Trend
from ..types.record import records


class LookingCalls(SyncBase):
    """Trends, contents, runs, and what happens."""

    def scan(
        self,
        *,
        feeds: Iterable[PathLike] = (),
        niche: str | None = None,
        region: str = "US",
        limit: int = 20,
    ) -> Scan:
        """Scans for trends: these feeds, or the configured sources, and saves what is new.

        Examples
        --------
        >>> scan = app.scan(feeds=[feed])
        >>> scan.trends[0].topic
        'The old harbour bridge opens again after ten years'
        """
        places = [os.fspath(feed) for feed in feeds]
        return Scan(self._work("scan", None, feeds=places, niche=niche, region=region, limit=limit))

    def trends(self, *status: str, limit: int = 50) -> list[Trend]:
        """Trends, those with the highest score first: all, or those of a status (``"active"``, ``"used"``, …)."""
        return records(Trend, self._call("trends", statuses=status, limit=limit))

    def trend(self, trend: UUID | str) -> Trend:
        """One trend."""
        return Trend(self._call("trend", id=id_of(trend)))

    def set_trend(self, trend: Trend | UUID, status: str) -> Trend:
        """Moves a trend to another status: ``"active"``, ``"used"``, ``"discarded"`` or ``"expired"``."""
        return Trend(self._call("set_trend", id=id_of(trend), status=status))

    def contents(self, *status: str, limit: int = 50) -> list[Content]:
        """Contents, newest first: all, or those of a status (``"review"``, ``"approved"``, …)."""
        return records(Content, self._call("contents", statuses=status, limit=limit))

    def content(self, content: Run | UUID | str) -> Content:
        """One piece of content."""
        return Content(self._call("content", id=content_id(content)))

    def runs(self, *, limit: int = 50) -> list[Run]:
        """Runs, and with them renders, newest first."""
        return records(Run, self._call("runs", limit=limit))

    def run(self, run: UUID | str) -> Run:
        """One run."""
        return Run(self._call("run", id=id_of(run)))

    def steps(self, run: Run | UUID) -> list[Step]:
        """The journal of a run: what was done, by whom, and what it cost."""
        return records(Step, self._call("steps", run=run_id(run)))

    def assets(self, content: Content | Run | UUID) -> list[Asset]:
        """The files of content: pictures, narration, video, thumbnails."""
        return records(Asset, self._call("assets", content=content_id(content)))

    def save(self, asset: Asset, path: PathLike) -> Path:
        """Writes a file of content to a path."""
        answer = self._work("save", None, content=asset.content_id, asset=asset.id, path=path)
        return Path(json.loads(answer))

    def events(
        self,
        *,
        after: str | None = None,
        content: Content | Run | UUID | None = None,
        channel: str | None = None,
        follow: bool = True,
    ) -> Iterator[Event]:
        """What happens, as it happens.

        Parameters
        ----------
        after
            The `cursor` of the last event that was seen; ``"0"`` begins with the first (of an engine). Without one it
            begins now.
        content
            Only events about this.
        channel
            Only events of this channel: ``"orion.pipeline.stage_changed"``.
        follow
            Whether to wait for more, for ever. Otherwise it ends with what is there.

        Examples
        --------
        >>> scan = app.scan(feeds=[feed])
        >>> for event in app.events(after="0", channel="orion.trend.detected", follow=False):
        ...     print(event.payload["topic"])
        ...     break
        The old harbour bridge opens again after ten years
        """
        about = None if content is None else str(content_id(content))
        if after is None:
            after = json.loads(self._call("events", after=None, limit=1, wait=0.0))["cursor"]
        while True:
            answer = self._call("events", after=after, limit=1000, wait=30.0 if follow else 0.0)
            batch = json.loads(answer)
            for raw in batch["events"]:
                if about in (None, raw["content_id"]) and channel in (None, raw["channel"]):
                    yield Event(raw)
            after = batch["cursor"]
            if not follow and not batch["events"]:
                return
