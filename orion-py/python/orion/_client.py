"""How calls reach the native part, once for threads and once for event loops."""

from __future__ import annotations

import atexit
import json
import os
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from . import _orion
from .errors import ConflictError
from .types import Progress, Video

if TYPE_CHECKING:
    import asyncio

    from typing_extensions import Self

#: Seconds that work which was stopped has to write down how it stands.
LAST_WORDS = 10.0

#: Clients of before a fork: their threads did not come along, so they are kept and never touched again.
_left_behind: list[object] = []


class Connection:
    """A native client, opened when it is first needed, and opened anew in a process that was forked off."""

    def __init__(self, opened: Callable[[], _orion.Client], *, again: bool = True) -> None:
        self._opened, self._again = opened, again
        #: The open client; none before the first use, after a fork, and once this is closed.
        self.client: _orion.Client | None = None
        self._closed = self._left = False

    def open(self) -> _orion.Client:
        """The client, opened if it is not; a closed one stays closed."""
        if self.client is not None:
            return self.client
        if self._closed:
            raise ConflictError("this is closed", hint="make another one")
        if self._left and not self._again:
            raise ConflictError(
                "a record in memory stays in the process that made it", hint="use a store on disk: store='sqlite:orion.db'"
            )
        self.client = self._opened()
        _open.add(self)
        return self.client

    def leave_behind(self) -> None:
        """In a process that was forked off: the client is left alone."""
        if self.client is not None:
            _left_behind.append(self.client)
            self.client, self._left = None, True

    def close(self) -> None:
        """Stops everything that goes on. A second time does nothing."""
        client, self.client, self._closed = self.client, None, True
        if client is not None:
            client.close()


#: What is to be closed before the interpreter ends: its threads must not call into one that is going away.
_open: weakref.WeakSet[Connection] = weakref.WeakSet()


@atexit.register
def _at_exit() -> None:
    for connection in list(_open):
        connection.close()


def _after_fork() -> None:
    for connection in list(_open):
        connection.leave_behind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _progress(task: _orion.Task) -> list[Progress]:
    return [Progress(update) for update in json.loads(task.updates())]


class Job:
    """A video that is being made. Iterate over it for its progress; `result` gives the video.

    Leaving its ``with`` block before it is done stops it.
    """

    def __init__(self, task: _orion.Task) -> None:
        self._task = task

    def __iter__(self) -> Iterator[Progress]:
        done = False
        while not done:
            done = self._task.wait()
            yield from _progress(self._task)

    def cancel(self) -> None:
        """Stops it; what is done is kept."""
        self._task.cancel()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    def result(self) -> Video:
        """The video, once it is made."""
        return Video(wait(self._task, None))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self._task)


class AsyncJob:
    """A video that is being made. Iterate over it for its progress; await it, or its `result`, for the video."""

    def __init__(self, task: _orion.Task) -> None:
        self._task = task

    async def __aiter__(self) -> AsyncIterator[Progress]:
        changed = _bell(self._task)
        done = False
        while not done:
            await changed.wait()
            changed.clear()
            done = self._task.done()
            for update in _progress(self._task):
                yield update

    def cancel(self) -> None:
        """Stops it; what is done is kept."""
        self._task.cancel()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def result(self) -> Video:
        """The video, once it is made."""
        return Video(await wait_async(self._task, None))

    def __await__(self) -> Any:
        return self.result().__await__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._task.done():
            self._task.cancel()
            await _last_words(self._task, _bell(self._task))


def _stop(task: _orion.Task) -> None:
    """Stops work, and waits until it has written down how it stands."""
    task.cancel()
    until = time.monotonic() + LAST_WORDS
    while not task.wait(max(until - time.monotonic(), 0.0)) and time.monotonic() < until:
        task.updates()


def wait(task: _orion.Task, progress: Callable[[Progress], object] | None) -> bytes:
    """Waits in this thread, with the interpreter free; `progress` is called in this thread, too."""
    try:
        done = False
        while not done:
            done = task.wait()
            updates = task.updates()
            if progress is not None:
                for update in json.loads(updates):
                    progress(Progress(update))
        return task.result()
    except BaseException:
        _stop(task)
        raise


def _bell(task: _orion.Task) -> asyncio.Event:
    """Rings in the running event loop when a task has something new."""
    import asyncio

    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def ring() -> None:
        try:
            loop.call_soon_threadsafe(changed.set)
        except RuntimeError:  # The loop is closed: nobody listens any more.
            pass

    task.on_change(ring)
    return changed


async def _last_words(task: _orion.Task, changed: asyncio.Event) -> None:
    """Waits until work that was stopped has written down how it stands."""
    import asyncio

    try:
        while not task.done():
            task.updates()
            await asyncio.wait_for(changed.wait(), LAST_WORDS)
            changed.clear()
    except (TimeoutError, asyncio.TimeoutError):
        pass


async def wait_async(
    task: _orion.Task, progress: Callable[[Progress], object | Awaitable[object]] | None
) -> bytes:
    """Waits in the running event loop. Whoever cancels the wait cancels the work."""
    changed = _bell(task)
    try:
        while True:
            await changed.wait()
            changed.clear()
            done = task.done()
            updates = task.updates()
            if progress is not None:
                for update in json.loads(updates):
                    told = progress(Progress(update))
                    if hasattr(told, "__await__"):
                        await cast("Awaitable[object]", told)
            if done:
                return task.result()
    except BaseException:
        if not task.done():
            task.cancel()
            await _last_words(task, changed)
        raise


class SyncBase:
    """What `Orion` stands on."""

    def __init__(self, connection: Connection, user: UUID | None = None) -> None:
        self._connection, self._user = connection, None if user is None else str(user)
        connection.open()

    def _call(self, call: str, **parameters: Any) -> bytes:
        connection = self._connection
        return (connection.client or connection.open()).call(call, parameters, self._user)

    def _work(self, call: str, progress: Callable[[Progress], object] | None, **parameters: Any) -> bytes:
        return wait(self._connection.open().start(call, parameters, self._user), progress)

    def _begin(self, call: str, **parameters: Any) -> Job:
        return Job(self._connection.open().start(call, parameters, self._user))

    def close(self) -> None:
        """Stops everything that goes on, and ends. What is not done can go on later."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncBase:
    """What `AsyncOrion` stands on."""

    def __init__(self, connection: Connection, user: UUID | None = None) -> None:
        self._connection, self._user = connection, None if user is None else str(user)

    async def _client(self) -> _orion.Client:
        import asyncio

        connection = self._connection
        return connection.client or await asyncio.to_thread(connection.open)

    async def _call(self, call: str, **parameters: Any) -> bytes:
        return await self._work(call, None, **parameters)

    async def _work(
        self, call: str, progress: Callable[[Progress], object | Awaitable[object]] | None, **parameters: Any
    ) -> bytes:
        client = await self._client()
        return await wait_async(client.start(call, parameters, self._user), progress)

    async def _begin(self, call: str, **parameters: Any) -> AsyncJob:
        client = await self._client()
        return AsyncJob(client.start(call, parameters, self._user))

    async def close(self) -> None:
        """Stops everything that goes on, and ends. What is not done can go on later."""
        import asyncio

        await asyncio.to_thread(self._connection.close)

    async def __aenter__(self) -> Self:
        await self._client()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
