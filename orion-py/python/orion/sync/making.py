"""Making videos."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from .._client import Job, SyncBase
from .._given import Gate, PathLike, content_id, order_of, run_id
from ..types import Content, Progress, Run, Trend, Video

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._given import Order

Watch = Callable[[Progress], object]


class MakingCalls(SyncBase):
    """Making videos."""

    def create(
        self,
        *,
        feed: PathLike | None = None,
        trend: Trend | UUID | None = None,
        topic: str | None = None,
        url: str | None = None,
        text: str | None = None,
        script: str | os.PathLike[str] | None = None,
        images: Iterable[PathLike] = (),
        clips: Iterable[PathLike] = (),
        voice_file: PathLike | None = None,
        audio: PathLike | None = None,
        music: str | os.PathLike[str] | None = None,
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

        Exactly one of the first six says what about, or `audio` alone.

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
            Your own script, spoken as it is; empty lines separate scenes. A `pathlib.Path` is a file with a script:
            lines such as ``@image harbour.jpg`` in it say what a scene shows (``@clip``), how long (``@seconds``),
            under which heading (``@heading``) and who speaks in it (``@voice``); the files lie beside it. In a `str`
            marks name no files.
        images
            Your own pictures, shown in this order in place of drawn scenes.
        clips
            Your own clips, without their sound, after the pictures.
        voice_file
            The script as you have spoken it.
        audio
            The finished sound of the video: it plays as it is, in place of voice and music, and the scenes follow it.
            What is said in it is `script`, or without one what the transcriber hears. Where the voice is ``"silent:"``
            nothing is said in it, and the scenes share its length.
        music
            Music under the voice: ``"calm"``, ``"bright"``, ``"tense"``, ``"playful"``, a file of sound, or
            ``"none"``. A platform takes none of these five.
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

        Examples
        --------
        >>> video = app.create(script=script, out=folder / "bridge", quality="draft")
        >>> video.path.name, video.report.width, video.report.height
        ('video.mp4', 1080, 1920)
        """
        order = order_of(
            {
                "feed": feed,
                "trend": trend,
                "topic": topic,
                "url": url,
                "text": text,
                "script": script,
                "images": images,
                "clips": clips,
                "voice_file": voice_file,
                "audio": audio,
                "music": music,
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

    def begin(self, *, out: PathLike | None = None, **order: Unpack[Order]) -> Job:
        """Begins what `create` does, and gives a job to iterate over for its progress.

        Parameters
        ----------
        out
            The folder, as of `create`.
        order
            What `create` takes, but for `progress`.

        Examples
        --------
        >>> with app.begin(script=script, out=folder / "ship", quality="draft") as job:
        ...     stages = [update.stage for update in job]
        ...     video = job.result()
        >>> stages[-1]
        'render'
        """
        return self._begin("create", order=order_of(order), out=out)

    def start(self, *, gates: Iterable[Gate] = (), **order: Unpack[Order]) -> Run:
        """Writes a new run down. Nothing is made yet: `advance` does it, as far as the first gate.

        Parameters
        ----------
        gates
            Where to wait for a person: ``"script"``, ``"prompts"``, ``"review"``.
        order
            What `create` takes, but for `out` and `progress`.

        Examples
        --------
        >>> run = app.start(script=script, gates=["script"])
        >>> run.state, run.gates
        ('pending', ['script'])
        """
        return Run(self._work("start", None, order={**order_of(order), "gates": list(gates)}))

    def advance(self, run: Run | UUID, *, progress: Watch | None = None) -> Run:
        """Works on a run until it waits for a person or is finished, and gives it as it then stands.

        A run that failed, was stopped or was cut off goes on where it stood, and no finished step is done or paid for
        again. On a platform, whose own workers do it, this waits for them.
        """
        return Run(self._work("advance", progress, run=run_id(run)))

    def deliver(self, run: Run | UUID, out: PathLike | None = None) -> Video:
        """Writes the files of a run whose video is made into a folder."""
        return Video(self._work("deliver", None, run=run_id(run), out=out))

    def render(
        self,
        content: Content | UUID,
        *,
        voice: str | None = None,
        captions: str | None = None,
        size: tuple[int, int] | None = None,
    ) -> Run:
        """Writes down another render of the script and scenes of content; `advance` does it."""
        answer = self._call("render", content=content_id(content), voice=voice, captions=captions, size=size)
        return Run(answer)
