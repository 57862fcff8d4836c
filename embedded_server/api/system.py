"""Liveness, health, readiness."""

from fastapi import APIRouter, Response

from embedded_server.api.deps import Served
from embedded_server.contract.system import Liveness, Readiness, SystemHealth

router = APIRouter(tags=["system"])


@router.get("/health")
async def health(services: Served) -> Liveness:
    """The server serves requests."""
    return services.system.liveness()


@router.get("/healthz")
async def healthz(services: Served) -> Liveness:
    """The same, under the name that orchestrators use."""
    return services.system.liveness()


@router.get("/api/system/health", responses={503: {"model": SystemHealth}})
async def system_health(services: Served, response: Response) -> SystemHealth:
    """Every part of the server; 503 with the same body when one is not well."""
    found = await services.system.health()
    if found.status != "healthy":
        response.status_code = 503
    return found


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(services: Served, response: Response) -> Readiness:
    """Whether cameras are being captured."""
    found = await services.system.readiness()
    if not found.ready:
        response.status_code = 503
    return found


@router.get("/api/system/health/ready", responses={503: {"model": Readiness}})
async def system_ready(services: Served, response: Response) -> Readiness:
    """The same."""
    return await ready(services, response)
