"""Who uses an installation, and its settings."""

from __future__ import annotations

import json
from typing import Any, Literal
from uuid import UUID

from .._client import AsyncBase
from .._given import id_of
from ..types import User
from ..types.record import records


class AsyncPeopleCalls(AsyncBase):
    """Who uses an installation, and its settings."""

    async def users(self) -> list[User]:
        """Who uses the installation."""
        return records(User, await self._call("users"))

    async def add_user(
        self, email: str, name: str, password: str, *, role: Literal["viewer", "editor", "admin"] = "editor"
    ) -> User:
        """Adds a user.

        Examples
        --------
        >>> ann = await app.add_user("ann@example.org", "Ann", "correct horse battery")
        >>> await app.acting_as(ann).contents()
        []
        """
        return User(await self._call("add_user", email=email, name=name, password=password, role=role))

    async def set_user(self, user: User | UUID, *, role: str | None = None, active: bool | None = None) -> User:
        """Changes what a user may do, or whether they may come in at all."""
        return User(await self._call("set_user", id=id_of(user), role=role, active=active))

    async def settings(self) -> dict[str, Any]:
        """Every setting by its name, secrets hidden."""
        return dict(json.loads(await self._call("settings")))
