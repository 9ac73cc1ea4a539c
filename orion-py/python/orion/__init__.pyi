from collections.abc import Callable
from os import PathLike
from typing import Any

__version__: str

class Error(Exception):
    """What went wrong. `kind` names it in one word, `hint` is the next step, if there is one."""

    kind: str
    hint: str | None

class InvalidError(Error): ...
class NotFoundError(Error): ...
class ConflictError(Error): ...
class UnavailableError(Error): ...
class ExhaustedError(Error): ...
class CancelledError(Error): ...

class Video:
    """A finished video and the files beside it; all paths are absolute or relative as `out` was."""

    @property
    def folder(self) -> str: ...
    @property
    def video(self) -> str: ...
    @property
    def thumbnail(self) -> str: ...
    @property
    def captions(self) -> list[str]: ...
    @property
    def script(self) -> str: ...
    @property
    def report(self) -> dict[str, Any]: ...

def create(
    *,
    feed: str | None = None,
    url: str | None = None,
    topic: str | None = None,
    text: str | None = None,
    script: str | None = None,
    out: str | PathLike[str],
    seconds: int = 45,
    niche: str | None = None,
    voice: str | None = None,
    silent: bool = False,
    captions: str = "tiktok",
    format: str = "9:16",
    quality: str = "standard",
    seed: int = 0,
    offline: bool = False,
    data_dir: str | PathLike[str] | None = None,
    feeds: list[str] | None = None,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> Video:
    """Makes one video of exactly one subject and writes it, with everything beside it, into the folder `out`.

    Blocks without holding the interpreter lock; Ctrl-C stops it cleanly with `KeyboardInterrupt`.
    `progress` is called with a dictionary (`stage`, `status`, `done`, `total`, `unit`, …) from another thread.
    """
