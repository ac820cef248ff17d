"""The routes about experiments, a part of the one table (see table.py)."""

from __future__ import annotations

from . import experiments
from .route import Route

POSTED = (400, 413, 415)
ONE = "/imitatoes/experiments/{id}"
PAGE = ("text/html",)

EXPERIMENT_ROUTES = (
    Route(
        "POST",
        "/imitatoes/experiments",
        experiments.start_experiment,
        "Measure Imitatoes with this workflow, judge and referee: one shot, many seeds, the loop, with repairs.",
        (*POSTED, 409, 507),
        status=202,
    ),
    Route("GET", "/imitatoes/experiments", experiments.list_experiments, "The experiments, newest first."),
    Route(
        "GET", ONE, experiments.show_experiment, "How far one is, what it takes, and what can be said so far.", (400,)
    ),
    Route("POST", f"{ONE}/stop", experiments.stop_experiment, "Stop it; every recorded render stays.", POSTED),
    Route(
        "POST",
        f"{ONE}/resume",
        experiments.resume_experiment,
        "Begin after the first measured render, or go on with what is left.",
        (*POSTED, 409, 507),
    ),
    Route("GET", f"{ONE}/report", experiments.show_report, "Its report as one page.", (400,), media=PAGE),
    Route("GET", f"{ONE}/data", experiments.show_report_data, "Its report as data, to be pooled and fitted.", (400,)),
    Route(
        "GET",
        f"{ONE}/page",
        experiments.show_ticking_page,
        "Fifty pictures for a person to tick, without a word about how they were made.",
        (400,),
        media=PAGE,
    ),
    Route("POST", f"{ONE}/ticks", experiments.tick_picture, "Keep what a person says of one picture.", (*POSTED, 507)),
)
