"""The run folder: everything from which a run is shown, resumed and reproduced.

<root>/<run id>/run.json               the run as data, rewritten at every change
                graph.json             the graph that was queued, and what is embedded beside it
                loop_01_iter_01.png    each picture, with the graph that made it
                loop_01_iter_01.json   settings, critique, decision, reason, timings
                best.png               the best picture, written when the run ends
                contact_sheet.jpg      all pictures with their scores, written when the run ends
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from pydantic import ValidationError

from ..files import write_atomically, write_text
from .pictures import save_contact_sheet, save_png
from .run import Iteration, Plan, Run

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
PICTURE = re.compile(r"(?:loop_[0-9]{2,4}_iter_[0-9]{2,4}|best)\.png|contact_sheet\.jpg")
BEST = "best.png"
CONTACT_SHEET = "contact_sheet.jpg"
_RUN, _GRAPH = "run.json", "graph.json"


def stem(plan: Plan) -> str:
    """File name of an iteration without ending."""
    return f"loop_{plan.loop:02d}_iter_{plan.index:02d}"


class Journal:
    """All run folders under one root. Methods that write raise OSError; the rest never raise for bad content."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, run_id: str) -> Path:
        """Folder of a run. Raises ValueError for anything that is not a run id, so no path leaves the root."""
        if not RUN_ID.fullmatch(run_id):
            raise ValueError(f"'{run_id[:80]}' is not a run id.")
        return self.root / run_id

    def open(self, run: Run, graph: Mapping[str, Any], extra_pnginfo: Mapping[str, Any] | None) -> None:
        """Make the folder of a new run and write its graph."""
        folder = self.folder(run.id)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / _GRAPH, json.dumps({"prompt": graph, "extra_pnginfo": extra_pnginfo}))
        self.save(run)

    def save(self, run: Run) -> None:
        """Write run.json. Fingerprints are long and stay in the iterations' own files."""
        text = run.model_dump_json(indent=1, exclude={"iterations": {"__all__": {"fingerprint"}}})
        write_text(self.folder(run.id) / _RUN, text)

    def save_picture(self, run_id: str, plan: Plan, image: torch.Tensor, metadata: Mapping[str, Any]) -> str:
        """Write IMAGE [H,W,C] as this iteration's picture; its file name."""
        name = f"{stem(plan)}.png"
        save_png(image, self.folder(run_id) / name, metadata)
        return name

    def load_picture(self, run_id: str, name: str) -> torch.Tensor:
        """A picture of a run as IMAGE [H,W,3], float 0..1. Raises OSError."""
        with Image.open(self.folder(run_id) / name) as picture:
            pixels = np.array(picture.convert("RGB"))
        return torch.from_numpy(pixels).float().div_(255)

    def record(self, run: Run, iteration: Iteration | None) -> None:
        """Write the run, and before it the iteration that is new in it, if any."""
        if iteration is not None:
            path = self.folder(run.id) / f"{stem(iteration.plan)}.json"
            write_text(path, iteration.model_dump_json(indent=1))
        self.save(run)

    def close(self, run: Run) -> None:
        """Write what an ended run leaves behind: best.png and the contact sheet."""
        folder = self.folder(run.id)
        best = run.best
        if best is not None and best.picture and (folder / best.picture).is_file():
            with (folder / best.picture).open("rb") as source:
                write_atomically(folder / BEST, lambda stream: shutil.copyfileobj(source, stream))
        tiles = [(folder / i.picture, _caption(i), i is best) for i in run.iterations if i.picture]
        save_contact_sheet(tiles, folder / CONTACT_SHEET)

    def load(self, run_id: str) -> Run | None:
        """The run as written last; None when there is none or it cannot be read."""
        path = self.folder(run_id) / _RUN
        try:
            return Run.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as problem:
            logging.warning("Imitatoes: %s cannot be read and is left out: %s", path, problem)
            return None

    def load_graph(self, run_id: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """(graph, extra_pnginfo or None) that the run was queued with. Raises OSError, ValueError when damaged."""
        data = json.loads((self.folder(run_id) / _GRAPH).read_text(encoding="utf-8"))
        return data["prompt"], data.get("extra_pnginfo")

    def load_fingerprint(self, run_id: str, plan: Plan) -> str:
        """Fingerprint of an iteration's picture; empty when its file is missing or damaged."""
        try:
            text = (self.folder(run_id) / f"{stem(plan)}.json").read_text(encoding="utf-8")
            return Iteration.model_validate_json(text).fingerprint
        except (OSError, ValidationError):
            return ""

    def delete(self, run_id: str) -> None:
        """Remove a run's folder with all in it. run.json goes first: what is left after a failure is no run.

        Raises ValueError for a folder that is a link, OSError.
        """
        folder = self.folder(run_id)
        if folder.is_symlink():
            raise ValueError(f"The folder of run {run_id} is a link to another place. Remove it by hand.")
        (folder / _RUN).unlink(missing_ok=True)
        if folder.is_dir():
            shutil.rmtree(folder)

    def run_ids(self) -> list[str]:
        """All run ids on disk, newest first."""
        try:
            names = [entry.name for entry in self.root.iterdir() if RUN_ID.fullmatch(entry.name)]
        except OSError:
            return []
        return sorted(names, reverse=True)

    def picture(self, run_id: str, name: str) -> Path | None:
        """Path of a picture of a run, None when there is none of that name. Raises ValueError for other names."""
        if not PICTURE.fullmatch(name):
            raise ValueError(f"'{name[:80]}' is not a picture of a run.")
        path = self.folder(run_id) / name
        return path if path.is_file() else None


def _caption(iteration: Iteration) -> str:
    score = iteration.critique.score
    shown = iteration.critique.outcome if score is None else f"{score:.2f}"
    return f"{iteration.number}: {shown} {'kept' if iteration.decision.kind == 'accept' else 'rejected'}"
