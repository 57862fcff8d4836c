"""Footage from the recorder's report to the answer, on a real catalogue and real files."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from embedded_server.recorder.footage_dir import IDENTITY_FILE
from embedded_server.services.bus import CHANNEL_EVENTS, Bus, Published, Subscription
from embedded_server.services.errors import Invalid, NotFound
from embedded_server.services.footage import FootageService, Room
from embedded_server.services.model import Gap, GapCause, Segment, TimeRange
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.errors import DataDirectoryFull, WrongFootageDisk
from embedded_server.storage.footage import FootageRows, pack_fragments, unpack_fragments
from embedded_server.storage.footage_files import RESERVE_FILE, FootageDisk
from tests.support.footage_disk import write_segment
from tests.support.server_values import StoppedClock, a_segment, add_cameras, after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.anyio
HOUR = TimeRange(after(-3600), after(3600))


@dataclass
class Growing:
    """The open segments of a media process."""

    segments: dict[str, Segment] = field(default_factory=dict)

    def open_segments(self) -> dict[str, Segment]:
        return self.segments


class Disk(FootageDisk):
    """As full as told."""

    def __init__(self, footage: Path) -> None:
        super().__init__(footage)
        self.rooms: list[Room] = []

    async def room(self) -> Room:
        return self.rooms.pop(0) if self.rooms else Room(free=500_000_000, total=1_000_000_000)


TIGHT = Room(free=1, total=1_000_000_000)


@dataclass
class Site:
    """Everything that a service needs, kept over its starts."""

    catalog: Catalog
    footage: Path
    disk: Disk
    clock: StoppedClock = field(default_factory=StoppedClock)
    bus: Bus = field(default_factory=Bus)
    growing: Growing = field(default_factory=Growing)

    def service(self) -> FootageService:
        return FootageService(
            FootageRows(self.catalog), self.disk, self.bus, self.clock, self.growing
        )

    def record(self, start: float, fragments: int = 3, camera_id: str = "gate") -> Segment:
        return write_segment(self.footage, start, fragments, camera_id=camera_id)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path) as opened:
        yield opened


@pytest.fixture
async def site(catalog: Catalog, tmp_path: Path) -> Site:
    await add_cameras(catalog, "gate", "yard")
    footage = tmp_path / "footage"
    return Site(catalog, footage, Disk(footage))


async def test_segments_become_one_run_and_can_be_found(site: Site) -> None:
    async with site.service() as service:
        for start in (0, 6, 60):
            service.segment_written(site.record(start))
        await service.settle()

        coverage = await service.coverage("gate", HOUR)
        segments = await service.segments("uuid-gate", TimeRange(after(1), after(7)))

        assert coverage.runs == (
            TimeRange(after(0), after(12)),
            TimeRange(after(60), after(66)),
        )
        assert [segment.start for segment in segments] == [after(0), after(6)]
        found = await service.segment("1", segments[0].name)
        assert found.fragments[1].time_s == 2.0
        assert service.path(found).stat().st_size == found.size


async def test_the_segment_being_written_counts_up_to_its_last_fragment(site: Site) -> None:
    async with site.service() as service:
        service.segment_written(site.record(0))
        await service.settle()
        growing = replace(site.record(6), is_open=True, sha256=None)
        site.growing.segments["gate"] = growing

        coverage = await service.coverage("gate", HOUR)

        assert coverage.runs == (TimeRange(after(0), after(12)),)
        assert (await service.segments("gate", HOUR))[-1] == growing
        assert await service.segment("gate", growing.name) == growing
        segment, at_s = await service.locate("gate", after(9.5))
        assert (segment.name, at_s) == (growing.name, 3.5)


async def test_a_segment_on_its_way_into_the_catalogue_is_never_missing(site: Site) -> None:
    async with site.service() as service:
        segment = site.record(0)
        service.segment_written(segment)  # not entered yet
        assert await service.segments("gate", HOUR) == [segment]
        await service.settle()
        assert [one.name for one in await service.segments("gate", HOUR)] == [segment.name]


async def test_footage_ends_a_gap_that_only_the_catalogue_remembers(site: Site) -> None:
    """As after a restart: the new media process knows nothing of the gap from before."""
    async with site.service() as service:
        service.gap_changed(Gap("gate", after(0), None, GapCause.SWITCHED_OFF, "Recording is off."))
        await service.settle()
    async with site.service() as service:
        listening = site.bus.subscribe(CHANNEL_EVENTS)
        service.segment_written(replace(site.record(6), is_open=True, sha256=None))
        await service.settle()
        assert (await FootageRows(site.catalog).open_gaps()) == []
        told = [published.message async for published in _first(listening, 2)]
    gap = next(message for message in told if message.type == "gap")
    assert gap.data["end"] == after(6).isoformat()
    assert gap.data["cause"] == "switched_off"


@pytest.mark.logs_warnings
async def test_an_entry_that_makes_no_sense_does_not_hold_up_the_others(site: Site) -> None:
    nonsense = replace(a_segment(6), size=2**70)
    async with site.service() as service:
        for segment in (a_segment(0), nonsense, a_segment(60)):
            service.segment_written(segment)
        await service.settle()
        found = await service.segments("gate", HOUR)
    assert [segment.start for segment in found] == [after(0), after(60)]


@pytest.mark.logs_warnings
async def test_a_full_disk_is_said_once_and_once_when_it_is_over(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.service() as service:
        site.disk.rooms = [TIGHT, TIGHT]
        for _ in range(3):
            await service.retain_once()
    said = [
        record.message
        for record in caplog.records
        if "room" in record.message or "full" in record.message
    ]
    assert len(said) == 2
    assert "nearly full" in said[0]
    assert "room for footage again" in said[1]


async def test_gaps_are_told_with_cause_and_end_when_footage_returns(site: Site) -> None:
    listening = site.bus.subscribe(CHANNEL_EVENTS)
    async with site.service() as service:
        service.segment_written(site.record(0))
        service.gap_changed(Gap("gate", after(6), None, GapCause.CAMERA_LOST, "no route"))
        await service.settle()
        assert (await service.coverage("gate", HOUR)).gaps == (
            Gap("gate", after(6), None, GapCause.CAMERA_LOST, "no route"),
        )
        service.gap_changed(Gap("gate", after(6), after(30), GapCause.CAMERA_LOST, "no route"))
        service.segment_written(site.record(30))
        await service.settle()
        (gap,) = (await service.coverage("gate", HOUR)).gaps
        assert gap.end == after(30)
    listening.close()
    kinds = [published.message.type async for published in listening]
    assert kinds == ["footage", "gap", "gap", "footage"]


async def test_a_hole_that_nobody_explained_is_told_from_wherever_one_looks(site: Site) -> None:
    for start in (0, 100):
        site.record(start)
    hole = (Gap("gate", after(6), after(100), GapCause.UNKNOWN),)
    async with site.service() as service:
        for start, end in ((-9, 200), (50, 60), (3, 60), (60, 103)):
            assert (
                await service.coverage("gate", TimeRange(after(start), after(end)))
            ).gaps == hole
        for start, end in ((-9, 0), (1, 2), (200, 300)):
            assert (await service.coverage("gate", TimeRange(after(start), after(end)))).gaps == ()


async def test_a_growing_segment_is_told_now_and_then(site: Site) -> None:
    listening = site.bus.subscribe(CHANNEL_EVENTS)
    async with site.service() as service:
        for end in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0):
            service.segment_written(a_segment(0, 60, is_open=True, end=after(end)))
    listening.close()
    assert [p.message.data["end"] async for p in listening] == [
        after(0.5).isoformat(),
        after(2.5).isoformat(),
    ]


async def test_an_orderly_stop_becomes_a_gap_with_that_cause(site: Site) -> None:
    async with site.service() as service:
        service.segment_written(site.record(0))
        site.clock.advance(6)
    site.clock.advance(100)
    async with site.service() as service:
        assert (await service.coverage("gate", HOUR)).gaps == (
            Gap("gate", after(6), None, GapCause.SERVER_STOPPED),
        )
        service.segment_written(site.record(110))
        await service.settle()
        (gap,) = (await service.coverage("gate", HOUR)).gaps
        assert (gap.start, gap.end) == (after(6), after(110))
        assert (await service.coverage("yard", HOUR)).gaps == ()


async def test_a_crash_is_told_apart_and_what_it_left_is_adopted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.service() as service:
        service.segment_written(site.record(0))
        await service.settle()

        async def never(*_: Any, **__: Any) -> None:
            """The process dies before it can say that it stops."""

        monkeypatch.setattr(service._store, "set_alive_mark", never)
    torn = write_segment(site.footage, 6, 2, torn=b"\x00\x00\x10\x00moof")
    async with site.service() as service:
        coverage = await service.coverage("gate", HOUR)
        assert coverage.runs == (TimeRange(after(0), after(10)),)
        assert coverage.gaps == (Gap("gate", after(10), None, GapCause.SERVER_CRASHED),)
        adopted = await service.segment("gate", torn.name)
        assert service.path(adopted).stat().st_size == adopted.size == torn.size


async def test_a_first_start_has_nothing_to_miss(site: Site) -> None:
    async with site.service() as service:
        coverage = await service.coverage("gate", HOUR)
    assert (coverage.runs, coverage.gaps) == ((), ())


async def test_footage_of_a_camera_that_the_catalogue_lost_is_adopted_with_it(site: Site) -> None:
    segment = site.record(0, camera_id="lost_one")
    async with site.service() as service:
        assert await service.camera("lost_one") == "lost_one"
        assert (await service.segment("lost_one", segment.name)).sha256 == segment.sha256
        assert await service.known_segments() == {segment.relative_path}


async def test_a_segment_reported_twice_is_entered_once(site: Site) -> None:
    segment = site.record(0)
    async with site.service() as service:
        service.segment_written(segment)
        service.segment_written(segment)
        await service.settle()
        assert len(await service.segments("gate", HOUR)) == 1


@pytest.mark.parametrize(
    "name", ["../../catalog.db", "..", "2026-05-01_12-00-00-000.mp4", "", "a/b"]
)
async def test_a_name_that_is_not_in_the_catalogue_is_not_found(site: Site, name: str) -> None:
    async with site.service() as service:
        with pytest.raises(NotFound):
            await service.segment("gate", name)


async def test_what_cannot_be_answered_is_refused_clearly(site: Site) -> None:
    async with site.service() as service:
        with pytest.raises(NotFound, match="no camera nowhere"):
            await service.segments("nowhere", HOUR)
        with pytest.raises(Invalid, match="start must lie before end"):
            await service.coverage("gate", TimeRange(after(1), after(0)))
        with pytest.raises(NotFound, match="Nothing of gate was recorded"):
            await service.locate("gate", after(5))
        with pytest.raises(NotFound, match="Nothing of gate was recorded"):
            await service.pieces("gate", HOUR)


async def test_footage_beyond_its_age_goes_with_its_runs_and_gaps(site: Site) -> None:
    day = 86_400.0
    old, young = site.record(-31 * day), site.record(-day)
    async with site.service() as service:
        service.gap_changed(Gap("gate", after(-31 * day + 6), after(-30 * day), GapCause.STALLED))
        await service.settle()
        await service.retain_once()

        everything = TimeRange(after(-100 * day), after(day))
        coverage = await service.coverage("gate", everything)
        assert [run.start for run in coverage.runs] == [young.start]
        assert coverage.gaps == ()
        assert not service.path(old).exists()
        assert not service.path(old).parent.exists()
        assert service.path(young).exists()


async def test_a_camera_has_its_own_retention(site: Site) -> None:
    await add_cameras(site.catalog, "short", config={"recording": {"retention_days": 0.5}})
    site.record(-50_000, camera_id="short")
    kept = site.record(-50_000, camera_id="gate")
    async with site.service() as service:
        await service.retain_once()
        assert await service.known_segments() == {kept.relative_path}


async def test_the_oldest_footage_makes_room_and_the_newest_minutes_stay(site: Site) -> None:
    segments = [site.record(start) for start in (-2000, -1000, -60)]
    async with site.service() as service:
        site.disk.rooms = [TIGHT, Room(10**9, 10**10)]
        await service.retain_once()
        assert await service.known_segments() == {segments[2].relative_path}


@pytest.mark.logs_warnings
async def test_a_disk_that_stays_full_never_costs_the_newest_minutes(site: Site) -> None:
    fresh = site.record(-60)
    async with site.service() as service:
        site.disk.rooms = [TIGHT] * 20
        await service.retain_once()
        assert await service.known_segments() == {fresh.relative_path}


class FullCatalogue(FootageRows):
    """Takes nothing while the reserve holds the last room of the disk."""

    def __init__(self, catalog: Catalog, reserve: Path) -> None:
        super().__init__(catalog)
        self._reserve = reserve
        self.removed = asyncio.Event()

    async def to_garbage(self, segments: Sequence[Segment]) -> None:
        if self._reserve.exists():
            raise DataDirectoryFull("data")
        await super().to_garbage(segments)

    async def drop(self, segments: Sequence[Segment]) -> None:
        await super().drop(segments)
        self.removed.set()


@pytest.mark.logs_warnings
async def test_a_disk_that_is_full_to_the_last_byte_gets_room_from_the_reserve(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_server.services.footage.RETRY_S", 0.01)
    old = site.record(-1000)
    await site.disk.hold_reserve()
    rows = FullCatalogue(site.catalog, site.footage / RESERVE_FILE)
    site.disk.rooms = [TIGHT, TIGHT]
    async with FootageService(rows, site.disk, site.bus, site.clock, site.growing) as service:
        await asyncio.wait_for(rows.removed.wait(), 20)
        await service.retain_once()
    assert not site.disk.path(old).exists()
    assert (site.footage / RESERVE_FILE).exists()


async def test_a_removal_that_was_interrupted_is_finished(site: Site) -> None:
    segment = site.record(0)
    async with site.service():
        pass
    rows = FootageRows(site.catalog)
    await rows.to_garbage([segment])  # and then the power went
    async with site.service() as service:
        assert await service.segments("gate", HOUR) == []
        await service.retain_once()
        assert await service.known_segments() == frozenset()
    assert not site.disk.path(segment).exists()


async def test_removing_the_middle_leaves_both_sides(site: Site) -> None:
    segments = [site.record(start) for start in (0, 6, 12)]
    async with site.service() as service:
        await FootageRows(site.catalog).to_garbage([segments[1]])
        assert (await service.coverage("gate", HOUR)).runs == (
            TimeRange(after(0), after(6)),
            TimeRange(after(12), after(18)),
        )


async def test_the_right_disk_is_known_again_and_a_wrong_one_refused(
    catalog: Catalog, tmp_path: Path
) -> None:
    footage = tmp_path / "footage"
    await FootageDisk(footage).identify(catalog)
    await FootageDisk(footage).identify(catalog)
    identity = footage / IDENTITY_FILE

    shutil.move(identity, tmp_path / "elsewhere")
    with pytest.raises(WrongFootageDisk, match="missing"):
        await FootageDisk(footage).identify(catalog)
    identity.write_text('{"footage": "another"}')
    with pytest.raises(WrongFootageDisk, match="another catalogue"):
        await FootageDisk(footage).identify(catalog)
    identity.write_text("garbage")
    with pytest.raises(WrongFootageDisk):
        await FootageDisk(footage).identify(catalog)

    await FootageDisk(footage).identify(catalog, is_repair=True)
    await FootageDisk(footage).identify(catalog)


def test_room_is_wanted_in_proportion_within_bounds() -> None:
    assert Room(0, 10**8).wanted_free == 10**7
    assert Room(0, 5 * 10**9).wanted_free == 200_000_000
    assert Room(0, 50 * 10**9).wanted_free == 10**9
    assert Room(0, 10**13).wanted_free == 2 * 10**9


def test_fragments_come_back_as_packed() -> None:
    fragments = a_segment().fragments
    assert unpack_fragments(pack_fragments(fragments)) == fragments


async def _first(listening: Subscription, count: int) -> AsyncIterator[Published]:
    async for published in listening:
        yield published
        count -= 1
        if count == 0:
            return
