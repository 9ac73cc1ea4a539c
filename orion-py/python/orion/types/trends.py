"""What trends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from .record import Field, Record, list_of, maybe, moment


class FeedItem(Record):
    """One item of a feed."""

    title = Field(str)
    url = Field(maybe(str))
    summary = Field(maybe(str))
    feed_title = Field(maybe(str))
    author = Field(maybe(str))
    published_at = Field(maybe(moment))


class Trend(Record):
    """A topic that many talk about."""

    id = Field(UUID)
    topic = Field(str)
    score = Field(float)
    status = Field(str)
    sources = Field(list_of(str))
    niche = Field(maybe(str))
    keywords = Field(list_of(str))
    items = Field(list_of(FeedItem))
    #: What sources said of it in numbers, by their names: searches, points, views.
    signals: Field[dict[str, Any]] = Field(lambda value: dict(value or {}))
    detected_at = Field(moment)
    expired_at = Field(maybe(moment))


class Scan(Record):
    """What a scan found."""

    found = Field(int)
    saved = Field(int)
    used = Field(maybe(int))
    trends = Field(list_of(Trend))
    problems = Field(list_of(str))
