"""Videos of pictures, clips, a voice and music of the user's own."""

from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from conftest import QUICK, SCRIPT

import orion

Run = Callable[[Any], Any]


def made(place: pathlib.Path, source: str, *more: str) -> pathlib.Path:
    """A file that ffmpeg makes of a source of its own."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *more, str(place)]
    subprocess.run(command, check=True)
    return place


@pytest.fixture()
def picture(tmp_path: pathlib.Path) -> pathlib.Path:
    return made(tmp_path / "a.jpg", "mandelbrot=s=800x600", "-frames:v", "1")


@pytest.fixture()
def clip(tmp_path: pathlib.Path) -> pathlib.Path:
    return made(tmp_path / "c.mp4", "testsrc2=s=640x360:d=2", "-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.fixture()
def voice(tmp_path: pathlib.Path) -> pathlib.Path:
    # Bursts of a tone with pauses: a voice as far as lengths are concerned.
    return made(tmp_path / "voice.wav", "aevalsrc=0.4*sin(1200*t)*gt(sin(3*t)\\,0):d=6:s=8000")


def keys(video: orion.Video) -> list[str]:
    return [step["key"] for step in json.loads((video.folder / "run.json").read_text())["steps"]]


def test_sync_pictures_clips_and_a_voice_take_the_place_of_what_is_made(
    app: orion.Orion, picture: pathlib.Path, clip: pathlib.Path, voice: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    video = app.create(script=SCRIPT, images=[picture], clips=[str(clip)], voice_file=voice, music="calm", out=tmp_path / "v", **QUICK)
    assert not [key for key in keys(video) if key.startswith(("images/", "speech/"))]
    # As long as the voice, whose words were never spoken here.
    assert 5.5 < video.report.duration.total_seconds() < 9
    loudness = [check for check in video.report.checks if check.name == "loudness"]
    assert loudness and all(check.passed for check in loudness)


def test_sync_scenes_follow_a_sound_track_to_its_end(app: orion.Orion, voice: pathlib.Path, tmp_path: pathlib.Path) -> None:
    video = app.create(script=SCRIPT, audio=voice, out=tmp_path / "v", **QUICK)
    assert not [key for key in keys(video) if key.startswith("speech/")]
    # To the frame, with nothing before, between or after.
    assert abs(video.report.duration.total_seconds() - 6) < 0.06
    with pytest.raises(orion.UnsupportedError, match="nobody writes down"):
        app.create(audio=voice, out=tmp_path / "w", **QUICK)
    with pytest.raises(orion.InvalidError, match="not both"):
        app.create(script=SCRIPT, audio=voice, voice_file=voice, out=tmp_path / "w", **QUICK)
    with pytest.raises(orion.InvalidError, match="exactly one"):
        app.create(out=tmp_path / "w", **QUICK)


def test_async_a_script_file_says_what_scenes_show(
    options: dict[str, Any], picture: pathlib.Path, clip: pathlib.Path, tmp_path: pathlib.Path, run: Run
) -> None:
    script = tmp_path / "script.txt"
    script.write_text(
        "\ufeff@image a.jpg\nThe harbour was empty.\n@clip c.mp4\nThen the cranes moved.\n\n@heading News\nNobody had announced it.\n"
    )

    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            video = await app.create(script=script, music="none", out=tmp_path / "v", **QUICK)
            drawn = [key for key in keys(video) if key.startswith("images/")]
            assert drawn == ["images/3"]
            [spoken] = [place.read_text() for place in video.captions if place.suffix == ".srt"]
            assert "harbour" in spoken and "announced" in spoken and "@" not in spoken
            waiting = await app.start(script=script, gates=["script"], **QUICK)
            assert waiting.state == "pending"

    run(work())


def test_sync_what_cannot_be_used_is_named_before_any_work(
    app: orion.Orion, picture: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    cut, text = tmp_path / "cut.jpg", tmp_path / "text.wav"
    cut.write_bytes(picture.read_bytes()[:2000])
    text.write_text("no sound")
    missing = tmp_path / "missing.png"
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"images": [cut]}, ValueError, "cut.jpg"),
        ({"images": [missing]}, FileNotFoundError, "missing.png"),
        ({"images": picture}, ValueError, "list of files"),
        ({"clips": [picture]}, ValueError, "a.jpg"),
        ({"voice_file": text}, ValueError, "text.wav"),
        ({"audio": text}, ValueError, "text.wav"),
        ({"audio": missing}, FileNotFoundError, "missing.png"),
        ({"music": text}, ValueError, "text.wav"),
        # A path is a file, never the word that means no music.
        ({"music": tmp_path / "none"}, orion.Error, "none"),
        ({"music": "angry"}, ValueError, "angry"),
        ({"script": "@image a.jpg\nIn a text no file is named.\n\nFollow for more."}, ValueError, "a.jpg"),
        ({"script": missing}, FileNotFoundError, "missing.png"),
        ({"script": picture}, ValueError, "UTF-8"),
    ]
    for order, kind, said in wrong:
        with pytest.raises(kind, match=said) as caught:
            app.create(**{"script": SCRIPT, **order}, out=tmp_path / "v", **QUICK)
        assert isinstance(caught.value, orion.Error), order
    with pytest.raises(orion.InvalidError, match="needs the script"):
        app.create(text="A text of some words, from which somebody writes.", voice_file=text, out=tmp_path / "v", **QUICK)
    assert app.runs() == [] and not (tmp_path / "v").exists()
