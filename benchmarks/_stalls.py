"""Watching the server's event loop while something is measured; what counts how: probe/stalls.py."""

from __future__ import annotations

from typing import Any

from ._client import Client

AIM_MS = 50.0
"""Nothing of ours may hold ComfyUI up for longer."""


class Watch:
    """From its making. client: of a server with the measuring pack."""

    def __init__(self, client: Client) -> None:
        self._client = client
        client.post("/benchmark/stalls", {})

    def told(self) -> dict[str, Any]:
        return self._client.get("/benchmark/stalls")

    def lines(self) -> list[str]:
        """For people: the longest stall since, and what was going on where it is too long."""
        told = self.told()
        late, collected, ours = (told[f"{name}_ms"][0] for name in ("late", "collected", "ours"))
        verdict = "met" if ours <= AIM_MS else "MISSED"
        line = f"Event loop, longest stall: {late:.0f} ms; of ours {ours:.0f} ms; garbage collection {collected:.0f} ms"
        return [f"{line}   aim {AIM_MS:g} ms  {verdict}", *(stall_lines(told) if ours > AIM_MS else [])]


def stall_lines(told: dict[str, Any]) -> list[str]:
    """What the threads were at in each stall of ours beyond the aim."""
    lines = []
    for ms, at in zip(told["ours_ms"], told["at"], strict=True):
        if ms > AIM_MS:
            lines += [f"    {ms:.0f} ms: {at[0] if at else 'nobody could look'}", *(f"        {one}" for one in at[1:])]
    return lines
