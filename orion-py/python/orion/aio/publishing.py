"""Publishing what was approved."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from .._client import AsyncBase
from .._given import content_id, id_of
from ..types import Account, Content, Publication, Publishing, Run
from ..types.record import records


class AsyncPublishingCalls(AsyncBase):
    """Publishing what was approved."""

    async def accounts(self) -> list[Account]:
        """Accounts at places to publish, newest first."""
        return records(Account, await self._call("accounts"))

    async def connect_account(self, platform: str, name: str, credentials: Mapping[str, str]) -> Account:
        """Connects an account; its credentials are sealed at once and shown to nobody."""
        answer = await self._call("connect", platform=platform, name=name, credentials=dict(credentials))
        return Account(answer)

    async def disconnect_account(self, account: Account | UUID) -> None:
        """Disconnects an account and forgets its credentials."""
        await self._call("disconnect", id=id_of(account))

    async def publish(self, content: Content | Run | UUID, *destinations: str) -> Publishing:
        """Publishes the approved file of content: ``"folder"``, ``"webhook"``, ``"youtube"``, …

        A destination where it did not work gives a failed post and no error.

        Raises
        ------
        orion.ConflictError
            For content whose very file nobody approved.

        Examples
        --------
        >>> video = await app.create(script=script, out=folder / "post", quality="draft")
        >>> content = await app.approve(video.content_id)
        >>> account = await app.connect_account("folder", "Exports", {"path": "exports"})
        >>> publishing = await app.publish(content, "folder")
        >>> [post.status for post in publishing.posts]
        ['published']
        """
        answer = await self._work("publish", None, content=content_id(content), destinations=destinations)
        return Publishing(answer)

    async def publications(self, content: Content | Run | UUID | None = None, *, limit: int = 50) -> list[Publication]:
        """What was published or tried, newest first."""
        about = None if content is None else content_id(content)
        return records(Publication, await self._call("publications", content=about, limit=limit))

    async def settle(self, publication: Publication | UUID, *, published: bool) -> Publication:
        """Writes down what a person has seen of a publication that is in doubt."""
        return Publication(await self._call("settle", id=id_of(publication), published=published))

    async def resume_publications(self) -> int:
        """Goes on with publications that a crash or a platform in doubt left unfinished; gives their number."""
        return int(await self._work("resume_publications", None))
