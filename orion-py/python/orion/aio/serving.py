"""Who serves."""

from __future__ import annotations

from typing import Literal

from .._client import AsyncBase
from ..types import Service, Voice
from ..types.record import records


class AsyncServingCalls(AsyncBase):
    """Who serves."""

    async def providers(self) -> list[Service]:
        """Who serves language (``"llm"``), pictures (``"image"``), speech (``"tts"``), who not and why, and how each did."""
        return records(Service, await self._call("providers"))

    async def switch(
        self,
        service: str,
        provider: str = "",
        *,
        model: str = "",
        side: Literal["local", "cloud"] | None = None,
        fallback: bool = False,
    ) -> list[Service]:
        """Chooses who serves a capability from the next call on.

        The choice is kept in the record: every program on it follows, and so does this one after a restart.

        Parameters
        ----------
        service
            Which capability: ``"llm"``, ``"image"``, ``"tts"``, …
        provider
            A name of `providers`, or an address such as ``"ollama:mistral"`` that no setting names. Without one all of
            the side serve, in the order of the configuration.
        model
            Its model, where it has several.
        side
            Where it runs; without one as the provider does, if it is known, else here.
        fallback
            Whether those of the configuration follow if it fails.

        Raises
        ------
        orion.InvalidError
            If nobody would serve then; the hint names who there is. Nothing changes.

        Examples
        --------
        >>> services = await app.switch("image", "scene-graphics")
        >>> image = next(one for one in services if one.service == "image")
        >>> [str(provider) for provider in image.order]
        ['scene-graphics/cards-4']
        """
        answer = await self._call(
            "switch", service=service, provider=provider, model=model, side=side, fallback=fallback
        )
        return records(Service, answer)

    async def reset_provider(self, service: str) -> list[Service]:
        """Goes back to whom the configuration names, in every program on the record."""
        return records(Service, await self._call("reset_provider", service=service))

    async def voices(self) -> list[Voice]:
        """The voices that can be chosen, and those that could be installed (``orion voices install``)."""
        return records(Voice, await self._call("voices"))
