"""Which models the nodes behind a guard read."""

from __future__ import annotations

from pack.engine.memory.usage import Source, is_used_later, later_nodes, sources_read_by

from ...steps import growth

TYPES = {
    "CheckpointLoaderSimple": ("MODEL", "CLIP", "VAE"),
    "UNETLoader": ("MODEL",),
    "LoraLoader": ("MODEL", "CLIP"),
    "CLIPTextEncode": ("CONDITIONING",),
    "KSampler": ("LATENT",),
    "VAEDecode": ("IMAGE",),
    "ImitatoesVRAMGuard": ("*", "FLOAT", "FLOAT", "BOOLEAN", "STRING"),
}


def types(name):
    return TYPES.get(name, ())


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def two_stages():
    """First stage (1 to 5) with a LoRA, guard (6) behind its sampler, second sampler with a model of its own."""
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="first.safetensors"),
        "2": node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name="x.safetensors"),
        "3": node("CLIPTextEncode", clip=["2", 1], text="a fox"),
        "4": node("UNETLoader", unet_name="second.safetensors"),
        "5": node("KSampler", model=["2", 0], positive=["3", 0], seed=1),
        "6": node("ImitatoesVRAMGuard", anything=["5", 0]),
        "7": node("KSampler", model=["4", 0], positive=["3", 0], latent_image=["6", 0], seed=2),
        "8": node("VAEDecode", samples=["7", 0], vae=["1", 2]),
    }


def test_later_nodes_are_those_that_take_what_it_gives():
    assert later_nodes(two_stages(), "6") == {"7", "8"}
    assert later_nodes(two_stages(), "8") == set()


def test_a_circle_ends():
    graph = {"1": node("A", x=["2", 0]), "2": node("A", x=["1", 0])}
    assert later_nodes(graph, "1") == {"2"}
    assert sources_read_by(graph, graph, types) == set()


def test_the_second_stage_reads_its_own_model_and_the_first_ones_vae():
    read = sources_read_by(two_stages(), later_nodes(two_stages(), "6"), types)
    assert read == {Source("4", "MODEL"), Source("1", "VAE")}


def test_loras_and_guards_between_are_seen_through():
    graph = two_stages()
    graph["9"] = node("ImitatoesVRAMGuard", anything=["2", 0])
    graph["7"]["inputs"]["model"] = ["9", 0]
    assert Source("1", "MODEL") in sources_read_by(graph, {"7"}, types)
    assert sources_read_by(graph, {"3"}, types) == {Source("1", "CLIP")}


def test_what_is_linked_wrongly_or_unknown_breaks_nothing():
    graph = {"1": node("KSampler", model=["99", 0]), "2": node("Strange", model=["1", 7], x=[1, 2]), "3": {}}
    assert sources_read_by(graph, graph, types) == set()


USED, UNUSED = {Source("4", "MODEL")}, {Source("1", "MODEL"), Source("1", "CLIP")}
COUNTS = {Source("4", "MODEL"): 1000, Source("1", "MODEL"): 600}


def test_a_model_is_told_by_its_count_of_numbers():
    assert is_used_later("MODEL", 1001, USED, UNUSED, COUNTS)
    assert not is_used_later("MODEL", 603, USED, UNUSED, COUNTS)


def test_in_doubt_a_model_counts_as_used():
    assert is_used_later("MODEL", 0, USED, UNUSED, COUNTS)
    assert is_used_later("MODEL", 777, USED, UNUSED, COUNTS)
    assert is_used_later("", 603, USED, UNUSED, COUNTS)


def test_a_kind_that_no_later_node_reads_is_unused_whatever_its_count():
    assert not is_used_later("CLIP", 0, USED, UNUSED, COUNTS)


def test_two_models_of_one_size_are_both_used_when_one_is():
    counts = {Source("4", "MODEL"): 1000, Source("1", "MODEL"): 1000}
    assert is_used_later("MODEL", 1000, USED, UNUSED, counts)


def test_a_chain_twice_as_long_takes_twice_the_work():
    def look(count):
        graph = {str(n): node("X", a=[str(n - 1), 0]) for n in range(count)}
        assert len(later_nodes(graph, "0")) == count - 1

    assert growth(look, 200) < 2.2
