"""Providers written in Python: subclass one, and hand it to `orion.Orion`.

A provider takes part in chains, in the journal, in costs and in retries like a built-in one. Its methods may be plain
functions, which run on a few threads of their own, or coroutines, which run on an event loop of their own. What it
raises ends up as the cause of the engine's exception, with its traceback. `TimeoutError`, `ConnectionError` and
`orion.UnavailableError` are tried again; other exceptions give the next provider of the chain its turn.

Examples
--------
>>> import orion
>>> class Parrot(orion.LanguageModel):
...     name = "parrot"
...     def complete(self, request):
...         return request.messages[-1].content
>>> Parrot().name
'parrot'
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

from .types.record import Field, Record, list_of, maybe

__all__ = [
    "Clip",
    "ClipGenerator",
    "ClipRequest",
    "Completion",
    "CompletionRequest",
    "Drawing",
    "ImageGenerator",
    "ImageRequest",
    "LanguageModel",
    "Message",
    "Outcome",
    "PostRequest",
    "SocialPlatform",
    "Sound",
    "SpeechRequest",
    "SpeechSynthesizer",
    "Transcriber",
    "Transcription",
    "TranscriptionRequest",
    "TrendItem",
    "TrendSource",
]


class ProviderBase:
    """What every provider says of itself."""

    #: Its name in chains, costs and reports; without one, its class's name.
    name: str = ""
    #: The model or voice that it uses.
    model: str = ""
    #: Where it runs: ``"local"``, or ``"cloud"`` for somebody else's machine. The policy decides by it.
    side: Literal["local", "cloud"] = "local"
    #: The longest that one answer may take, in seconds.
    timeout: float = 300.0


class Message(Record):
    """One message of a conversation."""

    role = Field(str)
    content = Field(str)


class CompletionRequest(Record):
    """What is asked of a language model."""

    messages = Field(list_of(Message))
    temperature = Field(float)
    max_tokens = Field(int)

    @property
    def schema(self) -> dict[str, Any] | None:
        """The answer must be JSON of this schema."""
        return self._data.get("schema")


class Completion(NamedTuple):
    """The answer of a language model, with what it used."""

    text: str
    tokens: int = 0
    cost: Decimal = Decimal(0)


class LanguageModel(ProviderBase, ABC):
    """A language model."""

    @abstractmethod
    def complete(self, request: CompletionRequest) -> str | Completion | Awaitable[str | Completion]:
        """Answers. Where the request has a schema, the text must be JSON of it."""


class ImageRequest(Record):
    """What is asked of a picture maker."""

    prompt = Field(str)
    negative_prompt = Field(str)
    width = Field(int)
    height = Field(int)
    seed = Field(int)
    scene_number = Field(int)

    @property
    def card(self) -> dict[str, Any]:
        """The same scene as words on a card: its ``layout``, and the texts of that layout."""
        return dict(self._data["card"])

    @property
    def headline(self) -> str:
        """The words that the scene is about."""
        card = self._data["card"]
        return str(card.get("headline") or card.get("quote") or self.prompt)

    @property
    def colours(self) -> dict[str, str]:
        """Colours of the whole video as ``#rrggbb``: ``background``, ``accent`` and ``text``."""
        palette = self._data["look"]["palette"]
        return {name: f"#{palette[name]:06x}" for name in ("background", "accent", "text")}


class Drawing(NamedTuple):
    """A picture, with what it used. `moves` tells whether it may be moved and zoomed; type should not."""

    image: Any
    moves: bool = True
    cost: Decimal = Decimal(0)


class ImageGenerator(ProviderBase, ABC):
    """Makes pictures."""

    @abstractmethod
    def generate(self, request: ImageRequest) -> Any:
        """A picture of the size that is asked for.

        Returns
        -------
        bytes, path, PIL.Image.Image or Drawing
            PNG or JPEG bytes, the path of such a file, or a Pillow image; or one of these in a `Drawing`.
        """


class ClipRequest(Record):
    """What is asked of who sets a picture in motion. The file is there only while the method runs."""

    picture = Field(Path)
    prompt = Field(str)
    #: Length, 1 to 10; a clip of another length is cut or slowed down to fit.
    seconds = Field(int)
    width = Field(int)
    height = Field(int)


class Clip(NamedTuple):
    """A clip, as MP4 or WebM bytes or the path of such a file, with what it cost."""

    video: Any
    cost: Decimal = Decimal(0)


class ClipGenerator(ProviderBase, ABC):
    """Sets pictures in motion that a model has drawn; without one, the camera moves over them."""

    @abstractmethod
    def animate(self, request: ClipRequest) -> Any:
        """A clip that begins with the picture.

        Returns
        -------
        bytes, path or Clip
            MP4 or WebM bytes, or the path of such a file; or one of these in a `Clip`.
        """


