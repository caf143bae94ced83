"""The text head's vocabulary: the words of the grammar, silence, and the end of a sentence."""

from __future__ import annotations

from collections.abc import Sequence

SILENT, END = 0, 1
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

    def word(self, number: int) -> str:
        """The word of a number."""
        return self.words[number]
