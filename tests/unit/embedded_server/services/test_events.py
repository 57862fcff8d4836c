"""Events from report to answer, on a real catalogue."""

from __future__ import annotations

import base64
import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest

from embedded_server.services.bus import CHANNEL_DETECTIONS, CHANNEL_EVENTS, Bus, Subscription
from embedded_server.services.errors import Conflict, Invalid, NotFound
from embedded_server.services.event_values import (
    EventChanges,
    EventCursor,
    EventFilter,
    EventRecord,
    RiskLevel,
    decode_cursor,
    encode_cursor,
    risk_level,
    risk_score,
)
from embedded_server.services.events import EventService, merged
from embedded_server.services.model import (
    Box,
    DetectionBatch,
    DetectionOut,
    EventPhase,
    Severity,
)
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.errors import DataDirectoryFull
from embedded_server.storage.events import EventRows
from embedded_server.storage.pictures import PictureFiles
from tests.support.server_values import StoppedClock, a_report, add_cameras, after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from embedded_server.services.event_values import ReportToSave, SavedEvent

pytestmark = pytest.mark.anyio


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def events(
    catalog: Catalog, bus: Bus, clock: StoppedClock, tmp_path: Path
) -> AsyncIterator[EventService]:
    await add_cameras(catalog, "gate", "yard", "quiet")
    pictures = PictureFiles(tmp_path / "media")
    async with EventService(EventRows(catalog), pictures, bus, clock) as service:
        yield service


async def heard(subscription: Subscription) -> list[Any]:
    subscription.close()
    return [published.message async for published in subscription]


async def test_a_report_becomes_an_event_with_pictures_and_a_message(
    events: EventService, bus: Bus
) -> None:
    listening = bus.subscribe(CHANNEL_EVENTS)

    events.event_reported(
        a_report(
            snapshot_jpeg=b"\xff\xd8whole", crop_jpeg=b"\xff\xd8part", box=Box(0.1, 0.2, 0.3, 0.4)
        )
    )
    await events.settle()

    page = await events.page(EventFilter())
    assert page.total == 1
    (event,) = page.items
    assert (event.camera_id, event.camera_name, event.label) == ("gate", "Gate", "person")
    assert event.box == Box(0.1, 0.2, 0.3, 0.4)
    assert (await events.picture(event.id, "snapshot")).read_bytes() == b"\xff\xd8whole"
    assert (await events.picture(event.id, "crop")).read_bytes() == b"\xff\xd8part"
    (message,) = await heard(listening)
    assert message.type == "event"
    assert message.data["phase"] == "start"
    assert message.data["snapshot"] == f"/api/recordings/snapshot/{event.id}"
    assert message.seq is not None


async def test_reports_of_one_event_improve_one_row(events: EventService) -> None:
    events.event_reported(a_report(snapshot_jpeg=b"first"))
    await events.settle()
    events.event_reported(
        a_report(at=4, phase=EventPhase.UPDATE, labels=("person", "dog"), snapshot_jpeg=b"better")
    )
    await events.settle()
    events.event_reported(
        a_report(at=9, phase=EventPhase.END, ended_at=after(9), labels=("person", "dog"))
    )
    await events.settle()

    (event,) = (await events.page(EventFilter())).items
    assert event.ended_at == after(9)
    assert event.labels == ("person", "dog")
    assert (await events.picture(event.id, "snapshot")).read_bytes() == b"better"
    assert (await events.page(EventFilter(labels=("dog",)))).total == 1


async def test_a_report_sent_twice_or_late_changes_nothing(events: EventService) -> None:
    end = a_report(at=9, phase=EventPhase.END, ended_at=after(9))
    for report in (end, end, a_report(at=4, phase=EventPhase.UPDATE, summary="stale")):
        events.event_reported(report)
        await events.settle()

    (event,) = (await events.page(EventFilter())).items
    assert event.summary == "Person detected"
    assert event.ended_at == after(9)


async def test_an_analysis_report_leaves_what_people_decided(events: EventService) -> None:
    events.event_reported(a_report())
    await events.settle()
    (event,) = (await events.page(EventFilter())).items
    await events.acknowledge(event.id, by="kim")

    events.event_reported(a_report(at=5, phase=EventPhase.END, ended_at=after(5)))
    await events.settle()

    event = await events.get(event.id)
    assert event.reviewed
    assert event.acknowledged_by == "kim"
    assert event.version == 2


async def test_an_event_of_an_unknown_camera_is_not_stored(events: EventService) -> None:
    events.event_reported(a_report(camera_id="nowhere"))
    await events.settle()
    assert (await events.page(EventFilter())).total == 0


async def test_acknowledging_is_published_once_and_kept(
    events: EventService, bus: Bus, clock: StoppedClock
) -> None:
    events.event_reported(a_report())
    await events.settle()
    (event,) = (await events.page(EventFilter())).items
    listening = bus.subscribe(CHANNEL_EVENTS)

    done = await events.acknowledge(event.id, by="kim")
    again = await events.acknowledge(event.id, by="lee")

    assert done == again
    assert (done.acknowledged_at, done.acknowledged_by) == (clock.now(), "kim")
    assert [message.type for message in await heard(listening)] == ["event_acknowledged"]


