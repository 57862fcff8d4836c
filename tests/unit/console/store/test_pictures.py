from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from console.domain.errors import NotFound
from console.store.pictures import AT_ONCE, WAITING, PictureStore

if TYPE_CHECKING:
    from collections.abc import Coroutine

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("qapp")]


class Source:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.may_go = asyncio.Event()

    async def fetch(self, _system: str, path: str) -> bytes:
        self.asked.append(path)
        await self.may_go.wait()
        if path == "missing":
            raise NotFound("no picture")
        return path.encode() * 10

    def start(self, coro: Coroutine[object, object, None]) -> None:
        self.tasks.append(asyncio.ensure_future(coro))

    async def settle(self) -> None:
        self.may_go.set()
        while any(not task.done() for task in self.tasks):
            await asyncio.gather(*self.tasks)


async def test_a_picture_is_fetched_once_and_announced() -> None:
    source = Source()
    store = PictureStore(source.fetch, source.start)
    arrived: list[tuple[str, str]] = []
    store.arrived.connect(lambda system, path: arrived.append((system, path)))
    assert store.get("s", "a") is None
    assert store.get("s", "a") is None
    await source.settle()
    assert store.get("s", "a") == b"a" * 10
    assert source.asked == ["a"]
    assert arrived == [("s", "a")]


async def test_one_that_is_missing_is_not_asked_for_again_until_failures_are_forgotten() -> None:
    source = Source()
    store = PictureStore(source.fetch, source.start)
    store.get("s", "missing")
    await source.settle()
    store.get("s", "missing")
    await source.settle()
    assert source.asked == ["missing"]
    store.forget_failures()
    store.get("s", "missing")
    await source.settle()
    assert source.asked == ["missing"] * 2


async def test_few_at_once_the_newest_wish_first_the_oldest_forgotten() -> None:
    source = Source()
    store = PictureStore(source.fetch, source.start)
    for number in range(WAITING + 50):
        store.get("s", str(number))
    await asyncio.sleep(0)
    assert len(source.asked) == AT_ONCE
    await source.settle()
    assert source.asked[AT_ONCE] == str(WAITING + 49)
    assert len(source.asked) == AT_ONCE + WAITING


async def test_memory_is_bounded() -> None:
    source = Source()
    source.may_go.set()
    store = PictureStore(source.fetch, source.start, kept_bytes=100)
    for number in range(20):
        await store.load("s", f"{number:02}")
    assert len([n for n in range(20) if (("s", f"{n:02}")) in store._kept]) == 5
