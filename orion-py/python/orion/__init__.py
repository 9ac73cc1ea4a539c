"""Orion turns what is trending into finished, captioned, narrated short videos.

Examples
--------
Three lines to a video; ``orion.Orion()`` alone does, with what the configuration says:

>>> import orion
>>> app = orion.Orion(store="memory:", blobs="memory:", voice="silent:", offline=True)
>>> video = app.create(feed=feed, out=folder / "video", seconds=15, quality="draft")
>>> video.path.name, video.report.width
('video.mp4', 1080)

The same calls reach a platform: ``app = orion.connect("http://localhost:8000", token=…)``; and each is there to be
awaited on `orion.AsyncOrion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors, types
from ._orion import __version__
from .errors import (
    AlreadyExistsError,
    CancelledError,
    ConflictError,
    CorruptError,
    DeadlineError,
    Error,
    ExhaustedError,
    ForbiddenError,
    InvalidError,
    MissingFileError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedError,
    UnsupportedError,
)
from .providers import (
    Clip,
    ClipGenerator,
    ClipRequest,
    Completion,
    CompletionRequest,
    Drawing,
    ImageGenerator,
    ImageRequest,
    LanguageModel,
    Message,
    Outcome,
    PostRequest,
    SocialPlatform,
    Sound,
    SpeechRequest,
    SpeechSynthesizer,
    Transcriber,
    Transcription,
    TranscriptionRequest,
    TrendItem,
    TrendSource,
)
from .sync import Orion
from .types import Content, Event, Progress, Question, Run, Trend, Video

if TYPE_CHECKING:
    from ._client import AsyncJob, Job
    from .aio import AsyncOrion

__all__ = [
    "AlreadyExistsError",
    "AsyncJob",
    "AsyncOrion",
    "CancelledError",
    "Clip",
    "ClipGenerator",
    "ClipRequest",
    "Completion",
    "CompletionRequest",
    "ConflictError",
    "Content",
    "CorruptError",
    "DeadlineError",
    "Drawing",
    "Error",
    "Event",
    "ExhaustedError",
    "ForbiddenError",
    "ImageGenerator",
    "ImageRequest",
    "InvalidError",
    "Job",
    "LanguageModel",
    "Message",
    "MissingFileError",
    "NotFoundError",
    "Orion",
    "Outcome",
    "PostRequest",
    "Progress",
    "Question",
    "RateLimitedError",
    "Run",
    "SocialPlatform",
    "Sound",
    "SpeechRequest",
    "SpeechSynthesizer",
    "Transcriber",
    "Transcription",
    "TranscriptionRequest",
    "Trend",
    "TrendItem",
    "TrendSource",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedError",
    "UnsupportedError",
    "Video",
    "__version__",
    "connect",
    "connect_async",
    "errors",
    "types",
]


def connect(url: str, *, token: str | None = None, email: str | None = None, password: str | None = None) -> Orion:
    """Reaches a platform: the same calls as `Orion`, over its API. See `Orion.connect`."""
    return Orion.connect(url, token=token, email=email, password=password)


def connect_async(
    url: str, *, token: str | None = None, email: str | None = None, password: str | None = None
) -> AsyncOrion:
    """As `connect`, to be awaited."""
    from .aio import AsyncOrion

    return AsyncOrion.connect(url, token=token, email=email, password=password)


def __getattr__(name: str) -> Any:
    # An event loop takes longer to import than all the rest; who needs none does not wait for it.
    if name == "AsyncOrion":
        from .aio import AsyncOrion

        return AsyncOrion
    if name in ("Job", "AsyncJob"):
        from . import _client

        return getattr(_client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
