"""The listening socket: it takes no more connections than may be open, whatever they are good for."""

from __future__ import annotations

import socket
from typing import Any
from weakref import WeakKeyDictionary

from .limits import ServeLimits, network_of

_SPARE = 2  # so many times the limits of whole connections, which are refused with a sentence


class Listener(socket.socket):
    """Hangs up at once on whoever comes beyond `limits`.

    The server itself learns of a connection when TLS stands. Those that never get so far would be counted by nobody,
    and a process that has no file left to open is at its end.
    """

    limits = ServeLimits()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._taken: WeakKeyDictionary[socket.socket, str] = WeakKeyDictionary()

    @property
    def num_open(self) -> int:
        """Connections that are open now, those that only begin included."""
        return len(self._networks())

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection for which there is room; raises as `socket.accept` does."""
        while True:
            connection, address = super().accept()
            network, others = network_of(address[0]), self._networks()
            is_room = len(others) < _SPARE * self.limits.connections
            if is_room and others.count(network) < _SPARE * self.limits.connections_each:
                self._taken[connection] = network
                return connection, address
            connection.close()

    def _networks(self) -> list[str]:
        return [network for taken, network in self._taken.items() if taken.fileno() >= 0]
