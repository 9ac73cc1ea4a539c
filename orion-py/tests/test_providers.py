"""Providers written in Python: they take part like built-in ones."""

from __future__ import annotations

import json
import math
import pathlib
import struct
import threading
import time
import traceback
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from conftest import QUICK, SCRIPT

import orion

Run = Callable[[Any], Any]


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + b"\x60" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Grey(orion.ImageGenerator):
    name = "grey"

    def __init__(self) -> None:
        self.asked: list[orion.ImageRequest] = []
        self.threads: set[str] = set()

    def generate(self, request: orion.ImageRequest) -> orion.Drawing:
        self.asked.append(request)
        self.threads.add(threading.current_thread().name)
        return orion.Drawing(png(request.width, request.height), cost=Decimal("0.01"))


def test_sync_pictures_are_journaled_and_paid(app: orion.Orion, options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    grey = Grey()
    with orion.Orion(**options, images=[grey, "graphics:"]) as app:
        video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
        steps = [step for step in app.steps(video.run_id) if step.key.startswith("images/")]
        assert len(steps) == 3 == len(grey.asked)
        assert {str(step.served_by) for step in steps} == {"grey"} and {step.cost for step in steps} == {Decimal("0.01")}
        assert app.costs().total == Decimal("0.03") == video.report.cost
        paid = app.provider_costs()[0]
        assert paid.provider == "grey" and paid.spending.by_category == {"image_generation": Decimal("0.03")}
        assert grey.asked[0].width >= 1080 and grey.asked[0].colours["background"].startswith("#")
        assert all(name.startswith("orion-provider") for name in grey.threads)
        image = next(one for one in app.providers() if one.service == "image")
        assert [str(provider) for provider in image.order] == ["grey", "scene-graphics/cards-4"]
        assert (image.order[0].requests, image.order[0].cost) == (3, Decimal("0.03"))


class Flaky(orion.ImageGenerator):
    name = "flaky"

    def __init__(self, fault: Exception, times: int) -> None:
        self.fault, self.times, self.calls = fault, times, 0

    async def generate(self, request: orion.ImageRequest) -> bytes:
        self.calls += 1
        if self.calls <= self.times:
            raise self.fault
        return png(request.width, request.height)


def test_sync_temporary_faults_are_tried_again(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    flaky = Flaky(ConnectionError("away for a moment"), 1)
    with orion.Orion(**options, images=flaky) as app:
        app.draw("a lighthouse", tmp_path / "picture.png", width=128, height=128)
    assert flaky.calls == 2


def test_sync_the_next_of_the_chain_serves_and_it_is_said(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    flaky = Flaky(ZeroDivisionError("no"), 100)
    with orion.Orion(**options, images=[flaky, "graphics:"]) as app:
        video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
        assert any("flaky failed" in note for note in video.report.notes)
        step = next(step for step in app.steps(video.run_id) if step.key == "images/1")
        assert step.after[0].provider.name == "flaky" and "ZeroDivisionError" in step.after[0].error


def test_sync_what_a_provider_raises_is_the_cause(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    with orion.Orion(**options, images=Flaky(ZeroDivisionError("on purpose"), 100)) as app:
        with pytest.raises(orion.Error) as caught:
            app.draw("a lighthouse", tmp_path / "picture.png", width=128, height=128)
        cause = caught.value.__cause__
        assert isinstance(cause, ZeroDivisionError)
        assert "in generate" in "".join(traceback.format_exception(cause))
        with pytest.raises(orion.Error) as caught:
            app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_async_a_deadline_and_a_stop_end_a_coroutine(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    import asyncio

    class Slow(orion.ImageGenerator):
        timeout = 0.2
        ended = threading.Event()

        async def generate(self, request: orion.ImageRequest) -> bytes:
            try:
                await asyncio.sleep(60)
            finally:
                self.ended.set()
            return b""

    async def work() -> None:
        slow = Slow()
        async with orion.AsyncOrion(**options, images=slow) as app:
            with pytest.raises(TimeoutError):
                await app.draw("a lighthouse", tmp_path / "picture.png", width=128, height=128)
            assert slow.ended.wait(10)

    run(work())


class Speaker(orion.SpeechSynthesizer):
    name, model = "beeper", "one"

    def __init__(self, words: list[tuple[float, float]] | None = None) -> None:
        self.words = words

    def speak(self, request: orion.SpeechRequest) -> orion.Sound:
        rate, seconds = 16_000, 0.3 * len(request.text.split())
        samples = [0.2 * math.sin(0.2 * n) for n in range(int(rate * seconds))]
        return orion.Sound(samples, rate, self.words, cost=Decimal("0.001"))


def test_sync_a_voice(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    with orion.Orion(**{**options, "voice": Speaker()}) as app:
        assert [voice.id for voice in app.voices()] == ["one"]
        sound = app.speak("three short words", tmp_path / "sound.wav")
        assert sound.seconds == pytest.approx(0.9, abs=0.01) and [word.text for word in sound.words] == ["three", "short", "words"]
        video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
        assert app.costs().by_category["tts_characters"] == Decimal("0.003")
        assert video.report.duration.total_seconds() > 3
    with orion.Orion(**{**options, "voice": Speaker([(0.5, 0.1)])}) as app, pytest.raises(orion.CorruptError):
        app.speak("word", tmp_path / "sound.wav")


class Author(orion.LanguageModel):
    name = "author"

    def __init__(self) -> None:
        self.asked: list[orion.CompletionRequest] = []

    async def complete(self, request: orion.CompletionRequest) -> orion.Completion:
        self.asked.append(request)
        if "Judge this script" in request.messages[-1].content:
            scores = {"hook_strength": 0.9, "value_density": 0.9, "cta_clarity": 0.9, "feedback": "Good."}
            return orion.Completion(json.dumps(scores), tokens=10, cost=Decimal("0.0001"))
        line = {"sources": [1], "visual_cue": "a bridge"}
        script = {
            "title": "The bridge",
            "hook": {"text": "The harbour bridge opened again on Monday.", **line},
            "body": [
                {"text": "It was closed for ten years.", **line},
                {"text": "Engineers replaced 1,200 rivets and painted 40 tonnes of steel.", **line},
            ],
            "cta": {"text": "Follow for more.", "visual_cue": "a hand"},
        }
        return orion.Completion(json.dumps(script), tokens=100, cost=Decimal("0.001"))


def test_async_a_language_model_writes_and_judges(
    options: dict[str, Any], feed: pathlib.Path, tmp_path: pathlib.Path, run: Run
) -> None:
    async def work() -> None:
        author = Author()
        async with orion.AsyncOrion(**options, llm=[author, "extractive:"]) as app:
            waiting = await app.advance(await app.start(feed=feed, gates=["script"], **QUICK))
            content = await app.content(waiting)
            assert content.script is not None and content.script.author == "author"
            assert content.critique is not None and content.critique.feedback == "Good."
            assert author.asked[0].schema is not None and author.asked[0].max_tokens > 0
            script = next(step for step in await app.steps(waiting) if step.key == "script")
            assert str(script.served_by) == "author"

    run(work())


class Board(orion.TrendSource):
    name = "board"

    def fetch(self, region: str, limit: int) -> list[orion.TrendItem]:
        text = "A lighthouse keeper counts 400 ships a day. The light reaches 30 kilometres. It was built in 1890 of stone."
        return [orion.TrendItem("The lighthouse counts its ships", 80, text=text, summary=text)][:limit]


def test_sync_a_source_of_trends(options: dict[str, Any]) -> None:
    with orion.Orion(**options, sources=[Board()]) as app:
        scan = app.scan()
        assert [(trend.topic, trend.sources) for trend in scan.trends] == [("The lighthouse counts its ships", ["board"])]
        waiting = app.advance(app.start(topic="lighthouse", gates=["script"], **QUICK))
        assert "lighthouse" in (app.content(waiting).script or orion.types.Script({})).text.lower()


def test_sync_what_a_source_says_in_numbers(options: dict[str, Any]) -> None:
    class Counting(Board):
        def fetch(self, region: str, limit: int) -> list[orion.TrendItem]:
            return [item._replace(signals={"searches": 2000}) for item in super().fetch(region, limit)]

    with orion.Orion(**options, sources=[Counting()]) as app:
        [trend] = app.scan().trends
        assert trend.signals == {"board": {"searches": 2000}}


class Shelf(orion.SocialPlatform):
    name, destination, text_limit = "shelf", "mastodon", 100

    def __init__(self, place: pathlib.Path) -> None:
        self.place, self.calls = place, [""]

    def check(self, credentials: Any) -> None:
        if credentials.get("key") != "open sesame":
            raise ValueError("the key does not fit")

    async def prepare(self, post: orion.PostRequest) -> str:
        return f"handle-{post.id}"

    def publish(self, post: orion.PostRequest) -> str:
        self.calls.append(post.handle or "")
        self.place.write_bytes(post.video.read_bytes())
        return "post-1"


def test_sync_a_place_to_publish(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    shelf = Shelf(tmp_path / "shelf.mp4")
    with orion.Orion(**options, platforms=[shelf]) as app:
        with pytest.raises(orion.Error) as caught:
            app.connect_account("mastodon", "Shelf", {"key": "wrong"})
        assert isinstance(caught.value.__cause__, ValueError)
        app.connect_account("mastodon", "Shelf", {"key": "open sesame"})
        video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
        app.approve(video.content_id)
        [post] = app.publish(video.content_id, "mastodon").posts
        assert (post.status, post.post_id) == ("published", "post-1")
        assert shelf.place.read_bytes() == video.path.read_bytes()
        assert shelf.calls[-1].startswith("handle-")
        assert not list((tmp_path / "data" / "work").glob("post-*"))


def test_a_place_of_an_unknown_name_says_which_there_are(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    shelf = Shelf(tmp_path / "shelf.mp4")
    shelf.destination = "shelf"
    with pytest.raises(orion.InvalidError) as caught:
        orion.Orion(**options, platforms=[shelf])
    assert caught.value.context["destination"] == "shelf" and caught.value.hint and "webhook" in caught.value.hint


def test_what_is_no_provider_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no ImageGenerator"):
        orion.Orion(**options, images=[object()])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        orion.ImageGenerator()  # type: ignore[abstract]


def test_sync_many_at_once_share_a_few_threads(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    class Busy(Grey):
        most, now, lock = 0, 0, threading.Lock()

        def generate(self, request: orion.ImageRequest) -> orion.Drawing:
            with self.lock:
                Busy.now += 1
                Busy.most = max(Busy.most, Busy.now)
            time.sleep(0.02)
            drawing = super().generate(request)
            with self.lock:
                Busy.now -= 1
            return drawing

    with orion.Orion(**options, images=Busy()) as app:
        threads = [
            threading.Thread(target=app.draw, args=("a", tmp_path / f"{n}.png"), kwargs={"width": 64, "height": 64})
            for n in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(list(tmp_path.glob("*.png"))) == 24 and 1 < Busy.most <= 8
