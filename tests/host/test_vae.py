"""The engine's port over VAE objects of old and new versions."""

from __future__ import annotations

import pytest
import torch

from ..engine.decode.test_shared_middle import Model
from .comfy_vae import FirstStage, kl_vae, new_version, picture_vae, video_vae
from .stand_in import comfy  # noqa: F401


@pytest.fixture
def host(comfy):  # noqa: F811
    from pack.host import vae

    return vae


def latent(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def test_pixels_are_those_of_the_vaes_own_decode(host):
    vae, given = picture_vae(), latent(2, 4, 6, 5)
    found = host.ComfyVae(vae).decode(given)
    assert torch.equal(found.movedim(1, -1), vae.decode(given))
    assert found.dtype == torch.float32


def test_a_new_version_works_in_place_and_has_a_dtype_of_its_own(host):
    given = latent(1, 4, 6, 5)
    old, new = host.ComfyVae(picture_vae()), host.ComfyVae(new_version(picture_vae()))
    found = new.decode(given)
    assert found.dtype == torch.float16
    assert (found.float() - old.decode(given)).abs().max() < 1e-3
    assert new.free() == 12345.0


def test_the_models_own_output_is_never_written_to(host):
    kept = latent(1, 3, 8, 8)
    before = kept.clone()
    vae = new_version(picture_vae(FirstStage(lambda given: kept)))
    vae.vae_output_dtype = lambda: torch.float32
    host.ComfyVae(vae).decode(latent(1, 4, 1, 1))
    assert torch.equal(kept, before)


def test_sizes_of_pictures_and_videos(host):
    assert host.ComfyVae(picture_vae()).compression.space == 8
    video = host.ComfyVae(video_vae()).compression
    assert (video.space, video.frames(1), video.frames(5), video.first_frame(3)) == (8, 1, 17, 12)
    plain = host.ComfyVae(video_vae(upscale_ratio=(2, 8, 8), upscale_index_formula=None)).compression
    assert (plain.frames(5), plain.first_frame(3)) == (10, 6)


@pytest.mark.parametrize(
    ("more", "shape", "reason"),
    [
        ({}, (1, 4, 8, 8), None),
        ({"patcher": None}, (1, 4, 8, 8), "not one of ComfyUI's own"),
        ({"memory_used_decode": None}, (1, 4, 8, 8), "not one of ComfyUI's own"),
        ({"handles_tiling": True}, (1, 4, 8, 8), "splits the work itself"),
        ({"extra_1d_channel": 16}, (1, 8, 16, 8), "for sound"),
        ({"output_channels": 2}, (1, 32, 2, 8), "for sound"),
        ({"latent_dim": 1}, (1, 64, 100), "latent of 3 dimensions"),
        ({"latent_dim": 3}, (1, 4, 8, 8), "latent of 4 dimensions"),
    ],
)
def test_what_is_left_to_the_vae(host, more, shape, reason):
    said = host.why_not_ours(picture_vae(**more), torch.zeros(shape))
    assert said is None if reason is None else reason in said


def test_objects_of_other_packs_are_left_alone(host):
    class Other:
        def decode(self, latent):
            return latent

    assert "not one of ComfyUI's own" in host.why_not_ours(Other(), torch.zeros(1, 4, 8, 8))


def test_a_decoder_is_looked_at_once(host):
    vae = kl_vae()
    calls, decode = [], vae.first_stage_model.decode
    vae.first_stage_model.decode = lambda given: calls.append(1) or decode(given)
    port = host.ComfyVae(vae)
    assert port.layerwise(latent(1, 4, 20, 20)) is not None
    seen = len(calls)
    assert seen > 0
    assert port.layerwise(latent(1, 4, 20, 20)) is not None
    assert len(calls) == seen


def test_a_decoder_that_gives_other_pixels_is_not_decoded_layer_by_layer(host):
    vae = kl_vae()
    vae.first_stage_model.after = 0.5
    assert host.ComfyVae(vae).layerwise(latent(1, 4, 20, 20)) is None
    assert host.ComfyVae(picture_vae()).layerwise(latent(1, 4, 20, 20)) is None


def test_a_decoder_that_fails_is_not_decoded_layer_by_layer(host):
    """On a device that lacks an operation, or for a latent of another model."""
    vae = kl_vae()
    assert host.ComfyVae(vae).layerwise(latent(1, 16, 20, 20)) is None
    assert host.ComfyVae(vae).layerwise(latent(1, 4, 20, 20)) is not None


def test_a_middle_is_shared_where_there_is_one(host):
    given = latent(1, 4, 3, 20, 30)
    vae = video_vae()
    assert host.ComfyVae(vae).middle(given) is None
    vae.first_stage_model = Model()
    assert host.ComfyVae(vae).middle(given) is not None


def test_a_middle_that_does_not_fit_is_done_without(host):
    def short(given):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    vae = video_vae()
    vae.first_stage_model = Model()
    vae.first_stage_model.decode = short
    assert host.ComfyVae(vae).middle(latent(1, 4, 3, 20, 30)) is None


def test_weights_are_loaded_with_room_for_the_decode(host, comfy, monkeypatch):  # noqa: F811
    asked = []
    monkeypatch.setattr(comfy.model_management, "load_models_gpu", lambda models, **how: asked.append((models, how)))
    vae = picture_vae(disable_offload=True)
    host.ComfyVae(vae).load(77.0)
    assert asked == [([vae.patcher], {"memory_required": 77.0, "force_full_load": True})]


def test_what_there_could_be_is_the_device_less_the_weights(host, comfy, monkeypatch):  # noqa: F811
    monkeypatch.setattr(comfy.model_management, "is_device_cpu", lambda device: False)
    monkeypatch.setattr(comfy.model_management, "get_total_memory", lambda device: 1_000_000)
    port = host.ComfyVae(kl_vae())
    assert port.spare == 0.15
    weights = sum(4 * value.numel() for value in port._vae.first_stage_model.state_dict().values())
    assert port.most() == 1_000_000 - weights


def test_without_a_gpu_more_is_left_to_others(host):
    port = host.ComfyVae(picture_vae())
    assert port.spare == 0.4
    assert port.most() == pytest.approx(port.free(), rel=0.2)


def test_versions_for_several_gpus_want_theirs_named(host, comfy, monkeypatch):  # noqa: F811
    import contextlib

    named = []

    @contextlib.contextmanager
    def context(device):
        named.append(device)
        yield

    monkeypatch.setattr(comfy.model_management, "cuda_device_context", context, raising=False)
    vae = picture_vae()
    host.ComfyVae(vae).decode(latent(1, 4, 3, 3))
    assert named == [vae.device]


def test_an_interrupt_is_noticed_after_a_piece(host, comfy):  # noqa: F811
    passed = host.ComfyVae(picture_vae()).progress(3)
    passed()
    comfy.model_management.interrupt_current_processing()
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        passed()


@pytest.mark.parametrize(
    ("problem", "memory"),
    [
        (torch.cuda.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("Allocation on device 0 would exceed allowed memory"), True),
        (RuntimeError("sizes of tensors must match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(host, problem, memory):
    assert host.ComfyVae(picture_vae()).ran_out(problem) is memory


def test_an_interrupt_is_never_out_of_memory(host, comfy, monkeypatch):  # noqa: F811
    """Where torch has no such error, ComfyUI's OOM_EXCEPTION stands for any exception."""
    monkeypatch.setattr(comfy.model_management, "OOM_EXCEPTION", Exception)
    monkeypatch.setattr(comfy.model_management, "is_oom", lambda problem: True, raising=False)
    port = host.ComfyVae(picture_vae())
    assert not port.ran_out(comfy.model_management.InterruptProcessingException("out of memory"))
    assert port.ran_out(RuntimeError("anything that a new version knows"))
