"""What the tests share: an engine in memory that is silent, offline and quick, and a feed on disk."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import orion

SCRIPT = "Python speaks to Orion.\n\nThree lines make a video.\n\nFollow for more."
QUICK: dict[str, Any] = {"quality": "draft", "fps": 24, "format": "1:1"}

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour News</title>
<item><title>The old harbour bridge opens again after ten years</title><link>https://example.org/bridge</link>
<description>The harbour bridge opened again on Monday. It was closed for ten years. Engineers replaced 1,200 rivets and
painted 40 tonnes of steel. The city paid 12 million euros for the work. Ships pass below it at 14 metres.</description></item>
<item><title>A library for tools lends drills and ladders</title><link>https://example.org/library</link>
<description>A library in the old town lends tools. It has 900 drills, saws and ladders. Members pay 2 euros a month.
More than 3,000 people have joined since March. Repairs are free on Saturdays.</description></item>
</channel></rss>"""


@pytest.fixture()
def options(tmp_path: pathlib.Path) -> dict[str, Any]:
    """Settings of an engine that needs nothing."""
    return {
        "store": "memory:",
        "blobs": "memory:",
        "voice": "silent:",
        "offline": True,
        "data_dir": tmp_path / "data",
        "settings": {"publish.folder_root": str(tmp_path / "published")},
    }


@pytest.fixture()
def app(options: dict[str, Any]) -> Iterator[orion.Orion]:
    with orion.Orion(**options) as app:
        yield app


@pytest.fixture()
def feed(tmp_path: pathlib.Path) -> pathlib.Path:
    place = tmp_path / "feed.xml"
    place.write_text(FEED)
    return place


@pytest.fixture()
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine in an event loop of its own, for at most two minutes."""
    return lambda work: asyncio.run(asyncio.wait_for(work, 120))
