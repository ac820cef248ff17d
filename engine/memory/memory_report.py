"""What a look after memory found and did: figures, and the same in lines for people."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .amounts import in_words
from .freeing import Group
from .preflight import Preflight

WHY: dict[Group, str] = {
    "own": "one of this pack's own models",
    "ollama": "in Ollama, comes back when it is asked",
    "unused": "no later node needs it",
    "rest": "ComfyUI loads it again when it is needed",
}


class FreedModel(BaseModel):
    """size: bytes that left the device. gone: False where Ollama was asked and still holds it."""

    model_config = ConfigDict(frozen=True)

    name: str
    group: Group
    size: int
    gone: bool = True


class KeptModel(BaseModel):
    """size: bytes it takes on the device."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int


class MemoryReport(BaseModel):
    """One look after memory; all amounts in bytes.

    time: epoch seconds. by: "guard" or "hand-over" (room made for the judge). node: id in the graph.
    where: VRAM of a card, or RAM when ComfyUI computes on the CPU. total: of the device. need_from: how the need was
    found. kept: models that were to stay. enough: whether need and margin are free in the end. seconds: it took.
    """

    model_config = ConfigDict(frozen=True)

    time: float
    by: Literal["guard", "hand-over"] = "guard"
    node: str = ""
    where: Literal["VRAM", "RAM"] = "VRAM"
    total: int
    before: int
    need: int
    need_from: str
    margin: int = 0
    freed: tuple[FreedModel, ...] = ()
    kept: tuple[KeptModel, ...] = ()
    after: int
    enough: bool
    notes: tuple[str, ...] = ()
    preflight: Preflight | None = None
    seconds: float = 0.0

    def describe(self) -> list[str]:
        """One line each: before, needed, freed what, kept what, after, notes, estimates."""
        margin = f", and {in_words(self.margin)} to spare" if self.margin else ""
        said = [
            f"before: {in_words(self.before)} of {in_words(self.total)} {self.where} free",
            f"needed: {in_words(self.need)} ({self.need_from}){margin}",
        ]
        said += [_freed(model) for model in self.freed]
        if not self.freed:
            said.append("freed: nothing")
        said += [f"kept: {model.name} {in_words(model.size)}" for model in self.kept]
        verdict = "enough" if self.enough else f"{in_words(self.need + self.margin - self.after)} short"
        said.append(f"after: {in_words(self.after)} free, {verdict}")
        said += [f"note: {note}" for note in self.notes]
        return said + (self.preflight.describe() if self.preflight is not None else [])


class MemoryReportView(MemoryReport):
    """lines: the same in words."""

    lines: list[str]


def memory_report_view(report: MemoryReport) -> MemoryReportView:
    return MemoryReportView(**dict(report), lines=report.describe())


def _freed(model: FreedModel) -> str:
    if not model.gone:
        return f"not freed: {model.name}: Ollama still holds it"
    if not model.size:
        return f"unloaded: {model.name}, which freed nothing"
    return f"freed: {model.name} {in_words(model.size)} ({WHY[model.group]})"
