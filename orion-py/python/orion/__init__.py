"""Orion in Python: from a feed, a page or your own words to a finished short video.

>>> import orion
>>> video = orion.create(feed="feed.xml", out="my-video")
>>> video.video
'my-video/video.mp4'
"""

from ._orion import (
    CancelledError,
    ConflictError,
    Error,
    ExhaustedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    Video,
    __version__,
    create,
)

__all__ = [
    "CancelledError",
    "ConflictError",
    "Error",
    "ExhaustedError",
    "InvalidError",
    "NotFoundError",
    "UnavailableError",
    "Video",
    "__version__",
    "create",
]
