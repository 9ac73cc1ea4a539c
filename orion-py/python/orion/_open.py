"""How an engine is opened, and a platform reached."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _orion
from ._client import Connection
from .errors import InvalidError

if TYPE_CHECKING:
    from .providers import (
        ClipGenerator,
        ImageGenerator,
        LanguageModel,
        SocialPlatform,
        SpeechSynthesizer,
        Transcriber,
        TrendSource,
    )


def engine(
    config: str | os.PathLike[str] | None,
    *,
    llm: str | LanguageModel | Iterable[str | LanguageModel] | None,
    images: str | ImageGenerator | Iterable[str | ImageGenerator] | None,
    voice: str | SpeechSynthesizer | Iterable[str | SpeechSynthesizer] | None,
    clips: str | ClipGenerator | Iterable[str | ClipGenerator] | None,
    transcriber: str | Transcriber | Iterable[str | Transcriber] | None,
    feeds: Iterable[str | os.PathLike[str]] | None,
    sources: Iterable[TrendSource],
    platforms: Iterable[SocialPlatform],
    plain: Mapping[str, object | None],
    settings: Mapping[str, object] | None,
) -> Connection:
    """A connection to an engine in this process; it is opened when it is first used."""
    own: list[tuple[str, str, object]] = []
    flags: dict[str, str] = {}
    for name, kind, base, given in (
        ("writer", "llm", "LanguageModel", llm),
        ("images", "image", "ImageGenerator", images),
        ("create.voice", "tts", "SpeechSynthesizer", voice),
        ("clips", "clip", "ClipGenerator", clips),
        ("transcriber", "transcriber", "Transcriber", transcriber),
    ):
        if given is not None:
            flags[name] = _chain(kind, base, given, own)
    own.extend(("trend", "", _of("TrendSource", source)) for source in sources)
    own.extend(("platform", "", _of("SocialPlatform", platform)) for platform in platforms)
    if feeds is not None:
        flags["feeds"] = ",".join(os.fspath(feed) for feed in feeds)
    for name, value in {**plain, **(settings or {})}.items():
        if value is not None:
            flags[name] = _text(value)
    options = {
        "config": None if config is None else os.fspath(config),
        "settings": list(flags.items()),
        "ffmpeg": _bundled_ffmpeg(),
    }
    again = not flags.get("store", "").startswith("memory:")
    return Connection(lambda: _orion.Client.open_engine(options, own), again=again)


def platform(url: str, *, token: str | None, email: str | None, password: str | None) -> Connection:
    """A connection to a platform."""
    if (email is None) != (password is None):
        raise InvalidError("signing in takes an email and a password", hint="or give a token")
    options = {"url": url, "token": token, "email": email, "password": password}
    return Connection(lambda: _orion.Client.connect(options))


def _of(base: str, given: object) -> object:
    # Only who brings a provider along waits for the classes of all of them.
    from . import providers

    if not isinstance(given, getattr(providers, base)):
        raise InvalidError(f"{type(given).__name__} is no {base}", hint=f"subclass orion.{base}")
    return given


def _chain(kind: str, base: str, given: Any, own: list[tuple[str, str, object]]) -> str:
    """A list of addresses as the settings have it; objects get addresses of their own."""
    items = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    addresses = []
    for item in items:
        if isinstance(item, str):
            addresses.append(item)
            continue
        address = f"python:{len(own)}"
        own.append((kind, address, _of(base, item)))
        addresses.append(address)
    return ",".join(addresses)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return os.fspath(value) if isinstance(value, Path) else str(value)


def _bundled_ffmpeg() -> str | None:
    """Where the `PATH` has no ffmpeg: the one that the package `imageio-ffmpeg` brings along, if it is installed."""
    from shutil import which

    if which("ffmpeg"):
        return None
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None
