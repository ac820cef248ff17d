"""An experiment on disk, in the output folder: the head, one file for each prompt, the workflow, and the report.

<root>/<id>/experiment.json   the head (host/jobs.py writes it)
            workflow.json     what is rendered, as it was sent
            prompts/p001.json what was seen at one prompt, rewritten at each step
            report.html, report.json
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import ValidationError

from ..engine.experiment.record import LookedAtPicture, PromptRecord
from ..engine.files import write_text
from ..engine.loop.journal import Journal
from ..engine.loop.pictures import read_small

LOG = logging.getLogger(__name__)

RECORD, WORKFLOW, PROMPTS = "experiment.json", "workflow.json", "prompts"
REPORT_PAGE, REPORT_DATA = "report.html", "report.json"
LONG_SIDE = 512
"""Pixels of a picture in a report."""
KEY_LENGTH = 12


def write_workflow(folder: Path, workflow: Any) -> None:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / WORKFLOW, json.dumps(workflow))


def read_workflow(folder: Path) -> Any:
    """Raises ValueError where it is gone or damaged."""
    try:
        return json.loads((folder / WORKFLOW).read_bytes())
    except (OSError, ValueError) as problem:
        raise ValueError("The workflow of this experiment cannot be read. Start a new one.") from problem


def write_prompt(folder: Path, record: PromptRecord) -> None:
    """Raises OSError."""
    (folder / PROMPTS).mkdir(parents=True, exist_ok=True)
    write_text(folder / PROMPTS / f"{record.id}.json", record.model_dump_json(indent=1))


def read_prompts(folder: Path, ids: Iterable[str]) -> dict[str, PromptRecord]:
    """By prompt id; of a prompt whose file is not there or damaged, an empty record."""
    return {name: _read_prompt(folder, name) for name in ids}


def picture_key(prompt_id: str, path: Path) -> str:
    """Of a picture's pixels: the same for the same picture, whatever graph its file carries. Raises OSError."""
    with Image.open(path) as picture:
        pixels = picture.convert("RGB")
        digest = blake2b(pixels.tobytes(), digest_size=16, key=str(pixels.size).encode()).hexdigest()
    return f"{prompt_id}-{digest[:KEY_LENGTH]}"


def small_pictures(journal: Journal, pictures: Iterable[LookedAtPicture]) -> dict[str, bytes]:
    """JPEGs by key, for a page; those that are gone are left out."""
    found = {}
    for one in pictures:
        try:
            path = journal.picture(one.run_id, one.name)
            if path is not None:
                found[one.key] = _jpeg(path)
        except (OSError, ValueError) as problem:
            LOG.warning("Imitatoes: left out of the report: %s", problem)
    return found


def _jpeg(path: Path) -> bytes:
    stream = io.BytesIO()
    read_small(path, LONG_SIDE).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _read_prompt(folder: Path, name: str) -> PromptRecord:
    try:
        return PromptRecord.model_validate_json((folder / PROMPTS / f"{name}.json").read_bytes())
    except FileNotFoundError:
        return PromptRecord(id=name)
    except (OSError, ValidationError) as problem:
        LOG.warning("Imitatoes: what was seen at %s of an experiment cannot be read: %s", name, problem)
        return PromptRecord(id=name)
