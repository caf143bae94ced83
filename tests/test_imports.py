"""The house rule of imports: arrows between the parts point down only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {"apps": 6, "runtime": 5, "generation": 4, "memory": 3, "perception": 3, "streams": 2, "kernels": 1}


def imported_parts(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """The line and the part of every import in a file of the package, however it is written."""
    package = ["millrace", *path.relative_to(root).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for target in _targets(node, package):
            parts = target.split(".")
            if parts[0] == "millrace" and len(parts) > 1 and parts[1] in FLOORS:
                yield node.lineno, parts[1]  # type: ignore[attr-defined]


def _targets(node: ast.AST, package: list[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else []
        module = [*above, *([node.module] if node.module else [])]
        return [".".join([*module, alias.name]) for alias in node.names]
    return []


def upward_arrows(root: Path) -> list[str]:
    """Every import that runs up, or sideways between memory and perception, as `file:line part -> part`."""
    found = []
    for part, floor in FLOORS.items():
        for path in sorted((root / part).rglob("*.py")):
            for line, other in imported_parts(path, root):
                if other != part and FLOORS[other] >= floor:
                    found.append(f"{path.relative_to(root)}:{line} {part} -> {other}")
    return found


def test_imports_point_down_only() -> None:
    assert upward_arrows(ROOT) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("streams/file.py", "from ..runtime.plan import Plan"),
        ("streams/world/render.py", "from ...runtime import plan"),
        ("streams/world/render.py", "from ... import apps"),
        ("kernels/ssd.py", "import millrace.streams.media"),
        ("generation/head.py", "def late():\n    from ..apps.cli import main"),
        ("memory/state.py", "from ..perception.blocks import TokenBlock"),
        ("perception/encoder.py", "from ..memory import state"),
    ],
)
def test_an_arrow_that_runs_up_is_found(tmp_path: Path, place: str, line: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert len(upward_arrows(tmp_path)) == 1


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("apps/run.py", "from ..kernels.ssd import scan"),
        ("streams/world/render.py", "from .. import media"),
        ("memory/state.py", "from ..errors import StateError"),
        ("generation/head.py", "from ..memory.state import SessionState\nfrom ..perception import blocks"),
        ("streams/file.py", "import runtime"),  # another package's name; ruff bans it
    ],
)
def test_an_arrow_that_runs_down_is_allowed(tmp_path: Path, place: str, line: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert upward_arrows(tmp_path) == []


def test_the_error_tree_stands_alone() -> None:
    assert list(imported_parts(ROOT / "errors.py", ROOT)) == []
