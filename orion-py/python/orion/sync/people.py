"""Who uses an installation, and its settings."""

from __future__ import annotations

import json
from typing import Any, Literal
from uuid import UUID

from .._client import SyncBase
from .._given import id_of
from ..types import User
from ..types.record import records


class PeopleCalls(SyncBase):
    """Who uses an installation, and its settings."""

    def users(self) -> list[User]:
        """Who uses the installation."""
        return records(User, self._call("users"))

    def add_user(
        self, email: str, name: str, password: str, *, role: Literal["viewer", "editor", "admin"] = "editor"
    ) -> User:
        """Adds a user.

        Examples
        --------
        >>> ann = app.add_user("ann@example.org", "Ann", "correct horse battery")
        >>> app.acting_as(ann).contents()
        []
        """
        return User(self._call("add_user", email=email, name=name, password=password, role=role))

    def set_user(self, user: User | UUID, *, role: str | None = None, active: bool | None = None) -> User:
        """Changes what a user may do, or whether they may come in at all."""
        return User(self._call("set_user", id=id_of(user), role=role, active=active))

    def settings(self) -> dict[str, Any]:
        """Every setting by its name, secrets hidden."""
        return dict(json.loads(self._call("settings")))
