"""The Python package against the real engine: silent and in draft quality, so that it is quick."""

import json
import pathlib

import pytest

import orion

SCRIPT = "Python speaks to Orion.\n\nThree lines make a video.\n\nFollow for more."


def test_a_script_becomes_a_video(tmp_path: pathlib.Path) -> None:
    seen = []
    out = tmp_path / "video"
    video = orion.create(
        script=SCRIPT, out=out, silent=True, quality="draft", offline=True, data_dir=tmp_path / "data", progress=seen.append
    )
    assert pathlib.Path(video.video).stat().st_size > 10_000
    assert all(pathlib.Path(path).exists() for path in [video.thumbnail, video.script, *video.captions])
    assert video.report["video"]["width"] == 1080
    assert video.report == json.loads((out / "run.json").read_text())
    assert {update["stage"] for update in seen} >= {"research", "script", "images", "video", "render"}


def test_exactly_one_subject(tmp_path: pathlib.Path) -> None:
    with pytest.raises(orion.InvalidError):
        orion.create(out=tmp_path)
    with pytest.raises(orion.Error):
        orion.create(text="a", script="b", out=tmp_path)


def test_errors_say_what_to_do(tmp_path: pathlib.Path) -> None:
    with pytest.raises(orion.InvalidError) as caught:
        orion.create(script="Hm", out=tmp_path / "video", silent=True, data_dir=tmp_path / "data")
    assert caught.value.kind == "invalid"
    assert caught.value.hint
    assert not (tmp_path / "video" / "video.mp4").exists()
