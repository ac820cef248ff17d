"""What is rendered and judged while the clocks run: the graph, the judge's answers, and a run from start to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ._client import Client

GOAL = "a quiet landscape in soft light"
MODEL = "qwen3-vl:8b-instruct"
Judge = Callable[[dict[str, Any], list[bytes]], str]


class RunEndedEarly(RuntimeError):
    """A run has not done the iterations that were to be measured. The message says how it ended."""


def graph(*, size: int, seed: int, iterations: int, seconds: float = 0.0, spread: float = 0.0) -> dict[str, Any]:
    """SelfImprovingPrompt (10) -> photo-like picture (6) -> VLMCritique (11) with the loop closed."""
    hub = {"goal": GOAL, "prompt": "a landscape", "negative": "", "seed": seed, "steps": 20, "cfg": 7.0}
    hub |= {"iterations_per_loop": iterations, "max_loops": 1, "pass_score": 1.0, "seed_policy": "new"}
    photo = {"prompt": ["10", 0], "seed": ["10", 2], "size": size, "seconds": seconds, "spread": spread}
    critic = {"images": ["6", 0], "loop": ["10", 5], "model": MODEL}
    return {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": hub},
        "6": {"class_type": "BenchmarkPhoto", "inputs": photo},
        "11": {"class_type": "ImitatoesVLMCritique", "inputs": critic},
    }


def without_loop(looped: dict[str, Any]) -> dict[str, Any]:
    """The same graph with the loop open, as an outside script would queue it again and again."""
    critic = {**looped["11"]["inputs"], "goal": GOAL}
    del critic["loop"]
    return {**looped, "11": {**looped["11"], "inputs": critic}}


def rising(seen: Callable[[int], None] = lambda number: None) -> Judge:
    """A judge that finds every picture a little better than the one before, so that no plateau ends the run.

    seen: called with the number of each look, from 1, while the server waits for the answer.
    """
    pairs = ((match, others) for match in range(10) for others in range(10))
    answers = iter(sorted(pairs, key=lambda pair: 0.85 * pair[0] + 0.15 * pair[1]))
    count = 0

    def judge(body: dict[str, Any], pictures: list[bytes]) -> str:
        nonlocal count
        count += 1
        seen(count)
        match, others = next(answers)
        checks = dict.fromkeys(("artifacts", "composition", "faces", "text"), others)
        changes = {"cfg": None, "neg_append": "", "prompt_append": "", "seed": "new", "steps": None}
        verdict = {"assessment": {**checks, "prompt_match": match}, "changes": changes}
        return json.dumps({**verdict, "done": False, "reason": "A little better."})

    return judge


def played(client: Client, looped: dict[str, Any], iterations: int) -> list[str]:
    """Queue a graph once and let the pack do the rest; the prompt ids of its iterations. Raises RunEndedEarly."""
    prompt_id = client.queue(looped)
    while not (run := client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=30"))["waiting"]:
        pass
    if len(run["iterations"]) != iterations:
        raise RunEndedEarly(f"{len(run['iterations'])} of {iterations} iterations: {run['status']}, {run['reason']}")
    return [iteration["prompt_id"] for iteration in run["iterations"]]
