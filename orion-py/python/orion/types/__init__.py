"""What the engine gives: typed, read-only objects over the engine's own JSON.

An object reads its JSON when it is first looked at, so a call costs what the call costs. Every identifier is a
`uuid.UUID`, every moment an aware `datetime.datetime`, every path a `pathlib.Path`, and money is a
`decimal.Decimal` in US dollars. What a platform does not tell is ``None``.

Examples
--------
>>> from orion.types import Trend
>>> trend = Trend({"topic": "harbour bridges", "score": 71.5, "detected_at": "2030-01-02T03:04:05.6Z"})
>>> trend.detected_at.isoformat(), trend.signals, trend.niche
('2030-01-02T03:04:05.600000+00:00', {}, None)
>>> trend
Trend(topic='harbour bridges', score=71.5, detected_at=2030-01-02 03:04:05.600000+00:00)
"""

from __future__ import annotations

from .contents import (
    Asset,
    Content,
    Critique,
    Line,
    Question,
    Scene,
    Script,
)
from .media import Check, File, Report, Transcript, Video, Word
from .numbers import (
    Budget,
    DayCosts,
    Funnel,
    Metrics,
    Projection,
    ProviderCosts,
    Spending,
    StageEstimate,
    StageMetrics,
)
from .people import Event, User
from .publishing import Account, Post, Publication, Publishing
from .record import Record
from .runs import Attempt, Progress, Provider, Run, Step
from .serving import Choice, Failure, Service, Standing, Voice
from .trends import FeedItem, Scan, Trend

__all__ = [
    "Account",
    "Asset",
    "Attempt",
    "Budget",
    "Check",
    "Choice",
    "Content",
    "Critique",
    "DayCosts",
    "Event",
    "Failure",
    "FeedItem",
    "File",
    "Funnel",
    "Line",
    "Metrics",
    "Post",
    "Progress",
    "Projection",
    "Provider",
    "ProviderCosts",
    "Publication",
    "Publishing",
    "Question",
    "Record",
    "Report",
    "Run",
    "Scan",
    "Scene",
    "Script",
    "Service",
    "Spending",
    "StageEstimate",
    "StageMetrics",
    "Standing",
    "Step",
    "Transcript",
    "Trend",
    "User",
    "Video",
    "Voice",
    "Word",
]
