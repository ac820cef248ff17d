"""Measuring the product on this computer: experiments as jobs, their reports, and the page that a person ticks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from ..engine.experiment.arms import ArmName
from ..engine.experiment.experiment import ExperimentPlan, ExperimentProgress, plan_of, progress_of, titles_of
from ..engine.experiment.record import ExperimentRequest, ExperimentState, Setup
from ..engine.experiment.report import ExperimentReport
from .route import Body, PictureAnswer, RoutesApp
from .starting import refused_in_words

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
}
"""A page of ours that loads nothing from anywhere, and talks to this server alone."""


class ExperimentBody(ExperimentRequest):
    """See ExperimentRequest. Answers at once; the experiment goes on without this page too."""

    workflow: Annotated[Any, Field(json_schema_extra={"type": "object"})]


class ExperimentActionBody(Body):
    """Nothing: an empty object, so that the request is JSON."""


class TickBody(Body):
    """picture: its key. met: of each requirement, whether the picture meets it."""

    picture: str = Field(max_length=100)
    met: dict[str, bool] = Field(max_length=30)


class ExperimentLine(BaseModel):
    """One of the list."""

    id: str
    created: float
    state: ExperimentState
    message: str
    judge: str
    referee: str


class ExperimentList(BaseModel):
    experiments: list[ExperimentLine]


class ExperimentView(ExperimentLine):
    """arms: what is compared, by name, in words; arms_left_out: why one is not. plan: what it takes, at most.
    verdict: what can be said so far, "" before any prompt counts."""

    arms: dict[ArmName, str]
    arms_left_out: dict[ArmName, str]
    setup: Setup
    plan: ExperimentPlan
    progress: ExperimentProgress
    verdict: str
    ticked: int


class TickedPictures(BaseModel):
    """So many pictures of so many are ticked."""

    ticked: int
    pictures: int


async def start_experiment(app: RoutesApp, body: ExperimentBody) -> ExperimentView:
    """A first render is measured; then it waits for a resume, unless ask_first is false."""
    with refused_in_words():
        experiment = await app.experiments.start(ExperimentRequest(**dict(body)))
    return await show_experiment(app, experiment.id)


async def list_experiments(app: RoutesApp) -> ExperimentList:
    return ExperimentList(experiments=[ExperimentLine(**_line(one)) for one in await app.experiments.listed()])


async def show_experiment(app: RoutesApp, id: str) -> ExperimentView:
    experiment, records = await app.experiments.show(id)
    progress = progress_of(experiment, records)
    verdict = (await app.experiments.report(id)).summary.verdict if progress.looked else ""
    return ExperimentView(
        **_line(experiment),
        arms=titles_of(experiment.arms),
        arms_left_out=experiment.arms_left_out,
        setup=experiment.setup,
        plan=plan_of(experiment),
        progress=progress,
        verdict=verdict,
        ticked=len(experiment.ticks),
    )


async def stop_experiment(app: RoutesApp, id: str, body: ExperimentActionBody) -> ExperimentView:
    return await show_experiment(app, (await app.experiments.stop(id)).id)


async def resume_experiment(app: RoutesApp, id: str, body: ExperimentActionBody) -> ExperimentView:
    return await show_experiment(app, (await app.experiments.resume(id)).id)


async def show_report(app: RoutesApp, id: str) -> PictureAnswer:
    return PictureAnswer(await app.experiments.report_file(id), headers=PAGE_HEADERS)


async def show_report_data(app: RoutesApp, id: str) -> ExperimentReport:
    return await app.experiments.report(id)


async def show_ticking_page(app: RoutesApp, id: str) -> PictureAnswer:
    page = await app.experiments.ticking_page(id)
    return PictureAnswer(page, media_type="text/html", headers=PAGE_HEADERS)


async def tick_picture(app: RoutesApp, id: str, body: TickBody) -> TickedPictures:
    ticked, pictures = await app.experiments.tick(id, body.picture, body.met)
    return TickedPictures(ticked=ticked, pictures=pictures)


def _line(experiment: Any) -> dict[str, Any]:
    setup = experiment.setup
    told = {name: getattr(experiment, name) for name in ("id", "created", "state", "message")}
    return {**told, "judge": setup.judge, "referee": setup.referee}
