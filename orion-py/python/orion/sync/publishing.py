"""Publishing what was approved."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from .._client import SyncBase
from .._given import content_id, id_of
from ..types import Account, Content, Publication, Publishing, Run
from ..types.record import records


class PublishingCalls(SyncBase):
    """Publishing what was approved."""

    def accounts(self) -> list[Account]:
        """Accounts at places to publish, newest first."""
        return records(Account, self._call("accounts"))

    def connect_account(self, platform: str, name: str, credentials: Mapping[str, str]) -> Account:
        """Connects an account; its credentials are sealed at once and shown to nobody."""
        answer = self._call("connect", platform=platform, name=name, credentials=dict(credentials))
        return Account(answer)

    def disconnect_account(self, account: Account | UUID) -> None:
        """Disconnects an account and forgets its credentials."""
        self._call("disconnect", id=id_of(account))

    def publish(self, content: Content | Run | UUID, *destinations: str) -> Publishing:
        """Publishes the approved file of content: ``"folder"``, ``"webhook"``, ``"youtube"``, …

        A destination where it did not work gives a failed post and no error.

        Raises
        ------
        orion.ConflictError
            For content whose very file nobody approved.

        Examples
        --------
        >>> video = app.create(script=script, out=folder / "post", quality="draft")
        >>> content = app.approve(video.content_id)
        >>> account = app.connect_account("folder", "Exports", {"path": "exports"})
        >>> publishing = app.publish(content, "folder")
        >>> [post.status for post in publishing.posts]
        ['published']
        """
        answer = self._work("publish", None, content=content_id(content), destinations=destinations)
        return Publishing(answer)

    def publications(self, content: Content | Run | UUID | None = None, *, limit: int = 50) -> list[Publication]:
        """What was published or tried, newest first."""
        about = None if content is None else content_id(content)
        return records(Publication, self._call("publications", content=about, limit=limit))

    def settle(self, publication: Publication | UUID, *, published: bool) -> Publication:
        """Writes down what a person has seen of a publication that is in doubt."""
        return Publication(self._call("settle", id=id_of(publication), published=published))

    def resume_publications(self) -> int:
        """Goes on with publications that a crash or a platform in doubt left unfinished; gives their number."""
        return int(self._work("resume_publications", None))
