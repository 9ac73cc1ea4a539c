"""Measures the Python package: `python benches/python.py [READ] [WHEEL]` with the package to measure on the path.

READ is the program of `cargo build --release -p orion-benches --bin read`, WHEEL what `maturin build --release` made.
What is printed, each with the number of samples:

- a cached read (one trend of a record in memory) from Python, by a plain call and awaited, and what that is more than
  the same read in Rust;
- events per second through the iterator, by a plain one and an awaited one, and with every field looked at;
- the time of `import orion` in a fresh interpreter, and of the class that it gives when it is asked for it, less that of
  an empty one;
- the length of the wheel;
- how fast plain Python runs while eight threads wait: for events, against the same alone; and for renders, against
  another process at the same time, since renders take the processors as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import orion

READS = 20_000
IMPORTS = 15
EVENTS = 20_000
FEED_ITEMS = 400


def feed(folder: pathlib.Path, number: int) -> pathlib.Path:
    """A feed with many unlike items."""
    words = ["harbour", "engine", "garden", "bridge", "violin", "planet", "market", "tunnel", "forest", "camera"]
    items = "".join(
        f"<item><title>{words[n % 10]} {words[n // 10 % 10]} number {number * FEED_ITEMS + n} {words[n * 7 % 10]}</title>"
        f"<link>https://example.org/{number}/{n}</link><description>A short text about it.</description></item>"
        for n in range(FEED_ITEMS)
    )
    place = folder / f"feed-{number}.xml"
    place.write_text(f'<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>{items}</channel></rss>')
    return place


def timed(call: Any, times: int) -> list[float]:
    """How long each call took, in microseconds, sorted."""
    samples = []
    for _ in range(times):
        begun = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - begun) / 1000)
    return sorted(samples)


def reads(app: orion.Orion, rust: str | None, feeds: list[pathlib.Path]) -> None:
    """The cost of a cached read."""
    trend = app.trends(limit=1)[0].id
    samples = timed(lambda: app.trend(trend), READS)
    median = samples[READS // 2]
    print(f"cached read from Python: median {median:.2f} us, p99 {samples[READS * 99 // 100]:.2f} us (n={READS})")
    if rust:
        said = subprocess.run([rust, *map(str, feeds)], check=True, capture_output=True, text=True).stdout
        print(said, end="")
        in_rust = float(said.split("median ")[1].split()[0])
        print(f"overhead of the call: {median - in_rust:.2f} us (median less median)")


async def awaited_reads(options: dict[str, Any], feeds: list[pathlib.Path]) -> None:
    """The same, awaited; and events."""
    async with orion.AsyncOrion(**options) as app:
        for place in feeds:
            await app.scan(feeds=[place], limit=100)
        trend = (await app.trends(limit=1))[0].id
        samples = []
        for _ in range(READS // 4):
            begun = time.perf_counter_ns()
            await app.trend(trend)
            samples.append((time.perf_counter_ns() - begun) / 1000)
        samples.sort()
        print(f"cached read, awaited: median {samples[len(samples) // 2]:.2f} us (n={len(samples)})")
        seen, begun = 0, time.perf_counter()
        while seen < EVENTS:
            async for event in app.events(after="0", follow=False):
                assert event.channel
                seen += 1
        took = time.perf_counter() - begun
        print(f"events through the awaited iterator: {seen / took:,.0f} per second (n={seen})")


def events(app: orion.Orion) -> None:
    """Events per second through the iterator."""
    for what, look in (
        ("", lambda event: event.channel),
        (", every field looked at", lambda event: (event.id, event.cursor, event.channel, event.at, event.content_id, event.payload)),
    ):
        seen, begun = 0, time.perf_counter()
        while seen < EVENTS:
            for event in app.events(after="0", follow=False):
                assert look(event)
                seen += 1
        took = time.perf_counter() - begun
        print(f"events through the iterator{what}: {seen / took:,.0f} per second (n={seen})")


def imports() -> None:
    """How long the import takes, of modules that are compiled as an installation has them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = {**kept, "PYTHONPYCACHEPREFIX": tempfile.mkdtemp()}

    def run(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=compiled)
        return time.perf_counter() - begun

    codes = ("pass", "import orion", "from orion import Orion", "from orion import AsyncOrion, LanguageModel")
    for code in codes:
        run(code)  # The first one compiles, and reads the files from the disk.
    # In turns, so that a machine that is busy for a while is so for all of them.
    turns = [[run(code) for code in codes] for _ in range(IMPORTS)]
    empty, *full = (statistics.median(took) for took in zip(*turns, strict=True))
    for code, took in zip(codes[1:], full, strict=True):
        print(f"{code}: {(took - empty) * 1000:.1f} ms over an empty interpreter (median of n={IMPORTS})")


#: Counts for so many seconds how many steps plain Python makes.
SPIN = """
import sys, time
def spin(seconds):
    steps, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        for _ in range(1000):
            steps += 1
    return steps / seconds
"""
exec(SPIN)
spin: Any = globals()["spin"]


def beside(seconds: float) -> tuple[float, float]:
    """The speed of plain Python in this process, and in another one at the same time."""
    code = SPIN + f"input(); print(spin({seconds}))"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        other.stdin.write("\n")
        other.stdin.flush()
        here = spin(seconds)
        return here, float(other.stdout.read())


def waiting(options: dict[str, Any], folder: pathlib.Path) -> None:
    """Whether Python runs at full speed while eight threads wait."""
    with orion.Orion(**options) as app:
        alone = statistics.median(spin(0.5) for _ in range(6))

        def wait() -> None:
            with contextlib.suppress(orion.Error):
                next(app.events())

        for _ in range(8):
            threading.Thread(target=wait, daemon=True).start()
        time.sleep(0.5)
        idle = statistics.median(spin(0.5) for _ in range(6))
        print(f"plain Python while 8 threads wait for events: {idle / alone:.1%} of its speed alone (n=6)")
        script = " ".join(f"Sentence {n} of a story ends here." for n in range(12))
        threads = [
            threading.Thread(target=app.create, kwargs={"script": script, "out": folder / str(n), "quality": "draft", "fps": 24})
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        time.sleep(1.0)
        pairs = [beside(1.0) for _ in range(6)]
        busy = sum(thread.is_alive() for thread in threads)
        here, there = (statistics.median(speeds) for speeds in zip(*pairs, strict=True))
        print(
            f"plain Python while {busy} of 8 threads wait for renders that take the processors: {here / there:.1%} of the speed "
            f"that a process without them has at the same time ({here / alone:.0%} of its speed alone; n={len(pairs)})"
        )
        for thread in threads:
            thread.join()


def main(rust: str | None = None, wheel: str | None = None) -> None:
    """Measures everything."""
    folder = pathlib.Path(tempfile.mkdtemp())
    options: dict[str, Any] = {
        "store": "memory:",
        "blobs": "memory:",
        "voice": "silent:",
        "offline": True,
        "data_dir": folder,
    }
    imports()
    if wheel:
        print(f"wheel: {pathlib.Path(wheel).stat().st_size / 1e6:.1f} MB ({pathlib.Path(wheel).name})")
    feeds = [feed(folder, number) for number in range(5)]
    with orion.Orion(**options) as app:
        for place in feeds:
            app.scan(feeds=[place], limit=100)
        reads(app, rust, feeds)
        events(app)
    asyncio.run(awaited_reads(options, feeds))
    waiting(options, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
