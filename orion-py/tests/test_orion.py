"""The engine in Python: each test of `Orion` has its twin of `AsyncOrion`."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import inspect
import pathlib
import pickle
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from conftest import QUICK, SCRIPT

import orion

Run = Callable[[Any], Any]


def check_video(video: orion.Video, out: pathlib.Path) -> None:
    assert video.path == out / "video.mp4" and video.path.stat().st_size > 10_000
    files = [video.path, video.thumbnail, video.script, *video.captions, *video.thumbnails]
    assert len(video.thumbnails) >= 3
    assert all(isinstance(path, pathlib.Path) and path.exists() for path in files)
    report = video.report
    assert (report.width, report.height) == (1080, 1080)
    assert report.duration > datetime.timedelta(seconds=1)
    assert report.cost == decimal.Decimal(0)
    assert report.run_id == video.run_id and isinstance(video.run_id, uuid.UUID)
    assert all(isinstance(step.cost, decimal.Decimal) for step in report.steps)
    assert all(check.name for check in report.checks)


STAGES = {"research", "script", "images", "video", "render"}


def test_sync_a_script_becomes_a_video(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    seen: list[orion.Progress] = []
    video = app.create(script=SCRIPT, out=tmp_path / "video", progress=seen.append, **QUICK)
    check_video(video, tmp_path / "video")
    assert {update.stage for update in seen} >= STAGES
    assert any(update.fraction == 1.0 for update in seen)
    bundle = video._repr_mimebundle_()
    assert bundle["text/html"].startswith("<video controls") and "data:video/mp4;base64," in bundle["text/html"]
    content = app.content(video.content_id)
    assert content.script is not None and content.script.lines[0].text == "Python speaks to Orion."
    assert content.created_at.tzinfo is not None and content.confidence is not None
    [run] = app.runs()
    assert run.state == "completed" and run.id == video.run_id and run.content_id == content.id
    assert {step.state for step in app.steps(run)} == {"finished"}
    pictures = [asset for asset in app.assets(content) if asset.kind == "image"]
    saved = app.save(pictures[0], tmp_path / "picture.png")
    assert saved.stat().st_size == pictures[0].length
    again = pickle.loads(pickle.dumps(content))
    assert again == content and again is not content and "Content(id=" in repr(content)


def test_async_a_script_becomes_a_video(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        seen: list[orion.Progress] = []

        async def watch(update: orion.Progress) -> None:
            seen.append(update)

        async with orion.AsyncOrion(**options) as app:
            video = await app.create(script=SCRIPT, out=tmp_path / "video", progress=watch, **QUICK)
            check_video(video, tmp_path / "video")
            assert {update.stage for update in seen} >= STAGES
            assert (await app.content(video.content_id)).status == "review"

    run(work())


def test_sync_a_feed_becomes_trends_and_a_video(app: orion.Orion, feed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    scan = app.scan(feeds=[feed])
    assert (scan.found, scan.saved) == (2, 2) and scan.problems == []
    trend = app.trends("active")[0]
    assert trend.sources == ["rss:Harbour News"] and trend.items[0].url
    assert app.set_trend(trend, "discarded").status == "discarded"
    trend = app.trend(app.set_trend(trend, "active").id)
    video = app.create(trend=trend, out=tmp_path / "video", **QUICK)
    assert app.content(video.content_id).trend_id == trend.id
    assert app.trend(trend.id).status == "used"


def test_async_jobs_tell_their_progress(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            async with await app.begin(script=SCRIPT, out=tmp_path / "video", **QUICK) as job:
                stages = [update.stage async for update in job]
                assert set(stages) >= STAGES and job.done()
                assert (await job).path.exists()

    run(work())


def test_sync_jobs_tell_their_progress(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    with app.begin(script=SCRIPT, out=tmp_path / "video", **QUICK) as job:
        assert {update.stage for update in job} >= STAGES
        assert job.result().path.exists()


def test_sync_gates(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    started = app.start(script=SCRIPT, gates=["script", "prompts", "review"], **QUICK)
    assert started.state == "pending"
    waiting = app.advance(started)
    assert (waiting.state, waiting.gate) == ("waiting", "script")
    question = app.question(waiting)
    assert question is not None and question.gate == "script"
    edited = app.edit_script(waiting, ["Another hook.", "Three lines make a video.", "Bye."], title="Edited")
    assert edited.subject != question.subject
    with pytest.raises(orion.ConflictError, match="changed"):
        app.approve(waiting, subject=question.subject)
    app.approve(waiting, subject=edited.subject)
    waiting = app.advance(waiting)
    assert waiting.gate == "prompts"
    content = app.content(waiting.content_id)
    assert content.title == "Edited" or content.script is not None
    scene = content.scenes[0]
    app.edit_scene(content, scene.number, description="a lighthouse")
    assert app.content(content.id).scenes[0].description == "a lighthouse"
    app.approve(content)
    waiting = app.advance(waiting)
    assert waiting.gate == "review"
    video = app.deliver(waiting, tmp_path / "video")
    assert video.path.exists()
    assert app.approve(content).status == "approved"
    assert app.question(content) is None


def test_async_rejection_with_feedback_makes_another(options: dict[str, Any], feed: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            waiting = await app.advance(await app.start(feed=feed, gates=["script"], **QUICK))
            assert (await app.reject(waiting, "say more about the rivets", again=True)).status == "generating"
            waiting = await app.advance(waiting)
            assert waiting.gate == "script" and waiting.feedback == ["say more about the rivets"]
            assert (await app.content(waiting)).regeneration_count == 1
            assert (await app.reject(waiting)).status == "rejected"

    run(work())


def test_sync_publishing_to_a_folder(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
    account = app.connect_account("folder", "Exports", {"path": "exports"})
    assert account.platform == "folder" and "exports" not in repr(account)
    with pytest.raises(orion.ConflictError):
        app.publish(video.content_id, "folder")
    app.approve(video.content_id)
    publishing = app.publish(video.content_id, "folder", "nowhere")
    assert [post.status for post in publishing.posts] == ["published", "failed"]
    assert list((tmp_path / "published").rglob("*.mp4"))
    [publication] = app.publications(video.content_id)
    assert publication.state == "published" and app.content(video.content_id).status == "published"
    assert app.resume_publications() == 0
    app.disconnect_account(account)
    assert app.accounts() == []


def test_async_publishing_to_a_folder(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            video = await app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
            await app.connect_account("folder", "Exports", {"path": "exports"})
            await app.approve(video.content_id)
            publishing = await app.publish(video.content_id, "folder")
            assert publishing.published_at is not None and publishing.published_at.tzinfo is not None

    run(work())


def test_sync_events(app: orion.Orion, feed: pathlib.Path) -> None:
    now = app.events()
    app.scan(feeds=[feed])
    past = list(app.events(after="0", follow=False))
    assert [event.channel for event in past] == ["orion.trend.detected"] * 2
    assert past[0].at.tzinfo is not None and past[0].payload["topic"]
    assert list(app.events(after=past[0].cursor, follow=False)) == past[1:]
    assert list(app.events(after="0", channel="orion.none", follow=False)) == []
    del now
    with pytest.raises(orion.InvalidError):
        list(app.events(after="yesterday", follow=False))


def test_async_events_come_as_they_happen(options: dict[str, Any], feed: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:

            async def first() -> orion.Event:
                async for event in app.events():
                    return event
                raise AssertionError("events never end")

            waiting = asyncio.create_task(first())
            await asyncio.sleep(0.3)
            await app.scan(feeds=[feed])
            assert (await waiting).channel == "orion.trend.detected"

    run(work())


def test_sync_costs_and_numbers(app: orion.Orion) -> None:
    assert app.costs().total == decimal.Decimal(0) and app.costs().by_category == {}
    assert app.daily_costs() == [] and app.provider_costs() == []
    assert {one.period for one in app.projections()} == {"daily", "weekly", "monthly"}
    assert app.metrics().stages == [] and app.funnel().generated == 0
    assert app.settings()["store"] == "memory:"


def test_async_costs_and_numbers(options: dict[str, Any], run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            assert (await app.costs()).total == 0
            assert (await app.funnel()).generated == 0

    run(work())


def test_sync_pictures_and_speech_alone(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    picture = app.draw("a lighthouse", tmp_path / "picture.jpg", width=256, height=256)
    assert picture.path.stat().st_size > 1000 and picture.provider
    sound = app.speak("Two words.", tmp_path / "sound.wav")
    assert sound.path.read_bytes()[:4] == b"RIFF"
    assert [word.text for word in sound.words] == ["Two", "words."] and sound.words[1].end > sound.words[1].start
    with pytest.raises(orion.InvalidError):
        app.speak("", tmp_path / "nothing.wav")


def test_sync_users_see_their_own(app: orion.Orion) -> None:
    ann = app.add_user("ann@example.org", "Ann", "correct horse battery")
    assert ann.role == "editor" and ann.id in {user.id for user in app.users()}
    mine = app.acting_as(ann)
    run = mine.start(script=SCRIPT)
    assert run.owner == ann.id and [content.id for content in mine.contents()] == [run.content_id]
    bob = app.add_user("bob@example.org", "Bob", "correct horse battery", role="viewer")
    theirs = app.acting_as(bob)
    assert theirs.contents() == []
    for refused in (lambda: theirs.content(run.content_id), lambda: theirs.start(script=SCRIPT), theirs.users):
        with pytest.raises(PermissionError) as caught:
            refused()
        assert isinstance(caught.value, orion.ForbiddenError)
    assert app.set_user(bob, role="editor", active=False).active is False
    with pytest.raises(orion.ForbiddenError):
        theirs.trends()


def test_the_twins_have_the_same_calls() -> None:
    def calls(cls: type) -> dict[str, inspect.Signature]:
        found = inspect.getmembers(cls, inspect.isfunction)
        return {name: inspect.signature(call) for name, call in found if name == "__init__" or name[0] != "_"}

    plain, awaited = calls(orion.Orion), calls(orion.AsyncOrion)
    assert plain.keys() == awaited.keys() and len(plain) > 40
    for name in plain:
        assert list(plain[name].parameters) == list(awaited[name].parameters), name
        told, awaited_told = getattr(orion.Orion, name).__doc__, getattr(orion.AsyncOrion, name).__doc__
        assert told == re.sub(r"\b(await|async) ", "", awaited_told or "") or name == "__init__", name
