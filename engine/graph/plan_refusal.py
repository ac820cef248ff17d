"""Why a graph cannot be made a loop: which node, what of it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from .graph_view import GraphView, Node
from .node_class import ANY
from .node_table import looks_like_map, row_of
from .pictures import pictures_shown
from .roles import Sampling
from .tracing import along, carries


class PlanRefused(ValueError):
    """kind: a short name that stays the same. what: the fact. fix: what to do. node, input: where, empty for the whole
    graph."""

    def __init__(self, kind: str, what: str, fix: str, *, node: str = "", input: str = "") -> None:
        super().__init__(f"{what} {fix}".strip())
        self.kind, self.what, self.fix, self.node, self.input = kind, what, fix, node, input


BY_HAND = (
    "Add the two nodes by hand: link the prompt of Self-Improving Prompt to the text input, and its loop to a "
    "VLM Critique behind the picture."
)


def no_picture(view: GraphView) -> PlanRefused:
    """No picture that a sampler painted reaches an output node."""
    shown = pictures_shown(view)
    made = _made_by_service(view)
    if made is not None:
        output, maker = made
        what = f"No sampler paints the video of {output.label()}: {maker.label()} takes no single text as its prompt."
        return PlanRefused("no_sampler", what, BY_HAND, node=maker.id)
    if not shown:
        kept = _kept_instead(view)
        what = "The graph saves and shows no picture that could be judged"
        if kept is not None:
            fix = "A loop judges pictures; this workflow makes something else."
            return PlanRefused("no_picture", f"{what}: {kept[0].label()} takes {kept[1]}.", fix, node=kept[0].id)
        return PlanRefused("no_picture", f"{what}.", "Add a SaveImage or PreviewImage node behind the decode.")
    above = along(view, [view.nodes[source] for _, source, _ in shown], lambda wire: True)
    unknown = [node for node in above if node.known is None and row_of(node.class_type) is None]
    if unknown:
        labels = ", ".join(node.label() for node in unknown[:3])
        what = f"What paints the picture cannot be told: this ComfyUI and the reader do not know {labels}."
        return PlanRefused("unknown_node", what, f"Install the pack of the node. {BY_HAND}", node=unknown[0].id)
    output, source, _ = shown[0]
    maker = view.nodes[source]
    if _is_map(view, maker):
        what = f"{output.heading()} shows a mask or a control map of {maker.label()}, not a painted picture."
        return PlanRefused("no_picture", what, "Add a SaveImage node behind the decode.", node=output.id)
    paints = [node for node in above if "MODEL" in {kind for kind in node.outputs if isinstance(kind, str)}]
    what = f"No sampler paints the picture of {output.label()}: it comes from {maker.label()}."
    fix = BY_HAND if paints else "A loop needs a picture that is painted from a text; this workflow only changes one."
    return PlanRefused("no_sampler", what, fix, node=output.id)


def _made_by_service(view: GraphView) -> tuple[Node, Node] | None:
    """(output node, node) of a video that a service makes at once."""
    for node_id in view.output_nodes:
        for wire in view.into(node_id):
            maker = view.nodes[wire.source]
            if carries(view, wire, "VIDEO") and maker.known is not None and maker.known.is_paid:
                return view.nodes[node_id], maker
    return None


def _kept_instead(view: GraphView) -> tuple[Node, str] | None:
    """(output node, type) of what is saved or shown, where that is neither picture nor number nor text."""
    for node_id in view.output_nodes:
        for wire in view.into(node_id):
            kind = view.type_of(wire.source, wire.slot)
            if isinstance(kind, str) and kind not in (ANY, "LATENT", "STRING", "INT", "FLOAT", "BOOLEAN"):
                return view.nodes[node_id], kind
    return None


def _is_map(view: GraphView, node: Node) -> bool:
    row = row_of(node.class_type)
    return row.kind == "map" if row else looks_like_map(node.class_type)


def no_prompt(view: GraphView, samplings: Sequence[Sampling]) -> PlanRefused:
    """The picture is painted, but no text leads to the sampler."""
    last = samplings[-1]
    sampler = view.nodes[last.node]
    ends = [view.nodes[node_id] for one in samplings for node_id in one.ends]
    if ends:
        unknown = [node for node in ends if node.known is None]
        node = (unknown or ends)[0]
        why = "a class that is not known here" if unknown else "which takes no text"
        what = f"The prompt of {sampler.label()} cannot be read: it comes from {node.label()}, {why}."
        return PlanRefused("no_prompt", what, BY_HAND, node=node.id)
    if sampler.known is None and row_of(sampler.class_type) is None:
        what = (
            f"{sampler.heading()} is of a class that is not known here, so which inputs are its prompt cannot be told."
        )
        return PlanRefused("unknown_node", what, BY_HAND, node=sampler.id)
    what = f"No text steers {sampler.label()}: neither a prompt nor a text encoder leads to it."
    fix = "A loop needs a prompt. If the sampler does take one, " + BY_HAND[0].lower() + BY_HAND[1:]
    return PlanRefused("no_prompt", what, fix, node=sampler.id)


def no_text(view: GraphView, sampling: Sampling, makers: Sequence[str]) -> PlanRefused:
    """A text encoder is there, but what it encodes is not written by anybody."""
    place = sampling.positive[0]
    encoder = view.nodes[place.node]
    fix = f"Write the text into {encoder.label()} itself, or into a node before it."
    if makers:
        what = f"The {place.input} of {encoder.label()} is made by {view.nodes[makers[0]].label()}, not written."
        return PlanRefused("made_text", what, fix, node=makers[0])
    what = f"The {place.input} of {encoder.label()} holds no text."
    return PlanRefused("made_text", what, fix, node=place.node, input=place.input)


def scheduled_text(view: GraphView, sampling: Sampling, scheduler: str) -> PlanRefused:
    """The prompt is several texts, each for some frames."""
    sampler, node = view.nodes[sampling.node], view.nodes[scheduler]
    what = f"The prompt of {sampler.label()} comes from {node.label()}, which gives each frame a text of its own."
    fix = "A loop improves one text: write one into a text encoder, and link it in its place."
    return PlanRefused("scheduled_text", what, fix, node=node.id)
