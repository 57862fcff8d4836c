"""Why a capture failed, in the operator's words.

CaptureError
├── Unauthorised    the camera wants other credentials
├── Unsupported     the camera sends what we cannot take
├── Stalled         the connection stands and nothing comes
└── CameraLost      everything else: name, network, refusal, end of stream, garbage
"""

from __future__ import annotations

from embedded_server.services.model import GapCause, StreamState


class CaptureError(Exception):
    """Carries the state that the stream is in from now on; the message is a sentence for the operator."""

    state = StreamState.OFFLINE
    gap_cause = GapCause.CAMERA_LOST
    pause_at_least_s = 0.0

    @property
    def sentence(self) -> str:
        """Cause and remedy, without credentials."""
        return str(self)


class CameraLost(CaptureError):
    """The camera cannot be reached, or went away."""

    def __init__(self, sentence: str, *, host_is_away: bool = False) -> None:
        super().__init__(sentence)
        self.host_is_away = host_is_away
        """Whether nothing answers at the camera's port, so that its return can be seen by knocking."""


class Unauthorised(CaptureError):
    """User name or password are wrong."""

    state = StreamState.UNAUTHORISED
    gap_cause = GapCause.UNAUTHORISED
    pause_at_least_s = 5.0  # cameras lock an account after a few wrong passwords


class Unsupported(CaptureError):
    """The stream is fine and not for us."""

    state = StreamState.UNSUPPORTED
    gap_cause = GapCause.UNSUPPORTED
    pause_at_least_s = 10.0


class Stalled(CaptureError):
    """No packet for two seconds."""

    state = StreamState.STALLED
    gap_cause = GapCause.STALLED
