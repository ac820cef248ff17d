"""Rules about video: lengths the model can make, one frame rate, audio-video latents, sides an encoder takes."""

from __future__ import annotations

from collections.abc import Iterator

from ...judge.language_words import likely_languages
from ...judge.requirement_time import happens
from ...judge.text_segmentation import parts_of
from ..clip_fit import LENGTHS
from ..clips import moves_a_picture
from ..finding import Finding
from ..graph_view import GraphView, Node, Wire
from ..loop_nodes import LOOP_CLASS
from ..roles import is_decode, is_sampler, roles_in
from ..tracing import InputRef, carries, is_number, literal
from .parts import model_family

FRAME_RATES = ("frame_rate", "fps")
JOIN, SPLIT = "LTXVConcatAVLatent", "LTXVSeparateAVLatent"
TAKES_NESTED = ("ImitatoesAutoTiledDecode",)
SCALES = ("ImageScale", "ResizeImageMaskNode")


def lengths(view: GraphView) -> Iterator[Finding]:
    """Frames: a multiple plus an offset, by family, and the same for picture and sound."""
    samplings = roles_in(view).samplings
    family = next((family for s in samplings if (family := model_family(view, s)) and family.frames), None)
    if family is None or family.frames is None:
        return
    given = [
        (node, name, node.inputs[name])
        for node in view.nodes.values()
        for name in LENGTHS
        if name in node.specs and isinstance(node.inputs.get(name), int) and "LATENT" in node.outputs
    ]
    for node, name, length in given:
        nearest = family.frames.nearest(length)
        if length > 1 and nearest != length:
            yield Finding(
                kind="frames_off_step",
                severity="wrong",
                node=node.id,
                input=name,
                what=f"{node.heading()}: {family.name} makes {family.frames.multiple}n+{family.frames.offset} frames, "
                f"not {length}.",
                fix=f"Use {nearest}.",
                instead=nearest,
            )
    if len({length for _, _, length in given}) > 1:
        node, name, length = given[-1]
        others = sorted({other for _, _, other in given} - {length})
        yield Finding(
            kind="lengths_differ",
            severity="suspicious",
            node=node.id,
            input=name,
            what=f"{node.heading()} has {length} frames, another latent of the graph has {others[0]}.",
            fix="Give picture and sound the same number of frames.",
        )


def still_prompts(view: GraphView) -> Iterator[Finding]:
    """Where a picture begins to move, the prompt says what moves and changes. What it looks like is in the picture, and
    said again it holds the clip still (docs/design-notes.md, 20.5). Read in English alone."""
    if not moves_a_picture(view.graph):
        return
    for node_id, name, text in _prompts(view):
        if not text.strip() or "en" not in likely_languages(text) or any(happens(part) for part in parts_of(text)):
            continue
        yield Finding(
            kind="prompt_describes_picture",
            severity="suspicious",
            node=node_id,
            input=name,
            what=f"{view.nodes[node_id].heading()}: the prompt describes the first picture; nothing in it moves or "
            "changes.",
            fix="Say only what moves, what the camera does and what changes. The looks come from the picture.",
        )


def _prompts(view: GraphView) -> Iterator[tuple[str, str, str]]:
    """(node, input, text) of the loop's own prompt, else of the texts that the samplers read."""
    hubs = [node for node in view.nodes.values() if node.class_type == LOOP_CLASS]
    places = [InputRef(node.id, "prompt") for node in hubs]
    places = places or [place for one in roles_in(view).samplings for place in one.positive]
    for place in dict.fromkeys(places):
        text = literal(view.graph, place)
        if isinstance(text, str):
            yield place.node, place.input, text


def frame_rates(view: GraphView) -> Iterator[Finding]:
    """A video with sound has one frame rate in conditioning, sound and file; else picture and sound drift apart."""
    for video in view.nodes.values():
        if "VIDEO" not in video.outputs or not any(carries(view, wire, "AUDIO") for wire in view.into(video.id)):
            continue
        above = view.upstream([video.id])
        given = [
            (node, name, float(node.inputs[name]))
            for node in view.nodes.values()
            for name in FRAME_RATES
            if node.id in above and name in node.specs and is_number(node.inputs.get(name))
        ]
        if len({rate for _, _, rate in given}) > 1:
            node, name, _ = given[-1]
            told = ", ".join(f"{other.label()} {value:g}" for other, _, value in given)
            yield Finding(
                kind="frame_rates_differ",
                severity="wrong",
                node=node.id,
                input=name,
                what=f"The frame rates differ: {told}.",
                fix=f"Use one everywhere, for example {given[0][2]:g}.",
            )


def nested_latents(view: GraphView) -> Iterator[Finding]:
    """A joined audio-video latent must be separated behind the sampler before anything else takes it."""
    for wire in _nested(view):
        taker = view.nodes[wire.node]
        decode = is_decode(taker)
        by_accident = decode and "tile_size" not in taker.specs
        yield Finding(
            kind="nested_latent",
            severity="suspicious" if by_accident else "wrong",
            node=taker.id,
            input=wire.input,
            what=f"{taker.heading()}, input {wire.input} gets picture and sound in one latent"
            + (", and decodes the picture only by accident." if by_accident else ", which it cannot take."),
            fix=f"Put {SPLIT} before it.",
        )


def _nested(view: GraphView) -> Iterator[Wire]:
    """Wires that carry a joined latent to a node that does not take one."""
    waiting = [(node.id, 0) for node in view.nodes.values() if node.class_type == JOIN]
    seen = set()
    while waiting:
        source = waiting.pop()
        if source in seen:
            continue
        seen.add(source)
        for wire in view.out_of(source[0]):
            if wire.slot != source[1]:
                continue
            taker = view.nodes[wire.node]
            if is_sampler(taker):
                waiting += [(taker.id, slot) for slot, kind in enumerate(taker.outputs) if kind == "LATENT"]
            elif not _takes_nested(taker):
                yield wire


def _takes_nested(node: Node) -> bool:
    if node.class_type in (SPLIT, *TAKES_NESTED):
        return True
    gives = {kind for kind in node.outputs if isinstance(kind, str)}
    return bool(gives) and not gives & {"LATENT", "IMAGE", "AUDIO"}  # a scheduler reads only its size


def encoded_sides(view: GraphView) -> Iterator[Finding]:
    """H.264 takes even sides only. Told where the last resize before the video writes them down."""
    for node in view.nodes.values():
        if "VIDEO" not in node.outputs:
            continue
        for wire in view.into(node.id):
            source = view.nodes[wire.source]
            names = [n for n in source.specs if n.rsplit(".", 1)[-1] in ("width", "height")]
            odd = [n for n in names if isinstance(source.inputs.get(n), int) and source.inputs[n] % 2]
            if source.class_type in SCALES and odd:
                yield Finding(
                    kind="odd_side",
                    severity="wrong",
                    node=source.id,
                    input=odd[0],
                    what=f"{source.heading()}: {odd[0]} is {source.inputs[odd[0]]}; a video needs even sides.",
                    fix=f"Use {source.inputs[odd[0]] + 1}.",
                    instead=source.inputs[odd[0]] + 1,
                )
