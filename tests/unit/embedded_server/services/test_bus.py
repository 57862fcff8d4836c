"""The bus: everybody hears, nobody waits."""

from __future__ import annotations

import asyncio

import pytest

from embedded_server.contract.system import SocketMessage
from embedded_server.services import bus as bus_module
from embedded_server.services.bus import CHANNEL_EVENTS, CHANNEL_SYSTEM, Bus

pytestmark = pytest.mark.anyio


def said(number: int, size: int = 0) -> SocketMessage:
    return SocketMessage(type="event", data={"n": number, "pad": "x" * size}, seq=number)


async def test_everyone_on_the_channel_hears_the_same_text_once_made() -> None:
    bus = Bus()
    first, second = bus.subscribe(CHANNEL_EVENTS), bus.subscribe(CHANNEL_EVENTS)
    other = bus.subscribe(CHANNEL_SYSTEM)
    bus.publish(CHANNEL_EVENTS, said(1))
    heard = [await anext(first), await anext(second)]
    assert heard[0] is heard[1]
    assert SocketMessage.model_validate_json(heard[0].text) == said(1)
    other.close()
    assert [each async for each in other] == []


async def test_a_waiting_reader_is_woken_by_a_message_and_by_the_end() -> None:
    bus = Bus()
    with bus.subscribe(CHANNEL_EVENTS) as subscription:
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.sleep(0)
        bus.publish(CHANNEL_EVENTS, said(1))
        assert (await waiting).message.seq == 1

        async def rest() -> list[object]:
            return [each async for each in subscription]

        ending = asyncio.ensure_future(rest())
        await asyncio.sleep(0)
        bus.close()
        assert await ending == []


async def test_a_reader_that_falls_behind_loses_the_oldest_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bus_module, "MAX_QUEUED", 3)
    bus = Bus()
    slow = bus.subscribe(CHANNEL_EVENTS)
    for number in range(1, 8):
        bus.publish(CHANNEL_EVENTS, said(number))
    slow.close()
    heard = [each.message async for each in slow]
    assert heard[0].type == "missed"
    assert heard[0].data == {"count": 4, "first_seq": 1, "last_seq": 4}
    assert [message.seq for message in heard[1:]] == [5, 6, 7]
    assert slow.dropped == 4


async def test_the_queue_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "MAX_QUEUED_BYTES", 10_000)
    bus = Bus()
    slow = bus.subscribe(CHANNEL_EVENTS)
    for number in range(10):
        bus.publish(CHANNEL_EVENTS, said(number, size=4000))
    bus.publish(CHANNEL_EVENTS, said(10, size=40_000))  # the newest always stays
    slow.close()
    heard = [each.message async for each in slow]
    assert [message.seq for message in heard[1:]] == [10]


async def test_one_who_has_left_costs_nothing() -> None:
    bus = Bus()
    gone = bus.subscribe(CHANNEL_EVENTS)
    gone.close()
    bus.publish(CHANNEL_EVENTS, said(1))
    assert [each async for each in gone] == []


def test_there_are_three_channels() -> None:
    with pytest.raises(KeyError):
        Bus().subscribe("gossip")
