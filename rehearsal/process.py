"""Starts and stops a ComfyUI: the stand-in beside this file, or a real checkout."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

_HERE = Path(__file__).resolve().parent
_STAND_IN = _HERE / "comfyui" / "main.py"
_FOLDERS = ("custom_nodes", "input", "models", "output", "temp", "user")
_PACK_PARTS = (
    "__init__.py",
    "nodes",
    "engine",
    "host",
    "ollama_client",
    "openai_client",
    "http_client",
    "routes",
    "web",
    "locales",
    "workflows",
    "subgraphs",
    "pyproject.toml",
    "requirements.txt",
)
_START_LIMIT_SECONDS = 120.0
_STOP_LIMIT_SECONDS = 10.0
_POLL_SECONDS = 0.05
_TAIL_CHARACTERS = 4000

# A server on this machine is never behind the user's proxy.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class ComfyError(RuntimeError):
    """ComfyUI did not start; the message ends with the tail of its log."""


def prepare_base(base: Path, pack_root: Path, painter: bool = True) -> Path:
    """Makes a base directory with our pack in custom_nodes/imitatoes, and the painter pack unless told not to.

    What was installed there before is replaced; everything else in `base` stays.
    """
    for name in _FOLDERS:
        (base / name).mkdir(parents=True, exist_ok=True)
    pack = _emptied(base / "custom_nodes" / "imitatoes")
    for name in _PACK_PARTS:
        _copy(pack_root / name, pack / name)
    painter_pack = _emptied(base / "custom_nodes" / "rehearsal_painter")
    if painter:
        _copy(_HERE / "painter_pack", painter_pack)
        for world in (_HERE / "world", _HERE.parent / "engine" / "tutorial"):
            _copy(world, painter_pack / "world")
    else:
        painter_pack.rmdir()
    return base


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"), dirs_exist_ok=True)
    elif source.exists():
        shutil.copy2(source, target)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ComfyProcess:
    """One server over a base directory; `with ComfyProcess(base) as comfy:` starts and stops it.

    `comfyui_path` names a real checkout (None: the stand-in), `python` its interpreter, `environment` is added to
    this process's own. `frontend` names the folder of another page than the installed one. `paid_nodes`: also the nodes
    that ask a service of somebody else's and cost money there; nothing of the tests runs them.
    """

    def __init__(
        self,
        base: Path,
        comfyui_path: Path | None = None,
        python: str | None = None,
        environment: dict[str, str] | None = None,
        frontend: Path | None = None,
        paid_nodes: bool = False,
    ) -> None:
        self.base = Path(base).resolve()
        self.comfyui_path = Path(comfyui_path).resolve() if comfyui_path else None
        self.python = python or sys.executable
        self.environment = environment or {}
        self.frontend = frontend
        self.paid_nodes = paid_nodes
        self.log_path = self.base / "comfyui.log"
        self.port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ComfyProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at the end."""
        if self.port is None:
            raise ComfyError("ComfyUI has not been started.")
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, port: int | None = None) -> ComfyProcess:
        """Returns once it answers; does nothing while it runs. Raises ComfyError after 120 s or when it dies."""
        if self.running:
            return self
        self.port = port or free_port()
        script = self.comfyui_path / "main.py" if self.comfyui_path else _STAND_IN
        command = [self.python, str(script), "--cpu", "--listen", "127.0.0.1", "--port", str(self.port)]
        command += ["--base-directory", str(self.base)]
        if self.comfyui_path and not self.paid_nodes:
            command.append("--disable-api-nodes")
        if self.frontend:
            command += ["--front-end-root", str(self.frontend)]
        self.base.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=script.parent,
                env=self._full_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()
        return self

    def _full_environment(self) -> dict[str, str]:
        inherited = dict(os.environ)
        # Whoever runs the tests may have the pack's root on it, where core's `import nodes` would find our package.
        inherited.pop("PYTHONPATH", None)
        inherited.setdefault("OMP_NUM_THREADS", "1")
        return {**inherited, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **self.environment}

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                raise ComfyError(f"ComfyUI ended while starting:\n{self.log_text()[-_TAIL_CHARACTERS:]}")
            try:
                with _open(f"{self.url}/system_stats", timeout=5) as answer:
                    json.load(answer)
                return
            except (urllib.error.URLError, OSError, ValueError):
                time.sleep(_POLL_SECONDS)
        self.kill()
        raise ComfyError(
            f"ComfyUI did not answer within {_START_LIMIT_SECONDS:.0f} s:\n{self.log_text()[-_TAIL_CHARACTERS:]}"
        )

    def kill(self) -> None:
        """At once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Gracefully; killed when it has not ended after 10 s."""
        if not self.running:
            return
        # A shell's background jobs ignore the interrupt, and so would their children.
        interruptible = os.name != "nt" and signal.getsignal(signal.SIGINT) != signal.SIG_IGN
        if interruptible:
            self._process.send_signal(signal.SIGINT)
        else:
            self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self, kill: bool = False) -> ComfyProcess:
        """Ends it (gracefully unless `kill`) and starts it again on the same port."""
        port = self.port
        if kill:
            self.kill()
        else:
            self.stop()
        return self.start(port)

    def log_text(self) -> str:
        """Everything printed so far, over all starts."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def memory_mb(self) -> float | None:
        """Resident memory in MiB; None without psutil or while it does not run."""
        try:
            import psutil
        except ImportError:
            return None
        return psutil.Process(self.pid).memory_info().rss / 2**20 if self.running else None
