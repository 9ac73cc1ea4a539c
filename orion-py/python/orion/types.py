"""What the engine gives: typed, read-only objects over the engine's own JSON.

An object reads its JSON when it is first looked at, so a call costs what the call costs. Every identifier is a
`uuid.UUID`, every moment an aware `datetime.datetime`, every path a `pathlib.Path`, and money is a
`decimal.Decimal` in US dollars. What a platform does not tell is ``None``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

__all__ = [
    "Account",
    "Asset",
    "Attempt",
    "Check",
    "Content",
    "Critique",
    "DayCosts",
    "Event",
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
    "StageMetrics",
    "Step",
    "Trend",
    "User",
    "Video",
    "Voice",
    "Word",
]

T = TypeVar("T")


class Record:
    """The base of what the engine gives. Two records of the same content are equal; `as_dict` gives plain data."""

    __slots__ = ("_json", "_raw")

    def __init__(self, raw: bytes | dict[str, Any]) -> None:
        if isinstance(raw, bytes):
            self._json: bytes | None = raw
            self._raw: dict[str, Any] | None = None
        else:
            self._json, self._raw = None, raw

    @property
    def _data(self) -> dict[str, Any]:
        raw = self._raw
        if raw is None:
            raw = json.loads(self._json or b"{}")
            self._raw = raw
        return raw  # type: ignore[return-value]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, as JSON has it."""
        return json.loads(json.dumps(self._data))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._data == other._data  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), json.dumps(self._data, sort_keys=True)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._data,)

    def _shown(self) -> Iterator[tuple[str, Any]]:
        for name in vars(type(self)):
            if isinstance(vars(type(self))[name], Field):
                yield name, getattr(self, name)

    def __repr__(self) -> str:
        parts = (f"{name}={_short(value)}" for name, value in self._shown() if value is not None and value != [])
        return f"{type(self).__name__}({', '.join(parts)})"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        yield from self._shown()

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(_short(value))}</td></tr>"
            for name, value in self._shown()
            if value is not None and value != []
        )
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"


def _short(value: object) -> str:
    text = str(value) if isinstance(value, (UUID, datetime, Decimal, Path)) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Field(Generic[T]):
    """One field of a record, converted when it is read."""

    __slots__ = ("_convert", "_name")

    def __init__(self, convert: Callable[[Any], T], name: str | None = None) -> None:
        self._convert, self._name = convert, name or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = self._name or name

    @overload
    def __get__(self, record: None, owner: type) -> Field[T]: ...
    @overload
    def __get__(self, record: Record, owner: type) -> T: ...
    def __get__(self, record: Record | None, owner: type) -> Field[T] | T:
        if record is None:
            return self
        return self._convert(record._data.get(self._name))

    def __set__(self, record: Record, value: object) -> None:
        raise AttributeError(f"{type(record).__name__}.{self._name} is read-only")


def _maybe(convert: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else convert(value)


def _list(convert: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    return lambda value: [convert(item) for item in value or ()]


def _moment(value: str) -> datetime:
    # Python 3.10 reads neither "Z" nor fractions of other than three or six digits.
    text = value.replace("Z", "+00:00")
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: len(rest) - 6]
        text = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits):]}"
    return datetime.fromisoformat(text)


def _money(micros: int | None) -> Decimal:
    return Decimal(micros or 0).scaleb(-6)


def _media_time(micros: int) -> timedelta:
    return timedelta(microseconds=micros)



class FeedItem(Record):
    """One item of a feed."""

    title = Field(str)
    url = Field(_maybe(str))
    summary = Field(_maybe(str))
    feed_title = Field(_maybe(str))
    author = Field(_maybe(str))
    published_at = Field(_maybe(_moment))


class Trend(Record):
    """A topic that many talk about."""

    id = Field(UUID)
    topic = Field(str)
    score = Field(float)
    status = Field(str)
    sources = Field(_list(str))
    niche = Field(_maybe(str))
    keywords = Field(_list(str))
    items = Field(_list(FeedItem))
    detected_at = Field(_moment)
    expired_at = Field(_maybe(_moment))


class Scan(Record):
    """What a scan found."""

    found = Field(int)
    saved = Field(int)
    used = Field(_maybe(int))
    trends = Field(_list(Trend))
    problems = Field(_list(str))


class Line(Record):
    """One spoken line of a script; it becomes one scene."""

    role = Field(str)
    text = Field(str)
    visual_cue = Field(str)
    sources = Field(_list(int))


