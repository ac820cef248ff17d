"""The model of the Ollama double that really looks: answers to verdict, checklist, look and edit requests from pixels.

The kind of request is told by a <task> tag; without one it is a verdict about the picture for the <goal>.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from .world.beliefs import QUALITIES, Belief, Eye, sampled
from .world.checklist import checklist
from .world.clip_seeing import frames_of, happens, keys_of, read_happening, shown_frames
from .world.editor import edit, read_failing
from .world.misreading import chance
from .world.pointing import point
from .world.questions import read_question
from .world.seeing import SeenPicture, see
from .world.verdict import answer

SMALL_DOUBT = 0.3
"""Standard deviation of the log-odds' error; what is plain to see has log-odds of about 4."""

_LINE = re.compile(r"^\s*(\w+)\s*\(([^)]*)\)\s*:\s*(.+?)\s*$")
_NOTHING_SEEN = {
    "assessment": {"artifacts": 0, "composition": 0, "faces": 0, "prompt_match": 0, "text": 0},
    "changes": {"cfg": None, "neg_append": "", "prompt_append": "", "seed": "keep", "steps": None},
    "done": False,
}


class Spoken(str):
    """A model's text. beliefs: for keys of its JSON object, how likely each value was."""

    beliefs: Mapping[str, Belief]

    def __new__(cls, text: str, beliefs: Mapping[str, Belief]) -> Spoken:
        spoken = super().__new__(cls, text)
        spoken.beliefs = beliefs
        return spoken


def pixel_judge(body: dict[str, Any], images: list[bytes], *, doubt: float = SMALL_DOUBT) -> str:
    """The answer to a request, about its last picture if it has one. doubt: see SMALL_DOUBT; verdicts have none."""
    texts = [str(body.get(key) or "") for key in ("system", "prompt")]
    texts += [str(message.get("content") or "") for message in body.get("messages") or []]
    text = "\n".join(texts)
    goal = _tagged(text, "goal")
    # What a goal says is material, also where it looks like a task.
    task = _tagged(_between("goal").sub("", text), "task")
    match task:
        case "checklist":
            return _json({"requirements": checklist(goal or "")})
        case "look":
            questions, count = _tagged(text, "questions") or "", frames_of(text)
            if count and images:
                return _looked_at_clip(questions, images, count, body, doubt)
            return _looked(questions, images, body, doubt)
        case "edit":
            view = _view(images[-1]) if images else None
            failing = read_failing(_tagged(text, "failing") or "")
            return _json(edit(goal or "", failing, view, int(_option(body, "seed"))))
        case "region":
            view = _view(images[-1]) if images else None
            return _json(point(_tagged(text, "wrong") or "", view) if view else {})
    return _verdict(goal, images)


def _verdict(goal: str | None, images: list[bytes]) -> str:
    if goal is None:
        return _unseen("The request names no goal between <goal> and </goal>.")
    if not images:
        return _unseen("The request holds no picture.")
    picture = _picture(images[-1])
    if picture is None:
        return _unseen("The picture cannot be read.")
    return _json(answer(goal, picture))


def _looked_at_clip(questions: str, images: list[bytes], count: int, body: dict[str, Any], doubt: float) -> str:
    """As _looked, frame by frame, and by all of them where something happens."""
    pictures = [picture for data in images if (picture := _picture(data)) is not None]
    views = [see(np.ascontiguousarray(frame)) for frame in shown_frames(pictures, count)]
    eyes = [Eye(v, hashlib.blake2b(images[-1] + bytes([n])).hexdigest(), doubt) for n, v in enumerate(views)]
    worst = {name: max((eye.quality(name) for eye in eyes), key=lambda b: b["bad"] + b["poor"]) for name in QUALITIES}
    beliefs: dict[str, Belief] = {f"quality_{name}": belief for name, belief in worst.items()}
    numbers = set()
    for key, form, asked, question in _lines(questions):
        for name, frame in keys_of(key, form).items():
            if frame:
                beliefs[name] = eyes[frame - 1].answer(read_question(question), asked, question)
            else:
                yes = 0.99 if happens(read_happening(question), views) else 0.01
                beliefs[name] = {"yes": yes, "no": 1 - yes}
            numbers |= {name} if asked == "number" else set()
    return _said(beliefs, numbers, body, eyes[0].fingerprint)


def _looked(questions: str, images: list[bytes], body: dict[str, Any], doubt: float) -> str:
    view = _view(images[-1]) if images else None
    if view is None:
        # A model that sees nothing still answers.
        view = SeenPicture((), "none", None, 0.0, None, None)
    eye = Eye(view, hashlib.blake2b(images[-1] if images else b"").hexdigest(), doubt)
    beliefs: dict[str, Belief] = {f"quality_{name}": eye.quality(name) for name in QUALITIES}
    numbers = set()
    for key, _, asked, question in _lines(questions):
        beliefs[key] = eye.answer(read_question(question), asked, question)
        numbers |= {key} if asked == "number" else set()
    return _said(beliefs, numbers, body, eye.fingerprint)


def _lines(questions: str) -> Iterator[tuple[str, str, str, str]]:
    """Of each question its key, the form in which it is to be answered, what that comes to, and its words."""
    for line in questions.splitlines():
        if found := _LINE.match(line):
            form = found[2].lower()
            asked = "yes/no" if "yes" in form else "number" if "number" in form or "count" in form else "one word"
            yield found[1], form, asked, found[3]


def _said(beliefs: dict[str, Belief], numbers: set[str], body: dict[str, Any], fingerprint: str) -> str:
    """The answer as spoken. numbers: keys whose values are numbers."""
    temperature, seed = _option(body, "temperature"), int(_option(body, "seed"))
    said: dict[str, Any] = {}
    for key, belief in beliefs.items():
        value = sampled(belief, temperature, chance("said", seed, fingerprint, key))
        said[key] = int(value) if key in numbers else value
    return Spoken(_json(said), beliefs)


def _between(tag: str) -> re.Pattern[str]:
    """From the tag to its end; a tag that is only spoken of before does not count."""
    return re.compile(rf"<{tag}>((?:(?!<{tag}>).)*?)</{tag}>", re.DOTALL)


def _tagged(text: str, tag: str) -> str | None:
    """What stands between the last such tags, None without any."""
    found = _between(tag).findall(text)
    return found[-1].strip() if found else None


def _option(body: dict[str, Any], name: str) -> float:
    value = (body.get("options") or {}).get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _picture(data: bytes) -> np.ndarray | None:
    try:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    except OSError:
        return None


@lru_cache(maxsize=8)
def _view(data: bytes) -> SeenPicture | None:
    """A picture is asked about several times: two looks and an edit."""
    picture = _picture(data)
    return None if picture is None else see(picture)


def _unseen(reason: str) -> str:
    return _json(_NOTHING_SEEN | {"reason": reason})


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
