"""Millrace: a real-time runtime for streaming multimodal agents.

Several cameras, sound and text go in; words come out before a deadline, from a state of fixed size.
Names are resolved lazily, so that `import millrace` costs nothing until one is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import MillraceError
    from .runtime.agent import Agent
    from .runtime.observers import Observers
    from .streams.push import PushSource

_PUBLIC = {
    "Agent": "millrace.runtime.agent",
    "MillraceError": "millrace.errors",
    "Observers": "millrace.runtime.observers",
    "PushSource": "millrace.streams.push",
}

__all__ = ["Agent", "MillraceError", "Observers", "PushSource"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'millrace' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
