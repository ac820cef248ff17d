"""What each route takes and gives: the table behind the OpenAPI document, tested against the handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from . import documented as answers
from . import run_answers as runs
from .judge import SelfTestBody
from .memory import PreflightBody
from .panel import AttachBody, TakeBody, ThumbnailsBody
from .runs import LONGEST_WAIT, Body, ContinueBody, ResumeBody, StopBody
from .starting import RunBody

PNG, JPEG, JSON = "image/png", "image/jpeg", "application/json"


@dataclass(frozen=True)
class Query:
    """A parameter behind the question mark. schema: JSON Schema of its value."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One route. answer: the model of a JSON answer; or the media types of a file; or None for any JSON object.

    errors: statuses of the answers in the one error shape, beside 500.
    """

    method: str
    path: str
    summary: str
    answer: type[BaseModel] | tuple[str, ...] | None
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    status: int = 200
    errors: tuple[int, ...] = ()
    several: tuple[type[BaseModel], ...] = ()
    """Other models that the answer may have."""


RUN = "/imitatoes/runs/{id}"
TEXT = {"type": "string"}
READ, CHANGE = (400, 404), (400, 404, 409, 413, 415, 507)
POSTED = (400, 413, 415)

OPERATIONS = (
    Operation(
        "POST",
        "/imitatoes/runs",
        "Start a run: a workflow in API format and a goal.",
        answers.Started,
        RunBody,
        errors=(*POSTED, 409),
        several=(answers.DryRun,),
    ),
    Operation(
        "GET",
        "/imitatoes/runs",
        "The runs, newest first.",
        runs.RunList,
        query=(
            Query("limit", "So many at most.", {"type": "integer", "minimum": 1, "maximum": 9999}),
            Query("before", "Only runs older than this run id.", TEXT),
        ),
        errors=(400,),
    ),
    Operation("GET", RUN, "One run, whole.", runs.RunView, errors=READ),
    Operation("GET", f"{RUN}/iterations", "Its iterations alone.", runs.Iterations, errors=READ),
    Operation(
        "GET",
        f"{RUN}/wait",
        "The run as soon as it has ended, or as it stands after so many seconds: one long poll.",
        runs.RunView,
        query=(Query("seconds", "Default 600.", {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT}),),
        errors=(*READ, 408),
    ),
    Operation("GET", f"{RUN}/best", "The best picture so far, with the graph that made it.", (PNG,), errors=READ),
    Operation("GET", f"{RUN}/pictures/{{name}}", "Any picture of the run.", (PNG, JPEG), errors=READ),
    Operation("GET", f"{RUN}/thumbnails/{{name}}", "A small JPEG of a picture.", (JPEG,), errors=READ),
    Operation("GET", f"{RUN}/folder", "Where the run lies on the server's disk.", answers.Folder, errors=READ),
    Operation("GET", f"{RUN}/nodes", "The nodes that each render executes.", answers.Nodes, errors=(*READ, 409)),
    Operation("POST", f"{RUN}/stop", "Stop now, or after this iteration.", runs.RunView, StopBody, errors=CHANGE),
    Operation(
        "POST",
        f"{RUN}/continue",
        "Go on from the best, with a further wish or without.",
        runs.RunView,
        ContinueBody,
        errors=CHANGE,
    ),
    Operation("POST", f"{RUN}/resume", "Go on after a restart cut it off.", runs.RunView, ResumeBody, errors=CHANGE),
    Operation("POST", f"{RUN}/take", "Make an iteration the best.", runs.RunView, TakeBody, errors=CHANGE),
    Operation(
        "POST",
        f"{RUN}/attach",
        "Send ComfyUI's own progress to this page from the next render on.",
        runs.RunView,
        AttachBody,
        errors=CHANGE,
    ),
    Operation("POST", f"{RUN}/delete", "Delete an ended run.", answers.Deleted, Body, errors=CHANGE),
    Operation(
        "POST", "/imitatoes/thumbnails", "How many thumbnails are kept.", answers.Kept, ThumbnailsBody, errors=POSTED
    ),
    Operation(
        "POST",
        "/imitatoes/judge/self-test",
        "Show a judge model 60 drawn scenes of known truth.",
        answers.SelfTestState,
        SelfTestBody,
        status=202,
        errors=(*POSTED, 409),
    ),
    Operation(
        "GET",
        "/imitatoes/judge/self-test",
        "How far that is, and its report.",
        answers.SelfTestState,
        query=(
            Query("model", "Name of the judge model.", TEXT, required=True),
            Query("connection", "Named in the server's settings; default local.", TEXT),
        ),
        errors=(400,),
    ),
    Operation("GET", "/imitatoes/memory", "How memory stands, and the last reports.", answers.MemoryState),
    Operation(
        "POST",
        "/imitatoes/memory/preflight",
        "What a graph will want of the card.",
        answers.PreflightAnswer,
        PreflightBody,
        errors=POSTED,
    ),
    Operation("GET", "/imitatoes/openapi.json", "This document.", None),
)
