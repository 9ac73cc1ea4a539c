"""Where videos go, and what came of it."""

from __future__ import annotations

from uuid import UUID

from .record import Field, Record, list_of, maybe, moment


class Account(Record):
    """An account at a place to publish. What opens it is shown to nobody."""

    id = Field(UUID)
    platform = Field(str)
    name = Field(str)
    active = Field(bool)
    created_at = Field(moment)


class Post(Record):
    """What came of publishing at one place."""

    platform = Field(str)
    status = Field(str)
    post_id = Field(maybe(str), "platform_post_id")
    error = Field(maybe(str))


class Publishing(Record):
    """What came of publishing."""

    content_id = Field(UUID)
    posts = Field(list_of(Post), "results")
    published_at = Field(maybe(moment))


class Publication(Record):
    """One attempt to put one file on one platform."""

    id = Field(UUID)
    content_id = Field(UUID)
    platform = Field(str)
    state = Field(str)
    post_id = Field(maybe(str))
    error = Field(maybe(str))
    created_at = Field(moment)
    published_at = Field(maybe(moment))
