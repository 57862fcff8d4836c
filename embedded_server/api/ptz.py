"""Steering cameras."""

from fastapi import APIRouter

from embedded_server.api.access import PtzOperator, SignedIn
from embedded_server.api.deps import Served
from embedded_server.api.errors import responses
from embedded_server.contract.ptz import PtzInfo, PtzMove, PtzPreset
from embedded_server.services.auth import Permission

router = APIRouter(prefix="/api/ptz", tags=["ptz"])
_REFUSALS = responses(401, 403, 404, 409)


@router.get("/{camera_id}/info", responses=responses(401, 403, 404))
async def info(camera_id: str, caller: SignedIn, services: Served) -> PtzInfo:
    """What the camera can do, or why it cannot be steered."""
    caller.require(Permission.CAMERAS_VIEW)
    return await services.ptz.info(services.cameras.resolve(camera_id))


@router.post("/{camera_id}/move", status_code=204, responses=_REFUSALS)
async def move(camera_id: str, _: PtzOperator, services: Served, body: PtzMove) -> None:
    """Begin to move, until stopped."""
    await services.ptz.driver(services.cameras.resolve(camera_id)).move(body)


@router.post("/{camera_id}/stop", status_code=204, responses=_REFUSALS)
async def stop(camera_id: str, _: PtzOperator, services: Served) -> None:
    """Stand still."""
    await services.ptz.driver(services.cameras.resolve(camera_id)).stop()


@router.post("/{camera_id}/home", status_code=204, responses=_REFUSALS)
async def home(camera_id: str, _: PtzOperator, services: Served) -> None:
    """Go to the home position."""
    await services.ptz.driver(services.cameras.resolve(camera_id)).home()


@router.get("/{camera_id}/presets", responses=_REFUSALS)
async def presets(camera_id: str, caller: SignedIn, services: Served) -> list[PtzPreset]:
    """Stored positions."""
    caller.require(Permission.CAMERAS_VIEW)
    return list(await services.ptz.driver(services.cameras.resolve(camera_id)).presets())


@router.post("/{camera_id}/preset/{token}", status_code=204, responses=_REFUSALS)
async def go_to_preset(camera_id: str, token: str, _: PtzOperator, services: Served) -> None:
    """Go to a stored position."""
    await services.ptz.driver(services.cameras.resolve(camera_id)).go_to(token)
