"""The command that puts a loop on all cards of ComfyUI-Distributed, and back on one."""

from __future__ import annotations

import pytest

from .graphs import loop_workflow

pytestmark = pytest.mark.browser
PACK = """
(() => {
  const make = (name, inputs, outputs) => {
    class Made extends LiteGraph.LGraphNode {
      constructor() {
        super(name);
        this.comfyClass = name;
        this.isVirtualNode = false;
        for (const [one, type] of inputs) this.addInput(one, type);
        for (const [one, type] of outputs) this.addOutput(one, type);
      }
    }
    LiteGraph.registerNodeType(name, Made);
  };
  make("DistributedSeed", [["seed", "INT"]], [["seed", "INT"]]);
  make("DistributedCollector", [["images", "IMAGE"]], [["images", "IMAGE"], ["audio", "AUDIO"]]);
})()
"""
"""Its two nodes, as far as the canvas knows them."""
WIRES = """
(() => {
  const nodeOf = (id) => app.graph.nodes.find((one) => String(one.id) === String(id));
  const plain = (one) => (Array.isArray(one) ? one : [one.id, one.origin_id, one.origin_slot, one.target_id, one.target_slot]);
  const told = ([, from, slot, to, input]) => `${nodeOf(from).type} ${slot} -> ${nodeOf(to).type}.${nodeOf(to).inputs[input].name}`;
  return app.graph.serialize().links.filter(Boolean).map(plain).map(told).sort();
})()
"""  # noqa: E501


def wires(tab):
    return tab.page.evaluate(WIRES)


def toggle(tab, words):
    tab.command("Imitatoes.Spread")
    tab.page.wait_for_function("(words) => document.body.textContent.includes(words)", arg=words)


def test_on_all_cards_and_back_on_one(tab):
    tab.load(loop_workflow())
    before = wires(tab)
    toggle(tab, "ComfyUI-Distributed is not installed here")
    assert wires(tab) == before
    tab.page.evaluate(PACK)
    toggle(tab, "painted on every card that is enabled")
    spread = wires(tab)
    assert {
        "ImitatoesSelfImprovingPrompt 2 -> DistributedSeed.seed",
        "DistributedSeed 0 -> RehearsalPainter.seed",
        "RehearsalPainter 0 -> DistributedCollector.images",
        "DistributedCollector 0 -> ImitatoesVLMCritique.images",
    } <= set(spread)
    assert len(spread) == len(before) + 2, "and nothing else differs"
    toggle(tab, "Painted on one card again")
    assert wires(tab) == before


def test_a_workflow_without_a_loop_is_told_what_to_do_first(tab):
    tab.load({**loop_workflow(), "nodes": [], "links": []})
    toggle(tab, "Make it self-improving first")
