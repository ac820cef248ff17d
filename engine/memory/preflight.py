"""What a graph will want of the card, before it runs: estimates and warnings, never a refusal. Pure.

ComfyUI unloads models by itself when it needs their memory; what this says is what then becomes slow, and what would
not fit even so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from .amounts import GIB, in_words
from .figures import decode_figures, fp8_rule, working_bytes
from .gpu_handover import JudgeModel, size_in_memory
from .graph_sizes import FileUse, decodes
from .model_file import WHOLE, ModelFile, ModelPart

SIXTEEN_BITS_OR_MORE = ("fp16", "bf16", "fp32", "fp64")
GUARD_CLASS = "ImitatoesVRAMGuard"


class PlannedModel(BaseModel):
    """A model that the graph loads. size: bytes in memory, taken from the file. dtype: "" when unknown."""

    model_config = ConfigDict(frozen=True)

    file: str
    kind: str
    size: int
    dtype: str = ""


class PlannedDecode(BaseModel):
    """size: (width, height, frames). needed: bytes for decoding it whole."""

    model_config = ConfigDict(frozen=True)

    node: str
    size: tuple[int, int, int]
    needed: int
    tiled: bool


class Preflight(BaseModel):
    """Estimates in bytes. card: memory of the device. largest_step: of the step that wants most, and which it is.

    together: if nothing were unloaded. unknown: model files that could not be read, so the estimate is too low.
    """

    model_config = ConfigDict(frozen=True)

    card: int
    models: tuple[PlannedModel, ...] = ()
    decodes: tuple[PlannedDecode, ...] = ()
    largest_step: int = 0
    largest_step_is: str = ""
    together: int = 0
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """The estimate and one line for each warning; empty for a graph that loads no known model."""
        said = []
        if self.largest_step:
            said.append(
                f"estimate: the largest step is {self.largest_step_is}, about {in_words(self.largest_step)}; "
                f"all models at once {in_words(self.together)}; this device has {in_words(self.card)}"
            )
        if self.unknown:
            said.append(f"estimate: not counted, because unknown: {', '.join(self.unknown)}")
        return said + [f"warning: {warning}" for warning in self.warnings]


class PreflightView(Preflight):
    """lines: the same in words."""

    lines: list[str]


def preflight_view(found: Preflight) -> PreflightView:
    return PreflightView(**dict(found), lines=found.describe())


def preflight(
    graph: Mapping[str, Any],
    files: Sequence[tuple[FileUse, ModelFile | None]],
    card: int,
    judge: JudgeModel | None = None,
) -> Preflight:
    """Estimate a graph. files: what file_uses found, with None where a file is not there or cannot be read."""
    models = _models(files)
    planned = tuple(
        PlannedDecode(node=d.node, size=d.size, needed=decode_figures(d.vae_file).needed(*d.size), tiled=d.tiled)
        for d in decodes(graph)
        if d.size is not None
    )
    working = working_bytes()
    steps = [(f"sampling with {m.file}", m.size + working) for m in models if m.kind == "MODEL"]
    if texts := [m.size for m in models if m.kind == "CLIP"]:
        steps.append(("encoding the prompt", sum(texts) + working))
    vae = max((m.size for m in models if m.kind == "VAE"), default=0)
    steps += [(_decoding(d), d.needed + vae) for d in planned if not d.tiled]
    name, largest = max(steps, key=lambda step: step[1], default=("", 0))
    whole = [d.needed for d in planned if not d.tiled]
    return Preflight(
        card=card,
        models=models,
        decodes=planned,
        largest_step=largest,
        largest_step_is=name,
        together=sum(m.size for m in models) + max([working, *whole]) if steps else 0,
        warnings=tuple(_warnings(graph, models, planned, largest, card, judge)),
        unknown=tuple(dict.fromkeys(use.name for use, file in files if file is None)),
    )


def _models(files: Sequence[tuple[FileUse, ModelFile | None]]) -> tuple[PlannedModel, ...]:
    """Each model once, however many nodes load its file."""
    found: dict[tuple[str, str], PlannedModel] = {}
    for use, file in files:
        for kind, part in file.parts.items() if file is not None else ():
            kind = {"CHECKPOINT": "MODEL"}.get(use.input.kind, use.input.kind) if kind == WHOLE else kind
            size, dtype = _in_memory(part, use.smaller if kind == "MODEL" else "")
            found.setdefault((use.name, kind), PlannedModel(file=use.name, kind=kind, size=size, dtype=dtype))
    return tuple(found.values())


def _in_memory(part: ModelPart, smaller: str) -> tuple[int, str]:
    if smaller and part.dtype in SIXTEEN_BITS_OR_MORE and part.elements:
        return part.elements, smaller
    return part.size, part.dtype


def _decoding(decode: PlannedDecode) -> str:
    width, height, frames = decode.size
    return f"decoding {width}x{height}" + (f"x{frames}" if frames > 1 else "")


def _warnings(
    graph: Mapping[str, Any],
    models: Sequence[PlannedModel],
    planned: Sequence[PlannedDecode],
    largest: int,
    card: int,
    judge: JudgeModel | None,
) -> list[str]:
    diffusion = [m for m in models if m.kind == "MODEL"]
    said = [*_precision(diffusion, card), *_quantised_vaes(models)]
    for model in diffusion:
        if model.size + working_bytes() > card:
            said.append(
                f"{model.file} ({in_words(model.size)}) is larger than this device ({in_words(card)}). ComfyUI will "
                "keep a part of it in RAM, which is slower. A file in fp8 or a smaller model helps."
            )
    for decode in planned:
        if not decode.tiled and decode.needed > card - working_bytes():
            said.append(
                f"{_decoding(decode)} whole wants about {in_words(decode.needed)} by ComfyUI's estimate, more than "
                f"this device has. Decode in tiles: put Auto Tiled Decode in the place of VAE Decode (node "
                f"{decode.node})."
            )
    together = sum(m.size for m in diffusion)
    guarded = any(node.get("class_type") == GUARD_CLASS for node in graph.values())
    if len(diffusion) > 1 and together + working_bytes() > card and not guarded:
        said.append(
            f"This graph has {len(diffusion)} diffusion models of {in_words(together)} together, which do not fit at "
            "once. Put VRAM Guard between the stages, so that the first one is unloaded before the second one loads."
        )
    return said + _judge_beside(judge, largest, card)


def _precision(diffusion: Sequence[PlannedModel], card: int) -> list[str]:
    families, up_to = fp8_rule()
    return [
        f"{m.file} is in {m.dtype}. LTX-2 needs its fp8 file on cards of up to 32 GB; this device has {in_words(card)}."
        for m in diffusion
        if card <= up_to * GIB and families.search(m.file) and m.dtype in SIXTEEN_BITS_OR_MORE
    ]


def _quantised_vaes(models: Sequence[PlannedModel]) -> list[str]:
    return [
        f"The VAE in {m.file} is in {m.dtype}. A quantised VAE shifts colours: take one in 16 or 32 bits."
        for m in models
        if m.kind == "VAE" and ModelPart(m.size, 0, m.dtype).quantised
    ]


def _judge_beside(judge: JudgeModel | None, largest: int, card: int) -> list[str]:
    size = size_in_memory(judge) if judge is not None else 0
    if not size or not largest or size + largest <= card:
        return []
    return [
        f"The judge {judge.name} (about {in_words(size)}) and the largest step ({in_words(largest)}) do not fit at "
        "once, so they take turns, which costs some seconds in each iteration. A smaller judge model may avoid that."
    ]
