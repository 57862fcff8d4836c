"""Sign-in."""

from fastapi import APIRouter, Request

from embedded_server.api.access import SignedIn
from embedded_server.api.deps import Served
from embedded_server.api.errors import responses
from embedded_server.contract.auth import (
    LoginRequest,
    LoginResponse,
    MediaToken,
    SetupRequest,
    User,
)
from embedded_server.services.auth import ADMINISTRATOR, SignedInUser, UserRecord

router = APIRouter(prefix="/api/auth", tags=["auth"])


@router.post("/login", responses=responses(401, 429))
async def login(body: LoginRequest, request: Request, services: Served) -> LoginResponse:
    """Exchange name and password for an access token."""
    address = request.client.host if request.client else ""
    signed_in = await services.auth.sign_in(body.username, body.password, address=address)
    return _response(signed_in)


@router.post("/setup", status_code=201, responses=responses(403, 429))
async def set_up(body: SetupRequest, services: Served) -> LoginResponse:
    """Create the first administrator with the secret of the setup link."""
    return _response(await services.auth.set_up(body.secret, body.username, body.password))


@router.get("/me", responses=responses(401))
async def me(caller: SignedIn, services: Served) -> User:
    """Who is signed in."""
    return _user(await services.auth.user(caller))


@router.post("/media-token", responses=responses(401))
async def media_token(caller: SignedIn, services: Served) -> MediaToken:
    """A short-lived token for addresses of pictures and clips; it opens nothing else."""
    token, lifetime = await services.auth.media_token(caller)
    return MediaToken(token=token, expires_in=int(lifetime.total_seconds()))


def _response(signed_in: SignedInUser) -> LoginResponse:
    return LoginResponse(
        access_token=signed_in.token,
        expires_in=int(signed_in.lifetime.total_seconds()),
        user=_user(signed_in.user),
    )


def _user(user: UserRecord) -> User:
    return User(
        id=user.id,
        username=user.username,
        email=user.email,
        role=user.role,
        is_admin=user.role == ADMINISTRATOR,
        permissions=sorted(permission.value for permission in user.permissions),
        tenant_id=user.tenant,
    )
