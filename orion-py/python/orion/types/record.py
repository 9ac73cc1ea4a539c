"""What every record stands on: fields that read the engine's JSON when they are looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar, cast, overload
from uuid import UUID

T = TypeVar("T")


class Record:
    """The base of what the engine gives. Two records of the same content are equal; `as_dict` gives plain data."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes | dict[str, Any]) -> None:
        self._raw = raw

    @property
    def _data(self) -> dict[str, Any]:
        raw = self._raw
        if isinstance(raw, bytes):
            self._raw = raw = cast("dict[str, Any]", json.loads(raw))
        return raw

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, as JSON has it."""
        return json.loads(json.dumps(self._data))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._data == other._data  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), json.dumps(self._data, sort_keys=True)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._data,)

    def _shown(self) -> Iterator[tuple[str, Any]]:
        for cls in reversed(type(self).__mro__):
            for name, field in vars(cls).items():
                if isinstance(field, Field) and field._name in self._data:
                    yield name, getattr(self, name)

    def __repr__(self) -> str:
        parts = (f"{name}={_short(value)}" for name, value in self._shown() if value is not None and value != [])
        return f"{type(self).__name__}({', '.join(parts)})"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        yield from self._shown()

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(_short(value))}</td></tr>"
            for name, value in self._shown()
            if value is not None and value != []
        )
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"


def _short(value: object) -> str:
    text = str(value) if isinstance(value, (UUID, datetime, Decimal, Path)) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Field(Generic[T]):
    """One field of a record, converted when it is read."""

    __slots__ = ("_convert", "_name")

    def __init__(self, convert: Callable[[Any], T], name: str | None = None) -> None:
        self._convert, self._name = convert, name or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = self._name or name

    @overload
    def __get__(self, record: None, owner: type) -> Field[T]: ...
    @overload
    def __get__(self, record: Record, owner: type) -> T: ...
    def __get__(self, record: Record | None, owner: type) -> Field[T] | T:
        if record is None:
            return self
        return self._convert(record._data.get(self._name))

    def __set__(self, record: Record, value: object) -> None:
        raise AttributeError(f"{type(record).__name__}.{self._name} is read-only")


def maybe(convert: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else convert(value)


def list_of(convert: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    return lambda value: [convert(item) for item in value or ()]


def moment(value: str) -> datetime:
    # Python 3.10 reads neither "Z" nor fractions of other than three or six digits.
    text = value.replace("Z", "+00:00")
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: len(rest) - 6]
        text = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits):]}"
    return datetime.fromisoformat(text)


def money(micros: int | None) -> Decimal:
    return Decimal(micros or 0).scaleb(-6)


def media_time(micros: int) -> timedelta:
    return timedelta(microseconds=micros)


def side_of(value: str) -> str:
    return value.lower()


def records(cls: Callable[[dict[str, Any]], T], answer: bytes) -> list[T]:
    """Records of an answer that is a list."""
    return [cls(item) for item in json.loads(answer)]
