"""From a refusal to an answer: the one place that chooses status codes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from embedded_server.contract.base import Problem
from embedded_server.services.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger("gatehouse.api")

PROBLEM_TYPE = "application/problem+json"

STATUS = {
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.DENIED: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.INVALID: 422,
    ErrorKind.CONFLICT: 409,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.EXHAUSTED: 429,
    ErrorKind.INTERNAL: 500,
}
_STATUS_OF_CODE = {
    "disk_full": 507,
    "bad_request": 400,
    "invalid_cursor": 400,
    "invalid_date_range": 400,
}
"""Codes that have a better status than their kind."""


def install(app: FastAPI) -> None:
    """Make every failure of a request answer in one shape."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _crash)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route documents beside its success; 422 is FastAPI's own."""
    return {status: _documented(status) for status in statuses}


def status_of(error: ServiceError) -> int:
    """The status code of a refusal."""
    return _STATUS_OF_CODE.get(error.code, STATUS[error.kind])


def _documented(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _problem(
    request: Request,
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
    )
    content = {**members, **body.model_dump(mode="json")}
    return JSONResponse(content, status, dict(headers or {}), media_type=PROBLEM_TYPE)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    status = status_of(error)
    if status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.INSUFFICIENT_STORAGE):
        _log.warning("%s %s: %s", request.method, request.url.path, error.message)
    if status == STATUS[ErrorKind.INVALID]:
        return _invalid(error)
    return _problem(
        request,
        status,
        error.message,
        code=error.code,
        headers=_headers(error, status),
        **error.details,
    )


def _invalid(error: ServiceError) -> JSONResponse:
    """In the shape of the framework's own 422, so that a client has one to read."""
    field = error.details.get("field", ())
    location = ["body", field] if isinstance(field, str) else ["body", *field]
    return JSONResponse(
        {"detail": [{"loc": location, "msg": error.message, "type": error.code}]},
        STATUS[ErrorKind.INVALID],
    )


def _headers(error: ServiceError, status: int) -> dict[str, str]:
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.details:
        headers["Retry-After"] = str(error.details["retry_after_s"])
    return headers


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException | HTTPException)
    return _problem(request, error.status_code, str(error.detail), headers=error.headers)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    """Without the offending input: it may be a password."""
    assert isinstance(error, RequestValidationError)
    entries = [
        {"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]}
        for entry in error.errors()
    ]
    return JSONResponse({"detail": entries}, STATUS[ErrorKind.INVALID])


async def _crash(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _problem(
        request,
        500,
        "The server failed at this request; its log has the details.",
        code="internal",
    )
