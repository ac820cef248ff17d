"""Serving ComfyUI's own page, where the frontend package is at hand: its files, and the little that it asks of us."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import folder_paths
from aiohttp import web
from comfy.cli_args import args

NO_PAGE = "This is the rehearsal, a stand-in for ComfyUI without its page."


def frontend() -> Path | None:
    """The folder of the page: --front-end-root, else of the installed package; None where there is neither."""
    if args.front_end_root:
        return Path(args.front_end_root)
    spec = importlib.util.find_spec("comfyui_frontend_package")
    return Path(spec.origin).parent / "static" if spec is not None and spec.origin else None


def _settings_file() -> Path:
    return Path(folder_paths.get_user_directory()) / "default" / "comfy.settings.json"


def _settings() -> dict[str, Any]:
    try:
        return json.loads(_settings_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _change_settings(changes: dict[str, Any]) -> None:
    path = _settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**_settings(), **changes}, indent=4), encoding="utf-8")


def register(server: Any) -> None:
    """Adds them to `server.routes`."""
    routes, root = server.routes, frontend()

    @routes.get("/")
    async def get_root(request: web.Request) -> web.StreamResponse:
        if root is None:
            return web.Response(text=NO_PAGE)
        return web.FileResponse(root / "index.html", headers={"Cache-Control": "no-cache"})

    @routes.get("/users")
    async def users(request: web.Request) -> web.Response:
        return web.json_response({"storage": "server", "migrated": _settings_file().parent.is_dir()})

    @routes.get("/settings")
    async def get_settings(request: web.Request) -> web.Response:
        return web.json_response(_settings())

    @routes.post("/settings")
    async def post_settings(request: web.Request) -> web.Response:
        _change_settings(await request.json())
        return web.Response(status=200)

    @routes.post("/settings/{id}")
    async def post_setting(request: web.Request) -> web.Response:
        _change_settings({request.match_info["id"]: await request.json()})
        return web.Response(status=200)

    @routes.get("/userdata")
    async def user_data(request: web.Request) -> web.Response:
        return web.json_response([])

    @routes.get("/i18n")
    @routes.get("/workflow_templates")
    @routes.get("/global_subgraphs")
    async def nothing_by_name(request: web.Request) -> web.Response:
        return web.json_response({})

    @routes.get("/embeddings")
    async def embeddings(request: web.Request) -> web.Response:
        return web.json_response([])

    @routes.get("/experiment/models")
    async def model_folders(request: web.Request) -> web.Response:
        names = [name for name in folder_paths.folder_names_and_paths if name not in ("configs", "custom_nodes")]
        return web.json_response([{"name": name, "folders": folder_paths.get_folder_paths(name)} for name in names])


def add_static(app: web.Application) -> None:
    """The page's files, behind all routes."""
    root = frontend()
    if root is not None:
        app.add_routes([web.static("/", root)])
