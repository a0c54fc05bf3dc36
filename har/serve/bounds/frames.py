"""WebSockets whose frames are counted: pings and empty parts of messages are work, too."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from har.serve.limits import Allowance, Limits
from har.serve.messages import AGAINST_THE_RULES

# So few are read at a time that a flood is noticed in milliseconds: an empty frame has 6 bytes.
_PIECE_BYTES = 2048
# Parts of a message and what keeps a connection alive, for each message.
_FRAMES_OF_MESSAGE = 4
_BURST_S = 5


def counting(limits: Limits) -> type[WebSocketsSansIOProtocol]:
    """Return the protocol of WebSockets that ends those with more frames than are allowed."""

    class Counting(CountingProtocol):
        frames_per_s = _FRAMES_OF_MESSAGE * limits.messages_per_s

    return Counting


class CountingProtocol(WebSocketsSansIOProtocol):
    """Ends connections with too many frames a second, whether or not they make a message.

    Attributes
    ----------
    frames_per_s : float
        Frames a second in the long run.
    """

    frames_per_s = _FRAMES_OF_MESSAGE * Limits().messages_per_s
    _allowance: Allowance | None = None

    def data_received(self, data: bytes) -> None:
        """Read what comes, in pieces, until it is too much."""
        for first in range(0, len(data), _PIECE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[first : first + _PIECE_BYTES])

    def handle_events(self) -> None:
        """Handle the frames that are complete, unless there are too many."""
        if self._allowance is None:
            self._allowance = Allowance(self.frames_per_s, _BURST_S * self.frames_per_s)
        if self._allowance.takes(len(self.conn.events)):
            super().handle_events()
        else:
            self.conn.fail(
                AGAINST_THE_RULES, f"frames: found more than {self.frames_per_s:g} a second"
            )
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()
