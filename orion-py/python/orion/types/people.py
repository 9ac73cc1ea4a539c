"""Who uses an installation, and what happens there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from .record import Field, Record, maybe, moment


class User(Record):
    """Somebody who uses the installation."""

    id = Field(UUID)
    email = Field(str)
    name = Field(str)
    role = Field(str)
    active = Field(bool)
    created_at = Field(moment)
    last_login_at = Field(maybe(moment))


class Event(Record):
    """Something that happened. `cursor` is its place: give it to `events` to go on behind it."""

    id = Field(UUID)
    cursor = Field(str)
    channel = Field(str)
    at = Field(moment)
    content_id = Field(maybe(UUID))

    @property
    def payload(self) -> dict[str, Any]:
        """Its own fields, as other clients see them."""
        return dict(self._data["payload"])
