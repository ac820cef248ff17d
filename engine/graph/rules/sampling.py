"""Rules about sampling: the cfg of distilled models, and sizes said twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..family import DISTILLED_CFG, Family
from ..finding import Finding
from ..graph_view import GraphView
from ..roles import Sampling, roles_in
from ..tracing import literal
from .parts import LORA_FILE, model_family, models_of

FEW_STEP = re.compile(
    r"lightning|lightx2v|turbo|hyper[-_]?sd|\blcm\b|lcm[-_]lora|distill|\d+[-_]?steps?\b", re.IGNORECASE
)
"""Names of LoRAs that make a model one of few steps at cfg 1."""


def guidance(view: GraphView) -> Iterator[Finding]:
    for sampling in roles_in(view).samplings:
        cfg = literal(view.graph, sampling.cfg)
        if isinstance(cfg, (int, float)) and cfg > DISTILLED_CFG:
            yield from _too_strong(view, sampling, cfg)


def _too_strong(view: GraphView, sampling: Sampling, cfg: float) -> Iterator[Finding]:
    family = model_family(view, sampling)
    lora = next((n.inputs[LORA_FILE] for n in models_of(view, sampling) if _few_step(n.inputs.get(LORA_FILE))), None)
    if lora:
        why = f"{lora} makes the model one that is sampled at cfg 1"
    elif family and family.cfg[1] <= DISTILLED_CFG:
        why = f"{family.name} is made for cfg 1"
    else:
        return
    yield Finding(
        kind="cfg_of_distilled_model",
        severity="wrong",
        node=sampling.cfg.node,
        input=sampling.cfg.input,
        what=f"{view.nodes[sampling.cfg.node].heading()}: cfg is {cfg:g}, but {why}.",
        fix=_steer(family),
        instead=1.0,
    )


def _few_step(file: object) -> bool:
    return isinstance(file, str) and FEW_STEP.search(file) is not None


def _steer(family: Family | None) -> str:
    return "Set cfg to 1." + (" Steer with guidance (FluxGuidance) instead." if family and family.guidance else "")


def scheduled_size(view: GraphView) -> Iterator[Finding]:
    """Schedulers that compute their sigmas for a size (Flux2Scheduler): it should be the latent's."""
    for sampling in roles_in(view).samplings:
        size = sampling.size
        if size is None or not size.width:
            continue
        wanted = [literal(view.graph, place) for place in (size.width, size.height)]
        for node in view.nodes.values():
            given = [node.inputs.get(name) for name in ("width", "height")]
            numbers = all(isinstance(one, int) for one in (*given, *wanted))
            if "SIGMAS" in node.outputs and numbers and given != wanted and _feeds(view, node.id, sampling.node):
                yield Finding(
                    kind="scheduled_size",
                    severity="suspicious",
                    node=node.id,
                    input="width",
                    what=f"{node.heading()} plans its steps for {given[0]}x{given[1]}, but the latent is "
                    f"{wanted[0]}x{wanted[1]}.",
                    fix="Give both the same size.",
                )


def _feeds(view: GraphView, source: str, target: str) -> bool:
    return source in view.upstream([target])
