"""Measures the Python package: `python benches/python.py` with the package to measure on the path.

What is printed, each with the number of samples:

- a cached read (one trend of a record in memory) from Python: the whole call, of which the engine's own time is a part;
- events per second through the iterator;
- the time of `import orion` in a fresh interpreter, less that of an empty one;
- how fast a thread of plain Python runs while eight others wait for renders, against the same thread alone.
"""

from __future__ import annotations

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


def reads(app: orion.Orion) -> None:
    """The cost of a cached read."""
    trend = app.trends()[0].id
    samples = []
    for _ in range(READS):
        begun = time.perf_counter_ns()
        app.trend(trend)
        samples.append(time.perf_counter_ns() - begun)
    samples.sort()
    median, p99 = samples[READS // 2] / 1000, samples[READS * 99 // 100] / 1000
    print(f"cached read from Python: median {median:.2f} us, p99 {p99:.2f} us, best {samples[0] / 1000:.2f} us (n={READS})")


def events(app: orion.Orion) -> None:
    """Events per second through the iterator."""
    seen, begun = 0, time.perf_counter()
    while seen < EVENTS:
        for event in app.events(after="0", follow=False):
            assert event.channel
            seen += 1
    took = time.perf_counter() - begun
    print(f"events through the iterator: {seen / took:,.0f} per second (n={seen})")


def imports() -> None:
    """How long the import takes."""

    def run(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    # The first one reads the files from the disk.
    run("import orion")
    empty = [run("pass") for _ in range(IMPORTS)]
    full = [run("import orion") for _ in range(IMPORTS)]
    took = (statistics.median(full) - statistics.median(empty)) * 1000
    print(f"import orion: {took:.1f} ms over an empty interpreter (median of n={IMPORTS})")


def spin(seconds: float) -> float:
    """How many steps of plain Python a thread makes in a processor second."""
    until, steps = time.thread_time() + seconds, 0
    begun = time.perf_counter()
    while time.thread_time() < until:
        for _ in range(1000):
            steps += 1
    spin.wall = time.perf_counter() - begun  # type: ignore[attr-defined]
    return steps / seconds


def waiting(options: dict[str, Any], folder: pathlib.Path) -> None:
    """Whether Python runs at full speed while eight threads wait for renders."""
    with orion.Orion(**options) as app:
        script = " ".join(f"Sentence {n} of a story ends here." for n in range(12))
        alone = spin(1.0)
        alone_wall = spin.wall  # type: ignore[attr-defined]
        threads = [
            threading.Thread(target=app.create, kwargs={"script": script, "out": folder / str(n), "quality": "draft", "fps": 24})
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        time.sleep(1.0)
        beside = [spin(0.5) for _ in range(6)]
        busy = sum(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join()
    share = statistics.median(beside) / alone
    print(
        f"plain Python while {busy} of 8 threads wait for renders: {share:.0%} of its speed alone, "
        f"by processor time of the thread (n={len(beside)}; alone it had {1 / alone_wall:.0%} of a processor)"
    )


def main() -> None:
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
    with orion.Orion(**options) as app:
        for number in range(5):
            app.scan(feeds=[feed(folder, number)], limit=100)
        reads(app)
        events(app)
    waiting(options, folder)


if __name__ == "__main__":
    main()
