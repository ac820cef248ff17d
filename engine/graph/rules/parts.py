"""Rules about what goes with a model: its text encoder, VAE, empty latent, LoRAs; and whether the version runs it.

The server checks none of this. Only parts that are known to belong to another family are reported; names of the
user's own say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..family import MODEL_FILE_INPUTS, Family, families, family_in, family_of_file, matches
from ..finding import Finding, Severity
from ..graph_view import GraphView, Node
from ..roles import Sampling, is_decode, is_sampler, roles_in
from ..tracing import along, carries

TEXT_ENCODER_FILE = re.compile(r"clip_name\d?|text_encoder")
LORA_FILE = "lora_name"
STRICT_LATENTS = ("flux2",)
"""Architectures whose latents have a shape of their own. Elsewhere an all-zero latent of another kind is stretched to
fit, and works (docs/design-notes.md, 12.4)."""


def parts(view: GraphView) -> Iterator[Finding]:
    for sampling in roles_in(view).samplings:
        family = model_family(view, sampling)
        if family is not None:
            yield from _text_encoder(view, sampling, family)
            yield from _vae(view, sampling, family)
            yield from _empty_latent(view, sampling, family)
            yield from _loras(view, sampling, family)


def version(view: GraphView, running: str) -> Iterator[Finding]:
    """A model that this version cannot run, although it has the node classes. running: as in /system_stats."""
    for sampling in roles_in(view).samplings:
        family = model_family(view, sampling)
        if family and family.min_comfyui and _numbers(running) < _numbers(family.min_comfyui):
            yield _found(
                view.nodes[sampling.node],
                "version_too_old",
                "wrong",
                f"{family.name} runs from ComfyUI {family.min_comfyui} on; this is {running}.",
                "Update ComfyUI, or use a model of another family.",
            )


def models_of(view: GraphView, sampling: Sampling) -> list[Node]:
    """The nodes that the sampler's model comes through, loaders and patches."""
    chain = _above(view, [view.nodes[sampling.node]], "GUIDER", "MODEL")
    return [node for node in chain if "MODEL" in node.outputs]


def model_family(view: GraphView, sampling: Sampling) -> Family | None:
    """The family of the model file that a sampler works with; None when its name tells nothing."""
    for node in models_of(view, sampling):
        for name in MODEL_FILE_INPUTS:
            file = node.inputs.get(name)
            family = family_of_file(file) if isinstance(file, str) else None
            if family:
                return family
    return None


def family_of(view: GraphView, samplings: Sequence[Sampling]) -> Family | None:
    """The family of the first of these samplers whose model tells it, else of any model file of the graph."""
    told = (model_family(view, sampling) for sampling in samplings)
    return next((family for family in told if family is not None), None) or family_in(view.graph)


def _above(view: GraphView, start: list[Node], *kinds: str) -> list[Node]:
    return along(view, start, lambda wire: any(carries(view, wire, kind) for kind in kinds))


def _text_encoder(view: GraphView, sampling: Sampling, family: Family) -> Iterator[Finding]:
    encoders = [view.nodes[place.node] for place in (*sampling.positive, *sampling.negative)]
    loaders = [node for node in _above(view, encoders, "CLIP") if "CLIP" in node.outputs]
    known_types = {kind for other in families() for kind in other.clip_types}
    for node in loaders:
        kind = node.inputs.get("type")
        known = isinstance(kind, str) and kind in known_types
        if family.clip_types and known and kind not in family.clip_types:
            yield _found(
                node,
                "text_encoder_type",
                "wrong",
                f"it loads the text encoder as {kind}, but the model is {family.name}.",
                f"Set type to {' or '.join(family.clip_types)}.",
                "type",
            )
        for name, file in node.inputs.items():
            if TEXT_ENCODER_FILE.fullmatch(name) and _of_others(file, family, "text_encoders"):
                yield _found(
                    node,
                    "text_encoder_file",
                    "wrong",
                    f"{file} is not the text encoder of {family.name}.",
                    "Choose the one that comes with the model.",
                    name,
                )


def _vae(view: GraphView, sampling: Sampling, family: Family) -> Iterator[Finding]:
    """The VAEs that decode what the sampler gives, or encode what it starts from."""
    users = {*_takers(view, sampling.node), *sampling.latents}
    loaders = {wire.source for user in users for wire in view.into(user) if carries(view, wire, "VAE")}
    for node_id in sorted(loaders):
        node = view.nodes[node_id]
        file = node.inputs.get("vae_name")
        if _of_others(file, family, "vae"):
            yield _found(
                node,
                "vae_file",
                "wrong",
                f"{file} is not the VAE of {family.name}.",
                "Choose the one that comes with the model.",
                "vae_name",
            )


def _takers(view: GraphView, sampler: str) -> set[str]:
    """The nodes that a sampler's latent comes to, up to where it is decoded or sampled again."""
    waiting, seen = [sampler], set()
    while waiting:
        for wire in view.out_of(waiting.pop()):
            taker = view.nodes[wire.node]
            if wire.node not in seen and carries(view, wire, "LATENT") and not is_sampler(taker):
                seen.add(wire.node)
                waiting += [] if is_decode(taker) else [wire.node]
    return seen


def _empty_latent(view: GraphView, sampling: Sampling, family: Family) -> Iterator[Finding]:
    known = {latent for other in families() for latent in other.latents}
    for node_id in sampling.latents:
        node = view.nodes[node_id]
        if family.latents and node.class_type in known and node.class_type not in family.latents:
            strict = family.architecture in STRICT_LATENTS
            yield _found(
                node,
                "empty_latent",
                "wrong" if strict else "suspicious",
                f"{family.name} starts from {' or '.join(family.latents)}.",
                f"Replace it by {family.latents[0]}.",
            )


def _loras(view: GraphView, sampling: Sampling, family: Family) -> Iterator[Finding]:
    for node in models_of(view, sampling):
        file = node.inputs.get(LORA_FILE)
        other = family_of_file(file) if isinstance(file, str) else None
        if other and other.architecture != family.architecture:
            yield _found(
                node,
                "lora_family",
                "suspicious",
                f"{file} looks like a LoRA for {other.name}; on {family.name} it does nothing.",
                f"Choose a LoRA made for {family.name}.",
                LORA_FILE,
            )


def _of_others(file: Any, family: Family, part: str) -> bool:
    """Whether a file is known as this part of other families only."""
    mine = getattr(family, part)
    if not isinstance(file, str) or not mine or matches(mine, file):
        return False
    return any(matches(getattr(other, part), file) for other in families())


def _numbers(version_text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version_text)[:3])


def _found(node: Node, kind: str, severity: Severity, what: str, fix: str, name: str = "") -> Finding:
    return Finding(kind=kind, severity=severity, node=node.id, input=name, what=f"{node.heading()}: {what}", fix=fix)
