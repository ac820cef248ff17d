"""All routes: what each one's handler is, and what the document says of it beside the handler's own models."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, RootModel

from . import corrections, extending, memory, panel, pictures, repairs, runs, series, starting
from .experiment_table import EXPERIMENT_ROUTES
from .judge_table import JUDGE_ROUTES
from .openapi import describe_routes
from .route import Route, RoutesApp

PNG, JPEG = "image/png", "image/jpeg"
CLIPS = ("video/mp4", "video/webm", "image/webp", "image/gif", "video/quicktime", "video/x-matroska")
RUN = "/imitatoes/runs/{id}"
SERIES = "/imitatoes/series/{id}"
READ, CHANGE = (400, 404), (400, 404, 409, 413, 415, 507)
POSTED = (400, 413, 415)


class OpenApiDocument(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


class PackVersion(BaseModel):
    """version: of the pack, as "0.1.0"; "" where it does not say."""

    version: str


async def show_version(app: RoutesApp) -> PackVersion:
    return PackVersion(version=app.version)


async def show_document(app: RoutesApp) -> OpenApiDocument:
    return OpenApiDocument(document())


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of ROUTES. The same object at every call: do not change it."""
    return describe_routes(ROUTES)


ROUTES = (
    Route(
        "POST",
        "/imitatoes/runs",
        starting.start_run,
        "Start a run: a workflow in API format and a goal. With goals, a series: a run for each.",
        (*POSTED, 409, 507),
    ),
    Route(
        "POST",
        "/imitatoes/plan",
        starting.plan_run,
        "How a loop would be put into a workflow: which picture is judged, what is steered, what stays and why.",
        POSTED,
    ),
    Route(
        "POST",
        "/imitatoes/clip-shapes",
        starting.list_shapes,
        "Landscape, vertical and square: the sizes that the clip of a workflow can have, and what gives it them.",
        POSTED,
    ),
    Route("GET", "/imitatoes/runs", runs.list_runs, "The runs, newest first.", (400,)),
    Route("GET", RUN, runs.show_run, "One run, whole.", READ),
    Route("GET", f"{RUN}/iterations", runs.show_iterations, "Its iterations alone.", READ),
    Route(
        "GET",
        f"{RUN}/wait",
        runs.wait_for_end,
        "The run as soon as it has ended, or as it stands after so many seconds: one long poll.",
        (*READ, 408),
    ),
    Route(
        "GET",
        f"{RUN}/best",
        pictures.show_best,
        "The best picture so far, with its graph, or the best clip: as=video, or an Accept header of video alone. The "
        "header X-Imitatoes-Judged says whether it was judged.",
        READ,
        media=(PNG, *CLIPS),
    ),
    Route(
        "GET",
        f"{RUN}/pictures/{{name}}",
        pictures.show_picture,
        "Any picture or clip of the run.",
        READ,
        media=(PNG, JPEG, *CLIPS),
    ),
    Route("GET", f"{RUN}/thumbnails/{{name}}", panel.show_thumbnail, "A small JPEG of a picture.", READ, media=(JPEG,)),
    Route("GET", f"{RUN}/folder", panel.show_folder, "Where the run lies on the server's disk.", READ),
    Route("GET", f"{RUN}/nodes", panel.show_nodes, "The nodes that each render executes.", (*READ, 409)),
    Route("POST", f"{RUN}/stop", runs.stop_run, "Stop now, or after this iteration.", CHANGE),
    Route("POST", f"{RUN}/continue", runs.continue_run, "Go on from the best, with a further wish or without.", CHANGE),
    Route(
        "POST",
        f"{RUN}/extend",
        extending.extend_run,
        "Go on from the best clip: its last frame starts a run of its own.",
        CHANGE,
    ),
    Route("POST", f"{RUN}/resume", runs.resume_run, "Go on after a restart cut it off.", CHANGE),
    Route("POST", f"{RUN}/take", runs.take_iteration, "Make an iteration the best.", CHANGE),
    Route("POST", f"{RUN}/star", runs.star_run, "Give an ended run a star, or take it away.", CHANGE),
    Route("POST", f"{RUN}/open", panel.open_folder, "Show the run's folder on the server's own screen.", CHANGE),
    Route(
        "POST",
        f"{RUN}/correct",
        corrections.correct_judge,
        "Say whether a picture meets a requirement, against the judge.",
        CHANGE,
    ),
    Route("POST", f"{RUN}/checklist", corrections.edit_checklist, "Change what the pictures are judged by.", CHANGE),
    Route(
        "POST",
        f"{RUN}/repair",
        repairs.repair_iteration,
        "Paint one region of a picture anew, with a wish.",
        CHANGE,
    ),
    Route("POST", f"{RUN}/judge", runs.judge_iteration, "Judge a picture that no judge has looked at.", CHANGE),
    Route(
        "POST",
        f"{RUN}/attach",
        panel.attach_client,
        "Send ComfyUI's own progress to this page from the next render on.",
        CHANGE,
    ),
    Route("POST", f"{RUN}/delete", runs.delete_run, "Delete an ended run.", CHANGE),
    Route("POST", "/imitatoes/thumbnails", panel.keep_thumbnails, "How many thumbnails are kept.", POSTED),
    Route("GET", "/imitatoes/series", series.list_series, "The series of many goals, newest first."),
    Route("GET", SERIES, series.show_series, "One series, with what has become of each goal.", READ),
    Route(
        "GET", f"{SERIES}/sheet", series.show_series_sheet, "The best of each goal in one picture.", READ, media=(JPEG,)
    ),
    Route("POST", f"{SERIES}/stop", series.stop_series, "Take no further goal; the run at hand stops.", CHANGE),
    Route("POST", f"{SERIES}/resume", series.resume_series, "Go on with what is left.", CHANGE),
    Route("POST", f"{SERIES}/delete", series.delete_series, "Forget a series; its runs stay.", CHANGE),
    *JUDGE_ROUTES,
    *EXPERIMENT_ROUTES,
    Route("GET", "/imitatoes/memory", memory.show_memory, "How memory stands, and the last reports."),
    Route(
        "POST",
        "/imitatoes/memory/preflight",
        memory.estimate_memory,
        "What a graph will want of the card.",
        POSTED,
    ),
    Route("GET", "/imitatoes/version", show_version, "Which version of Imitatoes this server has."),
    Route("GET", "/imitatoes/openapi.json", show_document, "This document."),
)
