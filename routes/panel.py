"""What the panel asks for beside the runs themselves: thumbnails, following, folder and nodes."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, Field

from ..engine.files import folder_size
from ..engine.loop.refusals import NotNow
from ..engine.loop.view import RunView
from .errors import BadRequest
from .pictures import find_picture
from .route import Body, PictureAnswer, RoutesApp
from .run_answer import tell_run
from .runs import find_run

MOST_KEPT = 100_000
ONE_DAY = 86_400


class ThumbnailQuery(BaseModel):
    v: str = Field(default="", description="Names the render, so that a browser may keep the thumbnail for a day.")


class AttachBody(Body):
    client_id: str = Field(min_length=1, max_length=200)


class ThumbnailsBody(Body):
    kept: int = Field(ge=0, le=MOST_KEPT)


class RunFolder(BaseModel):
    """size: bytes on disk of all that is in it. opens: whether this request comes from the server's own computer, which
    can show the folder."""

    folder: str
    size: int
    opens: bool


class OpenBody(Body):
    """Nothing: an empty object, so that the request is JSON."""


class OpenedFolder(BaseModel):
    opened: str


class RunNodes(BaseModel):
    """Class of each node by its id."""

    nodes: dict[str, str]


class KeptThumbnails(BaseModel):
    kept: int


async def show_thumbnail(app: RoutesApp, id: str, name: str, query: ThumbnailQuery) -> PictureAnswer:
    run_id = (await find_run(app, id)).id
    picture = await find_picture(app, run_id, name)
    try:
        jpeg = await app.thumbnails().make(picture, run_id)
    except (OSError, ValueError) as problem:
        raise BadRequest("The picture cannot be read.", "", 404, "no_picture") from problem
    return PictureAnswer(jpeg, f"private, max-age={ONE_DAY}" if query.v else "no-cache")


async def show_folder(app: RoutesApp, id: str, local: bool) -> RunFolder:
    folder = app.journal().folder((await find_run(app, id)).id)
    size = await asyncio.to_thread(folder_size, folder)
    opens = local and await asyncio.to_thread(app.can_open_folders)  # may ask the desktop, which takes its time
    return RunFolder(folder=str(folder), size=size, opens=opens)


async def open_folder(app: RoutesApp, id: str, body: OpenBody, local: bool) -> OpenedFolder:
    """For the user who sits at the server: anybody else would open windows on a screen that they do not see."""
    folder = app.journal().folder((await find_run(app, id)).id)
    if not local or not await asyncio.to_thread(app.open_folder, folder):
        raise NotNow(f"The folder cannot be shown from here. It is {folder} on the computer that ComfyUI runs on.")
    return OpenedFolder(opened=str(folder))


async def show_nodes(app: RoutesApp, id: str) -> RunNodes:
    """The page's progress counts them."""
    run_id = (await find_run(app, id)).id
    try:
        graph, _ = await asyncio.to_thread(app.journal().load_graph, run_id)
    except (OSError, ValueError, KeyError) as problem:
        raise NotNow("The graph of this run cannot be read.") from problem
    return RunNodes(nodes={name: node.get("class_type", "") for name, node in graph.items()})


async def attach_client(app: RoutesApp, id: str, body: AttachBody) -> RunView:
    return await tell_run(await app.actions.attach((await find_run(app, id)).id, body.client_id))


async def keep_thumbnails(app: RoutesApp, body: ThumbnailsBody) -> KeptThumbnails:
    app.thumbnails().kept = body.kept
    return KeptThumbnails(kept=body.kept)
