"""`AsyncOrion`: the engine, or a platform, for programs with an event loop.

The folder `orion/sync` is made from this one by `orion-py/tools/twins.py`: edit here, and run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from .. import _open
from .._client import AsyncBase
from .._given import PathLike, id_of
from .alone import AsyncAloneCalls
from .deciding import AsyncDecidingCalls
from .looking import AsyncLookingCalls
from .making import AsyncMakingCalls
from .numbers import AsyncNumbersCalls
from .people import AsyncPeopleCalls
from .publishing import AsyncPublishingCalls
from .serving import AsyncServingCalls

if TYPE_CHECKING:
    from ..providers import (
        ClipGenerator,
        ImageGenerator,
        LanguageModel,
        SocialPlatform,
        SpeechSynthesizer,
        Transcriber,
        TrendSource,
    )
    from ..types import User


class AsyncOrion(
    AsyncMakingCalls,
    AsyncAloneCalls,
    AsyncDecidingCalls,
    AsyncLookingCalls,
    AsyncNumbersCalls,
    AsyncServingCalls,
    AsyncPublishingCalls,
    AsyncPeopleCalls,
):
    """The engine in this process.

    Everything that is not said here is as the configuration has it: the file, then the environment
    (``ORION_…``), then the defaults, with which nothing but ffmpeg is needed.

    Parameters
    ----------
    config
        The configuration file; without one ``orion.toml`` of the working folder, if there is one.
    store
        The record: ``"sqlite:orion.db"``, ``"memory:"``, ``"postgres://…"``.
    blobs
        Stored files: ``"file:blobs"``, ``"memory:"``.
    data_dir
        Folder of the database, the stored files and the voices.
    llm
        Who writes and judges: an address such as ``"ollama:llama3.2"`` or ``"extractive:"``, an
        `orion.LanguageModel`, or several of them in the order in which they are asked.
    images
        Who makes pictures: an address such as ``"graphics:"``, an `orion.ImageGenerator`, or several.
    voice
        Who speaks: a voice's name, a Piper ``.onnx`` file, ``"espeak:en"``, ``"silent:"``, an
        `orion.SpeechSynthesizer`, or several.
    clips
        Who sets pictures in motion that a model has drawn: an address such as ``"comfyui:"``, an
        `orion.ClipGenerator`, or several. Without one the camera moves over them.
    transcriber
        Who writes down what is said in sounds: an address such as ``"whisper:base"``, an `orion.Transcriber`, or
        several.
    policy
        Who of them may serve: ``"local"``, ``"cloud"``, ``"prefer-local"`` or ``"prefer-cloud"``.
    feeds
        Feeds to scout, and to search for a topic: addresses or files.
    sources
        More sources of trends.
    platforms
        Places to publish of your own.
    offline
        Fetch nothing.
    ffmpeg
        Path of the ffmpeg program. Without one the ``PATH`` is searched, then the package `imageio-ffmpeg`.
    settings
        Any other setting of ``orion config show`` by its name: ``{"budget.day": 2.50}``.

    Examples
    --------
    >>> import asyncio, orion
    >>> async def main():
    ...     async with orion.AsyncOrion(store="memory:", blobs="memory:", voice="silent:", offline=True) as app:
    ...         return await app.contents()
    >>> asyncio.run(main())
    []
    """

    def __init__(
        self,
        config: PathLike | None = None,
        *,
        store: str | None = None,
        blobs: str | None = None,
        data_dir: PathLike | None = None,
        llm: str | LanguageModel | Iterable[str | LanguageModel] | None = None,
        images: str | ImageGenerator | Iterable[str | ImageGenerator] | None = None,
        voice: str | SpeechSynthesizer | Iterable[str | SpeechSynthesizer] | None = None,
        clips: str | ClipGenerator | Iterable[str | ClipGenerator] | None = None,
        transcriber: str | Transcriber | Iterable[str | Transcriber] | None = None,
        policy: str | None = None,
        feeds: Iterable[PathLike] | None = None,
        sources: Iterable[TrendSource] = (),
        platforms: Iterable[SocialPlatform] = (),
        offline: bool | None = None,
        ffmpeg: PathLike | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        plain = {
            "store": store,
            "blobs": blobs,
            "data_dir": None if data_dir is None else Path(data_dir),
            "policy": policy,
            "offline": offline,
            "ffmpeg": None if ffmpeg is None else Path(ffmpeg),
        }
        super().__init__(
            _open.engine(
                config,
                llm=llm,
                images=images,
                voice=voice,
                clips=clips,
                transcriber=transcriber,
                feeds=feeds,
                sources=sources,
                platforms=platforms,
                plain=plain,
                settings=settings,
            )
        )

    @classmethod
    def connect(
        cls, url: str, *, token: str | None = None, email: str | None = None, password: str | None = None
    ) -> AsyncOrion:
        """Reaches a platform: the same calls, over its API.

        Parameters
        ----------
        url
            Its address: ``"http://localhost:8000"``.
        token
            An access token. It runs out after a quarter of an hour.
        email, password
            To sign in; the session is renewed as long as this lives.
        """
        made = cls.__new__(cls)
        AsyncBase.__init__(made, _open.platform(url, token=token, email=email, password=password))
        return made

    def acting_as(self, user: User | UUID) -> AsyncOrion:
        """The same engine as one user sees it: what is made is theirs, and they see nothing else.

        A platform knows who asks by the token alone.
        """
        made = AsyncOrion.__new__(AsyncOrion)
        AsyncBase.__init__(made, self._connection, UUID(str(id_of(user))))
        return made