async def test_a_review_with_a_stale_version_is_refused_and_changes_nothing(
    events: EventService,
) -> None:
    events.event_reported(a_report())
    await events.settle()
    (event,) = (await events.page(EventFilter())).items
    changed = await events.change(
        event.id, EventChanges({"notes": "known", "flagged": True}, 1), by="a"
    )
    assert (changed.notes, changed.flagged, changed.version) == ("known", True, 2)

    with pytest.raises(Conflict, match="modified by another request") as refused:
        await events.change(event.id, EventChanges({"notes": "other"}, 1), by="b")

    assert refused.value.details == {"current_version": 2}
    assert (await events.get(event.id)).notes == "known"


async def test_taking_a_review_back_clears_who_and_when(events: EventService) -> None:
    events.event_reported(a_report())
    await events.settle()
    (event,) = (await events.page(EventFilter())).items
    await events.acknowledge(event.id, by="kim")

    event = await events.change(event.id, EventChanges({"reviewed": False}), by="kim")

    assert not event.reviewed
    assert (event.acknowledged_at, event.acknowledged_by) == (None, None)


async def test_what_is_not_there_is_not_found(events: EventService) -> None:
    for asked in (events.get(9), events.acknowledge(9, by="kim"), events.picture(9, "crop")):
        with pytest.raises(NotFound, match="no event 9"):
            await asked
    events.event_reported(a_report())
    await events.settle()
    (event,) = (await events.page(EventFilter())).items
    with pytest.raises(NotFound, match="no crop"):
        await events.picture(event.id, "crop")


async def test_events_of_a_deleted_camera_go_to_the_trash(events: EventService) -> None:
    events.event_reported(a_report("a"))
    events.event_reported(a_report("b", camera_id="yard"))
    await events.settle()

    assert await events.forget_camera("gate") == 1

    assert [event.camera_id for event in (await events.page(EventFilter())).items] == ["yard"]
    assert (await events.page(EventFilter(include_deleted=True))).total == 2


