"""`Orion`: the engine, or a platform, for plain programs.

Made from `orion/aio.py` by `orion-py/tools/twins.py`: edit there, and run it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from . import _open
from ._client import Job, SyncBase
from .types import (
    Account,
    Asset,
    Content,
    DayCosts,
    Event,
    File,
    Funnel,
    Line,
    Metrics,
    Progress,
    Projection,
    ProviderCosts,
    Publication,
    Publishing,
    Question,
    Run,
    Scan,
    Script,
    Service,
    Spending,
    Step,
    Trend,
    User,
    Video,
    Voice,
    records,
)

if TYPE_CHECKING:
    from .providers import ImageGenerator, LanguageModel, SocialPlatform, SpeechSynthesizer, TrendSource

Watch = Callable[[Progress], object]
Gate = Literal["script", "prompts", "review"]
PathLike = str | os.PathLike[str]


def _id(given: Any) -> str:
    """The identifier of a record, or of what is one."""
    return str(given if isinstance(given, (UUID, str)) else given.id)


def _content_id(given: Any) -> str:
    return str(given if isinstance(given, (UUID, str)) else getattr(given, "content_id", None) or given.id)


def _run_id(given: Any) -> str:
    return str(given if isinstance(given, (UUID, str)) else getattr(given, "run_id", None) or given.id)


def _order(given: dict[str, Any]) -> dict[str, Any]:
    order = {name: value for name, value in given.items() if value is not None}
    if "trend" in order:
        order["trend"] = _id(order["trend"])
    feed = order.get("feed")
    if feed is not None:
        place = os.fspath(feed)
        order["feed"] = place if "://" in place else os.path.abspath(place)
    return order


class Orion(SyncBase):
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
        Any other setting of ``orion config show`` by its name.

    Examples
    --------
    >>> import orion
    >>> with orion.Orion(store="memory:", blobs="memory:", voice="silent:", offline=True) as app:
    ...     app.contents()
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
    ) -> Orion:
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
        SyncBase.__init__(made, _open.platform(url, token=token, email=email, password=password))
        return made

    def acting_as(self, user: User | UUID) -> Orion:
        """The same engine as one user sees it: what is made is theirs, and they see nothing else.

        A platform knows who asks by the token alone.
        """
        made = Orion.__new__(Orion)
        SyncBase.__init__(made, self._connection, UUID(_id(user)))
        return made

    # Making videos.

    def create(
        self,
        *,
        feed: PathLike | None = None,
        trend: Trend | UUID | None = None,
        topic: str | None = None,
        url: str | None = None,
        text: str | None = None,
        script: str | None = None,
        out: PathLike | None = None,
        niche: str | None = None,
        seconds: int | None = None,
        platform: str | None = None,
        tone: str | None = None,
        style: str | None = None,
        voice: str | None = None,
        speed: float | None = None,
        captions: Literal["tiktok", "youtube", "minimal"] | None = None,
        format: Literal["9:16", "4:5", "1:1", "16:9"] | None = None,
        fps: int | None = None,
        quality: Literal["draft", "standard", "premium"] | None = None,
        seed: int = 0,
        progress: Watch | None = None,
    ) -> Video:
        """Makes one video and writes it, with everything beside it, into a folder.

        Exactly one of the first six says what about.

        Parameters
        ----------
        feed
            The best trend of a feed: an address or a file.
        trend
            A trend that was found before.
        topic
            A topic, from what the configured feeds say about it.
        url
            One page.
        text
            Your own text, from which a script is written.
        script
            Your own script, spoken as it is; empty lines separate scenes.
        out
            The folder; without one a new one in ``orion-videos``.
        niche
            Take only trends of this niche: ``"tech"``, ``"gaming"``, ``"finance"`` or ``"health"``.
        seconds
            Length to aim at, 5 to 180.
        platform
            Where it will be shown: ``"youtube_shorts"``, ``"tiktok"``, …
        tone, style
            How it should sound and look, for models that read words.
        voice
            A voice of `voices`.
        speed
            Speaking rate, 0.5 to 2.
        captions, format, fps, quality
            Caption style, shape, frames a second and encoder preset.
        seed
            What is left to taste; the same seed and sources give the same video.
        progress
            Called with each `orion.Progress`, in the thread or the loop of the caller. What it raises stops the work.

        Returns
        -------
        Video
            The finished video. In a notebook it shows itself.

        Raises
        ------
        orion.InvalidError
            For arguments that do not fit.
        orion.CancelledError
            If it was stopped; a cancelled task gets its `asyncio.CancelledError`, and Ctrl-C its `KeyboardInterrupt`.
        orion.Error
            That of the stage that failed.
        """
        order = _order(
            {
                "feed": feed,
                "trend": trend,
                "topic": topic,
                "url": url,
                "text": text,
                "script": script,
                "niche": niche,
                "seconds": seconds,
                "platform": platform,
                "tone": tone,
                "style": style,
                "voice": voice,
                "speed": speed,
                "captions": captions,
                "format": format,
                "fps": fps,
                "quality": quality,
                "seed": seed,
            }
        )
        return Video(self._work("create", progress, order=order, out=out))

    def begin(self, *, out: PathLike | None = None, **order: Any) -> Job:
        """Begins what `create` does, and gives a job to iterate over for its progress.

        Parameters
        ----------
        out
            The folder, as of `create`.
        order
            What `create` takes, but for `progress`.
        """
        return self._begin("create", order=_order(order), out=out)

    def start(self, *, gates: Iterable[Gate] = (), **order: Any) -> Run:
        """Writes a new run down. Nothing is made yet: `advance` does it, as far as the first gate.

        Parameters
        ----------
        gates
            Where to wait for a person: ``"script"``, ``"prompts"``, ``"review"``.
        order
            What `create` takes, but for `out` and `progress`.
        """
        return Run(self._work("start", None, order={**_order(order), "gates": list(gates)}))

    def advance(self, run: Run | UUID, *, progress: Watch | None = None) -> Run:
        """Works on a run until it waits for a person or is finished, and gives it as it then stands.

        A run that failed, was stopped or was cut off goes on where it stood, and no finished step is done or paid for
        again. On a platform, whose own workers do it, this waits for them.
        """
        return Run(self._work("advance", progress, run=_run_id(run)))

    def deliver(self, run: Run | UUID, out: PathLike | None = None) -> Video:
        """Writes the files of a run whose video is made into a folder."""
        return Video(self._work("deliver", None, run=_run_id(run), out=out))

    def render(
        self,
        content: Content | UUID,
        *,
        voice: str | None = None,
        captions: str | None = None,
        size: tuple[int, int] | None = None,
    ) -> Run:
        """Writes down another render of the script and scenes of content; `advance` does it."""
        answer = self._call("render", content=_content_id(content), voice=voice, captions=captions, size=size)
        return Run(answer)

    def draw(self, prompt: str, out: PathLike, *, width: int = 1024, height: int = 1024, seed: int = 0) -> File:
        """Makes one picture outside of a run."""
        return File(self._work("draw", None, prompt=prompt, width=width, height=height, seed=seed, out=out))

    def speak(
        self, text: str, out: PathLike, *, voice: str | None = None, language: str = "en", speed: float = 1.0
    ) -> File:
        """Speaks a text into a WAV file, with the times of its words."""
        answer = self._work("speak", None, text=text, voice=voice, language=language, speed=speed, out=out)
        return File(answer)

    # Deciding at gates.

    def question(self, content: Content | Run | UUID) -> Question | None:
        """What content waits for, or ``None``."""
        answer = self._call("question", content=_content_id(content))
        return None if answer == b"null" else Question(answer)

    def approve(self, content: Content | Run | UUID, *, subject: str | None = None) -> Content:
        """Approves what content shows now: at a gate the run may go on, and a finished video may be published.

        Parameters
        ----------
        content
            Which.
        subject
            The hash that a `question` named: if what it showed has changed since, nothing is approved.
        """
        return Content(self._call("approve", content=_content_id(content), subject=subject))

    def reject(
        self, content: Content | Run | UUID, feedback: str | None = None, *, again: bool = False
    ) -> Content:
        """Refuses content, for good or, with `again`, for another version that heeds the feedback."""
        return Content(self._call("reject", content=_content_id(content), feedback=feedback, again=again))

    def regenerate(self, content: Content | Run | UUID, feedback: str | None = None) -> Content:
        """Asks for another version that heeds the feedback, three times at most; `advance` makes it."""
        return Content(self._call("regenerate", content=_content_id(content), feedback=feedback))

    def edit_script(
        self, content: Content | Run | UUID, lines: Script | Iterable[str | Line], *, title: str | None = None
    ) -> Question:
        """Puts another script in place of the one that waits at its gate; the question is asked anew about it.

        Parameters
        ----------
        content
            Which.
        lines
            The lines in speaking order: the hook first, the call to action last. A line with the words of an earlier
            one keeps its sources.
        title
            Another title.
        """
        given = lines.lines if isinstance(lines, Script) else lines
        parts = [line.as_dict() if isinstance(line, Line) else {"text": line} for line in given]
        return Question(self._call("edit_script", content=_content_id(content), title=title, lines=parts))

    def edit_scene(
        self,
        content: Content | Run | UUID,
        number: int,
        *,
        description: str | None = None,
        style: str | None = None,
        camera_angle: str | None = None,
        mood: str | None = None,
        negative_prompt: str | None = None,
    ) -> Question:
        """Changes one scene that waits at its gate; the question is asked anew about all of them."""
        scene = {
            "description": description,
            "style": style,
            "camera_angle": camera_angle,
            "mood": mood,
            "negative_prompt": negative_prompt,
        }
        return Question(self._call("edit_scene", content=_content_id(content), number=number, scene=scene))

    # Trends.

    def scan(
        self,
        *,
        feeds: Iterable[PathLike] = (),
        niche: str | None = None,
        region: str = "US",
        limit: int = 20,
    ) -> Scan:
        """Scans for trends: these feeds, or the configured sources, and saves what is new."""
        places = [os.fspath(feed) for feed in feeds]
        return Scan(self._work("scan", None, feeds=places, niche=niche, region=region, limit=limit))

    def trends(self, *status: str, limit: int = 50) -> list[Trend]:
        """Trends, those with the highest score first: all, or those of a status (``"active"``, ``"used"``, …)."""
        return records(Trend, self._call("trends", statuses=status, limit=limit))

    def trend(self, trend: UUID | str) -> Trend:
        """One trend."""
        return Trend(self._call("trend", id=_id(trend)))

    def set_trend(self, trend: Trend | UUID, status: str) -> Trend:
        """Moves a trend to another status: ``"active"``, ``"used"``, ``"discarded"`` or ``"expired"``."""
        return Trend(self._call("set_trend", id=_id(trend), status=status))

    # Contents and runs.

    def contents(self, *status: str, limit: int = 50) -> list[Content]:
        """Contents, newest first: all, or those of a status (``"review"``, ``"approved"``, …)."""
        return records(Content, self._call("contents", statuses=status, limit=limit))

    def content(self, content: Run | UUID | str) -> Content:
        """One piece of content."""
        return Content(self._call("content", id=_content_id(content)))

    def runs(self, *, limit: int = 50) -> list[Run]:
        """Runs, and with them renders, newest first."""
        return records(Run, self._call("runs", limit=limit))

    def run(self, run: UUID | str) -> Run:
        """One run."""
        return Run(self._call("run", id=_id(run)))

    def steps(self, run: Run | UUID) -> list[Step]:
        """The journal of a run: what was done, by whom, and what it cost."""
        return records(Step, self._call("steps", run=_run_id(run)))

    def assets(self, content: Content | Run | UUID) -> list[Asset]:
        """The files of content: pictures, narration, video, thumbnails."""
        return records(Asset, self._call("assets", content=_content_id(content)))

    def save(self, asset: Asset, path: PathLike) -> Path:
        """Writes a file of content to a path."""
        answer = self._work("save", None, content=str(asset.content_id), asset=str(asset.id), path=path)
        return Path(json.loads(answer))

    def events(
        self,
        *,
        after: str | None = None,
        content: Content | Run | UUID | None = None,
        channel: str | None = None,
        follow: bool = True,
    ) -> Iterator[Event]:
        """What happens, as it happens.

        Parameters
        ----------
        after
            The `cursor` of the last event that was seen; ``"0"`` begins with the first (of an engine). Without one it
            begins now.
        content
            Only events about this.
        channel
            Only events of this channel: ``"orion.pipeline.stage_changed"``.
        follow
            Whether to wait for more, for ever. Otherwise it ends with what is there.
        """
        about = None if content is None else _content_id(content)
        if after is None:
            after = json.loads(self._call("events", after=None, limit=1, wait=0.0))["cursor"]
        while True:
            answer = self._call("events", after=after, limit=1000, wait=30.0 if follow else 0.0)
            batch = json.loads(answer)
            for raw in batch["events"]:
                if about in (None, raw["content_id"]) and channel in (None, raw["channel"]):
                    yield Event(raw)
            after = batch["cursor"]
            if not follow and not batch["events"]:
                return

    # What things cost, and how well they go.

    def costs(self, days: int = 30) -> Spending:
        """What the last days cost."""
        return Spending(self._call("costs", days=days))

    def daily_costs(self, days: int = 30) -> list[DayCosts]:
        """What each of the last days cost on which anything was spent, oldest first."""
        return records(DayCosts, self._call("daily_costs", days=days))

    def provider_costs(self, days: int = 30) -> list[ProviderCosts]:
        """What each provider was paid in the last days, most first."""
        return records(ProviderCosts, self._call("provider_costs", days=days))

    def projections(self, days: int = 7) -> list[Projection]:
        """What days, weeks and months will cost if they go on like the last days."""
        return records(Projection, self._call("projections", days=days))

    def metrics(self, hours: int = 24) -> Metrics:
        """How well the runs of the last hours did."""
        return Metrics(self._call("metrics", hours=hours))

    def funnel(self) -> Funnel:
        """How far content came."""
        return Funnel(self._call("funnel"))

    # Who serves.

    def providers(self) -> list[Service]:
        """Who provides language (``"llm"``), pictures (``"image"``) and speech (``"tts"``), and in which order."""
        return records(Service, self._call("providers"))

    def switch(self, service: Literal["llm", "image", "tts"], policy: str) -> list[Service]:
        """Chooses who serves a capability from now on.

        Parameters
        ----------
        service
            Which capability.
        policy
            ``"local"``, ``"cloud"``, ``"prefer-local"``, ``"prefer-cloud"``, or names of providers separated by
            commas, in the order in which they are asked.
        """
        return records(Service, self._call("switch", service=service, policy=policy))

    def voices(self) -> list[Voice]:
        """The voices that can be chosen, and those that could be installed (``orion voices install``)."""
        return records(Voice, self._call("voices"))

    # Publishing.

    def accounts(self) -> list[Account]:
        """Accounts at places to publish, newest first."""
        return records(Account, self._call("accounts"))

    def connect_account(self, platform: str, name: str, credentials: Mapping[str, str]) -> Account:
        """Connects an account; its credentials are sealed at once and shown to nobody."""
        answer = self._call("connect", platform=platform, name=name, credentials=dict(credentials))
        return Account(answer)

    def disconnect_account(self, account: Account | UUID) -> None:
        """Disconnects an account and forgets its credentials."""
        self._call("disconnect", id=_id(account))

    def publish(self, content: Content | Run | UUID, *destinations: str) -> Publishing:
        """Publishes the approved file of content: ``"folder"``, ``"webhook"``, ``"youtube"``, …

        A destination where it did not work gives a failed post and no error.

        Raises
        ------
        orion.ConflictError
            For content whose very file nobody approved.
        """
        answer = self._work("publish", None, content=_content_id(content), destinations=destinations)
        return Publishing(answer)

    def publications(self, content: Content | Run | UUID | None = None, *, limit: int = 50) -> list[Publication]:
        """What was published or tried, newest first."""
        about = None if content is None else _content_id(content)
        return records(Publication, self._call("publications", content=about, limit=limit))

    def settle(self, publication: Publication | UUID, *, published: bool) -> Publication:
        """Writes down what a person has seen of a publication that is in doubt."""
        return Publication(self._call("settle", id=_id(publication), published=published))

    def resume_publications(self) -> int:
        """Goes on with publications that a crash or a platform in doubt left unfinished; gives their number."""
        return int(self._work("resume_publications", None))

    # Users and settings.

    def users(self) -> list[User]:
        """Who uses the installation."""
        return records(User, self._call("users"))

    def add_user(
        self, email: str, name: str, password: str, *, role: Literal["viewer", "editor", "admin"] = "editor"
    ) -> User:
        """Adds a user."""
        return User(self._call("add_user", email=email, name=name, password=password, role=role))

    def set_user(self, user: User | UUID, *, role: str | None = None, active: bool | None = None) -> User:
        """Changes what a user may do, or whether they may come in at all."""
        return User(self._call("set_user", id=_id(user), role=role, active=active))

    def settings(self) -> dict[str, Any]:
        """Every setting by its name, secrets hidden."""
        return dict(json.loads(self._call("settings")))
