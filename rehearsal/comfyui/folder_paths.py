"""Where files are: one base directory with output, temp, input, user and models below it."""

from __future__ import annotations

import mimetypes
import os
import re
import time

from comfy.cli_args import args

supported_pt_extensions = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}
base_path = os.path.abspath(args.base_directory)
models_dir = os.path.join(base_path, "models")

_SUBFOLDERS = {
    "checkpoints": ("checkpoints",),
    "loras": ("loras",),
    "vae": ("vae",),
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("unet", "diffusion_models"),
    "clip_vision": ("clip_vision",),
    "embeddings": ("embeddings",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "upscale_models": ("upscale_models",),
}
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {
    name: ([os.path.join(models_dir, one) for one in below], supported_pt_extensions)
    for name, below in _SUBFOLDERS.items()
}
folder_names_and_paths["custom_nodes"] = ([os.path.join(base_path, "custom_nodes")], set())

_LEGACY = {"unet": "diffusion_models", "clip": "text_encoders"}
_ANNOTATION = re.compile(r" ?\[(output|input|temp)\]$")


def get_output_directory() -> str:
    return os.path.join(base_path, "output")


def get_temp_directory() -> str:
    return os.path.join(base_path, "temp")


def get_input_directory() -> str:
    return os.path.join(base_path, "input")


def get_user_directory() -> str:
    return os.path.join(base_path, "user")


def get_system_user_directory(name: str = "system") -> str:
    """The folder the HTTP user-data routes never serve. ValueError unless `name` is a plain word."""
    if not name or not name.replace("_", "").isalnum() or name.startswith("_"):
        raise ValueError(f"Invalid system user name: '{name}'")
    return os.path.join(get_user_directory(), f"__{name}")


def get_directory_by_type(type_name: str) -> str | None:
    by_type = {"output": get_output_directory, "temp": get_temp_directory, "input": get_input_directory}
    return by_type[type_name]() if type_name in by_type else None


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """`"a.png [output]"` -> `("a.png", <output folder>)`; no annotation gives None as the folder."""
    found = _ANNOTATION.search(name)
    return (name[: found.start()], get_directory_by_type(found[1])) if found else (name, None)


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    plain, folder = annotated_filepath(name)
    return os.path.join(folder or default_dir or get_input_directory(), plain)


def exists_annotated_filepath(name: str) -> bool:
    return os.path.exists(get_annotated_filepath(name))


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    folder_name = _LEGACY.get(folder_name, folder_name)
    paths, _ = folder_names_and_paths.setdefault(folder_name, ([], set()))
    if full_folder_path not in paths:
        paths.insert(0 if is_default else len(paths), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    return folder_names_and_paths[_LEGACY.get(folder_name, folder_name)][0][:]


def get_filename_list(folder_name: str) -> list[str]:
    """Files below that kind's folders, relative and sorted. KeyError on an unknown kind."""
    folders, extensions = folder_names_and_paths[_LEGACY.get(folder_name, folder_name)]
    found = {
        os.path.relpath(os.path.join(root, name), folder)
        for folder in folders
        for root, _, names in os.walk(folder, followlinks=True)
        for name in names
        if not extensions or os.path.splitext(name)[1].lower() in extensions
    }
    return sorted(found)


def get_full_path(folder_name: str, filename: str) -> str | None:
    """None when there is no such file; never leaves the kind's folders."""
    filename = os.path.relpath(os.path.join("/", filename), "/")
    candidates = [os.path.join(folder, filename) for folder in get_folder_paths(folder_name)]
    return next((path for path in candidates if os.path.isfile(path)), None)


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    path = get_full_path(folder_name, filename)
    if path is None:
        raise FileNotFoundError(f"Model in folder '{folder_name}' with filename '{filename}' not found.")
    return path


def filter_files_content_types(files: list[str], content_types: list[str]) -> list[str]:
    return [one for one in files if (mimetypes.guess_type(one, strict=False)[0] or "").split("/")[0] in content_types]


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """(folder, file name, next counter, subfolder, prefix). Makes the folder; raises outside `output_dir`."""
    now = time.localtime()
    variables = {"width": str(image_width), "height": str(image_height), "year": str(now.tm_year)}
    for name, value in (
        ("month", now.tm_mon),
        ("day", now.tm_mday),
        ("hour", now.tm_hour),
        ("minute", now.tm_min),
        ("second", now.tm_sec),
    ):
        variables[name] = f"{value:02}"
    for name, value in variables.items():
        filename_prefix = filename_prefix.replace(f"%{name}%", value)

    subfolder, filename = os.path.split(os.path.normpath(filename_prefix))
    folder = os.path.join(output_dir, subfolder)
    if os.path.commonpath((output_dir, os.path.abspath(folder))) != output_dir:
        raise Exception(f"**** ERROR: Saving image outside the output folder is not allowed: {folder}")
    os.makedirs(folder, exist_ok=True)

    taken = [0]
    for name in os.listdir(folder):
        if os.path.normcase(name).startswith(os.path.normcase(f"{filename}_")):
            digits = name[len(filename) + 1 :].split("_")[0]
            taken.append(int(digits) if digits.isdecimal() else 0)
    return folder, filename, max(taken) + 1, subfolder, filename_prefix
