"""What is rendered and judged while the clocks run: the graph, the judge's answers, and a run from start to end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ._client import Client

GOAL = "a quiet landscape in soft light"
MODEL = "qwen3-vl:8b-instruct"
CHECKLIST = ("a lake", "a hill", "a tree", "a path", "a cloud", "a house", "a fence", "a boat", "a bird")
_ASKED = re.compile(r"^(q\d+) \((.*)$", re.MULTILINE)
Judge = Callable[[dict[str, Any], list[bytes]], str]


class RunEndedEarly(RuntimeError):
    """A run has not done the iterations that were to be measured. The message says how it ended."""


def graph(*, size: int, seed: int, iterations: int, seconds: float = 0.0, spread: float = 0.0) -> dict[str, Any]:
    """SelfImprovingPrompt (10) -> photo-like picture (6) -> VLMCritique (11) with the loop closed."""
    hub = {"goal": GOAL, "prompt": "a landscape", "negative": "", "seed": seed, "steps": 20, "cfg": 7.0}
    hub |= {"iterations_per_loop": iterations, "max_loops": 1, "pass_score": 1.0, "seed_policy": "new"}
    hub["checklist"] = "\n".join(CHECKLIST)
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


def all_but_one(seen: Callable[[int], None] = lambda number: None) -> Judge:
    """A judge that finds every requirement met but one, another one in each picture.

    So the next render may always be the one that meets everything, and no run ends before its renders are used. seen:
    called while the server waits for an answer, with the number of the look, from 1; once more when the editor is
    asked about it.
    """
    count = 0

    def judge(body: dict[str, Any], pictures: list[bytes]) -> str:
        nonlocal count
        said = "\n".join(str(message.get("content")) for message in body["messages"])
        if "<task>edit</task>" in said:
            seen(count)
            wishes = {"settings": {"cfg": None, "steps": None}, "reason": "", "verdict": "continue"}
            return json.dumps({"edits": [], "evidence": [], "local_fix": None, "negative": [], **wishes})
        missing = CHECKLIST[count % len(CHECKLIST)]
        count += 1
        seen(count)
        asked = {number: line for number, line in _ASKED.findall(said)}
        found = {number: "no" if missing in line else "yes" for number, line in asked.items()}
        levels = {f"quality_{n}": "good" for n in ("artifacts", "composition", "faces", "text")}
        return json.dumps({**found, **levels})

    return judge


def played(client: Client, looped: dict[str, Any], iterations: int) -> list[str]:
    """Queue a graph once and let the pack do the rest; the prompt ids of its iterations. Raises RunEndedEarly."""
    return played_on(client, client.queue(looped), iterations)


def played_on(client: Client, prompt_id: str, iterations: int) -> list[str]:
    """The same of the run that begins with this prompt."""
    run = waited(client, prompt_id)
    if len(run["iterations"]) != iterations:
        raise RunEndedEarly(f"{len(run['iterations'])} of {iterations} iterations: {run['status']}, {run['reason']}")
    return [iteration["prompt_id"] for iteration in run["iterations"]]


def waited(client: Client, prompt_id: str) -> dict[str, Any]:
    """The run that began with this prompt, once it has ended."""
    while not (run := client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=30"))["waiting"]:
        pass
    return run
