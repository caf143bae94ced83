"""What the wheel is made of: every folder of code is packed, every library it needs is named and pinned."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PARTS = ("apps", "runtime", "generation", "memory", "perception", "streams", "kernels")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Libraries whose name at the import is not the name that pip knows.
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "prometheus_client": "prometheus-client",
    "pydantic_core": "pydantic-core",
    "pydantic_settings": "pydantic-settings",
}


def folders_of_code(root: Path) -> set[str]:
    folders = {path.parent for part in PARTS for path in (root / part).rglob("*.py")}
    return {".".join(["millrace", *folder.relative_to(root).parts]) for folder in folders}


def requirements(*extras: str) -> list[Requirement]:
    project = PROJECT["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def libraries_needed_at_import(paths: Iterable[Path]) -> dict[str, Path]:
    """Third-party libraries that are imported when the module itself is, with one file that does."""
    found: dict[str, Path] = {}
    for path in paths:
        for node in _statements_run_at_import(ast.parse(path.read_text(encoding="utf-8"))):
            for name in _top_names(node):
                if name not in sys.stdlib_module_names:
                    found[DISTRIBUTIONS.get(name, name)] = path
    return found


def _statements_run_at_import(module: ast.Module) -> list[ast.stmt]:
    """Not those inside functions, in `if TYPE_CHECKING`, or in a `try` that lives without the library."""
    return [node for node in module.body if isinstance(node, (ast.Import, ast.ImportFrom))]


def _top_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module.split(".")[0]]
    return []


def test_every_folder_of_code_is_packed() -> None:
    packed = set(PROJECT["tool"]["setuptools"]["packages"])
    assert folders_of_code(ROOT) - packed == set()
    assert packed - folders_of_code(ROOT) == {"millrace"}


def test_a_folder_that_was_forgotten_is_found(tmp_path: Path) -> None:
    (tmp_path / "streams" / "net").mkdir(parents=True)
    (tmp_path / "streams" / "net" / "rtsp.py").touch()
    assert folders_of_code(tmp_path) == {"millrace.streams.net"}


def test_every_library_needed_at_import_is_a_dependency() -> None:
    named = {requirement.name for requirement in requirements()}
    paths = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    needed = libraries_needed_at_import(paths)
    assert {name: str(path) for name, path in needed.items() if name not in named} == {}


def test_a_library_that_is_not_named_is_found(tmp_path: Path) -> None:
    path = tmp_path / "fit.py"
    path.write_text("import os\nfrom scipy.optimize import nnls\ndef late():\n    import sounddevice\n")
    assert libraries_needed_at_import([path]) == {"scipy": path}


@pytest.mark.parametrize("requirement", requirements("audio", "gpu", "test"), ids=str)
def test_every_direct_dependency_is_pinned_inside_its_range(requirement: Requirement) -> None:
    pinned = pins().get(requirement.name)
    assert pinned is not None, f"constraints.txt has no line for {requirement.name}"
    assert requirement.specifier.contains(Version(pinned))


def test_the_versions_agree() -> None:
    import millrace

    assert millrace.__version__ == PROJECT["project"]["version"]


def test_the_command_costs_no_torch() -> None:
    """`agent --help` is quick because the command line imports a sub-command only when it is asked for."""
    paths = [
        ROOT / "apps" / "cli.py",
        ROOT / "__init__.py",
        ROOT / "errors.py",
        ROOT / "apps" / "__init__.py",
    ]
    assert set(libraries_needed_at_import(paths)) <= {"typer"}
