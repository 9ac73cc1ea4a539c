"""Between the native part and providers written in Python: arguments in, answers out, on threads and loops of their own.

A plain method runs on one of a few threads, a coroutine on one event loop in a thread of its own, so that neither
keeps the engine or the program's own loop waiting. Both are made when they are first needed, anew after a fork.
"""

from __future__ import annotations

import inspect
import json
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CorruptError
from .providers import (
    Clip,
    ClipRequest,
    Completion,
    CompletionRequest,
    Drawing,
    ImageRequest,
    Outcome,
    PostRequest,
    Sound,
    SpeechRequest,
    Transcription,
    TranscriptionRequest,
    TrendItem,
)

if TYPE_CHECKING:
    import asyncio

#: Threads for plain methods; what more is asked waits its turn.
THREADS = 8

Reply = tuple[bytes, list[bytes]]

_lock = threading.Lock()
_threads: ThreadPoolExecutor | None = None
_loop: asyncio.AbstractEventLoop | None = None


def _after_fork() -> None:
    global _lock, _threads, _loop
    _lock, _threads, _loop = threading.Lock(), None, None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _executor() -> ThreadPoolExecutor:
    global _threads
    with _lock:
        if _threads is None:
            _threads = ThreadPoolExecutor(THREADS, thread_name_prefix="orion-provider")
        return _threads


def _background_loop() -> asyncio.AbstractEventLoop:
    global _loop
    import asyncio

    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="orion-provider-loop", daemon=True).start()
        return _loop


def describe(provider: Any) -> tuple[str, str, bool, float]:
    """What a provider says of itself: name, model, whether it runs elsewhere, and its deadline."""
    name = str(provider.name or type(provider).__name__.lower())
    return name, str(provider.model), provider.side == "cloud", float(provider.timeout)


def invoke(
    provider: Any, method: str, request: bytes, done: Callable[[bytes, list[bytes], BaseException | None], None]
) -> Callable[[], object]:
    """Begins a call; `done` gets its answer. Gives what stops it."""
    if method == "describe":
        done(_json({"destination": provider.destination, "text_limit": provider.text_limit}), [], None)
        return lambda: None
    arguments, answer = _METHODS[method]
    function = getattr(provider, method)
    given = arguments(json.loads(request))

    def finish(outcome: Future[Any]) -> None:
        try:
            reply = answer(outcome.result())
        except BaseException as raised:
            done(b"", [], raised)
        else:
            done(*reply, None)

    if inspect.iscoroutinefunction(function):
        return _in_loop(function(*given), finish)

    stopped = threading.Event()
    nested: list[Callable[[], object]] = []

    def work() -> Any:
        value = function(*given)
        # A plain method may give a coroutine all the same.
        return value

    def finish_plain(outcome: Future[Any]) -> None:
        if not outcome.cancelled() and outcome.exception() is None and inspect.iscoroutine(outcome.result()):
            nested.append(_in_loop(outcome.result(), finish))
            if stopped.is_set():
                nested[0]()
            return
        finish(outcome)

    future = _executor().submit(work)
    future.add_done_callback(finish_plain)

    def stop() -> None:
        stopped.set()
        future.cancel()
        for cancel in nested:
            cancel()

    return stop


def _in_loop(coroutine: Coroutine[Any, Any, Any], finish: Callable[[Future[Any]], None]) -> Callable[[], object]:
    import asyncio

    future = asyncio.run_coroutine_threadsafe(coroutine, _background_loop())
    future.add_done_callback(finish)
    return future.cancel


def _json(value: object) -> bytes:
    return json.dumps(value, default=str).encode()


def _used(units: float, cost: Decimal) -> dict[str, Any]:
    return {"units": units, "cost": int((Decimal(cost) * 1_000_000).to_integral_value())}


def _completion(value: str | Completion) -> Reply:
    said = value if isinstance(value, Completion) else Completion(value)
    return _json({"text": said.text, "used": _used(said.tokens, said.cost)}), []


