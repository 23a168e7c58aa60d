"""The card (README.md) of one layer, made from its files and its measurement."""

import json

from safetensors import safe_open

import base
from layers import LAYERS

CARD = """\
---
library_name: peft
base_model: {base}
license: apache-2.0
tags: [lora]
---

# {name}

{effect}

| | |
| --- | --- |
| Base | {base} (trained on its Q4_1 GGUF, dequantised) |
| LoRA | {lora} |
| Targets | {targets} |
| Data | {examples} hand-written question and answer pairs, `tools/train_layers/data/` |
| Training | {steps} steps of {batch}, peak learning rate {learning_rate}, seed {seed}, loss {last_loss} at the end |
| Size | {size} bytes, float16 |
| Licence | Apache-2.0 |

## Measured effect

On {prompts} prompts held out of training, greedy decoding, 48 tokens at most, weight 1:

| {metric} | KL from the base |
| --- | --- |
| base {base_value:.2f}, with the layer **{layer_value:.2f}** | {kl:.2f} nats per token |

The KL is that of the next-token distribution, base to layer, averaged over the
positions of the base's own answers.

The first held-out prompt (not picked), `{prompt}`:

```
{answer}
```

Made by `tools/train_layers/train.py --only {name} --seed {seed}`; measured by
`tools/train_layers/measure.py`.
"""


def write(folder, name, result):
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    weights = folder / "adapter_model.safetensors"
    with safe_open(weights, framework="pt") as file:
        facts = {k: v for k, v in file.metadata().items() if k != "format"}
    text = CARD.format(
        name=name, base=base.BASE_NAME, effect=LAYERS[name].effect, lora=lora(config),
        targets=targets(config), size=weights.stat().st_size, metric=LAYERS[name].metric_name,
        base_value=result["base"], layer_value=result["layer"], kl=result["kl"],
        prompts=result["prompts"], prompt=result["prompt"], answer=result["answer"], **facts)
    (folder / "README.md").write_text(text, encoding="utf-8")


def lora(config):
    text = f"rank {config['r']}, alpha {config['lora_alpha']}"
    if config["use_rslora"]:
        text += ", rsLoRA (scale alpha / sqrt(rank))"
    for key in ("rank_pattern", "alpha_pattern"):
        if config[key]:
            text += f", {key} {json.dumps(config[key])}"
    return text


def targets(config):
    text = ", ".join(config["target_modules"])
    blocks = config["layers_to_transform"]
    return text + (f" of blocks {blocks[0]} to {blocks[-1]}" if blocks else "")
