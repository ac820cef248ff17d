"""Empty files on a real server's shelves, so that its lists hold every name that some graphs ask for.

Which folder an input lists is found out, not known: each folder gets a file of its own name first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from .theatre import Theatre

MARK = "which_folder"
KINDS = {"png": "input", "mp4": "input", "mp3": "input", "glb": "input"}


class StockedFiles:
    """Makes the files. folders: (class, input) to the folder that it lists."""

    def __init__(self, theatre: Theatre) -> None:
        self._base, self._client = theatre.base, theatre.client
        for name in self._client.get("/models"):
            self._make(self._base / "models" / name / f"{MARK}_{name}.safetensors")
        for kind, folder in KINDS.items():
            self._make(self._base / folder / f"{MARK}_{folder}.{kind}")
        self.folders = dict(self._found())

    def _make(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def _found(self) -> Iterator[tuple[tuple[str, str], Path]]:
        for class_type, described in self._client.get("/object_info").items():
            for section in ("required", "optional"):
                for name, spec in (described["input"].get(section) or {}).items():
                    for choice in _choices(spec):
                        stem = PurePosixPath(str(choice)).stem
                        if stem.startswith(f"{MARK}_"):
                            folder = stem.removeprefix(f"{MARK}_")
                            yield (
                                (class_type, name),
                                self._base / ("input" if folder == "input" else f"models/{folder}"),
                            )

    def put(self, graphs: Iterable[dict[str, Any]]) -> None:
        """Makes every file that these API graphs name."""
        for graph in graphs:
            for node in graph.values():
                for name, value in node["inputs"].items():
                    folder = self.folders.get((node["class_type"], name))
                    if folder and isinstance(value, str) and value and not value.endswith("]"):
                        self._make(folder / value)


def _choices(spec: Any) -> list[Any]:
    if isinstance(spec[0], list):
        return spec[0]
    options = spec[1].get("options") if len(spec) > 1 and isinstance(spec[1], dict) else None
    return options if isinstance(options, list) and spec[0] == "COMBO" else []
