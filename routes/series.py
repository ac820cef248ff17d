"""Series: many goals in order, one run each. They are started where runs are."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel, Field

from ..engine.loop.series.series_view import SeriesSummary, SeriesView
from .errors import BadRequest
from .route import Body, PictureAnswer, RoutesApp
from .runs import DeleteBody, StopBody


class SeriesList(BaseModel):
    series: list[SeriesSummary]


class ResumeSeriesBody(Body):
    """extra_data: as POST /prompt takes it, for runs that pay for renders after a restart of the server."""

    client_id: str = Field(default="", max_length=200)
    extra_data: dict[str, Any] = Field(default_factory=dict, repr=False)


class DeletedSeries(BaseModel):
    """deleted: its id."""

    deleted: str


async def list_series(app: RoutesApp) -> SeriesList:
    return SeriesList(series=await app.series.listed())


async def show_series(app: RoutesApp, id: str) -> SeriesView:
    return await app.series.show(id)


async def show_series_sheet(app: RoutesApp, id: str) -> PictureAnswer:
    path = await asyncio.to_thread(app.series.sheet, id)
    if path is None:
        raise BadRequest("No goal of the series has a picture yet.", "Wait for the first run's end.", 404, "no_picture")
    return PictureAnswer(path)


async def stop_series(app: RoutesApp, id: str, body: StopBody) -> SeriesView:
    return await app.series.stop(id, body.after_this)


async def resume_series(app: RoutesApp, id: str, body: ResumeSeriesBody) -> SeriesView:
    return await app.series.resume(id, body.client_id, body.extra_data)


async def delete_series(app: RoutesApp, id: str, body: DeleteBody) -> DeletedSeries:
    await app.series.delete(id)
    return DeletedSeries(deleted=id)
