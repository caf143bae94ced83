"""Templates with slots that both write sentences and read them back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Phrases:
    """Paraphrases of one thing to say, such as `how many {plural} are in {camera}`; `slots` maps a name to a pattern."""

    templates: tuple[str, ...]
    slots: Mapping[str, str]

    def write(self, values: Mapping[str, str], rng: np.random.Generator | None = None) -> str:
        """One of the paraphrases with its slots filled; without `rng` the first."""
        number = int(rng.integers(len(self.templates))) if rng is not None else 0
        return self.templates[number].format(**values)

    def read(self, sentence: str) -> dict[str, str] | None:
        """The slots of a sentence, or None where it is none of the paraphrases."""
        for pattern in self._patterns:
            if found := pattern.fullmatch(sentence):
                return found.groupdict()
        return None

    def words(self) -> set[str]:
        """The fixed words of all templates."""
        return {word for template in self.templates for word in template.split() if not word.startswith("{")}

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        slot = re.compile(r"\{(\w+)\}")
        return tuple(
            re.compile(slot.sub(lambda found: f"(?P<{found[1]}>{self.slots[found[1]]})", template))
            for template in self.templates
        )
