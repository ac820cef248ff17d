"""The folder of a series: everything from which it is shown and goes on, also on another server.

<root>/series/<series id>/series.json     goals, shared limits, and how it stands
                          request.json    what its runs were asked for with, as it was posted
                          0001/goal.json  what has become of the first goal
                          contact_sheet.jpg  the best picture of each goal

A file named after a server in a folder (see run_owners) says who has the goal, or is at the series.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from ...files import write_text
from ...graph.run_request import RunRequest
from ..journal import Journal
from ..pictures import LONGEST_CAPTION, SheetTile, contact_sheet_names, save_contact_sheets
from ..refusals import RunNotFound
from ..run_ids import RUN_ID
from .series import GoalRecord, Series

FOLDER = "series"
SERIES, REQUEST, GOAL = "series.json", "request.json", "goal.json"
SHEET = contact_sheet_names(1)[0]
LOG = logging.getLogger(__name__)


class SeriesStore:
    """All series beside the runs. journal: a callable, because the output folder may change. Every call may block."""

    def __init__(self, journal: Callable[[], Journal]) -> None:
        self._journal = journal

    def place(self, series_id: str, number: int | None = None) -> str:
        """What run_owners calls the folder of a series, or of one of its goals. Raises ValueError for no series id."""
        if not RUN_ID.fullmatch(series_id):
            raise ValueError(f"'{series_id[:80]}' is not the id of a series.")
        return f"{FOLDER}/{series_id}" if number is None else f"{FOLDER}/{series_id}/{number:04d}"

    def folder(self, series_id: str, number: int | None = None) -> Path:
        """Raises ValueError for no series id, so that no path leaves the root."""
        return self._journal().root / self.place(series_id, number)

    def ids(self) -> list[str]:
        """Of all series on disk, newest first."""
        try:
            names = os.listdir(self._journal().root / FOLDER)
        except OSError:
            return []
        return sorted(filter(RUN_ID.fullmatch, names), reverse=True)

    def create(self, series: Series, request: RunRequest) -> None:
        """Raises OSError."""
        for number in range(1, len(series.goals) + 1):
            self.folder(series.id, number).mkdir(parents=True)
        write_text(self.folder(series.id) / REQUEST, request.model_dump_json(include=set(RunRequest.model_fields)))
        self.save(series)

    def save(self, series: Series) -> None:
        """Raises OSError."""
        write_text(self.folder(series.id) / SERIES, series.model_dump_json(indent=1))

    def load(self, series_id: str) -> Series:
        """Raises RunNotFound where there is none that can be read, ValueError for no series id."""
        try:
            return Series.model_validate_json((self.folder(series_id) / SERIES).read_bytes())
        except (OSError, ValidationError) as problem:
            raise RunNotFound(f"There is no series {series_id}.") from problem

    def request(self, series_id: str) -> RunRequest:
        """What its runs are asked for with. Raises OSError, ValueError where it is damaged."""
        return RunRequest.model_validate_json((self.folder(series_id) / REQUEST).read_bytes())

    def record(self, series_id: str, number: int) -> GoalRecord:
        """What has become of a goal."""
        try:
            found = GoalRecord.model_validate_json((self.folder(series_id, number) / GOAL).read_bytes())
        except (OSError, ValidationError):
            return GoalRecord(number=number)
        return found.model_copy(update={"number": number})

    def records(self, series: Series) -> list[GoalRecord]:
        return [self.record(series.id, number) for number in range(1, len(series.goals) + 1)]

    def keep(self, series_id: str, record: GoalRecord) -> None:
        """Raises OSError."""
        write_text(self.folder(series_id, record.number) / GOAL, record.model_dump_json(indent=1))

    def is_first_to_tell(self, series: Series) -> bool:
        """Whether nobody has told yet that this round of the series has ended: of several servers one is the first."""
        try:
            (self.folder(series.id) / f".told-{series.round}").open("xb").close()
        except OSError:
            return False
        return True

    def sheet(self, series: Series) -> Path | None:
        """One picture with the best of each goal, made where goals have ended since; None while there is none.

        Raises OSError.
        """
        path, journal, tiles, latest = self.folder(series.id) / SHEET, self._journal(), [], 0.0
        for record in self.records(series):
            latest = max(latest, record.ended_at)
            if record.best is None:
                continue
            with suppress(ValueError):
                picture = journal.picture(record.run_id, record.best)
                score = "not judged" if record.score is None else f"{record.score:.2f}"
                caption = f"{record.number}: {score} {series.goals[record.number - 1].goal}"[:LONGEST_CAPTION]
                tiles += [SheetTile(picture, caption, record.status == "done")] if picture is not None else []
        if not tiles:
            return None
        if not path.is_file() or path.stat().st_mtime < latest:
            save_contact_sheets(tiles, self.folder(series.id))
        return path

    def delete(self, series_id: str) -> None:
        """Remove its folder; its runs stay. Raises ValueError for a folder that is a link, OSError."""
        folder = self.folder(series_id)
        if folder.is_symlink():
            raise ValueError(f"The folder of series {series_id} is a link to another place. Remove it by hand.")
        (folder / SERIES).unlink(missing_ok=True)
        shutil.rmtree(folder)
