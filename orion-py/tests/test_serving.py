"""Who serves: switches that last, budgets, and providers of clips and transcripts written in Python."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from conftest import QUICK, SCRIPT
from test_providers import Grey, Speaker

import orion

Run = Callable[[Any], Any]


def image(services: list[orion.types.Service]) -> orion.types.Service:
    return next(one for one in services if one.service == "image")


def names(service: orion.types.Service) -> list[str]:
    return [str(provider) for provider in service.order]


def test_sync_a_switch_is_kept_and_followed(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    kept = {**options, "store": "sqlite:orion.db", "images": "graphics:"}
    with orion.Orion(**kept) as one, orion.Orion(**{**kept, "images": [Grey(), "graphics:"]}) as two:
        grey_first = names(image(two.providers()))
        assert grey_first == ["grey", "scene-graphics/cards-4"]
        switched = image(one.switch("image", "scene-graphics"))
        assert switched.chosen is not None and switched.chosen.as_dict() == {
            "side": "LOCAL", "provider": "scene-graphics", "model": "", "fallback": False
        }
        # The other program follows with its next call, and asks nobody else.
        assert two.draw("a lighthouse", tmp_path / "picture.jpg", width=128, height=128).provider.startswith("scene-graphics")
        assert names(image(two.providers())) == ["scene-graphics/cards-4"]
        # What only one of them has is chosen there, and left out with a warning where it is not.
        assert names(image(two.switch("image", "grey", fallback=True))) == grey_first
        assert names(image(one.providers())) == ["scene-graphics/cards-4"]
    with orion.Orion(**{**kept, "images": ["graphics:", Grey()]}) as restarted:
        assert names(image(restarted.providers())) == ["grey", "scene-graphics/cards-4"]
        assert names(image(restarted.reset_provider("image"))) == ["scene-graphics/cards-4", "grey"]
        assert image(restarted.providers()).chosen is None


def test_async_what_cannot_serve_changes_nothing(options: dict[str, Any], run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            refused: list[dict[str, Any]] = [
                {"service": "image", "provider": "nobody"},
                {"service": "image", "side": "cloud"},
                {"service": "image", "side": "moon"},
                {"service": "paint", "provider": "scene-graphics"},
                {"service": "llm", "provider": "", "model": "mistral"},
            ]
            for arguments in refused:
                with pytest.raises(ValueError):
                    await app.switch(**arguments)
            services = await app.providers()
            assert all(service.chosen is None for service in services)
            opened = await app.switch("llm", "ollama:mistral", fallback=True)
            writers = next(one for one in opened if one.service == "llm")
            assert names(writers) == ["ollama/mistral", "extractive"] and writers.chosen is not None
            assert (writers.order[0].side, writers.order[0].circuit, writers.order[0].available) == ("local", "closed", True)

    run(work())


def test_sync_an_editor_may_choose_only_among_those_who_are_set_up(options: dict[str, Any]) -> None:
    with orion.Orion(**options) as app:
        ann = app.acting_as(app.add_user("ann@example.org", "Ann", "correct horse battery"))
        assert image(ann.switch("image", "scene-graphics")).chosen is not None
        with pytest.raises(PermissionError):
            ann.switch("llm", "ollama:mistral")
        assert next(one for one in app.providers() if one.service == "llm").chosen is None


class Paid(Grey):
    name, side = "paid", "cloud"


def test_sync_a_budget_stops_a_run_before_the_call_that_would_break_it(
    options: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    paid = Paid()
    options["settings"]["budget.run"] = "0.05"
    options["settings"]["budget.day"] = 10
    with orion.Orion(**options, images=paid, policy="prefer-cloud") as app:
        budget = app.budget(30)
        assert (budget.run, budget.day, budget.spent_today) == (Decimal("0.05"), Decimal(10), Decimal(0))
        by_stage = {stage.stage: stage for stage in budget.stages}
        # Ten pictures at the two cents that are taken for one whose price nobody says.
        assert (by_stage["images"].provider, by_stage["images"].cost) == ("paid", Decimal("0.2")) == ("paid", budget.expected)
        long = "\n\n".join(f"Scene {n} of a longer story." for n in range(9))
        with pytest.raises(orion.ExhaustedError) as caught:
            app.create(script=long, out=tmp_path / "video", **QUICK)
        assert caught.value.hint and "budget.run" in caught.value.hint
        # What is taken for calls under way counts, too: three cents are left after two pictures at one cent.
        assert 2 <= len(paid.asked) <= 4
        assert app.costs().total == Decimal("0.01") * len(paid.asked) == app.budget().spent_today
        with pytest.raises(orion.InvalidError):
            app.budget(3)


class Mover(orion.ClipGenerator):
    name, model = "mover", "slow"

    def __init__(self) -> None:
        self.asked: list[orion.ClipRequest] = []
        self.pictures: list[bytes] = []

    def animate(self, request: orion.ClipRequest) -> orion.Clip:
        self.asked.append(request)
        self.pictures.append(request.picture.read_bytes()[:8])
        out = request.picture.with_name("clip.mp4")
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size=160x160:rate=24:duration={request.seconds}"]
        subprocess.run([*command, "-pix_fmt", "yuv420p", str(out)], check=True)
        return orion.Clip(out, cost=Decimal("0.25"))


def test_sync_clips(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    mover = Mover()
    with orion.Orion(**options, images=Grey(), clips=mover) as app:
        video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
        steps = [step for step in app.steps(video.run_id) if step.key.startswith("clips/")]
        assert len(steps) == 3 == len(mover.asked)
        assert {str(step.served_by) for step in steps} == {"mover/slow"} and {step.cost for step in steps} == {Decimal("0.25")}
        assert app.costs().by_category["video_clips"] == Decimal("0.75")
        assert all(picture == b"\x89PNG\r\n\x1a\n" for picture in mover.pictures)
        assert all(1 <= request.seconds <= 10 and not request.picture.exists() for request in mover.asked)
    assert video.report.duration.total_seconds() > 2


def test_async_a_clip_that_is_none(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    class Broken(orion.ClipGenerator):
        async def animate(self, request: orion.ClipRequest) -> bytes:
            return b"<html>not found</html>"

    async def work() -> None:
        async with orion.AsyncOrion(**options, images=Grey(), clips=Broken()) as app:
            with pytest.raises(orion.Error, match="MP4"):
                await app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)

    run(work())


class Listener(orion.Transcriber):
    name = "listener"

    def __init__(self) -> None:
        self.asked: list[orion.TranscriptionRequest] = []
        self.head = b""

    def transcribe(self, request: orion.TranscriptionRequest) -> orion.Transcription:
        self.asked.append(request)
        self.head = request.sound.read_bytes()[:4]
        words = [(" three", 0.1, 0.3), ("short", 0.3, 0.35), ("words", 0.4, 99.0)]
        return orion.Transcription(words, language="en", cost=Decimal("0.002"))


def test_sync_what_is_said_in_a_sound(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    listener = Listener()
    with orion.Orion(**{**options, "voice": Speaker()}, transcriber=listener) as app:
        # A voice that tells no word times is listened to.
        sound = app.speak("three short words", tmp_path / "sound.wav")
        assert [(word.text, word.start.total_seconds()) for word in sound.words] == [("three", 0.1), ("short", 0.3), ("words", 0.4)]
        heard = app.transcribe(sound.path, language="en")
        assert (heard.text, heard.language, heard.provider) == ("three short words", "en", "listener")
        assert heard.words[2].end.total_seconds() == pytest.approx(0.9, abs=0.01)
        request = listener.asked[-1]
        assert request.language == "en" and request.seconds == pytest.approx(0.9, abs=0.01)
        assert listener.head == b"RIFF" and not request.sound.exists()
        video = app.create(script="Three short words.\n\nThree short words.\n\nThree short words.", out=tmp_path / "video", **QUICK)
        film = next(asset for asset in app.assets(video.content_id) if asset.kind == "video")
        assert app.transcribe(film).text == "three short words"
        with pytest.raises(FileNotFoundError):
            app.transcribe(tmp_path / "none.wav")
        (tmp_path / "text.wav").write_text("no sound")
        with pytest.raises(orion.InvalidError):
            app.transcribe(tmp_path / "text.wav")


def test_async_without_a_transcriber_it_says_so(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    class Confused(orion.Transcriber):
        async def transcribe(self, request: orion.TranscriptionRequest) -> orion.Transcription:
            return orion.Transcription([("never", float("nan"), 1.0)])

    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            with pytest.raises(NotImplementedError, match="transcribes"):
                await app.transcribe(tmp_path / "sound.wav")
        async with orion.AsyncOrion(**options, transcriber=Confused()) as app:
            sound = await app.speak("Two words.", tmp_path / "sound.wav")
            with pytest.raises(orion.CorruptError):
                await app.transcribe(sound.path)

    run(work())
