"""Making room: one step of freeing after the other, measured after each, until there is enough."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from .amounts import in_words
from .freeing import Group, Holding, steps

SETTLING_SECONDS = 5.0
"""The driver may report the memory of a model that left Ollama up to about this much later (design-notes, 7.4)."""
POLL_SECONDS = 0.1


class DeviceMemory(Protocol):
    """The memory of the device that ComfyUI computes on."""

    def settle(self) -> None:
        """Give back what is only cached, so that the next figures are true."""

    def free(self) -> int:
        """Bytes free for whom the room is made."""

    def holdings(self) -> Sequence[Holding]:
        """ComfyUI's models that take memory on the device. Their keys stay the same between calls."""

    def release(self, key: str, wanted: float) -> int:
        """Unload of that model as much as brings `wanted` bytes free in all; the bytes that left it."""


class ExternalModels(Protocol):
    """Models that another program holds on the same device: Ollama on this computer."""

    async def holdings(self) -> Sequence[Holding]:
        """Those loaded now; empty where the program does not answer."""

    async def unload(self, key: str) -> bool:
        """Ask for the model to go and wait for it, if waiting is wanted; whether it is gone."""


@dataclass(frozen=True)
class Freed:
    """size: bytes that left the device with it. gone: False where it was asked to go and is still there."""

    name: str
    group: Group
    size: int
    gone: bool = True


@dataclass(frozen=True)
class Room:
    """What making room came to. before, after: bytes free. seconds: how long it took."""

    before: int
    after: int
    freed: tuple[Freed, ...]
    seconds: float

    @property
    def gained(self) -> int:
        """Bytes that are free now and were not before."""
        return max(0, self.after - self.before)


Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds; raises when the user interrupts."""


async def make_room(
    memory: DeviceMemory,
    others: ExternalModels | None,
    wanted: float,
    allowed: Collection[Group],
    pause: Pause,
) -> Room:
    """Free memory until `wanted` bytes are free, or nothing is left that may go.

    Nothing happens when it is enough already. Each model is tried once. Whatever `pause` raises, an interrupt, passes.
    """
    begun = time.perf_counter()
    before = free = memory.free()
    freed: list[Freed] = []
    tried: set[tuple[Group, str]] = set()
    if free < wanted:
        memory.settle()
        free = memory.free()
    while free < wanted:
        planned = steps(await _left(memory, others, allowed, tried), wanted - free, allowed)
        if not planned:
            break
        holding = planned[0].holding
        tried.add((holding.group, holding.key))
        if holding.group == "ollama":
            gone = await others.unload(holding.key)
            freed.append(Freed(holding.name, "ollama", holding.size if gone else 0, gone))
            if gone:
                await _settled(memory, free + holding.size // 2, wanted, pause)
        else:
            freed.append(Freed(holding.name, holding.group, memory.release(holding.key, wanted)))
        memory.settle()
        free = memory.free()
    return Room(before, free, tuple(freed), time.perf_counter() - begun)


async def _left(
    memory: DeviceMemory,
    others: ExternalModels | None,
    allowed: Collection[Group],
    tried: Collection[tuple[Group, str]],
) -> list[Holding]:
    """What can still be tried. Ollama is asked only when its turn has come: asking takes a request."""
    own = [h for h in memory.holdings() if (h.group, h.key) not in tried]
    if others is None or "ollama" not in allowed or any(h.group == "own" and h.size and not h.kept for h in own):
        return own
    return own + [h for h in await others.holdings() if (h.group, h.key) not in tried]


async def _settled(memory: DeviceMemory, expected: int, wanted: float, pause: Pause) -> None:
    """Wait until the driver reports what the other program gave back, or enough, or for SETTLING_SECONDS."""
    until = time.monotonic() + SETTLING_SECONDS
    while memory.free() < min(expected, wanted) and time.monotonic() < until:
        await pause(POLL_SECONDS)


def shortage(free: float, wanted: float, kept: Sequence[Holding], freed: Sequence[Freed]) -> str:
    """One sentence for people: what is missing, what holds memory, what to do."""
    loaded = [f"{h.name} {in_words(h.size)} (kept)" for h in kept if h.size]
    gone = [f"{f.name} {in_words(f.size)} (freed)" for f in freed if f.size]
    held = f" Loaded: {', '.join(loaded + gone)}." if loaded or gone else ""
    return (
        f"Only {in_words(free)} free, {in_words(wanted)} needed.{held} "
        "Close other programs that use the card, or lower the size or the batch."
    )
