"""Sparse answers: ``fields=id,name`` leaves everything else out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.services.errors import Invalid

if TYPE_CHECKING:
    from embedded_server.contract.base import WireModel


def unwanted(fields: str | None, shape: type[WireModel]) -> dict[str, dict[str, set[str]]] | None:
    """What to leave out of a page of such items, as ``model_dump_json(exclude=...)`` takes it; None for nothing.

    Raises:
        Invalid: items have no such field; it answers 400.
    """
    known = shape.model_fields
    wanted = {name.strip() for name in (fields or "").split(",")} - {""}
    if unknown := wanted - set(known):
        raise Invalid(
            f"Unknown field {', '.join(sorted(unknown))}. {shape.__name__}s have: {', '.join(known)}.",
            code="bad_request",
        )
    return {"items": {"__all__": set(known) - wanted}} if wanted else None
