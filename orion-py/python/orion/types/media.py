"""Files: videos with their reports, pictures, sounds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from .record import Field, Record, list_of, maybe, media_time, moment
from .runs import Step


class Word(Record):
    """A word and when it is spoken."""

    text = Field(str)
    start = Field(media_time)
    end = Field(media_time)


class File(Record):
    """A picture or a sound that was made."""

    path = Field(Path)
    media_type = Field(maybe(str))
    provider = Field(str)
    seconds = Field(maybe(float))
    words = Field(list_of(Word))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return _media(self.path, self.media_type)


class Transcript(Record):
    """What is said in a sound. A platform tells no word times."""

    text = Field(str)
    language = Field(str)
    provider = Field(str)
    words = Field(list_of(Word))


class Check(Record):
    """One check of a finished file."""

    name = Field(str)
    passed = Field(bool)
    found = Field(str)
    expected = Field(str)


class Report(Record):
    """How a video came about: steps, times, costs, hashes."""

    run_id = Field(UUID)
    content_id = Field(UUID)
    title = Field(str)
    status = Field(str)
    attempts = Field(int)
    encoder = Field(str)
    notes = Field(list_of(str))
    created_at = Field(moment)

    @property
    def cost(self) -> Decimal:
        """What it cost in all."""
        return Decimal(str(self._data["cost_usd"]))

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self._data["video"]["width"])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self._data["video"]["height"])

    @property
    def duration(self) -> timedelta:
        """Length of the video."""
        return media_time(self._data["video"]["duration"])

    @property
    def seconds_by_stage(self) -> dict[str, float]:
        """Seconds of work by stage."""
        return dict(self._data["seconds_by_stage"])

    @property
    def steps(self) -> list[Step]:
        """Every step."""
        return [Step(step | {"cost": round(step["cost_usd"] * 1e6), "error": None}) for step in self._data["steps"]]

    @property
    def checks(self) -> list[Check]:
        """The checks of the file."""
        return [Check(check) for check in self._data["validation"]["checks"]]


class Video(Record):
    """A finished video and the files beside it. In a notebook it shows itself."""

    title = Field(str)
    run_id = Field(UUID)
    content_id = Field(UUID)
    folder = Field(Path)
    path = Field(Path, "video")
    thumbnail = Field(maybe(Path))
    captions = Field(list_of(Path))
    script = Field(maybe(Path))

    @property
    def thumbnails(self) -> list[Path]:
        """Thumbnails in the shapes of the platforms, several of each, the best first. A platform gives none."""
        return [Path(place) for place in self._data.get("thumbnails") or []]

    @property
    def report(self) -> Report:
        """How it came about. A platform gives no report."""
        path = self._data.get("report")
        if path is None:
            from ..errors import UnsupportedError

            raise UnsupportedError("a platform gives no report of a run", hint="see its events and costs")
        return Report(Path(path).read_bytes())

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return _media(self.path, "video/mp4")

    def _repr_html_(self) -> str:
        return str(_media(self.path, "video/mp4").get("text/html", repr(self)))


#: No file larger than this is put into a notebook.
MOST_EMBEDDED = 32 * 1024 * 1024


def _media(path: Path, media_type: str | None) -> dict[str, Any]:
    """A file as a notebook shows it: within the page, so that the page can be sent on."""
    import base64
    from html import escape

    shown: dict[str, Any] = {"text/plain": str(path)}
    kind = (media_type or "").partition("/")[0]
    if kind not in ("video", "audio", "image") or not path.exists() or path.stat().st_size > MOST_EMBEDDED:
        return shown
    data = f"data:{media_type};base64,{base64.b64encode(path.read_bytes()).decode()}"
    if kind == "image":
        shown["text/html"] = f'<img style="max-height:480px" alt="{escape(path.name, quote=True)}" src="{data}">'
    else:
        shown["text/html"] = f'<{kind} controls style="max-height:480px" src="{data}"></{kind}>'
    return shown
