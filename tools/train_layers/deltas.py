"""Layers as weight deltas: read PEFT folders and add a weighted stack to the base."""

import json
import math
import re
from contextlib import contextmanager

import torch
from safetensors.torch import load_file

PREFIX = "base_model.model."


def read_layer(folder):
    """{module name: (scale, A, B)} of a PEFT LoRA folder, in float32."""
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    tensors = load_file(folder / "adapter_model.safetensors")
    parts = {}
    for key, down in tensors.items():
        if not key.endswith(".lora_A.weight"):
            continue
        up = tensors[key.replace(".lora_A.", ".lora_B.")]
        module = key.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        parts[module] = (scale(config, module), down.float(), up.float())
    return parts


def scale(config, module):
    """What PEFT multiplies B @ A by: alpha / r, or alpha / sqrt(r) with rsLoRA."""
    rank = pattern(config["rank_pattern"], module, config["r"])
    alpha = pattern(config["alpha_pattern"], module, config["lora_alpha"])
    return alpha / math.sqrt(rank) if config["use_rslora"] else alpha / rank


def pattern(table, module, default):
    for key, value in table.items():
        if re.match(rf"(.*\.)?({key})$", module):
            return value
    return default


@contextmanager
def stacked(model, layers, stack):
    """The model with sum(weight * scale * B @ A) added to it, for a with-block.

    A stack is a list of (layer name, weight); a name may come more than once.
    """
    modules = dict(model.named_modules())
    # The old weights are put back as they were: subtracting would leave rounding.
    saved = {}
    with torch.no_grad():
        for name, weight in stack:
            for module, (factor, down, up) in layers[name].items():
                target = modules[module].weight
                saved.setdefault(module, target.clone())
                target += weight * factor * (up @ down)
    try:
        yield model
    finally:
        with torch.no_grad():
            for module, old in saved.items():
                modules[module].weight.copy_(old)
