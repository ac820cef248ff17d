"""A ComfyUI with our pack, an Ollama double behind it, and an outside client in front."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from pack.rehearsal.ollama_double import OllamaDouble, pixel_judge
from pack.rehearsal.process import ComfyProcess, prepare_base
from PIL import Image

from ..conftest import ROOT
from ..outside_client import OutsideClient

GOAL = "three red circles to the left of a blue square, on a white background"
PROMPT = "some red circles and a blue square"
MODEL = "qwen3-vl:8b-instruct"
SETTINGS = ("prompt", "negative", "seed", "steps", "cfg")


class Theatre:
    """One server over one base folder. judge: the double; its `default` answers, its `script` plays faults."""

    def __init__(self, base: Path, judge: OllamaDouble, comfyui_path: Path | None, python: str | None) -> None:
        self.base, self.judge = base, judge
        self.process = ComfyProcess(base, comfyui_path, python, {"OLLAMA_HOST": judge.url})
        self.client: OutsideClient | None = None

    def start(self) -> None:
        self.process.start()
        self.client = OutsideClient(self.process.url, self.base)

    def stop(self) -> None:
        if self.client is not None:
            self.client.close()
        self.process.stop()

    @property
    def runs_folder(self) -> Path:
        return self.base / "output" / "imitatoes"

    def run(self, run_id: str) -> dict[str, Any]:
        return self.client.get(f"/imitatoes/runs/{run_id}")

    def ended(self, any_id: str, seconds: int = 15) -> dict[str, Any]:
        """The run of a run id or prompt id, once it has ended: one long poll."""
        run = self.client.get(f"/imitatoes/runs/{any_id}/wait?seconds={seconds}")
        assert run["waiting"], run
        return run

    def played(self, graph: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return self.ended(self.client.queue(graph, **fields))

    def known(self, prompt_id: str) -> dict[str, Any] | None:
        status, _, run, _ = self.client.ask("GET", f"/imitatoes/runs/{prompt_id}")
        return run if status == 200 else None

    def until(self, prompt_id: str, reached: Any) -> dict[str, Any]:
        """The run of a prompt as soon as the condition holds for it."""

        def look() -> dict[str, Any] | None:
            run = self.known(prompt_id)
            return run if run is not None and reached(run) else None

        return self.client.wait(look)

    def looks(self) -> list[Any]:
        """The judge's requests that hold a picture."""
        return [chat for chat in self.judge.chats() if chat.body["messages"]]

    def picture(self, run: dict[str, Any], name: str) -> Path:
        return self.runs_folder / run["run_id"] / name


@contextmanager
def opened(base: Path, comfyui_path: Path | None, python: str | None) -> Iterator[Theatre]:
    with OllamaDouble(default=pixel_judge) as judge:
        theatre = Theatre(prepare_base(base, ROOT), judge, comfyui_path, python)
        try:
            theatre.start()
            yield theatre
        finally:
            theatre.stop()


def loop_graph(
    *,
    fail_when: str = "",
    seconds: float = 0.0,
    size: int = 256,
    batch: int = 1,
    critic: dict[str, Any] | None = None,
    **inputs: Any,
) -> dict[str, Any]:
    """SelfImprovingPrompt (10) -> painter (6) -> a node that may fail (7) -> VLMCritique (11)."""
    values = {"goal": GOAL, "prompt": PROMPT, "negative": "", "seed": 1, "steps": 20, "cfg": 7.0}
    limits = {"iterations_per_loop": 4, "max_loops": 3, "pass_score": 0.8, "seed_policy": "auto"}
    painter = {name: ["10", slot] for slot, name in enumerate(SETTINGS)}
    painter |= {"width": size, "height": size, "batch_size": batch, "seconds": seconds}
    fail = {"images": ["6", 0], "prompt": ["10", 0], "when": fail_when, "message": "the paint ran out"}
    return {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": {**values, **limits, **inputs}},
        "6": {"class_type": "RehearsalPainter", "inputs": painter},
        "7": {"class_type": "RehearsalFail", "inputs": fail},
        "11": {
            "class_type": "ImitatoesVLMCritique",
            "inputs": {"images": ["7", 0], "loop": ["10", 5], "model": MODEL, **(critic or {})},
        },
    }


def other_job(seconds: float, seed: int = 99) -> dict[str, Any]:
    """A job of the user's own, with no loop in it."""
    inputs = {"prompt": "", "negative": "", "seed": seed, "steps": 20, "cfg": 7.0}
    inputs |= {"width": 64, "height": 64, "batch_size": 1, "seconds": seconds}
    return {
        "1": {"class_type": "RehearsalPainter", "inputs": inputs},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "other"}},
    }


def answer(match: int, *, done: bool = False, others: int = 10, append: str = "", **changes: Any) -> str:
    """A verdict as a model writes it. match, others: 0..10."""
    rest = dict.fromkeys(("artifacts", "composition", "faces", "text"), others)
    proposal = {"cfg": None, "neg_append": "", "prompt_append": append, "seed": "new", "steps": None, **changes}
    return json.dumps(
        {"assessment": {**rest, "prompt_match": match}, "changes": proposal, "done": done, "reason": "As scripted."}
    )


def rising(levels: int) -> Any:
    """A judge that finds each picture a little better than the one before, and never good enough."""
    pairs = sorted(((m, o) for m in range(9) for o in range(11)), key=lambda p: 0.85 * p[0] + 0.15 * p[1])
    chosen = pairs[:: max(1, len(pairs) // levels)]
    count = iter(range(10**9))

    def judge(body: dict[str, Any], images: list[bytes]) -> str:
        match, others = chosen[min(next(count), len(chosen) - 1)]
        return answer(match, others=others)

    return judge


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def embedded(path: Path, key: str = "prompt") -> dict[str, Any]:
    with Image.open(path) as picture:
        return json.loads(picture.text[key])
