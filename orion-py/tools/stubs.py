"""Checks the types of the package: that `_orion.pyi` is what the native part has, and that all of it is typed.

    PYTHONPATH=PACKAGES python tools/stubs.py

Runs `mypy.stubtest` on the native part, whose stub is the only one (everything else is typed where it is written),
compares its words with those of the module, and runs `basedpyright` on the package, its tests and its examples.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
STUB = ROOT / "python" / "orion" / "_orion.pyi"


def words(node: ast.AST) -> dict[str, str]:
    """The documentation of every class and function of a stub, by its dotted name."""
    found: dict[str, str] = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
                found[prefix + child.name] = inspect.cleandoc(ast.get_docstring(child) or "")
                walk(child, f"{prefix}{child.name}.")

    walk(node, "")
    return found


def differing() -> list[str]:
    """What the stub says otherwise than the module."""
    module = importlib.import_module("orion._orion")
    faults = []
    for name, text in words(ast.parse(STUB.read_text())).items():
        thing: object = module
        for part in name.split("."):
            thing = getattr(thing, part)
        # Python documents a `__call__` of a class in its own words.
        said = inspect.cleandoc(thing.__doc__ or "")
        if not name.endswith("__call__") and said != text:
            faults.append(f"_orion.{name}: the stub says {text!r}, the module {said!r}")
    return faults


def main() -> int:
    """Runs all checks."""
    faults = differing()
    print("\n".join(faults), file=sys.stderr)
    stubtest = subprocess.run([sys.executable, "-m", "mypy.stubtest", "orion._orion"], check=False)
    types = subprocess.run([sys.executable, "-m", "basedpyright", "--project", str(ROOT)], check=False)
    return 1 if faults or stubtest.returncode or types.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
