"""How much of the machine somebody else used while the clocks ran."""

from __future__ import annotations

from types import ModuleType

try:
    import psutil
except ImportError:
    psutil: ModuleType | None = None


class Bystanders:
    """Counts from its making."""

    def __init__(self) -> None:
        self._busy, self._all = _processors()
        self._ours = _used(None)

    def share(self, *servers: int | None) -> float | None:
        """What neither this process nor the servers used, of all processors, 0..1; None where it cannot be told.

        servers: process ids, of processes that were started after the making.
        """
        if psutil is None or None in servers:
            return None
        busy, everything = _processors()
        ours = _used(None) - self._ours + sum(map(_used, servers))
        return min(1.0, max(0.0, busy - self._busy - ours) / max(everything - self._all, 1e-9))


def _processors() -> tuple[float, float]:
    """Processor seconds: (busy, all), since the machine started."""
    if psutil is None:
        return 0.0, 0.0
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Guests are counted as users, too.
    everything = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return everything - idle, everything


def _used(process: int | None) -> float:
    """Processor seconds of a process, this one for None."""
    if psutil is None:
        return 0.0
    times = psutil.Process(process).cpu_times()
    return times.user + times.system
