"""The examples run, the notebook too, and so does what the documentation shows."""

from __future__ import annotations

import doctest
import importlib
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
MODULES = ["orion", "orion.aio", "orion.errors", "orion.providers", "orion.sync", "orion.types"]


@pytest.mark.parametrize("name", MODULES)
def test_what_the_documentation_shows(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0
    assert outcome.attempted > 0 or name in ("orion", "orion.types")


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
