"""The exceptions of the package, all under one base.

Where Python has a class of its own for what went wrong, the exception is of that class too: a missing file is a
`FileNotFoundError`, a refused value a `ValueError`, a deadline a `TimeoutError`.

Examples
--------
>>> import orion
>>> issubclass(orion.InvalidError, ValueError) and issubclass(orion.InvalidError, orion.Error)
True
"""

from __future__ import annotations

__all__ = [
    "AlreadyExistsError",
    "CancelledError",
    "ConflictError",
    "CorruptError",
    "DeadlineError",
    "Error",
    "ExhaustedError",
    "ForbiddenError",
    "InvalidError",
    "MissingFileError",
    "NotFoundError",
    "RateLimitedError",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedError",
    "UnsupportedError",
]


class Error(Exception):
    """What went wrong.

    Parameters
    ----------
    message
        One line, without a full stop.
    hint
        The next step for who reads it.
    retry_after
        Seconds after which another try may succeed, where somebody said so.

    Attributes
    ----------
    kind : str
        The kind in one word: ``"not_found"``.
    context : dict[str, str]
        What helps to find the fault, by name.
    """

    kind: str = "unexpected"

    def __init__(self, message: str = "", *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after = retry_after
        self.context: dict[str, str] = {}

    def __str__(self) -> str:
        pairs = ", ".join(f"{name}: {value}" for name, value in self.context.items())
        text = f"{self.message} ({pairs})" if pairs else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text


class InvalidError(Error, ValueError):
    """The input is wrong; the same input will always fail."""

    kind = "invalid"


class NotFoundError(Error, LookupError):
    """The thing named does not exist."""

    kind = "not_found"


class MissingFileError(NotFoundError, FileNotFoundError):
    """A file does not exist."""

    __str__ = Error.__str__


class ConflictError(Error):
    """Not possible in the present state, or somebody else was faster."""

    kind = "conflict"


class AlreadyExistsError(ConflictError):
    """A thing of this name or identity exists already."""

    kind = "already_exists"


class UnauthorizedError(Error, PermissionError):
    """Nobody is signed in, or a credential was refused."""

    kind = "unauthorized"
    __str__ = Error.__str__


class ForbiddenError(Error, PermissionError):
    """Not allowed; also an address that must not be fetched, and a place that must not be written."""

    kind = "forbidden"
    __str__ = Error.__str__


class UnsupportedError(Error, NotImplementedError):
    """This part does not offer that."""

    kind = "unsupported"


class UnavailableError(Error):
    """A part is not installed, not running or not reachable."""

    kind = "unavailable"


class DeadlineError(UnavailableError, TimeoutError):
    """It took longer than its deadline."""

    kind = "timeout"
    __str__ = Error.__str__


class RateLimitedError(UnavailableError):
    """Asked to slow down."""

    kind = "rate_limited"


class ExhaustedError(Error):
    """A limit was reached: disk, memory, size."""

    kind = "exhausted"


class CancelledError(Error):
    """Stopped on request. What is done is kept, and the run can go on."""

    kind = "cancelled"


class CorruptError(Error):
    """Stored or received data does not make sense."""

    kind = "corrupt"


class UnexpectedError(Error, RuntimeError):
    """None of the others: most likely a fault of Orion's own."""

    kind = "unexpected"


_CLASSES: dict[str, type[Error]] = {
    cls.kind: cls
    for cls in (
        InvalidError,
        NotFoundError,
        ConflictError,
        AlreadyExistsError,
        UnauthorizedError,
        ForbiddenError,
        UnsupportedError,
        UnavailableError,
        DeadlineError,
        RateLimitedError,
        ExhaustedError,
        CancelledError,
        CorruptError,
        UnexpectedError,
    )
}


def made(
    kind: str,
    message: str,
    context: list[tuple[str, str]],
    hint: str | None,
    retry_after: float | None,
    raised: BaseException | None,
    causes: list[str],
) -> Error:
    """The exception of an error of the engine; the native part calls it."""
    cls = _CLASSES.get(kind, UnexpectedError)
    names = {name for name, _ in context}
    if cls is NotFoundError and names & {"file", "path", "feed"}:
        cls = MissingFileError
    if hint and ("program", "ffmpeg") in context:
        hint += ", or pip install imageio-ffmpeg"
    error = cls(message, hint=hint, retry_after=retry_after)
    error.context = dict(context)
    cause = raised
    for text in reversed(causes):
        outer = Error(text)
        outer.__cause__ = cause
        # What a Python object raised stands right behind the error: it is what people look for.
        cause = raised or outer
    error.__cause__ = cause
    return error


def read(raised: BaseException) -> tuple[str, str, str | None, float | None]:
    """What an exception means to the engine: kind, message, hint, and when to try again."""
    text = str(raised) or type(raised).__name__
    if isinstance(raised, Error):
        return raised.kind, raised.message or type(raised).__name__, raised.hint, raised.retry_after
    message = f"{type(raised).__name__}: {text}"
    if isinstance(raised, TimeoutError):
        return "timeout", message, None, None
    if isinstance(raised, ConnectionError):
        return "unavailable", message, None, None
    if isinstance(raised, PermissionError):
        return "forbidden", message, None, None
    if isinstance(raised, FileNotFoundError):
        return "not_found", message, None, None
    if isinstance(raised, NotImplementedError):
        return "unsupported", message, None, None
    if isinstance(raised, MemoryError):
        return "exhausted", message, None, None
    # An `asyncio.CancelledError` without importing asyncio, which takes longer than all of this package.
    if type(raised).__name__ == "CancelledError":
        return "cancelled", "stopped on request", None, None
    return "unexpected", message, None, None
