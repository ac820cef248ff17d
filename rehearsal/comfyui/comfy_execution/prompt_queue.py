"""What waits, what runs and what has run."""

from __future__ import annotations

import copy
import heapq
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

MAXIMUM_HISTORY_SIZE = 10000

# (number, prompt id, prompt, extra_data, outputs to execute, sensitive values)
Item = tuple[float, str, dict[str, Any], dict[str, Any], list[str], dict[str, Any]]


class ExecutionStatus(NamedTuple):
    status_str: str
    completed: bool
    messages: list[Any]


class PromptQueue:
    """Thread-safe. `server.queue_updated()` is called on every change."""

    ExecutionStatus = ExecutionStatus

    def __init__(self, server: Any) -> None:
        self.server = server
        self.mutex = threading.RLock()
        self.not_empty = threading.Condition(self.mutex)
        self.task_counter = 0
        self.queue: list[Item] = []
        self.currently_running: dict[int, Item] = {}
        self.history: dict[str, dict[str, Any]] = {}
        self.flags: dict[str, Any] = {}

    def put(self, item: Item) -> None:
        with self.mutex:
            heapq.heappush(self.queue, item)
            self.server.queue_updated()
            self.not_empty.notify()

    def get(self, timeout: float | None = None) -> tuple[Item, int] | None:
        """(item, its number for task_done); None after `timeout` seconds, or when a flag was set meanwhile."""
        with self.not_empty:
            while not self.queue:
                self.not_empty.wait(timeout)
                if timeout is not None and not self.queue:
                    return None
            item = heapq.heappop(self.queue)
            item_id = self.task_counter
            self.task_counter += 1
            # A copy, since the run writes into the prompt and history shows it as it was sent.
            self.currently_running[item_id] = copy.deepcopy(item)
            self.server.queue_updated()
            return item, item_id

    def task_done(
        self,
        item_id: int,
        history_result: dict[str, Any],
        status: ExecutionStatus | None,
        process_item: Callable[[Any], Any] | None = None,
    ) -> None:
        with self.mutex:
            item = self.currently_running.pop(item_id)
            if len(self.history) > MAXIMUM_HISTORY_SIZE:
                self.history.pop(next(iter(self.history)))
            entry = {
                "prompt": process_item(item) if process_item else item,
                "outputs": {},
                "status": copy.deepcopy(status._asdict()) if status else None,
            }
            self.history[item[1]] = entry | history_result
            self.server.queue_updated()

    def get_current_queue(self) -> tuple[list[Item], list[Item]]:
        """(running, pending); pending as a deep copy."""
        with self.mutex:
            return list(self.currently_running.values()), copy.deepcopy(self.queue)

    def get_current_queue_volatile(self) -> tuple[list[Item], list[Item]]:
        """(running, pending), the items themselves: for reading only."""
        with self.mutex:
            return list(self.currently_running.values()), list(self.queue)

    def get_tasks_remaining(self) -> int:
        with self.mutex:
            return len(self.queue) + len(self.currently_running)

    def wipe_queue(self) -> None:
        with self.mutex:
            self.queue = []
            self.server.queue_updated()

    def delete_queue_item(self, function: Callable[[Item], bool]) -> bool:
        """Removes the first pending item for which `function` is true; False when there is none."""
        with self.mutex:
            for index, item in enumerate(self.queue):
                if function(item):
                    self.queue.pop(index)
                    heapq.heapify(self.queue)
                    self.server.queue_updated()
                    return True
        return False

    def get_history(
        self,
        prompt_id: str | None = None,
        max_items: int | None = None,
        offset: int = -1,
        map_function: Callable[[Any], Any] | None = None,
    ) -> dict[str, Any]:
        """`{prompt id: entry}`. A negative offset with `max_items` counts from the end."""
        with self.mutex:
            if prompt_id is not None:
                if prompt_id not in self.history:
                    return {}
                entry = self.history[prompt_id]
                return {prompt_id: map_function(entry) if map_function else copy.deepcopy(entry)}
            if offset < 0:
                offset = len(self.history) - max_items if max_items is not None else 0
            chosen = list(self.history.items())[max(offset, 0) :][:max_items]
            return {key: map_function(entry) if map_function else entry for key, entry in chosen}

    def wipe_history(self) -> None:
        with self.mutex:
            self.history = {}

    def delete_history_item(self, id_to_delete: str) -> None:
        with self.mutex:
            self.history.pop(id_to_delete, None)

    def set_flag(self, name: str, data: Any) -> None:
        with self.mutex:
            self.flags[name] = data
            self.not_empty.notify()

    def get_flags(self, reset: bool = True) -> dict[str, Any]:
        with self.mutex:
            flags = dict(self.flags)
            if reset:
                self.flags = {}
            return flags
