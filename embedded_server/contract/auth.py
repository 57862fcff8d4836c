"""Sign-in on the wire."""

from pydantic import Field

from embedded_server.contract.base import WireModel


class LoginRequest(WireModel):
    """POST /api/auth/login."""

    username: str = Field(max_length=255)
    password: str = Field(max_length=1024)


class User(WireModel):
    """GET /api/auth/me."""

    id: int
    username: str
    email: str | None = None
    role: str
    is_admin: bool
    permissions: list[str]
    tenant_id: int = 1


class LoginResponse(WireModel):
    """A signed-in session; ``expires_in`` in seconds."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int
    user: User


class MediaToken(WireModel):
    """POST /api/auth/media-token: opens media routes only."""

    token: str
    expires_in: int


class SetupRequest(WireModel):
    """POST /api/auth/setup: the one-time secret of the setup link and the first administrator."""

    secret: str
    username: str = Field(min_length=1, max_length=255)
    password: str = Field(min_length=8, max_length=1024)
