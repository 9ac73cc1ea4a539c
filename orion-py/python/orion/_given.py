"""What is given to calls: records or their identifiers, paths, and what a video is to be about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from uuid import UUID

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
    script: str | None
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


def id_of(given: Any) -> str:
    """The identifier of a record, or of what is one."""
    return str(given if isinstance(given, (UUID, str)) else given.id)


def content_id(given: Any) -> str:
    return str(given if isinstance(given, (UUID, str)) else getattr(given, "content_id", None) or given.id)


def run_id(given: Any) -> str:
    return str(given if isinstance(given, (UUID, str)) else getattr(given, "run_id", None) or given.id)


def order_of(given: Mapping[str, Any]) -> dict[str, Any]:
    order = {name: value for name, value in given.items() if value is not None}
    if "trend" in order:
        order["trend"] = id_of(order["trend"])
    feed = order.get("feed")
    if feed is not None:
        place = os.fspath(feed)
        order["feed"] = place if "://" in place else os.path.abspath(place)
    return order