class SpeechRequest(Record):
    """What is asked of a voice: one sentence or a few."""

    text = Field(str)
    voice = Field(maybe(str))
    language = Field(str)
    speed = Field(float)


class Sound(NamedTuple):
    """Speech: samples of one channel from -1 to 1, as a sequence of numbers, a NumPy array or float32 bytes.

    `words` has the start and end of every word of the text, split at white space, in seconds. A voice that does not
    know them leaves them out: then a transcriber listens, if one is named, or they are estimated from the pauses.
    """

    samples: Any
    sample_rate: int
    words: Sequence[tuple[float, float]] | None = None
    cost: Decimal = Decimal(0)


class SpeechSynthesizer(ProviderBase, ABC):
    """Speaks."""

    @abstractmethod
    def speak(self, request: SpeechRequest) -> Sound | Awaitable[Sound]:
        """Speaks the text of a request."""

    def voices(self) -> Iterable[str] | Awaitable[Iterable[str]]:
        """The names of the voices that can be chosen."""
        return [self.model or self.name or type(self).__name__]


class TranscriptionRequest(Record):
    """What is asked of a transcriber. The file is there only while the method runs."""

    #: A WAV file; of sounds that are not Orion's own with 16,000 samples a second of one channel.
    sound = Field(Path)
    #: Its length.
    seconds = Field(float)
    #: The language that is spoken, if it is known.
    language = Field(maybe(str))


class Transcription(NamedTuple):
    """What was said: each word with its start and end in seconds, in order; nothing for silence."""

    words: Sequence[tuple[str, float, float]]
    #: Tag of the language: ``"en"``.
    language: str | None = None
    cost: Decimal = Decimal(0)


class Transcriber(ProviderBase, ABC):
    """Writes down what is said in a sound: for `Orion.transcribe`, and for the captions of voices without word times."""

    @abstractmethod
    def transcribe(self, request: TranscriptionRequest) -> Transcription | Awaitable[Transcription]:
        """Listens to a sound."""


class TrendItem(NamedTuple):
    """Something that many talk about, with how strongly: 0 to 100.

    `signals` are what the source says of it in numbers (``{"points": 120}``); a trend has them by the source's name.
    """

    title: str
    score: float
    url: str | None = None
    summary: str = ""
    text: str = ""
    source: str | None = None
    published_at: datetime | None = None
    categories: Sequence[str] = ()
    signals: Mapping[str, Any] | None = None


class TrendSource(ProviderBase, ABC):
    """A place where trends are seen."""

    @abstractmethod
    def fetch(self, region: str, limit: int) -> Iterable[TrendItem] | Awaitable[Iterable[TrendItem]]:
        """What trends now, at most `limit` items."""


class PostRequest(Record):
    """What is to be published. The files are there only while the method runs."""

    id = Field(UUID)
    content_id = Field(UUID)
    video = Field(Path)
    thumbnail = Field(maybe(Path))
    title = Field(str)
    description = Field(str)
    handle = Field(maybe(str))

    @property
    def credentials(self) -> Mapping[str, str]:
        """What opens the account."""
        return dict(self._data["credentials"])


class Outcome(NamedTuple):
    """What became of a post. On doubt it is ``"unknown"``, never ``"failed"``.

    `detail` is the platform's name of the post, or why it failed or is unknown.
    """

    state: Literal["published", "processing", "failed", "absent", "gone", "unknown"]
    detail: str = ""


class SocialPlatform(ProviderBase, ABC):
    """A place to publish. It takes the place of the built-in one of the same destination.

    The destinations are those that Orion knows, so that approvals, posts and accounts mean the same to every program on
    a record. A place of your own stands for the one whose name you do not need: a video server of a company is
    ``"webhook"``, say.
    """

    #: Which: ``folder``, ``webhook``, ``youtube``, ``tiktok``, ``instagram``, ``twitter``, ``linkedin``, ``mastodon``, ``bluesky``.
    destination: str = ""
    #: Most characters of the text below a video.
    text_limit: int | None = None

    def check(self, credentials: Mapping[str, str]) -> Any:
        """Raises an exception for credentials that cannot be right, before they are kept."""

    def prepare(self, post: PostRequest) -> str | Awaitable[str]:
        """Does everything but the last call, and gives the platform's handle; nothing may be visible afterwards."""
        return ""

    @abstractmethod
    def publish(self, post: PostRequest) -> str | Outcome | Awaitable[str | Outcome]:
        """The last call, made once. A text is the platform's name of the post."""

    def reconcile(self, post: PostRequest) -> Outcome | Awaitable[Outcome]:
        """Reads back what became of a post that is in doubt. Without it, a person decides."""
        return Outcome("unknown", "this platform cannot be read back")
