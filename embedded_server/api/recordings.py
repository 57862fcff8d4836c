"""Routes of footage: runs, segments, single frames, and the pictures and clips of events."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from embedded_server.api.access import MediaCaller, SignedIn
from embedded_server.api.deps import Served
from embedded_server.api.errors import responses
from embedded_server.api.ranged import ranged_file
from embedded_server.contract.base import Page, Pagination, UtcTime
from embedded_server.contract.footage import RunList, Segment, SegmentIndex
from embedded_server.services.errors import NotFound
from embedded_server.services.footage_shape import index_on_wire, runs_on_wire, segment_on_wire
from embedded_server.services.model import TimeRange

router = APIRouter(prefix="/api/recordings", tags=["recordings"])

CameraIds = Annotated[list[str], Query(alias="camera_id", min_length=1, max_length=256)]
EventId = Annotated[int, Path(ge=1, le=2**62)]
_FOR_GOOD = {"Cache-Control": "private, max-age=86400, immutable"}
_NOT_KEPT = {"Cache-Control": "no-store"}
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
_MP4: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {}}},
    206: {"content": {"video/mp4": {}}},
}


@router.get("/runs", responses=responses(400, 401, 404))
async def list_runs(
    camera_ids: CameraIds, start: UtcTime, end: UtcTime, services: Served, _caller: SignedIn
) -> RunList:
    """Recorded runs and gaps with their causes, of one or several cameras, the minute being written included."""
    window = TimeRange(start, end)
    coverages = [await services.footage.coverage(camera, window) for camera in camera_ids]
    return runs_on_wire(window, coverages)


@router.get("/segments", responses=responses(400, 401, 404))
async def list_segments(
    camera_id: str,
    start: UtcTime,
    end: UtcTime,
    services: Served,
    _caller: SignedIn,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1500,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Page[Segment]:
    """Files that overlap the time, oldest first."""
    found = await services.footage.segments(camera_id, TimeRange(start, end))
    items = found[offset : offset + limit]
    return Page[Segment](
        items=[segment_on_wire(segment) for segment in items],
        pagination=Pagination(
            total=len(found), limit=limit, offset=offset, has_more=offset + limit < len(found)
        ),
    )


@router.get(
    "/segment/{camera_id}/{name}",
    response_class=Response,
    responses={**_MP4, **responses(401, 404, 416)},
)
async def get_segment(
    camera_id: str, name: str, request: Request, services: Served, _caller: MediaCaller
) -> Response:
    """One file of footage, whole or a byte range; one that is being written, up to its last whole fragment."""
    segment = await services.footage.segment(camera_id, name)
    return await ranged_file(
        request,
        services.footage.path(segment),
        segment.size,
        media_type="video/mp4",
        etag=None if segment.is_open or not segment.sha256 else f'"{segment.sha256}"',
        headers=_NOT_KEPT if segment.is_open else _FOR_GOOD,
    )


@router.get("/segment/{camera_id}/{name}/index", responses=responses(401, 404))
async def get_segment_index(
    camera_id: str, name: str, services: Served, _caller: MediaCaller
) -> SegmentIndex:
    """Where each fragment of a file lies, so that a player reads one moment with one range."""
    return index_on_wire(await services.footage.segment(camera_id, name))


@router.get("/frame", response_class=Response, responses={**_JPEG, **responses(401, 404, 503)})
async def get_frame(
    camera_id: str,
    at: UtcTime,
    services: Served,
    _caller: MediaCaller,
    width: Annotated[int | None, Query(ge=16, le=3840)] = None,
) -> Response:
    """The picture that was recorded at a moment."""
    picture, segment = await services.excerpts.frame(camera_id, at, width=width)
    return Response(
        picture, headers=_NOT_KEPT if segment.is_open else _FOR_GOOD, media_type="image/jpeg"
    )


@router.get(
    "/snapshot/{event_id}", response_class=FileResponse, responses={**_JPEG, **responses(401, 404)}
)
async def get_snapshot(event_id: EventId, services: Served, _caller: MediaCaller) -> Response:
    """The event's whole picture."""
    return await _picture(services, event_id, "snapshot")


@router.get(
    "/crop/{event_id}", response_class=FileResponse, responses={**_JPEG, **responses(401, 404)}
)
async def get_crop(event_id: EventId, services: Served, _caller: MediaCaller) -> Response:
    """The part of the picture that the event is about."""
    return await _picture(services, event_id, "crop")


@router.get("/plate-crop/{event_id}", response_class=Response, responses=responses(401, 404))
async def get_plate_crop(event_id: EventId, services: Served, _caller: MediaCaller) -> Response:
    """The number plate, where one was read."""
    await services.events.get(event_id)
    raise NotFound(f"Event {event_id} has no number plate.", code="plate_crop_not_found")


@router.get(
    "/clip/{event_id}", response_class=Response, responses={**_MP4, **responses(401, 404, 416, 503)}
)
async def get_clip(
    event_id: EventId, request: Request, services: Served, _caller: MediaCaller
) -> Response:
    """The footage around an event as an ordinary MP4."""
    clip = await services.excerpts.event_clip(event_id)
    if not clip.is_kept:
        gone_after = BackgroundTask(services.excerpts.discard, clip)
        return FileResponse(
            clip.path, headers=_NOT_KEPT, media_type="video/mp4", background=gone_after
        )
    size = clip.path.stat().st_size
    return await ranged_file(
        request,
        clip.path,
        size,
        media_type="video/mp4",
        headers={**_FOR_GOOD, "Content-Disposition": f'inline; filename="event-{event_id}.mp4"'},
    )


async def _picture(services: Served, event_id: int, kind: str) -> Response:
    path = await services.events.picture(event_id, kind)
    if not path.is_file():
        raise NotFound(f"The {kind} of event {event_id} is gone.", code=f"{kind}_not_found")
    # Not for good: a better picture may replace it while the event lasts. The file's ETag makes asking again cheap.
    return FileResponse(
        path, headers={"Cache-Control": "private, no-cache"}, media_type="image/jpeg"
    )
