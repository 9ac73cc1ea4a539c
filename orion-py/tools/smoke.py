"""Tries a wheel where nothing else is: `python tools/smoke.py WHEEL [PYTHON]`.

In a fresh environment of PYTHON, with an empty `PATH`:

- without any ffmpeg a video cannot be made, and the error says how to get one;
- with the one of the package `imageio-ffmpeg` it is made, and is what it says it is;
- the command `orion` has come along.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

MAKE = """
import orion, sys
app = orion.Orion(store="memory:", blobs="memory:", voice="silent:", offline=True)
try:
    video = app.create(script="A wheel makes a video.\\n\\nIt needs nothing else.\\n\\nFollow for more.", out="video", quality="draft")
except orion.UnavailableError as error:
    sys.exit(str(error))
report = video.report
print(video.path, video.path.stat().st_size, report.width, report.height, all(check.passed for check in report.checks))
"""


def main(wheel: str, python: str = sys.executable) -> None:
    """Tries a wheel."""
    folder = pathlib.Path(tempfile.mkdtemp())
    fresh = folder / "fresh"
    subprocess.run([python, "-m", "venv", fresh], check=True)
    pip = [fresh / "bin" / "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-index", wheel], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORION_", "PYTHON"))}
    bare = {**kept, "PATH": str(folder / "nothing"), "ORION_DATA_DIR": str(folder / "data")}

    def run(*command: str | pathlib.Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)

    without = run(fresh / "bin" / "python", "-c", MAKE)
    assert without.returncode == 1 and "hint: install ffmpeg" in without.stderr, without
    assert "pip install imageio-ffmpeg" in without.stderr and not (folder / "video").exists(), without
    subprocess.run([*pip, "imageio-ffmpeg"], check=True)
    made = run(fresh / "bin" / "python", "-c", MAKE)
    assert made.returncode == 0 and made.stdout.split()[2:] == ["1080", "1920", "True"], made
    version = run(fresh / "bin" / "orion", "--version")
    assert version.returncode == 0 and version.stdout.startswith("orion "), version
    told = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{pathlib.Path(wheel).name} on {told}: {made.stdout.strip()}; {version.stdout.strip()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
