"""A graph with its loop, put on all cards: the nodes of ComfyUI-Distributed where they belong. Pure.

The seed goes through DistributedSeed, the picture that is judged through DistributedCollector. on_one_card undoes it.
"""

from __future__ import annotations

from .cards import COLLECTOR, SEED, collectors
from .loop_nodes import OUTPUTS
from .model import Graph, clean_copy, inputs_of, is_link, next_id
from .node_class import ObjectInfo


class CannotSpread(ValueError):
    """The message is plain text for the user, in two sentences: what is missing, and what to do."""


def spread_over_cards(graph: Graph, loop_node: str, critic_node: str, object_info: ObjectInfo) -> Graph:
    """A copy that ComfyUI-Distributed can render on every card; a graph that gathers pictures already as it is.

    Raises CannotSpread.
    """
    if collectors(graph):
        return graph
    missing = [kind for kind in (SEED, COLLECTOR) if kind not in object_info]
    if missing:
        raise CannotSpread("ComfyUI-Distributed is not installed here. Install it, or leave spread out.")
    picture = inputs_of(graph[critic_node]).get("images")
    seeded = [
        (node_id, name)
        for node_id, node in graph.items()
        for name, value in inputs_of(node).items()
        if is_link(value) and value[0] == loop_node and value[1] == OUTPUTS["seed"]
    ]
    if not is_link(picture) or not seeded:
        raise CannotSpread(
            "No node takes its seed from the loop, so every card would paint the same picture. Link the seed output of "
            "Self-Improving Prompt to the sampler, or leave spread out."
        )
    spread = clean_copy(graph)
    seed, collector = next_id(graph), next_id(graph, also=1)
    spread[seed] = {
        "class_type": SEED,
        "inputs": {"seed": [loop_node, OUTPUTS["seed"]]},
        "_meta": {"title": "Distributed Seed"},
    }
    for node_id, name in seeded:
        spread[node_id]["inputs"][name] = [seed, 0]
    spread[collector] = {
        "class_type": COLLECTOR,
        "inputs": {"images": list(picture), "load_balance": False},
        "_meta": {"title": "Distributed Collector"},
    }
    spread[critic_node]["inputs"]["images"] = [collector, 0]
    return spread
