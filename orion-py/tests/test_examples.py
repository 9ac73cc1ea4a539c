"""The examples run, the notebook too, and so does what the documentation shows."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
import pathlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import orion

ROOT = pathlib.Path(__file__).parent.parent.parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(orion.__path__, "orion.")
    if module.name not in ("orion._orion", "orion.__main__")
)


@pytest.fixture()
def shown(options: dict[str, Any], feed: pathlib.Path, tmp_path: pathlib.Path) -> dict[str, Any]:
    """What the examples of the documentation take for granted."""
    script = "A bridge opens again.\n\nShips pass below it.\n\nFollow for more."
    return {"orion": orion, "asyncio": asyncio, "folder": tmp_path, "feed": feed, "script": script, "options": options}


def run_examples(examples: list[doctest.Example], names: dict[str, Any], run: Callable[[Any], Any]) -> list[str]:
    """Runs examples that may await, and gives those whose output is another."""
    wrong = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for example in examples:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = compile(example.source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            value = eval(code, names)
            if inspect.iscoroutine(value):
                run(value)
        if not doctest.OutputChecker().check_output(example.want, said.getvalue(), flags):
            wrong.append(f"{example.source}expected {example.want}got {said.getvalue()}")
    return wrong


@pytest.mark.parametrize("name", ["orion", *MODULES])
def test_what_the_documentation_shows(name: str, shown: dict[str, Any]) -> None:
    module = importlib.import_module(name)
    tests = [test for test in doctest.DocTestFinder().find(module, name) if test.examples]
    shows = ("orion", "orion.aio", "orion.aio.making", "orion.sync", "orion.sync.making", "orion.errors", "orion.providers", "orion.types")
    assert tests or name not in shows
    loop = asyncio.new_event_loop()
    try:
        for test in tests:
            waits = test.name.startswith("orion.aio.")
            app: Any = (orion.AsyncOrion if waits else orion.Orion)(**shown["options"])
            wrong = run_examples(test.examples, {**vars(module), **shown, "app": app}, loop.run_until_complete)
            closed = app.close()
            if waits:
                loop.run_until_complete(closed)
            assert not wrong, f"{test.name}: " + "\n".join(wrong)
    finally:
        loop.close()


def test_pictures_by_pillow(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("PIL")
    script = ROOT / "orion-py" / "examples" / "pillow_pictures.py"
    done = subprocess.run([sys.executable, script, tmp_path / "video"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "drawn by pillow-dots" in done.stdout and (tmp_path / "video" / "video.mp4").exists()


def test_a_script_by_hugging_face_or_by_the_next(feed: pathlib.Path) -> None:
    script = ROOT / "orion-py" / "examples" / "hugging_face.py"
    done = subprocess.run([sys.executable, script, feed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    try:
        importlib.import_module("transformers")
    except ImportError:
        assert "extractive wrote:" in done.stdout and "transformers is not installed" in done.stdout


def test_the_notebook_runs() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "examples" / "orion.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert any("<video controls" in output["data"].get("text/html", "") for output in shown)
