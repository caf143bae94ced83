"""What people and programs type, as one line."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Without control characters and halves of characters: a line that every other reader of it can be told."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
