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

from ._orion import __version__

# As in `typing`, which takes longer to import than all that is imported here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import errors, providers, types
    from ._client import AsyncJob, Job
    from .aio import AsyncOrion
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
    "providers",
    "types",
]

#: Where names are that are neither an error, nor a record, nor for providers.
_PLACES = {"Orion": "sync", "AsyncOrion": "aio", "Job": "_client", "AsyncJob": "_client"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # Nothing is imported before somebody asks for it: a program that makes no video does not wait for what makes one.
        from importlib import import_module

        if name in __all__:
            for place in (_PLACES[name],) if name in _PLACES else ("errors", "types", "providers"):
                module = import_module(f".{place}", __name__)
                found = module if name == place else getattr(module, name, None)
                if found is not None:
                    globals()[name] = found
                    return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


def connect(url: str, *, token: str | None = None, email: str | None = None, password: str | None = None) -> Orion:
    """Reaches a platform: the same calls as `Orion`, over its API. See `Orion.connect`."""
    from .sync import Orion

    return Orion.connect(url, token=token, email=email, password=password)


def connect_async(
    url: str, *, token: str | None = None, email: str | None = None, password: str | None = None
) -> AsyncOrion:
    """As `connect`, to be awaited."""
    from .aio import AsyncOrion

    return AsyncOrion.connect(url, token=token, email=email, password=password)