class Script(Record):
    """A script: hook, body, call to action."""

    title = Field(str)
    language = Field(_maybe(str))
    author = Field(_maybe(str))
    lines = Field(_list(Line))

    @property
    def text(self) -> str:
        """Everything that is spoken."""
        return " ".join(line.text for line in self.lines)


class Scene(Record):
    """What one scene shows."""

    number = Field(int, "scene_number")
    description = Field(str)
    style = Field(str)
    camera_angle = Field(str)
    mood = Field(str)
    negative_prompt = Field(str)


class Critique(Record):
    """How good a script is, 0 to 1 each, and what to do better."""

    hook = Field(float)
    value = Field(float)
    call_to_action = Field(float)
    feedback = Field(str)

    @property
    def confidence(self) -> float:
        """``0.40 hook + 0.35 value + 0.25 call to action``."""
        return round(0.40 * self.hook + 0.35 * self.value + 0.25 * self.call_to_action, 3)


class Content(Record):
    """One piece of content on its way from trend to published."""

    id = Field(UUID)
    title = Field(str)
    status = Field(str)
    platform = Field(str)
    niche = Field(_maybe(str))
    trend_id = Field(_maybe(UUID))
    owner = Field(_maybe(UUID))
    script = Field(_maybe(Script))
    critique = Field(_maybe(Critique))
    regeneration_count = Field(int)
    feedback = Field(_list(str))
    created_at = Field(_moment)
    updated_at = Field(_moment)
    published_at = Field(_maybe(_moment))

    @property
    def scenes(self) -> list[Scene]:
        """What the scenes show, once they are planned."""
        plan = self._data.get("scenes")
        return [Scene(scene) for scene in plan["prompts"]] if plan else []

    @property
    def confidence(self) -> float | None:
        """What the critic thinks of the script, 0 to 1."""
        known = self._data.get("confidence")
        if known is not None:
            return float(known)
        return self.critique.confidence if self.critique else None


class Run(Record):
    """One run, from trend to reviewed video."""

    id = Field(UUID)
    content_id = Field(UUID)
    owner = Field(_maybe(UUID))
    gates = Field(_list(str))
    feedback = Field(_list(str))
    attempts = Field(int)
    created_at = Field(_moment)
    started_at = Field(_maybe(_moment))
    finished_at = Field(_maybe(_moment))

    @property
    def state(self) -> str:
        """``pending``, ``running``, ``waiting``, ``completed``, ``failed``, ``rejected`` or ``cancelled``."""
        return str(self._data["state"]["state"])

    @property
    def stage(self) -> str | None:
        """The stage that it is in, or where it stopped."""
        return self._data["state"].get("stage")

    @property
    def gate(self) -> str | None:
        """The gate where it waits for a person, or was refused."""
        return self._data["state"].get("gate")

    @property
    def reason(self) -> str | None:
        """Why it failed."""
        return self._data["state"].get("reason")

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from super()._shown()
        yield from (("state", self.state), ("stage", self.stage), ("gate", self.gate), ("reason", self.reason))


class Provider(Record):
    """Who provides a capability."""

    name = Field(str)
    model = Field(str)
    side = Field(str)

    def __str__(self) -> str:
        return f"{self.name}/{self.model}" if self.model else self.name


class Attempt(Record):
    """An attempt that failed before another provider served."""

    provider = Field(Provider)
    error = Field(str)


class Step(Record):
    """One journaled step of a run: what was done, by whom, and what it cost."""

    key = Field(str)
    state = Field(str)
    provider = Field(_maybe(str))
    served_by = Field(_maybe(Provider))
    after = Field(_list(Attempt))
    attempts = Field(int)
    cost = Field(_money)
    error = Field(_maybe(str))
    started_at = Field(_moment)
    finished_at = Field(_maybe(_moment))


class Question(Record):
    """What a run that waits asks a person. `subject` is the hash of exactly what is shown."""

    run_id = Field(UUID)
    content_id = Field(UUID)
    gate = Field(str)
    subject = Field(str)
    state = Field(str)
    created_at = Field(_maybe(_moment))
    expires_at = Field(_moment)


class Asset(Record):
    """One file of a piece of content."""

    id = Field(UUID)
    content_id = Field(UUID)
    kind = Field(str)
    provider = Field(str)
    created_at = Field(_moment)

    @property
    def length(self) -> int:
        """Length in bytes."""
        return int(self._data["blob"]["length"])

    @property
    def media_type(self) -> str | None:
        """Media type, such as ``image/png``."""
        return self._data["blob"]["media_type"]

    @property
    def metadata(self) -> dict[str, Any]:
        """What else is known of it: width, height, duration, credit."""
        return dict(self._data.get("metadata") or {})


