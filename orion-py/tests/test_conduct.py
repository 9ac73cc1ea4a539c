"""How the package behaves: errors, stops, Ctrl-C, forks, configuration, and what it needs."""

from __future__ import annotations

import ast
import asyncio
import importlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import QUICK, SCRIPT

import orion

Run = Callable[[Any], Any]
LONG: dict[str, Any] = {"script": " ".join(f"Sentence {n} of a long story ends here." for n in range(30)), "quality": "premium"}


def test_every_exception_has_one_base() -> None:
    classes = [getattr(orion, name) for name in orion.__all__ if name.endswith("Error")]
    assert len(classes) > 14 and all(issubclass(cls, orion.Error) for cls in classes)
    builtin = {
        orion.InvalidError: ValueError,
        orion.MissingFileError: FileNotFoundError,
        orion.DeadlineError: TimeoutError,
        orion.ForbiddenError: PermissionError,
        orion.UnauthorizedError: PermissionError,
        orion.NotFoundError: LookupError,
        orion.UnsupportedError: NotImplementedError,
    }
    assert all(issubclass(cls, base) for cls, base in builtin.items())


def test_sync_errors_say_what_to_do(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    with pytest.raises(orion.InvalidError) as caught:
        app.create(script="Hm", out=tmp_path / "video")
    assert caught.value.kind == "invalid" and caught.value.hint and "hint: " in str(caught.value)
    assert not (tmp_path / "video").exists()
    with pytest.raises(ValueError, match="exactly one"):
        app.create(text="a", script="b")
    with pytest.raises(FileNotFoundError):
        app.scan(feeds=[tmp_path / "none.xml"])
    with pytest.raises(LookupError):
        app.trend("00000000-0000-0000-0000-000000000000")
    with pytest.raises(orion.InvalidError):
        app.trend("nonsense")
    with pytest.raises(orion.ConflictError, match="gates"):
        app.deliver(app.start(script=SCRIPT))


def test_async_errors_say_what_to_do(options: dict[str, Any], run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            with pytest.raises(orion.InvalidError):
                await app.create(script="Hm")
            with pytest.raises(LookupError):
                await app.run("00000000-0000-0000-0000-000000000000")

    run(work())


def test_sync_what_the_callback_raises_stops_the_work(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    def enough(update: orion.Progress) -> None:
        if update.stage == "render":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.create(**LONG, out=tmp_path / "video", progress=enough)
    assert app.runs()[0].state == "cancelled" and not (tmp_path / "video").exists()


def test_async_a_cancelled_task_cancels_its_run(options: dict[str, Any], tmp_path: pathlib.Path, run: Run) -> None:
    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            begun = asyncio.Event()
            task = asyncio.create_task(
                app.create(**LONG, out=tmp_path / "video", progress=lambda update: begun.set())
            )
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            stopped = (await app.runs())[0]
            assert stopped.state == "cancelled"
            assert not (tmp_path / "video").exists()
            job = await app.begin(script=SCRIPT, **QUICK)
            job.cancel()
            with pytest.raises(orion.CancelledError):
                await job

    run(work())


def test_sync_a_stopped_run_goes_on_without_doing_anything_twice(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    started = app.start(script=SCRIPT, **QUICK)

    def stop(update: orion.Progress) -> None:
        if update.stage == "render":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.advance(started, progress=stop)
    before = {step.key: step.finished_at for step in app.steps(started) if step.state == "finished"}
    assert "images/1" in before
    finished = app.advance(started)
    assert (finished.state, finished.attempts) == ("completed", 2)
    after = {step.key: step.finished_at for step in app.steps(started)}
    assert all(after[key] == moment for key, moment in before.items())
    assert app.deliver(finished, tmp_path / "video").path.exists()


CTRL_C = """
import asyncio, orion, sys
options = dict(store="memory:", blobs="memory:", voice="silent:", offline=True, data_dir=sys.argv[1])
order = dict(script=sys.stdin.read(), quality="premium", out=sys.argv[1] + "/v", progress=lambda p: print(p.stage, flush=True))

async def work():
    async with orion.AsyncOrion(**options) as app:
        print("ready", flush=True)
        try:
            await app.create(**order)
        finally:
            print([run.state for run in await app.runs()], flush=True)

try:
    if sys.argv[2] == "async":
        asyncio.run(work())
    app = orion.Orion(**options)
    print("ready", flush=True)
    if sys.argv[2] == "events":
        next(app.events())
    else:
        app.create(**order)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    if sys.argv[2] == "create":
        print([run.state for run in app.runs()], flush=True)
"""


@pytest.mark.parametrize("what", ["events", "create", "async"])
def test_ctrl_c_is_answered(tmp_path: pathlib.Path, what: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CTRL_C, str(tmp_path), what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(LONG["script"])
    child.stdin.close()
    assert child.stdout.readline() == "ready\n"
    if what == "events":
        # It waits for an event by then, or is about to: either way it must end.
        threading.Event().wait(0.5)
    else:
        assert child.stdout.readline()
    child.send_signal(signal.SIGINT)
    said = child.stdout.read()
    assert child.wait(60) == 0 and "interrupted" in said
    assert ("['cancelled']" in said) == (what != "events") and not (tmp_path / "v").exists()


def children() -> set[str]:
    """The programs that this process has started and that still run."""
    found = set()
    for place in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = place.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid() and state != "Z":
            found.add(name)
    return found


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="there is no /proc to look at")
def test_sync_who_leaves_a_job_leaves_no_program_behind(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    with app.begin(**LONG, out=tmp_path / "video") as job:
        for update in job:
            if update.stage == "render" and update.done > 0:
                assert "ffmpeg" in children()
                break
    assert job.done() and "ffmpeg" not in children()
    assert app.runs()[0].state == "cancelled" and not (tmp_path / "video").exists()
    with pytest.raises(orion.CancelledError):
        job.result()


def test_a_fork_opens_its_own_engine(tmp_path: pathlib.Path, options: dict[str, Any], feed: pathlib.Path) -> None:
    with orion.Orion(**{**options, "store": "sqlite:orion.db", "blobs": "file:blobs"}) as app:
        app.scan(feeds=[feed])
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if len(app.trends()) == 2 else 2
                app.close()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(app.trends()) == 2
    with orion.Orion(**options) as app:
        child = os.fork()
        if child == 0:
            try:
                app.trends()
            except orion.ConflictError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Here(orion.TrendSource):
    """Tells in which process it was asked; by a coroutine, or on a thread."""

    name = "here"

    def fetch(self, region: str, limit: int) -> list[orion.TrendItem]:
        return [orion.TrendItem(f"The process {os.getpid()} tells of itself", 50, text="It tells of itself.")]


class HereAwaited(orion.TrendSource):
    name = "here-awaited"

    async def fetch(self, region: str, limit: int) -> list[orion.TrendItem]:
        return Here().fetch(region, limit)


@pytest.mark.parametrize("source", [Here, HereAwaited])
def test_providers_work_on_both_sides_of_a_fork(
    options: dict[str, Any], source: type[Here | HereAwaited], tmp_path: pathlib.Path
) -> None:
    with orion.Orion(**{**options, "store": "sqlite:orion.db", "blobs": "file:blobs"}, sources=[source()]) as app:
        assert str(os.getpid()) in app.scan().trends[0].topic
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if str(os.getpid()) in app.scan().trends[0].topic else 2
                app.close()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert app.scan().found == 1


def test_a_closed_one_stays_closed(options: dict[str, Any], run: Run) -> None:
    app = orion.Orion(**options)
    app.close()
    app.close()
    with pytest.raises(orion.ConflictError, match="closed"):
        app.trends()

    async def work() -> None:
        async with orion.AsyncOrion(**options) as app:
            job = await app.begin(**LONG)
        with pytest.raises(orion.CancelledError):
            await job

    run(work())


def test_configuration(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
    place = tmp_path / "orion.toml"
    place.write_text('store = "memory:"\nblobs = "memory:"\n[create]\nvoice = "silent:"\nseconds = 30\n')
    monkeypatch.setenv("ORION_CREATE_SECONDS", "40")
    with orion.Orion(place, data_dir=tmp_path / "data", settings={"create.fps": 25}) as app:
        settings = app.settings()
    assert (settings["store"], settings["create.seconds"], settings["create.fps"]) == ("memory:", 40, 25)
    with pytest.raises(orion.InvalidError, match="unknown setting"):
        orion.Orion(**{**options, "settings": {"create.lenght": 3}})
    with pytest.raises(orion.Error):
        orion.Orion(tmp_path / "none.toml")


def test_without_ffmpeg_the_error_says_how_to_get_it(
    options: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with orion.Orion(**options) as app, pytest.raises(orion.UnavailableError) as caught:
        app.create(script=SCRIPT, out=tmp_path / "video")
    assert caught.value.hint and "apt install ffmpeg" in caught.value.hint and "imageio-ffmpeg" in caught.value.hint


def test_the_bundled_ffmpeg_is_enough(
    options: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = pytest.importorskip("imageio_ffmpeg")
    assert bundled.get_ffmpeg_exe()
    monkeypatch.setenv("PATH", str(tmp_path))
    with orion.Orion(**options) as app:
        video = app.create(script=SCRIPT, out=tmp_path / "video", **QUICK)
    # There is no ffprobe either: ffmpeg alone has told what the file is, and it was checked by that.
    report = video.report
    assert (report.width, report.height) == (1080, 1080) and {check.name for check in report.checks if check.passed} >= {"codec"}


def test_sync_progress_shows_itself_in_bars(app: orion.Orion, tmp_path: pathlib.Path) -> None:
    tqdm, track = pytest.importorskip("tqdm"), pytest.importorskip("rich.progress")
    shown = io.StringIO()
    with app.begin(script=SCRIPT, out=tmp_path / "one", **QUICK) as job:
        stages = [update.stage for update in tqdm.tqdm(job, file=shown)]
    assert stages[-1] == "render" and f"{len(stages)}it" in shown.getvalue()
    with app.begin(script=SCRIPT, out=tmp_path / "two", **QUICK) as job:
        assert [update.stage for update in track.track(job, total=None)][-1] == "render"
        assert job.result().path.exists()


def test_sync_records_show_themselves(app: orion.Orion) -> None:
    run = app.start(script=SCRIPT, gates=["script"])
    assert f"id={run.id}" in repr(run) and "state='pending'" in repr(run)
    html = run._repr_html_()
    assert html.startswith("<table>") and str(run.id) in html and "pending" in html
    pretty = pytest.importorskip("rich.pretty")
    told = pretty.pretty_repr(run)
    assert told.startswith("Run(") and "state='pending'" in told and "content_id=UUID(" in told
    content = app.content(run)
    hostile = orion.Content({**content.as_dict(), "title": "<script>alert(1)</script>"})
    assert "<script>" not in hostile._repr_html_()


LEFT_OPEN = """
import orion, sys, threading
app = orion.Orion(store="memory:", blobs="memory:", voice="silent:", offline=True, data_dir=sys.argv[1])
job = app.begin(script=sys.argv[2], quality="premium", out=sys.argv[1] + "/v")
next(iter(job))
threading.Thread(target=lambda: list(job), daemon=True).start()
"""


def test_a_program_that_ends_in_the_middle_ends_well(tmp_path: pathlib.Path) -> None:
    for turn in range(3):
        place = str(tmp_path / str(turn))
        done = subprocess.run(
            [sys.executable, "-c", LEFT_OPEN, place, LONG["script"]], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "") and not pathlib.Path(place, "v").exists()


def test_importing_brings_only_what_is_asked_for() -> None:
    code = "import sys, orion; print(sorted(name for name in sys.modules if name.startswith('orion')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == ["orion", "orion._orion"]
    code = "import sys; from orion import Orion; sys.exit(bool({'asyncio', 'imageio_ffmpeg', 'orion.providers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_name_is_there_and_as_checkers_see_it() -> None:
    source = pathlib.Path(orion.__file__).read_text()
    seen = {
        name.name: node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for name in node.names
    }
    assert dir(orion) == orion.__all__ and set(orion.__all__) == seen.keys() | {"connect", "connect_async"}
    for name, module in seen.items():
        place = importlib.import_module(f"orion.{module or name}")
        assert getattr(orion, name) is (getattr(place, name) if module else place), name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = vars(orion)["__getattr__"]("nonsense")
    with pytest.raises(ImportError):
        exec("from orion import nonsense")


def test_the_command_comes_along() -> None:
    done = subprocess.run([sys.executable, "-m", "orion", "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.split() == ["orion", orion.__version__]
    wrong = subprocess.run([sys.executable, "-m", "orion", "nonsense"], capture_output=True, text=True, check=False)
    assert wrong.returncode != 0 and "nonsense" in wrong.stderr
