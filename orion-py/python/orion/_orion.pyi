"""The native part. `orion-py/tools/stubs.py` checks that this file and the module agree."""

from collections.abc import Callable
from typing import Any, final

__all__ = ["Client", "Done", "Task", "__version__", "command"]

__version__: str

def command(arguments: list[str]) -> int:
    """Runs the command line of the program with these arguments, the first of which is its name, and gives the exit code."""

@final
class Client:
    """An engine in this process, or a platform elsewhere."""

    @staticmethod
    def open_engine(options: dict[str, Any], own: list[tuple[str, str, object]]) -> Client:
        """Opens an engine; `own` are providers written in Python, each with its capability and its address."""
    @staticmethod
    def connect(options: dict[str, Any]) -> Client:
        """Reaches a platform."""
    def call(self, call: str, parameters: dict[str, Any], user: str | None = None) -> bytes:
        """Makes a call and waits for its answer, with the interpreter free."""
    def start(self, call: str, parameters: dict[str, Any], user: str | None = None) -> Task:
        """Begins a call that goes on in the background."""
    def close(self) -> None:
        """Stops everything that goes on, lets it write down how it stands, and ends."""

@final
class Task:
    """Work that goes on in the background."""

    def cancel(self) -> None:
        """Stops the work; it ends soon after."""
    def wait(self, seconds: float | None = None) -> bool:
        """Waits until there is something new, at most so many seconds, and tells whether the work has ended."""
    def done(self) -> bool:
        """Whether the work has ended. Never waits."""
    def updates(self) -> bytes:
        """What was reported since the last look, as a JSON array. Never waits."""
    def result(self) -> bytes:
        """The outcome of work that has ended, as JSON."""
    def on_change(self, listener: Callable[[], object]) -> None:
        """Has a function called, from another thread and without arguments, when there is something new; once until
        `updates` is called."""

@final
class Done:
    """Takes the answer of a Python object, once."""

    def __call__(self, json: bytes, bytes: list[bytes], raised: BaseException | None = None) -> None:
        """The answer, or what was raised."""
