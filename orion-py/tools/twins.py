"""Makes the folder `orion/sync` from `orion/aio`: the same calls, without waiting in a loop.

    python tools/twins.py           writes it
    python tools/twins.py --check   tells whether it is as it should be
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "python" / "orion"

#: What is replaced, in this order.
TWINS = [
    (r"`AsyncOrion`: the engine, or a platform, for programs with an event loop\.", "`Orion`: the engine, or a platform, for plain programs."),
    (
        r"The folder `orion/sync` is made from this one by `orion-py/tools/twins\.py`: edit here, and run it\.",
        "The folder is made from `orion/aio` by `orion-py/tools/twins.py`: edit there, and run it.",
    ),
    (
        r'    >>> import asyncio, orion\n(?:.*\n)*?    \[\]\n',
        '    >>> import orion\n'
        '    >>> with orion.Orion(store="memory:", blobs="memory:", voice="silent:", offline=True) as app:\n'
        '    ...     app.contents()\n'
        '    []\n',
    ),
    (r"object \| Awaitable\[object\]", "object"),
    (r"import Awaitable, ", "import "),
    (r"AsyncIterator, Iterable", "Iterable, Iterator"),
    (r"AsyncIterator", "Iterator"),
    (r"Async(Orion|Base|Job|\w+Calls)", r"\1"),
    (r"\bBase\b", "SyncBase"),
    (r"import SyncBase, Job", "import Job, SyncBase"),
    (r"\basync (def|with|for) ", r"\1 "),
    (r"\bawait ", ""),
]


def twin(source: str) -> str:
    """The text of the plain twin."""
    for pattern, text in TWINS:
        source = re.sub(pattern, text, source)
    return source


def main() -> int:
    """Writes or checks the twins."""
    folder = PACKAGE / "sync"
    made = {place.name: twin(place.read_text()) for place in sorted((PACKAGE / "aio").glob("*.py"))}
    there = {place.name: place.read_text() for place in folder.glob("*.py")}
    if "--check" in sys.argv:
        if there == made:
            return 0
        print("orion/sync is not the twin of orion/aio: run python orion-py/tools/twins.py", file=sys.stderr)
        return 1
    folder.mkdir(exist_ok=True)
    for name in there.keys() - made.keys():
        (folder / name).unlink()
    for name, text in made.items():
        (folder / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
