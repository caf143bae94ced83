"""The page."""

from collections.abc import Mapping, Sequence
from typing import Any

from .failures import Failure


def make_page(report: Mapping[str, Any], names: Sequence[str], failures: Sequence[Failure]) -> str:
    return ""
