"""The pictures and clips of a run, and its best one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..engine.loop.journal import CLIP
from ..engine.loop.view import run_summary
from .errors import BadRequest
from .route import PictureAnswer, RoutesApp
from .runs import find_run


class BestQuery(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    as_: Literal["", "image", "video"] = Field(
        default="",
        alias="as",
        description="Of a run of clips: image for the middle frame, video for the clip; else as Accept asks.",
    )


async def show_best(app: RoutesApp, id: str, query: BestQuery, accept: str) -> PictureAnswer:
    """The best picture, or clip; where none was judged the latest, which the header X-Imitatoes-Judged then says."""
    run = await find_run(app, id)
    best = run.result
    if best is None or best.picture is None:
        raise BadRequest("The run has no picture yet.", "Wait for it to end.", 404, "no_picture")
    headers = {"X-Imitatoes-Judged": str(best.critique.score is not None).lower(), "Vary": "Accept"}
    file = best.clip.file if best.clip is not None else None
    if query.as_ == "video" or (query.as_ == "" and file and prefers_video(accept)):
        if file is None:
            why = best.clip.problem if best.clip is not None else "It is a run of pictures."
            raise BadRequest(
                f"The best of this run is no clip that was kept. {why}", "Ask for as=image.", 404, "no_clip"
            )
        shown = run_summary(run).best
        return PictureAnswer(await find_clip(app, run.id, (shown and shown.clip) or file), headers=headers)
    return PictureAnswer(await find_picture(app, run.id, best.picture), headers=headers)


async def show_picture(app: RoutesApp, id: str, name: str) -> PictureAnswer:
    if CLIP.fullmatch(name):
        return PictureAnswer(await find_clip(app, (await find_run(app, id)).id, name))
    return PictureAnswer(await find_picture(app, (await find_run(app, id)).id, name))


async def find_picture(app: RoutesApp, run_id: str, name: str) -> Path:
    """The file of a picture of a run. Raises BadRequest, ValueError for a name that no picture has."""
    path = await asyncio.to_thread(app.journal().picture, run_id, name)
    if path is None:
        raise BadRequest("There is no such picture.", "GET the run to see its pictures.", 404, "no_picture")
    return path


async def find_clip(app: RoutesApp, run_id: str, name: str) -> Path:
    """The file of a clip of a run. Raises BadRequest, ValueError for a name that no clip has."""
    path = await asyncio.to_thread(app.journal().clip, run_id, name)
    if path is None:
        raise BadRequest("There is no such clip.", "GET the run to see its clips.", 404, "no_clip")
    return path


def prefers_video(accept: str) -> bool:
    """Whether an Accept header asks for a video, and not for a picture too."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return any(kind.startswith("video/") for kind in kinds) and not any(kind.startswith("image/") for kind in kinds)
