"""The text head's vocabulary: the words of the grammar, silence, and the end of a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

SILENT, END = 0, 1
_WORD = re.compile(r"[a-z0-9]+")
_CAMERA = re.compile(r"\bcam(?:era)? ?([1-9])\b")  # `camera 3` is `cam3`
_SPECIAL = ("<silent>", "<end>")


class Vocabulary:
    """Words to numbers and back. 0 is silence, 1 the end of a sentence; it is stored beside the weights it belongs to."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = (*_SPECIAL, *words)
        self._number = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, sentence: str) -> list[int]:
        """Numbers of the words of a sentence, closed by END. Raises KeyError for a word that is not in the vocabulary."""
        return [*(self._number[word] for word in sentence.split()), END]

    def read(self, text: str) -> list[int]:
        """Numbers of the words of what a person typed; case and punctuation do not matter, unknown words are left out."""
        return [self._number[word] for word in _plain(text) if word in self._number]

    def unknown(self, text: str) -> list[str]:
        """The words of what a person typed that `read` leaves out."""
        return [word for word in _plain(text) if word not in self._number]

    def word(self, number: int) -> str:
        """The word of a number."""
        return self.words[number]


def _plain(text: str) -> list[str]:
    return _WORD.findall(_CAMERA.sub(r"cam\1", text.lower()))
