"""The run folder: everything from which a run is shown, resumed and reproduced.

<root>/<run id>/run.json               the run as data, rewritten at every change
                graph.json             the graph that was queued, and what is embedded beside it
                loop_01_iter_01.png    each picture, with the graph that made it,
                                       of a batch loop_01_iter_01_a.png, _b ...
                loop_01_iter_01_frames.jpg  of a clip, the frames that were judged, side by side; the PNG is its middle
                loop_01_iter_01.mp4    the clip itself, or .webm, .webp, .gif: as the graph wrote it, with its sound
                loop_01_iter_01_mask.png  of a repair, what was to change, where it was known before
                loop_01_iter_01.json   settings, critique, decision, reason, timings
                last_frame.png         the last frame of the best clip, where another run goes on from it
                last_9_frames.webp     so many of them, where its model begins with a piece of video
                best.mp4               the best clip, of a run of clips; best.png is then its middle frame
                best.png               the best picture, written before run.json says that the run has ended
                contact_sheet.jpg      all pictures with their scores, written at the same time; more than some hundred
                                       go on in contact_sheet_2.jpg
"""

from __future__ import annotations

import filecmp
import io
import json
import logging
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from PIL import Image
from pydantic import ValidationError

from ..files import write_atomically, write_text
from ..graph.extend_graph import LAST_FRAME, last_frames_file
from ..judge.clip import clip_of_strip
from ..judge.picture import Picture
from ..settings import Limits, LoopHandle, Settings
from .batch_pictures import letter
from .pictures import contact_sheet_names, save_contact_sheets, save_png
from .plan import Plan
from .run import Iteration, Run
from .run_ids import RUN_ID, time_of
from .run_sheet import sheet_tiles
from .run_text import RunTexts

_RENDERED = re.compile(r"loop_[0-9]{2,6}_iter_[0-9]{2,6}(?:_[a-z]{1,2})?\.png")
CLIP_ENDINGS = (".mp4", ".webm", ".webp", ".gif", ".mov", ".mkv")
_CLIP = re.compile(r"loop_[0-9]{2,6}_iter_[0-9]{2,6}\.(?:mp4|webm|webp|gif|mov|mkv)")
CLIP = re.compile(rf"{_CLIP.pattern}|best\.(?:mp4|webm|webp|gif|mov|mkv)")
_STRIP = re.compile(r"loop_[0-9]{2,6}_iter_[0-9]{2,6}_frames\.jpg")
_MASK = re.compile(r"loop_[0-9]{2,6}_iter_[0-9]{2,6}_mask\.png")
PICTURE = re.compile(
    rf"{_RENDERED.pattern}|{_STRIP.pattern}|{_MASK.pattern}|last_frame\.png|best\.png|contact_sheet(?:_[0-9]{{1,4}})?\.jpg"
)
BEST = "best.png"
JOINED = "best.mp4"
"""The best clip of a run that goes on from another."""
_RUN, _GRAPH = "run.json", "graph.json"
STRIP_QUALITY = 88
"""JPEG, of frames that a judge may be shown again."""
Written = tuple[int, int, int]
"""Of a file: when it was written, in nanoseconds, its number and its size."""
_run_texts = RunTexts()
"""Of this process: a Journal is made for each look at the output folder, which may change."""


def stem(plan: Plan) -> str:
    """File name of an iteration without ending."""
    return f"loop_{plan.loop:02d}_iter_{plan.index:02d}"


