"""The command line: ``python -m orion`` is the program ``orion``."""

from __future__ import annotations

import signal
import sys

from . import _orion


def main() -> int:
    """Runs the command of the command line, and gives its exit code."""
    # The program answers Ctrl-C itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _orion.command(["orion", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
