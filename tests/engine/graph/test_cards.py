"""Graphs on several cards: what ComfyUI-Distributed writes into them, and the same graph without its nodes."""

from __future__ import annotations

import json

from pack.engine.graph.cards import (
    CardJob,
    batch_size,
    for_all_cards,
    job_of,
    on_one_card,
    seeds_differ,
    workers_part,
)
from pack.engine.graph.loop_nodes import as_queued


def spread_graph(batch=1):
    """As the page exports it: loop -> seed of each card -> sampler -> collector -> critic."""
    return {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": {"goal": "a fox", "seed": 7}},
        "20": {"class_type": "DistributedSeed", "inputs": {"seed": ["10", 2]}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": batch}},
        "3": {"class_type": "KSampler", "inputs": {"seed": ["20", 0], "latent_image": ["5", 0]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
        "21": {"class_type": "DistributedCollector", "inputs": {"images": ["8", 0], "load_balance": True}},
        "11": {"class_type": "ImitatoesVLMCritique", "inputs": {"images": ["21", 0], "loop": ["10", 5]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["21", 0]}},
    }


def queued(graph, workers=("w1", "w2")):
    """As the pack queues it on the master."""
    graph = json.loads(json.dumps(graph))
    graph["21"]["inputs"] |= {"multi_job_id": "exec_1_21", "is_worker": False, "delegate_only": False}
    graph["21"]["inputs"]["enabled_worker_ids"] = json.dumps(list(workers))
    graph["20"]["inputs"] |= {"is_worker": False, "worker_id": ""}
    return graph


def test_what_is_queued_again_is_the_users_own_graph():
    assert as_queued(queued(spread_graph())) == spread_graph()


def test_a_job_is_told_by_its_collector_and_only_where_workers_were_asked():
    assert job_of(queued(spread_graph())) == CardJob("exec_1_21", ("w1", "w2"))
    assert job_of(queued(spread_graph(), ())) is None
    assert job_of(spread_graph()) is None
    broken = queued(spread_graph())
    broken["21"]["inputs"]["enabled_worker_ids"] = "{"
    assert job_of(broken) is None


def test_every_card_takes_part_in_a_loop():
    assert for_all_cards(queued(spread_graph()))["21"]["inputs"] == {"images": ["8", 0], "load_balance": False}
    assert spread_graph()["21"]["inputs"]["load_balance"] is True


def test_on_one_card_the_links_lead_past_the_nodes_that_spread():
    alone = on_one_card(spread_graph())
    assert sorted(alone) == ["10", "11", "3", "5", "8", "9"]
    assert alone["3"]["inputs"]["seed"] == ["10", 2]
    assert alone["11"]["inputs"]["images"] == alone["9"]["inputs"]["images"] == ["8", 0]


def test_a_seed_that_is_a_number_comes_to_the_sampler():
    graph = spread_graph()
    graph["20"]["inputs"]["seed"] = 5
    assert on_one_card(graph)["3"]["inputs"]["seed"] == 5


def test_nodes_that_feed_each_other_in_a_ring_end():
    graph = spread_graph()
    graph["21"]["inputs"]["images"] = ["21", 0]
    assert "21" not in on_one_card(graph)


def test_a_worker_renders_what_is_upstream_of_the_collector():
    part = workers_part(spread_graph())
    assert sorted(part) == ["10", "20", "21", "21:preview", "3", "5", "8"]
    assert part["21:preview"]["inputs"] == {"images": ["21", 0]}


def test_how_many_pictures_and_whether_their_seeds_differ():
    assert (batch_size(spread_graph(3)), batch_size({})) == (3, 1)
    assert seeds_differ(spread_graph())
    same = spread_graph()
    same["3"]["inputs"]["seed"] = ["10", 2]
    assert not seeds_differ(same)
