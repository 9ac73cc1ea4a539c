"""Makes `orion/sync.py` from `orion/aio.py`: the same calls, without waiting in a loop.

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
    (r"`orion/sync\.py` is made from this file by `orion-py/tools/twins\.py`: edit here, and run it\.", "Made from `orion/aio.py` by `orion-py/tools/twins.py`: edit there, and run it."),
    (
        r'    >>> import asyncio, orion\n(?:.*\n)*?    \[\]\n',
        '    >>> import orion\n'
        '    >>> with orion.Orion(store="memory:", blobs="memory:", voice="silent:", offline=True) as app:\n'
        '    ...     app.contents()\n'
        '    []\n',
    ),
    (r"object \| Awaitable\[object\]", "object"),
    (r"AsyncIterator", "Iterator"),
    (r"import Iterator, Awaitable, Callable, Iterable, Mapping", "import Callable, Iterable, Iterator, Mapping"),
    (r"Async(Orion|Base|Job)", r"\1"),
    (r"\bBase\b", "SyncBase"),
    (r"import SyncBase, Job", "import Job, SyncBase"),
    (r"async (def|with|for) ", r"\1 "),
    (r"\bawait ", ""),
]


def twin(source: str) -> str:
    """The text of the plain twin."""
    for pattern, text in TWINS:
        source = re.sub(pattern, text, source)
    return source


def main() -> int:
    """Writes or checks the twin."""
    made, place = twin((PACKAGE / "aio.py").read_text()), PACKAGE / "sync.py"
    if "--check" in sys.argv:
        if place.read_text() == made:
            return 0
        print("orion/sync.py is not the twin of orion/aio.py: run python orion-py/tools/twins.py", file=sys.stderr)
        return 1
    place.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