async def test_events_go_with_their_cameras_retention_and_flagged_ones_stay(
    events: EventService, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_server.services.events.REMOVED_AT_ONCE", 2)
    await add_cameras(catalog, "short", config={"recording": {"retention_days": 1}})
    day = 86_400
    for number, camera_id in enumerate(("short", "short", "short", "gate", "gate")):
        started = -(2 + number) * day if camera_id == "short" else -(26 + number * 3) * day
        events.event_reported(
            a_report(str(number), started=started, camera_id=camera_id, snapshot_jpeg=b"picture")
        )
    await events.settle()
    flagged = (await events.page(EventFilter(camera_ids=("short",)))).items[0]
    await events.change(flagged.id, EventChanges({"flagged": True}), by="kim")
    await events.forget_camera("gate")

    assert await events.remove_expired() == 4

    page = await events.page(EventFilter(include_deleted=True))
    assert [event.id for event in page.items] == [flagged.id]
    assert len(list((tmp_path / "media").rglob("*.jpg"))) == 1


async def test_boxes_are_kept_as_the_latest_and_published(events: EventService, bus: Bus) -> None:
    listening = bus.subscribe(CHANNEL_DETECTIONS)
    batch = DetectionBatch("gate", after(1), (DetectionOut("person", 0.9, Box(0, 0, 1, 1), 7),))

    events.detected(batch)

    assert events.latest_detections("gate") == batch
    assert events.latest_detections("yard") is None
    (message,) = await heard(listening)
    assert message.data["detections"][0]["track_id"] == 7


class FullDisk(EventRows):
    """Fails as often as told, then works."""

    def __init__(self, catalog: Catalog, failures: int) -> None:
        super().__init__(catalog)
        self._failures = failures

    async def save(self, reports: Sequence[ReportToSave]) -> list[SavedEvent]:
        if self._failures:
            self._failures -= 1
            raise DataDirectoryFull("data")
        return await super().save(reports)


async def test_a_full_disk_delays_events_and_loses_none(
    catalog: Catalog,
    bus: Bus,
    clock: StoppedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("embedded_server.services.events.RETRY_S", 0.01)
    await add_cameras(catalog, "gate")
    pictures = PictureFiles(tmp_path / "media")
    async with EventService(FullDisk(catalog, 3), pictures, bus, clock) as service:
        service.event_reported(a_report("a"))
        service.event_reported(a_report("b", snapshot_jpeg=b"picture"))
        await service.settle()
        assert (await service.page(EventFilter())).total == 2
    assert [record.getMessage()[:20] for record in caplog.records] == [
        "events cannot be sto",
        "events are stored ag",
    ]


def test_merged_reports_keep_the_pictures_that_only_the_older_brought() -> None:
    older = a_report(snapshot_jpeg=b"a", crop_jpeg=b"b")
    newer = a_report(at=5, phase=EventPhase.END, crop_jpeg=b"c")
    both = merged(older, newer)
    assert (both.phase, both.snapshot_jpeg, both.crop_jpeg) == (EventPhase.END, b"a", b"c")


# Lists


LABELS = ("person", "car", "dog", "rare")


def a_plain_answer(everything: list[EventRecord], wanted: EventFilter) -> list[int]:
    """What the list must be, worked out without SQL."""

    def fits(event: EventRecord) -> bool:
        return (
            (not wanted.camera_ids or event.camera_id in wanted.camera_ids)
            and (not wanted.labels or bool(set(wanted.labels) & set(event.labels)))
            and (not wanted.severities or event.severity in wanted.severities)
            and (not wanted.risk_levels or risk_level(event.risk_score) in wanted.risk_levels)
            and (wanted.start is None or event.started_at >= wanted.start)
            and (wanted.end is None or event.started_at <= wanted.end)
            and (wanted.reviewed is None or event.reviewed == wanted.reviewed)
        )

    found = sorted(filter(fits, everything), key=lambda e: (e.started_at, e.id), reverse=True)
    return [event.id for event in found]


def a_random_filter(draw: random.Random) -> EventFilter:
    def some(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(draw.sample(values, draw.choice((0, 0, 1, 2))))

    times = sorted(draw.choices(range(200), k=2))
    return EventFilter(
        camera_ids=some(("gate", "yard", "quiet", "nowhere")),
        labels=some((*LABELS, "unheard of")),
        severities=some(tuple(Severity)),
        risk_levels=some(tuple(RiskLevel)),
        start=draw.choice((None, after(times[0]))),
        end=draw.choice((None, after(times[1]))),
        reviewed=draw.choice((None, None, True, False)),
    )


async def test_every_page_and_total_equals_the_plain_answer(events: EventService) -> None:
    draw = random.Random(7)
    for number in range(150):
        labels = tuple(draw.sample(LABELS, draw.choice((1, 2))))
        events.event_reported(
            a_report(
                str(number),
                started=draw.randrange(150),  # several at the same moment
                camera_id=draw.choice(("gate", "gate", "yard")),
                label=labels[0],
                labels=labels,
                severity=draw.choice(tuple(Severity)),
            )
        )
    await events.settle()
    everything = list((await events.page(EventFilter(), limit=1000)).items)
    for event in draw.sample(everything, 50):
        await events.acknowledge(event.id, by="kim")
    everything = list((await events.page(EventFilter(), limit=1000)).items)
    assert len(everything) == 150

    for _ in range(120):
        wanted = a_random_filter(draw)
        expected = a_plain_answer(everything, wanted)
        found: list[int] = []
        cursor: str | None = None
        for _page in itertools.count():
            page = await events.page(wanted, cursor=cursor, limit=13)
            assert page.total == len(expected), wanted
            found += [event.id for event in page.items]
            cursor = page.next_cursor
            assert page.has_more == (cursor is not None)
            if cursor is None:
                break
        assert found == expected, wanted
        by_offset = await events.page(wanted, limit=5, offset=7)
        assert [event.id for event in by_offset.items] == expected[7:12], wanted


async def test_labels_beyond_the_mask_are_found_too(events: EventService) -> None:
    for number in range(70):
        events.event_reported(a_report(str(number), started=number, label=f"l{number}", labels=()))
    await events.settle()
    for wanted in ("l3", "l69"):
        alone = await events.page(EventFilter(labels=(wanted,)))
        at_gate = await events.page(EventFilter(labels=(wanted,), camera_ids=("gate",)))
        assert [event.label for event in alone.items] == [wanted]
        assert alone == at_gate


async def test_a_new_event_changes_the_total_of_a_filter_asked_before(events: EventService) -> None:
    assert (await events.page(EventFilter())).total == 0
    events.event_reported(a_report())
    await events.settle()
    assert (await events.page(EventFilter())).total == 1


async def test_dates_the_wrong_way_round_are_refused(events: EventService) -> None:
    with pytest.raises(Invalid, match="start_date"):
        await events.page(EventFilter(start=after(5), end=after(4)))


def test_a_cursor_comes_back_as_it_was() -> None:
    cursor = EventCursor(after(1.234567), 42)
    assert decode_cursor(encode_cursor(cursor)) == cursor


def test_a_cursor_may_lack_its_zone() -> None:
    text = base64.urlsafe_b64encode(b'{"id": 1, "created_at": "2026-05-01T12:00:00"}').decode()
    assert decode_cursor(text) == EventCursor(after(0), 1)


@pytest.mark.parametrize(
    "text", ["***", "bm90IGpzb24=", "W10=", "eyJpZCI6IDF9", "eyJpZCI6ICIxIn0=", "é"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"^Invalid cursor: "):
        decode_cursor(text)


def test_scores_stay_in_range_and_levels_follow_the_reference() -> None:
    assert risk_score(Severity.MOTION, "bird") == 0
    assert risk_score(Severity.ALERT, "person") == 75
    assert [risk_level(score).value for score in (0, 29, 30, 59, 60, 84, 85, 100)] == [
        "low", "low", "medium", "medium", "high", "high", "critical", "critical",
    ]  # fmt: skip
