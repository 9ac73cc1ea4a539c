"""What is made: content with its script and scenes, its files, and what it waits for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from .record import Field, Record, list_of, maybe, moment


class Line(Record):
    """One spoken line of a script; it becomes one scene."""

    role = Field(str)
    text = Field(str)
    visual_cue = Field(str)
    sources = Field(list_of(int))


class Script(Record):
    """A script: hook, body, call to action."""

    title = Field(str)
    language = Field(maybe(str))
    author = Field(maybe(str))
    lines = Field(list_of(Line))

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
    niche = Field(maybe(str))
    trend_id = Field(maybe(UUID))
    owner = Field(maybe(UUID))
    script = Field(maybe(Script))
    critique = Field(maybe(Critique))
    regeneration_count = Field(int)
    feedback = Field(list_of(str))
    created_at = Field(moment)
    updated_at = Field(moment)
    published_at = Field(maybe(moment))

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


class Asset(Record):
    """One file of a piece of content."""

    id = Field(UUID)
    content_id = Field(UUID)
    kind = Field(str)
    provider = Field(str)
    created_at = Field(moment)

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


class Question(Record):
    """What a run that waits asks a person. `subject` is the hash of exactly what is shown."""

    run_id = Field(UUID)
    content_id = Field(UUID)
    gate = Field(str)
    subject = Field(str)
    state = Field(str)
    created_at = Field(maybe(moment))
    expires_at = Field(moment)
