"""When a judge in Ollama and ComfyUI's models fit on one card, and when they have to take turns. Pure.

Figures in bytes. The alternative to taking turns is not an error but silent slowness: with the card full, Ollama
computes on the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass

LOADED_OVER_LISTED = 1.2
"""A loaded model with its context takes about this much more than its file (our judgement; design-notes, 7.4)."""


@dataclass(frozen=True)
class JudgeModel:
    """A model in Ollama. listed: size of its file, None when the server does not tell. loaded: size of it in memory,
    None when it is not loaded. on_card: how much of that is in VRAM."""

    name: str
    listed: int | None = None
    loaded: int | None = None
    on_card: int = 0

    def takes(self, in_ram: bool) -> int:
        """Bytes it takes of the RAM, or else of the card, while it is loaded."""
        if self.loaded is None:
            return 0
        return self.loaded - self.on_card if in_ram else self.on_card


def size_in_memory(judge: JudgeModel) -> int:
    """Bytes it takes when it is loaded; 0 when nobody knows."""
    if judge.loaded is not None:
        return judge.loaded
    return int((judge.listed or 0) * LOADED_OVER_LISTED)


def room_wanted(judge: JudgeModel) -> int:
    """Bytes to have free before the judge is asked; 0 when it is loaded already, or nobody knows its size."""
    return 0 if judge.loaded is not None else size_in_memory(judge)


def both_fit(free: int, moved_out: int, working: int) -> bool:
    """Whether the judge may stay loaded while ComfyUI renders on.

    free: bytes free for ComfyUI with the judge loaded. moved_out: bytes of ComfyUI's models that had to leave for the
    judge and will come back. working: what a render needs beside its models.
    """
    return free >= moved_out + working


def partly_on_cpu(judge: JudgeModel) -> str:
    """A warning where Ollama had to put a part of the model on the CPU, else ""."""
    if judge.loaded is None or judge.on_card >= judge.loaded:
        return ""
    share = 100 - 100 * judge.on_card // max(1, judge.loaded)
    return (
        f"{share} % of {judge.name} is on the CPU, which makes judging slow. "
        "Take a smaller judge model, or close other programs that use the card."
    )
