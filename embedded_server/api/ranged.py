"""Serving a part of a file: one byte range, as RFC 9110 section 14 asks of it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from fastapi import HTTPException
from starlette.responses import StreamingResponse

from embedded_server.services.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from anyio import AsyncFile
    from fastapi import Request

CHUNK = 256 * 1024
_ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class Unsatisfiable(ValueError):
    """The range lies outside the file."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Half-open ``(start, end)``, or None when the whole file is to be sent.

    A unit that is not bytes, several ranges, and what is no range at all are ignored, as the standard allows.

    Raises:
        Unsatisfiable: it begins behind the end.
    """
    match = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(size, int(last) + 1) if last else size


async def ranged_file(
    request: Request,
    path: Path,
    size: int,
    *,
    media_type: str,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> StreamingResponse:
    """The asked part of the first ``size`` bytes of a file, read while it is sent; of a damaged one, what there is.

    Raises:
        NotFound: the file is gone.
        Unavailable: the disk does not let us read it.
        HTTPException: 416, with ``Content-Range``.
    """
    found = await anyio.to_thread.run_sync(_size_of, path)
    if found < size:
        size, etag = found, None
    asked = request.headers.get("range")
    condition = request.headers.get("if-range")
    if condition is not None and condition != etag:
        asked = None
    try:
        part = parse_range(asked, size)
    except Unsatisfiable as error:
        raise HTTPException(
            416, f"The file has {size} bytes.", {"Content-Range": f"bytes */{size}"}
        ) from error
    start, end = part or (0, size)
    answer = {"Accept-Ranges": "bytes", "Content-Length": str(end - start), **(headers or {})}
    if etag is not None:
        answer["ETag"] = etag
    if part is not None:
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    file = await anyio.open_file(path, "rb")
    return StreamingResponse(
        _read(file, start, end), 200 if part is None else 206, answer, media_type
    )


def _size_of(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return file.seek(0, os.SEEK_END)
    except FileNotFoundError as error:
        raise NotFound("The file is not on the disk any more.", code="file_not_found") from error
    except OSError as error:
        raise Unavailable(
            f"The file cannot be read ({error.strerror or error}). Check the disk.",
            code="disk_error",
        ) from error


async def _read(file: AsyncFile[bytes], start: int, end: int) -> AsyncIterator[bytes]:
    async with file:
        await file.seek(start)
        while start < end:
            chunk = await file.read(min(CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