class Word(Record):
    """A word and when it is spoken."""

    text = Field(str)
    start = Field(_media_time)
    end = Field(_media_time)


class File(Record):
    """A picture or a sound that was made."""

    path = Field(Path)
    media_type = Field(_maybe(str))
    provider = Field(str)
    seconds = Field(_maybe(float))
    words = Field(_list(Word))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return _media(self.path, self.media_type)


class Progress(Record):
    """How far a stage of a run is."""

    stage = Field(str)
    status = Field(str)
    done = Field(int)
    total = Field(int)
    unit = Field(str)
    message = Field(_maybe(str))
    seconds_left = Field(_maybe(float), "time_left")
    reused = Field(bool)

    @property
    def fraction(self) -> float | None:
        """Share of the stage that is done, 0 to 1; ``None`` where the whole is not known."""
        return self.done / self.total if self.total else None


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
    notes = Field(_list(str))
    created_at = Field(_moment)

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
        return _media_time(self._data["video"]["duration"])

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
    thumbnail = Field(_maybe(Path))
    captions = Field(_list(Path))
    script = Field(_maybe(Path))

    @property
    def report(self) -> Report:
        """How it came about. A platform gives no report."""
        path = self._data.get("report")
        if path is None:
            from .errors import UnsupportedError

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


class Event(Record):
    """Something that happened. `cursor` is its place: give it to `events` to go on behind it."""

    id = Field(UUID)
    cursor = Field(str)
    channel = Field(str)
    at = Field(_moment)
    content_id = Field(_maybe(UUID))

    @property
    def payload(self) -> dict[str, Any]:
        """Its own fields, as other clients see them."""
        return dict(self._data["payload"])


class Spending(Record):
    """What was spent, in US dollars."""

    total = Field(_money)
    records = Field(_maybe(int))

    @property
    def by_category(self) -> dict[str, Decimal]:
        """By what was bought."""
        return {name: _money(amount) for name, amount in self._data["by_category"].items()}


class DayCosts(Record):
    """What one day cost."""

    date = Field(str)
    spending = Field(Spending)


class ProviderCosts(Record):
    """What one provider was paid."""

    provider = Field(str)
    spending = Field(Spending)


class Projection(Record):
    """What a period will cost if things go on like this."""

    period = Field(str)
    current = Field(_money)
    projected = Field(_money)
    change = Field(str)


class StageMetrics(Record):
    """How well one stage does."""

    stage = Field(str)
    runs = Field(int)
    completed = Field(int)
    failed = Field(int)
    seconds = Field(float)


class Metrics(Record):
    """How well runs do."""

    videos_per_hour = Field(float)
    error_rate = Field(float)
    stages = Field(_list(StageMetrics))


class Funnel(Record):
    """How far content came."""

    generated = Field(int)
    review = Field(int)
    approved = Field(int)
    published = Field(int)
    rejected = Field(int)


class Service(Record):
    """A capability: who provides it, and who serves in which order."""

    service = Field(str)
    policy = Field(_maybe(str))
    providers = Field(_list(Provider))
    order = Field(_list(Provider))


class Voice(Record):
    """A voice that can be chosen."""

    id = Field(str)
    name = Field(str)
    language = Field(str)
    licence = Field(str)
    installed = Field(bool)


class Account(Record):
    """An account at a place to publish. What opens it is shown to nobody."""

    id = Field(UUID)
    platform = Field(str)
    name = Field(str)
    active = Field(bool)
    created_at = Field(_moment)


class Post(Record):
    """What came of publishing at one place."""

    platform = Field(str)
    status = Field(str)
    post_id = Field(_maybe(str), "platform_post_id")
    error = Field(_maybe(str))


class Publishing(Record):
    """What came of publishing."""

    content_id = Field(UUID)
    posts = Field(_list(Post), "results")
    published_at = Field(_maybe(_moment))


class Publication(Record):
    """One attempt to put one file on one platform."""

    id = Field(UUID)
    content_id = Field(UUID)
    platform = Field(str)
    state = Field(str)
    post_id = Field(_maybe(str))
    error = Field(_maybe(str))
    created_at = Field(_moment)
    published_at = Field(_maybe(_moment))


class User(Record):
    """Somebody who uses the installation."""

    id = Field(UUID)
    email = Field(str)
    name = Field(str)
    role = Field(str)
    active = Field(bool)
    created_at = Field(_moment)
    last_login_at = Field(_maybe(_moment))


def records(cls: Callable[[dict[str, Any]], T], answer: bytes) -> list[T]:
    """Records of an answer that is a list."""
    return [cls(item) for item in json.loads(answer)]
