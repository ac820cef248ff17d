"""comfy.model_management with small patchers on a card of figures: the parts that host/memory leans on, as core has
them (0.3.64 to newer), without ComfyUI."""

from __future__ import annotations

import math
from types import SimpleNamespace as Box

import pytest
from pack.host.comfy_services import ComfyServices
from pack.host.memory import MemoryReports

GPU, CPU = Box(type="cuda"), Box(type="cpu")
MIB, GIB = 2**20, 2**30


class Diffusion:
    """A MODEL of so many numbers."""

    def __init__(self, elements=0):
        self.diffusion_model = Box(parameters=lambda: [Box(numel=lambda: elements)])


class Decoder:
    """A VAE."""

    def encode(self): ...

    def decode(self): ...


class Patcher:
    def __init__(self, size, model=None, device=GPU, dynamic=False, says_free=None):
        self.model, self.load_device, self.size, self.loaded = model or Diffusion(), device, size, size
        self.dynamic, self.says_free = dynamic, says_free

    def model_size(self):
        return self.size

    def loaded_size(self):
        return self.loaded

    def is_dynamic(self):
        return self.dynamic

    def get_free_memory(self, device):
        return self.says_free

    def clone(self):
        return Patcher(self.size, self.model, self.load_device)

    def memory_required(self, shape):
        return math.prod(shape)


class Entry:
    """core's LoadedModel. Its patcher may be gone."""

    def __init__(self, patcher, device=GPU):
        self.model, self.device = patcher, device

    def model_loaded_memory(self):
        return self.model.loaded_size()

    def __eq__(self, other):
        return self.model is other.model

    __hash__ = None


class SmallCard:
    """The module. cached: what torch keeps of the card for itself. foreign: what other programs take."""

    def __init__(self, total, patchers=(), device=GPU, cached=0):
        self.total, self.device, self.cached, self.foreign = total, device, cached, 0
        self.current_loaded_models = [Entry(p, p.load_device) for p in patchers]
        self.calls = []

    def get_torch_device(self):
        return self.device

    def get_total_memory(self, dev=None):
        return self.total

    def get_free_memory(self, dev=None, torch_free_too=False):
        held = sum(e.model.loaded for e in self.current_loaded_models if e.model is not None and e.device is dev)
        free = self.total - self.foreign - (0 if self.device is CPU else held)
        return (free, self.cached) if torch_free_too else free

    def minimum_inference_memory(self):
        return 1.5

    def soft_empty_cache(self):
        self.cached = 0
        self.calls.append("soft_empty_cache")

    def free_memory(self, memory_required, device, keep_loaded=()):
        """As core: a part where a part is enough, else the whole model, which then leaves the list."""
        self.calls.append(("free_memory", memory_required))
        for entry in [e for e in self.current_loaded_models if e not in keep_loaded and e.device is device]:
            missing = memory_required - self.get_free_memory(device)
            if missing <= 0:
                break
            if missing < entry.model.loaded:
                entry.model.loaded -= int(missing)
            else:
                entry.model.loaded = 0
                self.current_loaded_models.remove(entry)


class Stopped(BaseException):
    """What ComfyUI's interrupt is since 0.20: no Exception."""


def services_on(card, **changes):
    """Around a small card: no files, no node classes, nobody interrupts. changes: any of its fields."""

    def nowhere(name):
        raise ValueError(f"there is no connection '{name}'.")

    values = {
        "management": card,
        "own_patchers": tuple,
        "find_file": lambda folder, name: None,
        "output_types": lambda name: (),
        "connection": nowhere,
        "clear_node_cache": lambda: pytest.fail("nobody asked for it"),
        "interrupted": lambda: False,
        "stop": Stopped,
        "reports": MemoryReports(),
    }
    return ComfyServices(**{**values, **changes})
