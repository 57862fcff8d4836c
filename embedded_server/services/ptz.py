"""Steering cameras. No driver is there yet: every camera says so, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from embedded_server.contract.ptz import PtzInfo, PtzMove, PtzPreset
from embedded_server.services.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_server.services.camera_record import CameraRecord

NO_ADDRESS = "It has no ONVIF address. Enter one in the camera's settings to steer it."
NO_DRIVER = "This version of Gatehouse cannot steer ONVIF cameras."


class PtzDriver(Protocol):
    """Steers one camera."""

    async def info(self) -> PtzInfo:
        """What it can do."""

    async def move(self, speeds: PtzMove) -> None:
        """Begin to move."""

    async def stop(self) -> None:
        """Stand still."""

    async def home(self) -> None:
        """Go to the home position."""

    async def presets(self) -> Sequence[PtzPreset]:
        """Stored positions."""

    async def go_to(self, preset: str) -> None:
        """Go to a stored position."""


class PtzDrivers(Protocol):
    """Who steers which camera."""

    def driver(self, record: CameraRecord) -> PtzDriver | None:
        """Its driver, if it can be steered."""


class NoDrivers:
    """No camera can be steered."""

    def driver(self, record: CameraRecord) -> PtzDriver | None:
        """None."""
        return None


class PtzService:
    """Finds the driver of a camera, or says why there is none."""

    def __init__(self, drivers: PtzDrivers | None = None) -> None:
        self._drivers = drivers or NoDrivers()

    def can_steer(self, record: CameraRecord) -> bool:
        """Whether the camera can be steered."""
        return self._drivers.driver(record) is not None

    async def info(self, record: CameraRecord) -> PtzInfo:
        """What the camera can do, or why nothing."""
        driver = self._drivers.driver(record)
        if driver is None:
            return PtzInfo(supported=False, reason=_reason(record))
        return await driver.info()

    def driver(self, record: CameraRecord) -> PtzDriver:
        """The driver of a camera.

        Raises:
            Conflict: it cannot be steered.
        """
        driver = self._drivers.driver(record)
        if driver is None:
            raise Conflict(
                f"{record.name} cannot be steered. {_reason(record)}", code="ptz_not_supported"
            )
        return driver


def _reason(record: CameraRecord) -> str:
    return NO_DRIVER if record.config.onvif_host else NO_ADDRESS
