"""The seats that one client holds in the house."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..house import House
from ..seats import NoSeatError, Seat
from .problem import RealtimeError


class Places:
    """Takes a seat for each camera of a client when it first sends something, and leaves them all at the end."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._seats: dict[str, Seat] = {}

    def show(self, camera: str, pixels: NDArray[np.uint8]) -> None:
        """Push a picture RGB [H, W, 3]. Raises RealtimeError where there is no seat."""
        self._seat(camera).push_frame(pixels)

    def sound(self, camera: str, samples: NDArray[np.float32], captured_ns: int) -> None:
        """Push sound [N] at 16 kHz. Raises RealtimeError where there is no seat."""
        self._seat(camera).push_audio(samples, captured_ns)

    def leave(self) -> None:
        """Give all seats back."""
        for seat in self._seats.values():
            self._house.seats.leave(seat)
        self._seats = {}

    def _seat(self, camera: str) -> Seat:
        if camera not in self._seats:
            try:
                self._seats[camera] = self._house.seats.take(camera)
            except NoSeatError as error:
                raise RealtimeError("no_seat", str(error), "camera") from None
        return self._seats[camera]
