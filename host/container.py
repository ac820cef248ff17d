"""How much RAM a container allows: ComfyUI's own figures are those of the whole computer."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
_NO_LIMIT = 2**60
"""The first version writes a number near 2**63 where there is no limit."""
_FILES = {
    "": ("memory.max", "memory.current"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes"),
}
"""By controller, as /proc/self/cgroup names it ("" is version 2): files of the limit and of what is used."""


def limit_and_used(root: Path = ROOT, own: Path = OWN) -> tuple[int, int] | None:
    """(bytes allowed, bytes used without pages that can be dropped); None without a limit, as outside of Linux."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in ("memory", "") if not controllers else controllers.split(","):
            if controller in _FILES:
                mount = root / controller
                # Inside a container the group itself is mounted as the root, whatever path is told.
                limits += [_read(folder, _FILES[controller]) for folder in (mount / path.lstrip("/"), mount)]
    found = [limit for limit in limits if limit is not None]
    return min(found, key=lambda limit: limit[0] - limit[1]) if found else None


def _read(folder: Path, names: tuple[str, str]) -> tuple[int, int] | None:
    try:
        limit, used = ((folder / name).read_text(encoding="utf-8").strip() for name in names)
        if limit == "max" or int(limit) >= _NO_LIMIT:
            return None
        return int(limit), max(0, int(used) - _droppable(folder))
    except (OSError, ValueError):
        return None


def _droppable(folder: Path) -> int:
    """Cached file pages, which the kernel gives back when memory is wanted."""
    try:
        text = (folder / "memory.stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    return int(found.get("total_inactive_file", found.get("inactive_file", "0")))
