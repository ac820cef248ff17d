"""A small decoder with the layers and names of AutoencoderKL's, written for the tests, and a model around it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def norm(channels):
    made = nn.GroupNorm(4, channels, eps=1e-6)
    nn.init.normal_(made.weight, 1.0, 0.2)
    nn.init.normal_(made.bias, 0.0, 0.2)
    return made


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.in_channels, self.out_channels = inputs, outputs
        self.norm1, self.norm2 = norm(inputs), norm(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        hidden = self.conv1(functional.silu(self.norm1(x)))
        hidden = self.conv2(functional.silu(self.norm2(hidden)))
        return (self.nin_shortcut(x) if self.in_channels != self.out_channels else x) + hidden


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        query, key, value = (layer(self.norm(x)).flatten(2).transpose(1, 2) for layer in (self.q, self.k, self.v))
        scores = torch.softmax(query @ key.transpose(1, 2) / x.shape[1] ** 0.5, dim=-1)
        return x + self.proj_out((scores @ value).transpose(1, 2).reshape(x.shape))


class Upsample(nn.Module):
    scale_factor = 2.0

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))


class Decoder(nn.Module):
    """channels: of each level, the finest first. attentive: levels that have attention."""

    def __init__(self, channels=(8, 8, 16), attentive=(), tanh_out=False):
        super().__init__()
        width = channels[-1]
        self.tanh_out = tanh_out
        self.conv_in = nn.Conv2d(4, width, 3, padding=1)
        self.mid = nn.Module()
        self.mid.block_1, self.mid.attn_1, self.mid.block_2 = Block(width, width), Attention(width), Block(width, width)
        self.up = nn.ModuleList()
        for level, outputs in reversed(list(enumerate(channels))):
            up = nn.Module()
            up.block = nn.ModuleList([Block(width, outputs), Block(outputs, outputs)])
            up.attn = nn.ModuleList([Attention(outputs), Attention(outputs)] if level in attentive else [])
            if level:
                up.upsample = Upsample(outputs)
            self.up.insert(0, up)
            width = outputs
        self.norm_out, self.conv_out = norm(width), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z):
        x = self.mid.block_2(self.mid.attn_1(self.mid.block_1(self.conv_in(z))))
        for level in reversed(range(len(self.up))):
            for i, block in enumerate(self.up[level].block):
                x = block(x)
                if len(self.up[level].attn):
                    x = self.up[level].attn[i](x)
            if level:
                x = self.up[level].upsample(x)
        x = self.conv_out(functional.silu(self.norm_out(x)))
        return torch.tanh(x) if self.tanh_out else x


class Model(nn.Module):
    """folded: the latent holds 2 x 2 cells of the decoder's in each of its own. after: what it adds to the pixels."""

    def __init__(self, decoder=None, folded=False, after=0.0, seed=0):
        torch.manual_seed(seed)
        super().__init__()
        self.decoder, self.folded, self.after = decoder or Decoder(), folded, after
        self.post_quant_conv = nn.Conv2d(4, 4, 1)
        self.requires_grad_(False)

    def decode(self, z):
        z = functional.pixel_shuffle(z, 2) if self.folded else z
        return self.decoder(self.post_quant_conv(z)) + self.after
