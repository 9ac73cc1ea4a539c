"""What is given to calls: records or their identifiers, paths, and what a video is to be about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from uuid import UUID

from .errors import InvalidError

if TYPE_CHECKING:
    from .types import Trend

Gate = Literal["script", "prompts", "review"]
PathLike = str | os.PathLike[str]


class Order(TypedDict, total=False):
    """What `Orion.create` takes of a video; see there."""

    feed: PathLike | None
    trend: Trend | UUID | None
    topic: str | None
    url: str | None
    text: str | None
    script: str | os.PathLike[str] | None
    images: Iterable[PathLike]
    clips: Iterable[PathLike]
    voice_file: PathLike | None
    audio: PathLike | None
    music: str | os.PathLike[str] | None
    niche: str | None
    seconds: int | None
    platform: str | None
    tone: str | None
    style: str | None
    voice: str | None
    speed: float | None
    captions: Literal["tiktok", "youtube", "minimal"] | None
    format: Literal["9:16", "4:5", "1:1", "16:9"] | None
    fps: int | None
    quality: Literal["draft", "standard", "premium"] | None
    seed: int


Id = UUID | str


def id_of(given: Any) -> Id:
    """The identifier of a record, or of what is one."""
    return given if isinstance(given, (UUID, str)) else given.id


def content_id(given: Any) -> Id:
    """The identifier of content, of what belongs to it, or of what is one."""
    return given if isinstance(given, (UUID, str)) else getattr(given, "content_id", None) or given.id


def run_id(given: Any) -> Id:
    """The identifier of a run, of what belongs to it, or of what is one."""
    return given if isinstance(given, (UUID, str)) else getattr(given, "run_id", None) or given.id


def order_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What `Orion.create` takes of a video, as the engine reads it: without what was not given, with whole paths."""
    order = {name: value for name, value in given.items() if value is not None}
    if "trend" in order:
        order["trend"] = id_of(order["trend"])
    feed = order.get("feed")
    if feed is not None:
        place = os.fspath(feed)
        order["feed"] = place if "://" in place else os.path.abspath(place)
    if isinstance(order.get("script"), os.PathLike):
        order["script_file"] = os.path.abspath(order.pop("script"))
    for name in ("images", "clips"):
        files = order.get(name)
        if isinstance(files, (str, os.PathLike)):
            raise InvalidError(f"{name} is a list of files", hint=f"put it in brackets: {name}=[{os.fspath(files)!r}]")
        if files is not None:
            order[name] = [os.path.abspath(file) for file in files]
    for name in ("voice_file", "audio"):
        if name in order:
            order[name] = os.path.abspath(order[name])
    if isinstance(order.get("music"), os.PathLike):
        order["music"] = os.path.abspath(order["music"])
    return order
