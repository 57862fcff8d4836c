from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter

from embedded_server.contract.base import UtcTime

_TIMES: TypeAdapter[datetime] = TypeAdapter(UtcTime)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"]
)
def test_a_time_at_the_end_of_the_calendar_can_be_reckoned_with(text: str) -> None:
    moment = _TIMES.validate_python(text)
    for zone in (timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))):
        assert (moment + timedelta(days=1) - timedelta(days=2)).astimezone(zone).tzinfo is zone


def test_other_times_are_what_they_say() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert _TIMES.validate_python("2026-01-01T14:00:00+02:00") == noon
    assert _TIMES.validate_python("2026-01-01T12:00:00") == noon
