"""Pictures, speech and transcripts outside of a run."""

from __future__ import annotations

import os

from .._client import AsyncBase
from .._given import PathLike
from ..types import Asset, File, Transcript


class AsyncAloneCalls(AsyncBase):
    """Pictures, speech and transcripts outside of a run."""

    async def draw(self, prompt: str, out: PathLike, *, width: int = 1024, height: int = 1024, seed: int = 0) -> File:
        """Makes one picture outside of a run.

        Examples
        --------
        >>> picture = await app.draw("a lighthouse", folder / "lighthouse.jpg", width=256, height=256)
        >>> picture.path.name, picture.provider
        ('lighthouse.jpg', 'scene-graphics')
        """
        return File(await self._work("draw", None, prompt=prompt, width=width, height=height, seed=seed, out=out))

    async def speak(
        self, text: str, out: PathLike, *, voice: str | None = None, language: str = "en", speed: float = 1.0
    ) -> File:
        """Speaks a text into a WAV file, with the times of its words.

        Examples
        --------
        >>> sound = await app.speak("Two words.", folder / "sound.wav")
        >>> [word.text for word in sound.words]
        ['Two', 'words.']
        """
        answer = await self._work("speak", None, text=text, voice=voice, language=language, speed=speed, out=out)
        return File(answer)

    async def transcribe(self, sound: PathLike | Asset, *, language: str | None = None) -> Transcript:
        """Writes down what is said in a sound or a video: a file, or one of `assets`.

        Parameters
        ----------
        sound
            Whatever ffmpeg reads the sound of. A platform takes only what it keeps: an `Asset`.
        language
            The language that is spoken, if it is known: ``"en"``.

        Raises
        ------
        orion.UnsupportedError
            If nobody transcribes: name one with the `transcriber` of `Orion`.
        """
        given = (
            {"asset": {"content": sound.content_id, "id": sound.id}}
            if isinstance(sound, Asset)
            else {"path": os.path.abspath(os.fspath(sound))}
        )
        return Transcript(await self._work("transcribe", None, sound=given, language=language))
