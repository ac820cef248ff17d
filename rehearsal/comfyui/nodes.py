"""The node classes there are, and how custom node packs add theirs. The name mirrors ComfyUI's module."""

from __future__ import annotations

import importlib.util
import inspect
import logging
import os
import sys
from types import ModuleType
from typing import Any

import comfy.model_management
import folder_paths
from comfy_api.latest import ComfyExtension
from stand_in_nodes import DISPLAY_NAMES, NODE_CLASSES

logger = logging.getLogger(__name__)

NODE_CLASS_MAPPINGS: dict[str, Any] = dict(NODE_CLASSES)
NODE_DISPLAY_NAME_MAPPINGS: dict[str, str] = dict(DISPLAY_NAMES)
EXTENSION_WEB_DIRS: dict[str, str] = {}
LOADED_MODULE_DIRS: dict[str, str] = {}


def interrupt_processing(value: bool = True) -> None:
    comfy.model_management.interrupt_current_processing(value)


def before_node_execution() -> None:
    comfy.model_management.throw_exception_if_processing_interrupted()


async def init_extra_nodes() -> None:
    """Loads every pack in custom_nodes. A pack that fails is logged and left out."""
    taken = set(NODE_CLASS_MAPPINGS)
    for path in _pack_paths():
        try:
            await _load_custom_node(path, taken)
        except Exception:
            logger.warning("Cannot import %s module for custom nodes", path, exc_info=True)


def _pack_paths() -> list[str]:
    found = []
    for folder in folder_paths.get_folder_paths("custom_nodes"):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name != "__pycache__" and (os.path.isdir(path) or name.endswith(".py")):
                found.append(path)
    return [path for path in found if not path.endswith(".disabled")]


def _import(path: str) -> ModuleType:
    if os.path.isdir(path):
        name, file = path.replace(".", "_x_"), os.path.join(path, "__init__.py")
    else:
        name, file = os.path.splitext(path)[0], path
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _register_folders(module: ModuleType, path: str) -> None:
    name = os.path.basename(path)
    folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path))
    LOADED_MODULE_DIRS[name] = folder
    web = getattr(module, "WEB_DIRECTORY", None)
    if web is not None and os.path.isdir(os.path.join(folder, web)):
        EXTENSION_WEB_DIRS[name] = os.path.abspath(os.path.join(folder, web))


async def _load_custom_node(path: str, taken: set[str]) -> None:
    module = _import(path)
    _register_folders(module, path)
    if getattr(module, "NODE_CLASS_MAPPINGS", None) is not None:
        added = dict(module.NODE_CLASS_MAPPINGS)
        NODE_DISPLAY_NAME_MAPPINGS.update(getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None) or {})
    elif hasattr(module, "comfy_entrypoint"):
        added = await _v3_nodes(module)
    else:
        logger.warning("Skip %s module for custom nodes due to the lack of NODE_CLASS_MAPPINGS or an entry point", path)
        return
    for node_id, node in added.items():
        if node_id not in taken:
            NODE_CLASS_MAPPINGS[node_id] = node
            node.RELATIVE_PYTHON_MODULE = f"custom_nodes.{os.path.basename(path)}"


async def _v3_nodes(module: ModuleType) -> dict[str, Any]:
    entrypoint = module.comfy_entrypoint
    extension = await entrypoint() if inspect.iscoroutinefunction(entrypoint) else entrypoint()
    if not isinstance(extension, ComfyExtension):
        raise TypeError("comfy_entrypoint did not return a ComfyExtension")
    found = await extension.get_node_list()
    if not isinstance(found, list):
        raise TypeError("get_node_list did not return a list of nodes")
    added = {}
    for node in found:
        schema = node.GET_SCHEMA()
        added[schema.node_id] = node
        if schema.display_name is not None:
            NODE_DISPLAY_NAME_MAPPINGS[schema.node_id] = schema.display_name
    return added
