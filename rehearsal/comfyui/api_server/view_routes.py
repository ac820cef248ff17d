"""Routes that only look: pictures, node descriptions, extensions, the machine."""

from __future__ import annotations

import logging
import mimetypes
import os
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import comfy.model_management
import folder_paths
import torch
from aiohttp import web
from comfy_api.latest._node import ComfyNode

import nodes

logger = logging.getLogger(__name__)

VERSION = "0.8.0"
_AS_DOWNLOAD = {"text/html", "text/html-sandboxed", "application/xhtml+xml", "text/javascript", "text/css"}


def node_info(class_type: str) -> dict[str, Any]:
    """One entry of /object_info."""
    node = nodes.NODE_CLASS_MAPPINGS[class_type]
    if issubclass(node, ComfyNode):
        return node.GET_NODE_INFO_V1()
    types = node.INPUT_TYPES()
    info = {
        "input": types,
        "input_order": {section: list(inputs) for section, inputs in types.items()},
        "output": node.RETURN_TYPES,
        "output_is_list": getattr(node, "OUTPUT_IS_LIST", [False] * len(node.RETURN_TYPES)),
        "output_name": getattr(node, "RETURN_NAMES", node.RETURN_TYPES),
        "name": class_type,
        "display_name": nodes.NODE_DISPLAY_NAME_MAPPINGS.get(class_type, class_type),
        "description": getattr(node, "DESCRIPTION", ""),
        "python_module": getattr(node, "RELATIVE_PYTHON_MODULE", "nodes"),
        "category": getattr(node, "CATEGORY", "sd"),
        "output_node": getattr(node, "OUTPUT_NODE", False) is True,
    }
    if hasattr(node, "OUTPUT_TOOLTIPS"):
        info["output_tooltips"] = node.OUTPUT_TOOLTIPS
    return info


def system_stats() -> dict[str, Any]:
    device = comfy.model_management.get_torch_device()
    total, free = comfy.model_management.get_total_memory(), comfy.model_management.get_free_memory()
    return {
        "system": {
            "os": sys.platform,
            "ram_total": total,
            "ram_free": free,
            "comfyui_version": VERSION,
            "rehearsal": True,
            "python_version": sys.version,
            "pytorch_version": torch.__version__,
            "embedded_python": False,
            "argv": sys.argv,
        },
        "devices": [
            {
                "name": device.type,
                "type": device.type,
                "index": device.index,
                "vram_total": total,
                "vram_free": free,
                "torch_vram_total": total,
                "torch_vram_free": free,
            }
        ],
    }


def _view(request: web.Request) -> web.StreamResponse:
    query = request.query
    if "filename" not in query:
        return web.Response(status=404)
    filename, folder = folder_paths.annotated_filepath(query["filename"])
    folder = folder or folder_paths.get_directory_by_type(query.get("type", "output"))
    if not filename or filename[0] == "/" or ".." in filename or folder is None:
        return web.Response(status=400)
    target = os.path.abspath(os.path.join(folder, query.get("subfolder", "")))
    if os.path.commonpath((target, folder)) != folder:
        return web.Response(status=403)
    filename = os.path.basename(filename)
    file = os.path.join(target, filename)
    if not os.path.isfile(file):
        return web.Response(status=404)
    content_type = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    headers = {
        "Content-Disposition": f'filename="{filename}"',
        "Content-Type": "application/octet-stream" if content_type in _AS_DOWNLOAD else content_type,
    }
    return web.FileResponse(file, headers=headers)


def _extension_scripts() -> list[str]:
    return [
        f"/extensions/{urllib.parse.quote(name)}/{path.relative_to(folder).as_posix()}"
        for name, folder in nodes.EXTENSION_WEB_DIRS.items()
        for path in sorted(Path(folder).rglob("*.js"))
    ]


def register(server: Any) -> None:
    """Adds them to `server.routes`."""
    routes = server.routes

    @routes.get("/view")
    async def view(request: web.Request) -> web.StreamResponse:
        return _view(request)

    @routes.get("/object_info")
    async def object_info(request: web.Request) -> web.Response:
        found = {}
        for class_type in nodes.NODE_CLASS_MAPPINGS:
            try:
                found[class_type] = node_info(class_type)
            except Exception:
                logger.exception("An error occurred while retrieving information for the '%s' node.", class_type)
        return web.json_response(found)

    @routes.get("/object_info/{node_class}")
    async def object_info_of(request: web.Request) -> web.Response:
        class_type = request.match_info["node_class"]
        known = class_type in nodes.NODE_CLASS_MAPPINGS
        return web.json_response({class_type: node_info(class_type)} if known else {})

    @routes.get("/system_stats")
    async def get_system_stats(request: web.Request) -> web.Response:
        return web.json_response(system_stats())

    @routes.get("/features")
    async def get_features(request: web.Request) -> web.Response:
        return web.json_response(server.features)

    @routes.get("/extensions")
    async def get_extensions(request: web.Request) -> web.Response:
        return web.json_response(_extension_scripts())
