"""Cameras: list, create, change, delete."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from embedded_server.api.access import CameraEditor, MediaCaller, SignedIn
from embedded_server.api.deps import Served
from embedded_server.api.errors import responses
from embedded_server.api.sparse import unwanted
from embedded_server.api.streams import JPEG, PictureWidth, picture_of
from embedded_server.contract.base import Page, Pagination
from embedded_server.contract.cameras import Camera, CameraCreate, CameraStatus, CameraWrite
from embedded_server.services.auth import Permission

router = APIRouter(prefix="/api/cameras", tags=["cameras"])


@router.get("", response_model=Page[Camera], responses=responses(400, 401, 403))
async def list_cameras(
    caller: SignedIn,
    services: Served,
    status: CameraStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    offset: Annotated[int, Query(ge=0)] = 0,
    fields: str | None = None,
) -> Response:
    """All cameras, oldest first; ``fields`` names what is wanted of each."""
    caller.require(Permission.CAMERAS_VIEW)
    exclude = unwanted(fields, Camera)
    found = [services.cameras.shape(record) for record in services.cameras.list()]
    if status is not None:
        found = [camera for camera in found if camera.status == status]
    items = found[offset : offset + limit]
    page = Page[Camera](
        items=items,
        pagination=Pagination(
            total=len(found),
            limit=limit,
            offset=offset,
            has_more=offset + len(items) < len(found),
        ),
    )
    return Response(page.model_dump_json(exclude=exclude), media_type="application/json")


@router.post("", status_code=201, responses=responses(401, 403, 409))
async def create_camera(_: CameraEditor, services: Served, body: CameraCreate) -> Camera:
    """Add a camera: a name and one source."""
    return services.cameras.shape(await services.cameras.create(body))


@router.get("/{camera_id}", responses=responses(401, 403, 404))
async def get_camera(camera_id: str, caller: SignedIn, services: Served) -> Camera:
    """One camera, by slug, number or UUID."""
    caller.require(Permission.CAMERAS_VIEW)
    return services.cameras.shape(services.cameras.resolve(camera_id))


@router.get("/{camera_id}/config", responses=responses(401, 403, 404))
async def get_config(camera_id: str, _: CameraEditor, services: Served) -> Camera:
    """All settings of one camera; passwords are never returned."""
    return services.cameras.shape(services.cameras.resolve(camera_id))


@router.put("/{camera_id}", responses=responses(401, 403, 404, 409))
async def put_camera(
    camera_id: str, _: CameraEditor, services: Served, body: CameraWrite
) -> Camera:
    """Change a camera: what is not sent stays, since no client knows every field."""
    return services.cameras.shape(await services.cameras.change(camera_id, body))


@router.patch("/{camera_id}", responses=responses(401, 403, 404, 409))
async def patch_camera(
    camera_id: str, _: CameraEditor, services: Served, body: CameraWrite
) -> Camera:
    """Change what is sent."""
    return services.cameras.shape(await services.cameras.change(camera_id, body))


@router.delete("/{camera_id}", status_code=204, responses=responses(401, 403, 404))
async def delete_camera(camera_id: str, _: CameraEditor, services: Served) -> None:
    """Delete a camera and its events; its footage stays until its time has come."""
    await services.cameras.delete(camera_id)


@router.get(
    "/{camera_id}/snapshot",
    response_class=Response,
    responses={**JPEG, **responses(401, 404, 409, 503)},
)
async def camera_snapshot(
    camera_id: str, caller: MediaCaller, services: Served, width: PictureWidth = None
) -> Response:
    """The picture of this moment."""
    return await picture_of(camera_id, caller, services, width)
