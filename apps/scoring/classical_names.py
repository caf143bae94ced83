"""What a thing is called: a rule on its outline for the kind, the nearest colour for the colour.

Both are linear discriminants (Fisher's, with one covariance for all classes) over the plain measures of
`classical_measures`; their coefficients were fitted on training worlds by `classical_fit`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...streams.world.events import COLOURS, HAND, LABELS, SHAPE_COLOURS, SHAPES, THINGS, Thing
from .classical_background import Sight
from .classical_blobs import Blob
from .classical_measures import VIEWS, colour_features, room_features, shape_features, view_of
from .classical_table import (
    ACROSS_TABLE,
    ALONG_TABLE,
    COLOUR_TABLE,
    FAMILY_TABLE,
    ROOM_TABLE,
    SHAPE_COLOUR_TABLE,
    WHOLE_TABLE,
)

FAMILIES = (SHAPES, (*THINGS, HAND))  # together all of LABELS
_TABLES = dict(zip(VIEWS, (WHOLE_TABLE, ACROSS_TABLE, ALONG_TABLE), strict=True))
_VOTES = 6  # views of one thing that tell what the stream is about


class Habit:
    """What a stream has shown so far: flat shapes or solid things, hardly ever both, and which things."""

    def __init__(self) -> None:
        self._odds = 0.0  # of shapes against things, natural log
        self._company = np.full(len(FAMILIES[1]), 0.7)  # how many of each kind of thing there were

    @property
    def flat(self) -> float:
        """Probability that the stream shows flat shapes."""
        return float(1 / (1 + np.exp(-self._odds)))

    def enter(self, picture: NDArray[np.uint8]) -> None:
        """Take in a camera's first picture [H, W, 3]."""
        flat, solid = _log_odds(ROOM_TABLE, room_features(picture))
        self._odds += float(np.clip(flat - solid, -4, 4))

    def see(self, measures: NDArray[np.float64]) -> None:
        """Take in the measures of one whole view; views of one thing are far from independent."""
        flat, solid = _log_odds(FAMILY_TABLE, measures)
        self._odds = float(np.clip(self._odds + 0.3 * np.clip(flat - solid, -3, 3), -8, 8))

    def meet(self, kinds: NDArray[np.float64]) -> None:
        """Take in what one thing may be, as shares of LABELS: its like may come again."""
        self._company += kinds[len(SHAPES) :]

    def kinds(self, odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds within each family [C] to shares of all LABELS."""
        shapes, things = odds[: len(SHAPES)], odds[len(SHAPES) :]
        prior = np.log(self._company / self._company.sum())
        return np.concatenate([self.flat * _shares(shapes), (1 - self.flat) * _shares(things + prior)])

    def colours(self, flat: NDArray[np.float64], solid: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of SHAPE_COLOURS and of COLOURS to shares of all COLOURS."""
        shares = (1 - self.flat) * _shares(solid)
        shares[: len(flat)] += self.flat * _shares(flat)
        return np.asarray(shares)


class Name:
    """What is believed of one thing's name: mean log odds over the views that it gave, the better ones counting more."""

    def __init__(self, habit: Habit) -> None:
        self.num_clear = 0
        self.last_colour = COLOURS[0]  # of the last view by itself
        self._habit = habit
        self._kinds, self._weight = np.zeros(len(LABELS)), 1e-6
        self.forget_colour()

    def forget_colour(self) -> None:
        """The colour is another from now on."""
        self._flat, self._solid = np.zeros(len(SHAPE_COLOURS)), np.zeros(len(COLOURS))
        self._colour_weight = 1e-6

    def see(self, blob: Blob, sight: Sight, share: float, is_real: bool = True) -> None:
        """Take in one more view, of that share of the thing: the rest is cut off by the border.

        What `is_real` has moved as things do: only from such it is learnt what the stream is about.
        """
        view, shape = view_of(blob), shape_features(blob, sight)
        weight = 1.0 if view == VIEWS[0] else 0.15 * share**2
        self._kinds += weight * _log_odds(_TABLES[view], shape)
        self._weight += weight
        colour = colour_features(blob, sight)
        self._see_colour(colour, 1.0 if view == VIEWS[0] else 0.3)
        if view == VIEWS[0]:
            self.num_clear += 1
            if is_real and self.num_clear <= _VOTES:
                self._habit.see(np.concatenate([shape, colour]))
            if is_real and self.num_clear == _VOTES:
                self._habit.meet(self.kind_shares())

    def _see_colour(self, colour: NDArray[np.float64], weight: float) -> None:
        flat, solid = _log_odds(SHAPE_COLOUR_TABLE, colour), _log_odds(COLOUR_TABLE, colour)
        self.last_colour = COLOURS[int(np.argmax(self._habit.colours(flat, solid)))]
        # Colours may change, so that what is long past counts less.
        self._flat, self._solid = 0.8 * self._flat + weight * flat, 0.8 * self._solid + weight * solid
        self._colour_weight = 0.8 * self._colour_weight + weight

    def best(self) -> tuple[Thing, float]:
        """The likeliest name and its probability."""
        kinds = self.kind_shares()
        colours = self._habit.colours(self._flat / self._colour_weight, self._solid / self._colour_weight)
        thing = Thing(COLOURS[int(np.argmax(colours))], LABELS[int(np.argmax(kinds))])
        return thing, float(kinds.max() * colours.max())

    def share_of(self, kind: str | None) -> float:
        """Probability of one kind."""
        return float(self.kind_shares()[LABELS.index(kind)]) if kind in LABELS else 0.0

    def kind_shares(self) -> NDArray[np.float64]:
        """Probability of each of LABELS; several views count as more than one, but not as independent ones."""
        return self._habit.kinds(self._kinds / self._weight * float(np.clip(self._weight, 1, 3)))


def is_shape(blob: Blob, sight: Sight) -> bool:
    """Whether a blob has the sharp outline of a flat shape rather than that of furniture or a solid thing."""
    measures = np.concatenate([shape_features(blob, sight), colour_features(blob, sight)])
    flat, solid = _log_odds(FAMILY_TABLE, measures)
    return bool(flat > solid)


def _log_odds(table: NDArray[np.float64], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Table [C, F + 1], its last column the constant; log likelihoods but for a common term [C]."""
    return np.asarray(table[:, :-1] @ features + table[:, -1])


def _shares(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = np.exp(log_odds - log_odds.max())
    return np.asarray(scaled / scaled.sum())
