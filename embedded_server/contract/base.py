"""Shapes that every family of routes under /api shares."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

LONGEST_TEXT = 1_000_000
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9900, 1, 1, tzinfo=UTC)


def _as_utc(value: datetime) -> datetime:
    """Within the years that still can be reckoned with; who asks for "everything" sends the first and the last."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return min(max(aware, _FIRST), _LAST).astimezone(UTC)


UtcTime = Annotated[
    datetime,
    AfterValidator(_as_utc),
    PlainSerializer(
        lambda t: t.isoformat().replace("+00:00", "Z"), return_type=str, when_used="json"
    ),
]
"""An instant; a missing zone is read as UTC, and it is always sent with ``Z``."""

Item = TypeVar("Item")


class WireModel(BaseModel):
    """Base of all shapes: unknown fields are ignored, so that older clients and newer servers meet."""

    # A text with a limit is checked to be Unicode too. Without one, half a surrogate pair ("\ud800" in a body) would
    # be taken, stored, and make every later answer with it fail.
    model_config = ConfigDict(extra="ignore", populate_by_name=True, str_max_length=LONGEST_TEXT)


class Pagination(WireModel):
    """Where a page stands in its list."""

    total: int
    limit: int
    offset: int | None = None
    cursor: str | None = None
    next_cursor: str | None = None
    has_more: bool = False


class Page(WireModel, Generic[Item]):
    """The list envelope of ``/api``: ``items`` and ``pagination``."""

    items: list[Item]
    pagination: Pagination
    deprecation_warning: str | None = None


class Problem(WireModel):
    """Body of every refused request (RFC 9457), sent as ``application/problem+json``."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str | None = Field(
        default=None, description="Stable machine word, such as camera_not_found"
    )
