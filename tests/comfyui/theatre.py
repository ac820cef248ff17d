"""A ComfyUI with our pack, an Ollama double behind it, and an outside client in front."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from pack.engine.files import write_atomically
from pack.rehearsal.ollama_double import OllamaDouble, pixel_judge
from pack.rehearsal.process import ComfyProcess, prepare_base
from PIL import Image

from ..conftest import ROOT
from ..outside_client import OutsideClient

GOAL = "three red circles to the left of a blue square, on a white background"
PROMPT = "some red circles and a blue square"
MODEL = "qwen3-vl:8b-instruct"
USER_FOLDERS = ("user/__imitatoes", "user/imitatoes")
"""Where a pack's settings are: in ComfyUI with system users, and before it had them."""
SETTINGS = ("prompt", "negative", "seed", "steps", "cfg")


class Theatre:
    """One server over one base folder. judge: the double; its `default` answers, its `script` plays faults."""

    def __init__(
        self,
        base: Path,
        judge: OllamaDouble,
        comfyui_path: Path | None,
        python: str | None,
        frontend: Path | None = None,
        paid_nodes: bool = False,
    ) -> None:
        self.base, self.judge = base, judge
        self.process = ComfyProcess(base, comfyui_path, python, {"OLLAMA_HOST": judge.url}, frontend, paid_nodes)
        self.client: OutsideClient | None = None

    def start(self) -> None:
        self.process.start()
        self.client = OutsideClient(self.process.url, self.base)

    def stop(self) -> None:
        if self.client is not None:
            self.client.close()
        self.process.stop()

    def learn(self, learns: bool) -> None:
        """Whether past runs teach. What they taught before is forgotten."""
        for folder in USER_FOLDERS:
            (self.base / folder).mkdir(parents=True, exist_ok=True)
            (self.base / folder / "wordings.json").unlink(missing_ok=True)
            write_atomically(
                self.base / folder / "settings.json",
                lambda stream: stream.write(json.dumps({"learn_from_runs": learns}).encode()) and None,
            )

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
        """The judge's requests for a verdict about a picture of the run."""
        return [chat for chat in self._asked() if not blank([image.data for image in chat.images])]

    def blank_looks(self) -> list[Any]:
        """Its requests that show it a picture with nothing in it."""
        return [chat for chat in self._asked() if blank([image.data for image in chat.images])]

    def _asked(self) -> list[Any]:
        return [chat for chat in self.judge.chats() if "<task>look</task>" in json.dumps(chat.body)]

    def picture(self, run: dict[str, Any], name: str) -> Path:
        return self.runs_folder / run["run_id"] / name


@contextmanager
def opened(
    base: Path,
    comfyui_path: Path | None,
    python: str | None,
    frontend: Path | None = None,
    paid_nodes: bool = False,
) -> Iterator[Theatre]:
    with OllamaDouble(default=pixel_judge) as judge:
        theatre = Theatre(prepare_base(base, ROOT), judge, comfyui_path, python, frontend, paid_nodes)
        theatre.learn(False)  # or each test would depend on those before it
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


QUALITY = ("bad", "poor", "fair", "good", "excellent")
_ASKED = re.compile(r"^(q\d+) \(", re.MULTILINE)
ONE_LINE = {"checklist": "a red circle"}
"""Input of SelfImprovingPrompt with which scripted judges are asked one question a look and make no checklist."""


def scripted(*looks: int, clause: str | Sequence[str] = (), imagines: bool = False) -> Any:
    """A judge whose looks are scripted: 1..5 when the requirement is met, -1..-5 when not, by quality; the last one for
    ever. Its editor proposes the clauses. To be used with ONE_LINE. imagines: sees the same in an empty picture."""
    left, clauses = list(looks), [clause] if isinstance(clause, str) else [*clause]

    def judge(body: dict[str, Any], images: list[bytes]) -> str:
        said = "\n".join(str(message.get("content")) for message in body["messages"])
        if "<task>edit</task>" in said:
            edits = [{"clause": words, "requirement": "r1"} for words in clauses]
            wishes = {"settings": {"cfg": None, "steps": None}, "reason": "As scripted.", "verdict": "continue"}
            return json.dumps({"edits": edits, "evidence": [], "local_fix": None, "negative": [], **wishes})
        if blank(images) and not imagines:
            return json.dumps(dict.fromkeys(_ASKED.findall(said), "no"))
        look = left.pop(0) if len(left) > 1 else left[0]
        met = (look > 0) != ("missing" in said)  # the second wording asks whether it is missing
        answers = dict.fromkeys(_ASKED.findall(said), "yes" if met else "no")
        quality = {f"quality_{n}": QUALITY[abs(look) - 1] for n in ("artifacts", "composition", "faces", "text")}
        return json.dumps({**answers, **quality})

    return judge


def blank(images: Sequence[bytes]) -> bool:
    """Whether the judge is shown one even surface."""
    return len(images) == 1 and len(Image.open(io.BytesIO(images[0])).convert("RGB").getcolors(2) or ()) == 1


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def embedded(path: Path, key: str = "prompt") -> dict[str, Any]:
    with Image.open(path) as picture:
        return json.loads(picture.text[key])