def _drawing(value: Any) -> Reply:
    drawing = value if isinstance(value, Drawing) else Drawing(value)
    data, width, height = _picture(drawing.image)
    kind = "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else "image/jpeg"
    told = {"media_type": kind, "width": width, "height": height, "moves": drawing.moves, "used": _used(1, drawing.cost)}
    return _json(told), [data]


def _clip(value: Any) -> Reply:
    clip = value if isinstance(value, Clip) else Clip(value)
    video = clip.video
    data = Path(video).read_bytes() if isinstance(video, (str, os.PathLike)) else bytes(video)
    return _json({"used": _used(1, clip.cost)}), [data]


def _transcription(heard: Transcription) -> Reply:
    words = [(str(word), float(start), float(end)) for word, start, end in heard.words]
    return _json({"words": words, "language": heard.language, "used": _used(0, heard.cost)}), []


def _picture(image: Any) -> tuple[bytes, int, int]:
    """The bytes of a picture, and its size."""
    if isinstance(image, (str, os.PathLike)):
        image = Path(image).read_bytes()
    if not isinstance(image, (bytes, bytearray)):
        import io

        file = io.BytesIO()
        image.convert("RGB").save(file, "PNG", compress_level=1)
        return file.getvalue(), image.width, image.height
    data = bytes(image)
    return data, *_size(data)


def _size(data: bytes) -> tuple[int, int]:
    """Width and height as the file itself says them."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(b"\xff\xd8"):
        at = 2
        while at + 9 <= len(data) and data[at] == 0xFF:
            marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
            at += 2 + length
    raise CorruptError("the picture is neither PNG nor JPEG")


def _sound(sound: Sound) -> Reply:
    told = {
        "sample_rate": sound.sample_rate,
        "words": None if sound.words is None else [(float(start), float(end)) for start, end in sound.words],
        "used": _used(0, sound.cost),
    }
    return _json(told), [_samples(sound.samples)]


def _samples(samples: Any) -> bytes:
    """Samples as little-endian float32."""
    if isinstance(samples, (bytes, bytearray)):
        return bytes(samples)
    if hasattr(samples, "astype"):
        return bytes(samples.astype("<f4").tobytes())
    import array
    import sys

    packed = array.array("f", samples)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _voices(names: Any) -> Reply:
    return _json([{"id": name, "name": name, "language": "", "licence": "", "installed": True} for name in names]), []


def _trends(items: Any) -> Reply:
    def told(rank: int, trend: TrendItem) -> dict[str, Any]:
        when = trend.published_at
        item = {
            "title": trend.title,
            "url": trend.url,
            "summary": trend.summary,
            "content": trend.text,
            "author": None,
            "published_at": None if when is None else when.astimezone().isoformat(),
            "picture": None,
            "categories": list(trend.categories),
            "feed_title": trend.source or "",
            "language": None,
            "rank": rank,
        }
        return {"score": trend.score, "source": trend.source, "signals": trend.signals, "item": item}

    return _json([told(rank, trend) for rank, trend in enumerate(items)]), []


def _outcome(value: str | Outcome) -> Reply:
    outcome = value if isinstance(value, Outcome) else Outcome("published", value)
    return _json({"state": outcome.state, "detail": outcome.detail}), []


#: By method: how its arguments are made, and its answer read.
_METHODS: dict[str, tuple[Callable[[Any], tuple[Any, ...]], Callable[[Any], Reply]]] = {
    "complete": (lambda raw: (CompletionRequest(raw),), _completion),
    "generate": (lambda raw: (ImageRequest(raw),), _drawing),
    "speak": (lambda raw: (SpeechRequest(raw),), _sound),
    "animate": (lambda raw: (ClipRequest(raw),), _clip),
    "transcribe": (lambda raw: (TranscriptionRequest(raw),), _transcription),
    "voices": (lambda _: (), _voices),
    "fetch": (lambda raw: (raw["region"], raw["limit"]), _trends),
    "check": (lambda raw: (raw,), lambda _: (b"null", [])),
    "prepare": (lambda raw: (PostRequest(raw),), lambda handle: (_json(str(handle)), [])),
    "publish": (lambda raw: (PostRequest(raw),), _outcome),
    "reconcile": (lambda raw: (PostRequest(raw),), _outcome),
}