class Journal:
    """All run folders under one root. Methods that write raise OSError; the rest never raise for bad content."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, run_id: str) -> Path:
        """Folder of a run. Raises ValueError for anything that is not a run id, so no path leaves the root."""
        if not RUN_ID.fullmatch(run_id):
            raise ValueError(f"'{run_id[:80]}' is not a run id.")
        return self.root / run_id

    def open(self, run: Run, graph: Mapping[str, Any], extra_pnginfo: Mapping[str, Any] | None) -> None:
        """Make the folder of a new run and write its graph."""
        folder = self.folder(run.id)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / _GRAPH, json.dumps({"prompt": graph, "extra_pnginfo": extra_pnginfo}))
        self.save(run)

    def restore(self, run: Run, graph: Mapping[str, Any], extra_pnginfo: Mapping[str, Any] | None) -> None:
        """Write what of a run's folder is missing; pictures cannot be. Raises OSError."""
        folder = self.folder(run.id)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / _GRAPH).is_file():
            write_text(folder / _GRAPH, json.dumps({"prompt": graph, "extra_pnginfo": extra_pnginfo}))
        for iteration in run.iterations:
            path = folder / f"{stem(iteration.plan)}.json"
            if not path.is_file():
                write_text(path, iteration.model_dump_json(indent=1))
        self.save(run)

    def written(self, run_id: str) -> Written | None:
        """Which writing of run.json is there; None where there is none. Every one is another file."""
        try:
            found = (self.folder(run_id) / _RUN).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def save(self, run: Run) -> None:
        """Write run.json."""
        write_text(self.folder(run.id) / _RUN, _run_texts.text_of(run))

    def save_picture(
        self, run_id: str, plan: Plan, image: torch.Tensor, metadata: Mapping[str, Any], index: int | None = None
    ) -> str:
        """Write IMAGE [H,W,C] as this iteration's picture; its file name. index: of a picture of a batch."""
        name = f"{stem(plan)}{'' if index is None else f'_{letter(index)}'}.png"
        save_png(image, self.folder(run_id) / name, metadata)
        return name

    def save_strip(self, run_id: str, plan: Plan, strip: Image.Image) -> str:
        """Write the judged frames of this iteration's clip, side by side; its file name."""
        name = f"{stem(plan)}_frames.jpg"
        write_atomically(self.folder(run_id) / name, lambda stream: strip.save(stream, "JPEG", quality=STRIP_QUALITY))
        return name

    def save_clip(self, run_id: str, plan: Plan, ending: str, write: Callable[[BinaryIO], None]) -> str:
        """Write this iteration's clip; its file name. ending: one of CLIP_ENDINGS."""
        name = f"{stem(plan)}{ending}"
        write_atomically(self.folder(run_id) / name, write)
        return name

    def take_clip(self, run_id: str, plan: Plan, source: Path) -> str:
        """Copy a file as this iteration's clip; its file name."""
        with source.open("rb") as clip:
            return self.save_clip(run_id, plan, source.suffix.lower(), lambda to: shutil.copyfileobj(clip, to))

    def clip(self, run_id: str, name: str) -> Path | None:
        """Path of a clip of a run, None when there is none of that name. Raises ValueError for other names."""
        if not CLIP.fullmatch(name):
            raise ValueError(f"'{name[:80]}' is not a clip of a run.")
        path = self.folder(run_id) / name
        return path if path.is_file() and not path.is_symlink() else None

    def best_clip(self, run: Run) -> Path | None:
        """The clip of a run's best iteration, without what it goes on from; None where none was kept."""
        return self._made_clip(run.id, run.result)

    def kept_best_clip(self, run_id: str) -> Path | None:
        """best.mp4 of a run, or what it is called there: the whole clip of one that goes on from another."""
        return next((path for ending in CLIP_ENDINGS if (path := self.clip(run_id, f"best{ending}"))), None)

    def save_joined(self, run_id: str, write: Callable[[BinaryIO], None]) -> None:
        """Write the whole clip as the best one."""
        write_atomically(self.folder(run_id) / JOINED, write)
        self._drop_best_clips(run_id, JOINED)

    def save_last_frames(self, run_id: str, frames: Sequence[Image.Image]) -> str:
        """Write the last frames of the best clip, from which another run goes on; the file's name.

        Several are a moving WebP without loss, which all versions of LoadImage take for a batch. It holds frames that
        are alike as one; the last frame alone is written then.
        """
        if len(frames) > 1:
            name, buffer = last_frames_file(len(frames)), io.BytesIO()
            frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True, exact=True)
            with Image.open(buffer) as made:
                whole = getattr(made, "n_frames", 1) == len(frames)
            if whole:
                write_atomically(self.folder(run_id) / name, lambda stream: stream.write(buffer.getvalue()))
                return name
        write_atomically(self.folder(run_id) / LAST_FRAME, lambda stream: frames[-1].save(stream, "PNG"))
        return LAST_FRAME

    def load_judged(self, run_id: str, iteration: Iteration) -> Picture:
        """What was judged in an iteration: its picture, or the frames of its clip. Raises OSError, ValueError."""
        clip = iteration.clip
        if clip is None or clip.strip is None:
            return Picture(self.load_picture(run_id, iteration.picture or ""))
        path = self.picture(run_id, clip.strip)
        if path is None:
            raise FileNotFoundError(f"There is no picture {clip.strip} in run {run_id}.")
        with Image.open(path) as strip:
            return clip_of_strip(strip, clip.shown, clip.frames, clip.rate)

    def load_picture(self, run_id: str, name: str) -> torch.Tensor:
        """A picture of a run as IMAGE [H,W,3], float 0..1. Raises OSError, ValueError for other names."""
        path = self.picture(run_id, name)
        if path is None:
            raise FileNotFoundError(f"There is no picture {name} in run {run_id}.")
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
        return torch.from_numpy(pixels).float().div_(255)

    def picture_form(self, run_id: str, name: str) -> tuple[int, int, bool]:
        """(width, height, whether it has an alpha channel) of a picture of a run. Raises OSError, ValueError."""
        path = self.picture(run_id, name)
        if path is None:
            raise FileNotFoundError(f"There is no picture {name} in run {run_id}.")
        with Image.open(path) as picture:
            return *picture.size, "A" in picture.getbands()

    def save_mask(self, run_id: str, plan: Plan, mask: Image.Image) -> str:
        """Write what a repair may change, white on black; its file name."""
        name = f"{stem(plan)}_mask.png"
        grey = mask.convert("L").convert("RGB")
        write_atomically(self.folder(run_id) / name, lambda stream: grey.save(stream, "PNG"))
        return name

    def record(self, run: Run, iteration: Iteration | None) -> None:
        """Write the run, and before it the iteration that is new in it, if any."""
        if iteration is not None:
            path = self.folder(run.id) / f"{stem(iteration.plan)}.json"
            write_text(path, iteration.model_dump_json(indent=1))
        self.save(run)

    def close(self, run: Run) -> None:
        """Write what an ended run leaves behind: the contact sheet, as far as it can be made, best.png, the best clip.

        That of one that goes on from another is the caller's to write, see extending.close_folder.
        """
        best = run.result
        try:
            save_contact_sheets(sheet_tiles(run, lambda name: self._made(run.id, name)), self.folder(run.id))
        except Exception:  # whatever is wrong with it, it is a convenience
            logging.exception("Imitatoes: the contact sheet of run %s could not be made", run.id)
        picture = self._made(run.id, best.picture) if best is not None else None
        if picture is not None:
            _copy(picture, self.folder(run.id) / BEST)
        if not run.extends:
            self.save_best_clip(run)

    def save_best_clip(self, run: Run) -> None:
        """The clip of a run's best iteration as the best one, where it kept any."""
        clip = self.best_clip(run)
        self._drop_best_clips(run.id, "" if clip is None else best_clip_name(clip.name))
        if clip is not None:
            _copy(clip, self.folder(run.id) / best_clip_name(clip.name))

    def _drop_best_clips(self, run_id: str, kept: str) -> None:
        """Former best clips, which had another ending."""
        for path in self.folder(run_id).glob("best.*"):
            if CLIP.fullmatch(path.name) and path.name != kept:
                path.unlink(missing_ok=True)

    def is_closed(self, run: Run) -> bool:
        """Whether best.png and the contact sheets are there, and best.png is the best picture."""
        result, folder = run.result, self.folder(run.id)
        best = self._made(run.id, result.picture) if result is not None else None
        made = sum(self._made(run.id, one.picture) is not None for i in run.iterations for one in i.pictures)
        if not all((folder / name).is_file() for name in contact_sheet_names(made)):
            return False
        clip = self._made_clip(run.id, result)
        try:
            if clip is not None and not self._is_best(run, clip):
                return False
            return best is None or filecmp.cmp(best, folder / BEST, shallow=False)
        except OSError:
            return False

    def _is_best(self, run: Run, clip: Path) -> bool:
        """Whether the best clip is kept as such; of a run that goes on from another it is longer than its own."""
        kept = self.kept_best_clip(run.id)
        return kept is not None and (bool(run.extends) or filecmp.cmp(clip, kept, shallow=False))

    def _made(self, run_id: str, name: str | None) -> Path | None:
        """A picture of an iteration; None where it is not there, or is no picture of a run."""
        return self.picture(run_id, name) if name and _RENDERED.fullmatch(name) else None

    def _made_clip(self, run_id: str, iteration: Iteration | None) -> Path | None:
        """The clip of an iteration; None where it is not there."""
        name = iteration.clip.file if iteration is not None and iteration.clip is not None else None
        return self.clip(run_id, name) if name and _CLIP.fullmatch(name) else None

    def load(self, run_id: str) -> Run | None:
        """The run as written last; None when there is none. One that cannot be read is of status "unreadable"."""
        path = self.folder(run_id) / _RUN
        try:
            run = Run.model_validate_json(path.read_bytes())
            if run.id != run_id:
                raise ValueError(f"it is of run {run.id[:80]}")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            why = _in_few_words(problem)
            logging.warning("Imitatoes: %s cannot be read: %s", path, why)
            return _unreadable(run_id, path, why)
        return run.model_copy(update={"iterations": tuple(map(_with_safe_picture, run.iterations))})

    def load_graph(self, run_id: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """(graph, extra_pnginfo or None) that the run was queued with. Raises OSError, ValueError when damaged."""
        try:
            data = json.loads((self.folder(run_id) / _GRAPH).read_bytes())
            return dict(data["prompt"]), data.get("extra_pnginfo")
        except (LookupError, TypeError, AttributeError, RecursionError) as problem:
            raise ValueError(f"{_GRAPH} of run {run_id} holds no graph.") from problem

    def load_fingerprint(self, run_id: str, plan: Plan) -> str:
        """Fingerprint of an iteration's picture; empty when its file is missing or damaged."""
        try:
            text = (self.folder(run_id) / f"{stem(plan)}.json").read_text(encoding="utf-8")
            return Iteration.model_validate_json(text).fingerprint
        except (OSError, ValidationError):
            return ""

    def delete(self, run_id: str) -> None:
        """Remove a run's folder with all in it. run.json goes first: what is left after a failure is no run.

        Raises ValueError for a folder that is a link, OSError.
        """
        folder = self.folder(run_id)
        if folder.is_symlink():
            raise ValueError(f"The folder of run {run_id} is a link to another place. Remove it by hand.")
        (folder / _RUN).unlink(missing_ok=True)
        if folder.is_dir():
            shutil.rmtree(folder)

    def run_ids(self) -> list[str]:
        """All run ids on disk, newest first."""
        try:
            names = [entry.name for entry in self.root.iterdir() if RUN_ID.fullmatch(entry.name)]
        except OSError:
            return []
        return sorted(names, reverse=True)

    def picture(self, run_id: str, name: str) -> Path | None:
        """Path of a picture of a run, None when there is none of that name. Raises ValueError for other names."""
        if not PICTURE.fullmatch(name):
            raise ValueError(f"'{name[:80]}' is not a picture of a run.")
        path = self.folder(run_id) / name
        return path if path.is_file() and not path.is_symlink() else None


def best_clip_name(file: str) -> str:
    """As what the clip of that name is kept where it is the best."""
    return f"best{Path(file).suffix}"


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as stream:
        write_atomically(target, lambda to: shutil.copyfileobj(stream, to))


def _with_safe_picture(iteration: Iteration) -> Iteration:
    """An iteration as read: a picture's name that this pack does not give may point to any file of this computer."""
    others = tuple(one.model_copy(update={"picture": _safe_name(one.picture)}) for one in iteration.others)
    update = {"picture": _safe_name(iteration.picture), "others": others}
    if iteration.clip is not None:
        strip, file = _safe_name(iteration.clip.strip, _STRIP), _safe_name(iteration.clip.file, _CLIP)
        update["clip"] = iteration.clip.model_copy(update={"strip": strip, "file": file})
    return iteration.model_copy(update=update)


def _safe_name(picture: str | None, names: re.Pattern[str] = _RENDERED) -> str | None:
    if picture is None or names.fullmatch(picture):
        return picture
    logging.warning("Imitatoes: '%s' is not a picture of a run and is left out", picture[:80])
    return None


def _in_few_words(problem: OSError | ValueError) -> str:
    if isinstance(problem, ValidationError):
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'run.json'}: {first['msg']}"
    return getattr(problem, "strerror", None) or str(problem)


def _unreadable(run_id: str, path: Path, why: str) -> Run:
    """What is shown of a run whose run.json cannot be read."""
    time = time_of(run_id)
    created = time.timestamp() if time is not None else 0.0
    settings = Settings(prompt="", negative="", seed=0, steps=1, cfg=0.0)
    return Run(
        id=run_id,
        created=created,
        updated=created,
        start=LoopHandle(goal="", settings=settings, limits=Limits(), pass_score=0.0, seed_policy="auto"),
        loop_node="",
        critic_node="",
        client_id="",
        first_prompt_id="",
        status="unreadable",
        phase="waiting",
        reason=(
            f"{path} cannot be read ({why}). If a newer Imitatoes wrote it, update this one. Else keep the "
            "pictures you want from its folder, and delete the run."
        ),
    )
