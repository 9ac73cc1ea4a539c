"""The same calls over a platform's API: a real `orion up`, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from conftest import FEED

import orion

Run = Callable[[Any], Any]
EMAIL, PASSWORD = "ann@example.org", "correct horse battery staple"
SCRIPT = "Python speaks to a platform.\n\nIt makes the video.\n\nFollow for more."
ORDER: dict[str, Any] = {"script": SCRIPT, "quality": "draft", "format": "1:1"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("platform")
    (folder / "feed.xml").write_text(FEED)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORION_")}
    environment = kept | {
        "ORION_DATA_DIR": str(folder / "data"),
        "ORION_HTTP_LISTEN": f"127.0.0.1:{port}",
        "ORION_CREATE_VOICE": "silent:",
        "ORION_CREATE_FPS": "24",
        "ORION_OFFLINE": "true",
        "ORION_HTTP_RATE_FACTOR": "1000",
        "ORION_FEEDS": str(folder / "feed.xml"),
        "ORION_SCOUT_INTERVAL": "0",
        "ORION_BUDGET_DAY": "2.50",
        "ORION_PUBLISH_FOLDER_ROOT": str(folder / "published"),
        "ORION_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "-m", "orion"]
    made = subprocess.run(
        [*command, "admin", "create", "--email", EMAIL, "--name", "Ann"], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    server = subprocess.Popen([*command, "up"], env=environment, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, "the platform has ended"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture()
def app(platform: str) -> Iterator[orion.Orion]:
    with orion.connect(platform, email=EMAIL, password=PASSWORD) as app:
        yield app


def test_sync_a_video_from_start_to_published(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    seen: list[orion.Progress] = []
    video = app.create(**ORDER, out=tmp_path / "video", progress=seen.append)
    assert video.path.stat().st_size > 10_000 and video.thumbnail is not None and video.thumbnail.exists()
    assert {"images", "render"} <= {update.stage for update in seen}
    with pytest.raises(NotImplementedError):
        _ = video.report
    content = app.content(video.content_id)
    assert content.status == "review" and content.script is not None and len(content.script.lines) == 3
    assert content.created_at.tzinfo is not None
    question = app.question(content)
    assert question is not None and question.gate == "review"
    with pytest.raises(orion.ConflictError):
        app.publish(content, "folder")
    assert app.approve(content, subject=question.subject).status == "approved"
    run = app.advance(video.run_id)
    assert run.state == "completed" and app.question(content) is None
    account = app.connect_account("folder", "Exports", {"path": "exports"})
    assert [post.status for post in app.publish(content, "folder").posts] == ["published"]
    assert app.publications(content)[0].state == "published"
    app.disconnect_account(account)
    assert [kept.id for kept in app.contents("published")] == [content.id]
    asset = next(asset for asset in app.assets(content) if asset.kind == "image")
    assert app.save(asset, tmp_path / "picture.png").stat().st_size == asset.length


def test_sync_gates_and_edits(app: orion.Orion) -> None:
    run = app.advance(app.start(**ORDER, gates=["script", "prompts"]))
    assert (run.state, run.gate) == ("waiting", "script")
    before = app.question(run)
    edited = app.edit_script(run, ["Another hook.", "It makes the video.", "Bye."])
    assert before is not None and edited.subject != before.subject
    with pytest.raises(orion.ConflictError):
        app.approve(run, subject=before.subject)
    app.approve(run, subject=edited.subject)
    run = app.advance(run)
    assert run.gate == "prompts"
    app.edit_scene(run, 1, description="a lighthouse")
    assert app.content(run).scenes[0].description == "a lighthouse"
    assert app.reject(run, "not this").status == "rejected"


def test_sync_trends_numbers_and_people(app: orion.Orion) -> None:
    scan = app.scan()
    assert scan.found == 2 and {trend.status for trend in scan.trends} == {"active"}
    trend = app.trend(scan.trends[0].id)
    assert trend.items[0].title and app.set_trend(trend, "discarded").status == "discarded"
    assert app.costs().total == 0 and app.funnel().generated >= 0 and app.metrics().error_rate == 0
    services = {service.service: service for service in app.providers()}
    assert services.keys() >= {"llm", "critic", "image", "tts"}
    assert [str(provider) for provider in services["image"].order] == ["scene-graphics/cards-4"]
    switched = {service.service: service for service in app.switch("image", "scene-graphics")}["image"]
    assert switched.chosen is not None and (switched.chosen.provider, switched.chosen.side) == ("scene-graphics", "local")
    assert all(service.chosen is None for service in app.reset_provider("image"))
    with pytest.raises(orion.InvalidError):
        app.switch("llm", "nobody:mistral")
    budget = app.budget(30)
    assert (budget.run, budget.day, budget.left_today) == (None, Decimal("2.5"), Decimal("2.5"))
    assert {stage.stage for stage in budget.stages} == {"script", "images", "video"} and budget.expected == 0
    bob = app.add_user("bob@example.org", "Bob", PASSWORD, role="editor")
    assert bob.role == "editor" and app.set_user(bob, active=False).active is False
    for refused in (lambda: app.steps(bob.id), lambda: app.start(feed="feed.xml"), app.voices, app.settings, lambda: app.transcribe("sound.wav")):
        with pytest.raises(orion.UnsupportedError):
            refused()


def test_sync_own_material_is_refused_by_name(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    before = [content.id for content in app.contents()]
    marked = tmp_path / "marked.txt"
    marked.write_text("@image harbour.jpg\n" + SCRIPT)
    own: list[dict[str, Any]] = [{"images": ["a.jpg"]}, {"clips": ["c.mp4"]}, {"voice_file": "v.wav"}, {"audio": "t.wav"}, {"music": "calm"}]
    for order in [*({**ORDER, **one} for one in own), {**ORDER, "script": marked}]:
        with pytest.raises(orion.UnsupportedError) as caught:
            app.create(**order, out=tmp_path / "video")
        assert caught.value.hint and "orion.Orion()" in caught.value.hint
    assert [content.id for content in app.contents()] == before and not (tmp_path / "video").exists()
    plain = tmp_path / "plain.txt"
    plain.write_text(SCRIPT)
    order: dict[str, Any] = {**ORDER, "script": plain}
    run = app.advance(app.start(**order, gates=["script"]))
    script = app.content(run).script
    assert script is not None and [line.text for line in script.lines][0] == "Python speaks to a platform."
    app.reject(run)


def test_async_everything_is_there_to_be_awaited(platform: str, tmp_path: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        async with orion.connect_async(platform, email=EMAIL, password=PASSWORD) as app:

            async def first() -> orion.Event:
                async for event in app.events(channel="orion.content.updated"):
                    return event
                raise AssertionError("events never end")

            waiting = asyncio.create_task(first())
            await asyncio.sleep(0.5)
            seen: list[orion.Progress] = []
            video = await app.create(**ORDER, out=tmp_path / "video", progress=seen.append)
            assert video.path.exists() and seen
            event = await waiting
            assert event.content_id == video.content_id and event.at.tzinfo is not None
            rest = [event async for event in app.events(after=event.cursor, follow=False)]
            assert rest and all(later.id != event.id for later in rest)

    run(work())


def test_who_is_not_let_in_and_what_is_not_there(platform: str) -> None:
    with pytest.raises(PermissionError):
        orion.connect(platform, email=EMAIL, password="wrong horse")
    with orion.connect(platform, token="nonsense") as stranger, pytest.raises(orion.UnauthorizedError):
        stranger.trends()
    with pytest.raises(ValueError):
        orion.connect("ftp://example.org")
    with orion.connect("http://127.0.0.1:9", token="x") as nowhere, pytest.raises(orion.UnavailableError) as caught:
        nowhere.trends()
    assert caught.value.hint and "orion up" in caught.value.hint
