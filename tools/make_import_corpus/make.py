#!/usr/bin/env python3
"""Writes tests/data/import: tiny bases, adapters made by peft, and what torch says about them (see README.md)."""

import argparse
import json
import logging
import pathlib
import shutil
import warnings

import gguf
import numpy as np
import peft
import safetensors.torch
import torch
import transformers

from bases import BASES
from rows import ELSEWHERE, ROWS

PROMPTS = [[1, 17], [1, 9, 30, 44, 12, 7, 61], [1, 50, 33, 8, 21, 5, 40, 40, 11, 29, 62, 19]]
SEED = 11
SHORT = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
QUANTS = {"f32": gguf.GGMLQuantizationType.F32, "f16": gguf.GGMLQuantizationType.F16,
          "bf16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0}


def numbers(values, digits=6):
    return [float(f"{value:.{digits}g}") for value in np.asarray(values, dtype=np.float64).ravel()]


@torch.no_grad()
def logits_of(model):
    return [numbers(model(input_ids=torch.tensor([prompt])).logits[0, -1]) for prompt in PROMPTS]


def lora_modules(model):
    """{module name without peft's prefix: the layer of peft that wraps it}"""
    return {name.removeprefix("base_model.model."): module for name, module in model.named_modules()
            if isinstance(module, peft.tuners.lora.LoraLayer)}


def halves_of(layer):
    """(A, B) as parameters: [r, in] and [out, r]."""
    if "default" in layer.lora_embedding_A:
        return layer.lora_embedding_A["default"], layer.lora_embedding_B["default"]
    return layer.lora_A["default"].weight, layer.lora_B["default"].weight


def rounded(values, dtype, transpose):
    """Values that the wanted type can hold, so that the file and the reference are the same numbers."""
    if dtype in SHORT:
        return values.to(SHORT[dtype]).float()
    stored = (values.T if transpose else values).contiguous().numpy()
    back = torch.from_numpy(gguf.quants.dequantize(gguf.quants.quantize(stored, QUANTS[dtype]), QUANTS[dtype]))
    return back.T.contiguous() if transpose else back


@torch.no_grad()
def fill(model, dtype, chance):
    """Deltas about half as large as the weights they change."""
    for name, layer in sorted(lora_modules(model).items()):
        if type(layer).__name__ not in ("Linear", "Embedding"):
            continue
        a, b = halves_of(layer)
        rank, scale = a.shape[0], layer.scaling["default"]
        a_spread = 1.0 if "embed_tokens" in name else a.shape[1] ** -0.5
        a.data = rounded(torch.randn(a.shape, generator=chance) * a_spread, dtype, "embed_tokens" in name)
        b.data = rounded(torch.randn(b.shape, generator=chance) * 0.5 / (rank ** 0.5 * scale), dtype, False)


def deltas_of(base, model):
    """What each base tensor gains, by peft's own get_delta_weight, times a fixed vector: one number per row."""
    weights = {}
    for name, layer in lora_modules(model).items():
        weights[name] = layer.get_delta_weight("default")
    found = {}
    for tensor, delta in base.to_gguf(weights).items():
        probe = np.cos(1.0 + np.arange(delta.shape[1]))
        found[tensor] = numbers(delta.astype(np.float64) @ probe, 5)
    return found


def write_gguf(base, model, row, path):
    """As llama.cpp's convert_lora_to_gguf.py: rows of B in the base's order, A of an embedding transposed."""
    writer = gguf.GGUFWriter(path, base.architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(row.config["lora_alpha"]))
    for name, layer in lora_modules(model).items():
        a, b = (half.detach() for half in halves_of(layer))
        (tensor, value), = base.to_gguf({name: b}).items()
        if "embed_tokens" in name:
            tensor, value = "token_embd.weight", b.numpy()
            a = a.T
        for ending, half in (("lora_a", a.contiguous().numpy()), ("lora_b", value)):
            kind = QUANTS[row.dtype]
            raw = half if row.dtype == "f32" else gguf.quants.quantize(np.ascontiguousarray(half), kind)
            writer.add_tensor(f"{tensor}.{ending}", raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_folder(model, row, folder):
    if row.dtype != "f32":
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.data = parameter.data.to(SHORT[row.dtype])
    model.save_pretrained(str(folder), save_embedding_layers=row.save_embedding_layers)
    (folder / "README.md").unlink(missing_ok=True)
    config_file = folder / "adapter_config.json"
    config = json.loads(config_file.read_text())
    if row.after:
        config = row.after(config)
    config["target_modules"] = sorted(config["target_modules"]) if isinstance(config["target_modules"], list) \
        else config["target_modules"]
    config_file.write_text(json.dumps(config, indent=1) + "\n")  # keys stay in the order in which peft sorted them
    tensors_file = folder / "adapter_model.safetensors"
    tensors = safetensors.torch.load_file(tensors_file)
    if row.form == "bin":
        tensors_file.unlink()
        torch.save(tensors, folder / "adapter_model.bin")
    if row.form == "shards":
        tensors_file.unlink()
        names = sorted(tensors)
        middle = len(names) // 2 + 1  # one pair lies in two files
        where = {}
        for index, part in enumerate((names[:middle], names[middle:]), 1):
            file = f"adapter_model-{index:05}-of-00002.safetensors"
            safetensors.torch.save_file({name: tensors[name] for name in part}, folder / file)
            where |= {name: file for name in part}
        index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())}, "weight_map": where}
        (folder / "adapter_model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def make_row(row, base, out):
    torch.manual_seed(SEED)
    model = base.make()
    if row.make:
        row.make(model)
    config = dict(row.config)
    kind = config.pop("kind", peft.LoraConfig)
    if kind is not peft.LoraConfig:
        config["alpha"] = config.pop("lora_alpha")
    else:
        config["task_type"] = "CAUSAL_LM"
    wrapped = peft.get_peft_model(model, kind(**config)).eval()
    if kind is peft.LoraConfig:
        fill(wrapped, row.dtype, torch.Generator().manual_seed(sum(row.name.encode())))
    said = {"name": row.name, "base": row.base, "source": row.name + (".gguf" if row.form == "gguf" else "")}
    if row.form == "gguf":
        write_gguf(base, wrapped, row, out / "layers" / said["source"])
        served = wrapped
    else:
        folder = out / "layers" / row.name
        folder.mkdir(parents=True)
        write_folder(wrapped, row, folder)
        # What peft makes of the folder, not what it had in memory: saving sorts the patterns, of which the first counts.
        served = peft.PeftModel.from_pretrained(base.make(), str(folder)).eval() \
            if row.form == "folder" and not row.refused else wrapped
    if row.refused:
        said["refused"] = row.refused
    else:
        said["deltas"] = deltas_of(base, served)
        said["logits"] = logits_of(served)
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--out", type=pathlib.Path, default=root / "tests/data/import")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    shutil.rmtree(out, ignore_errors=True)
    (out / "bases").mkdir(parents=True)
    (out / "layers").mkdir()

    matrix = {"made_with": {"peft": peft.__version__, "torch": torch.__version__.split("+")[0],
                            "transformers": transformers.__version__},
              "prompts": PROMPTS, "bases": {}, "rows": [], "elsewhere": []}
    for base in BASES.values():
        model = base.make()
        base.write(model, out / "bases" / f"{base.name}.gguf")
        matrix["bases"][base.name] = logits_of(model)
    for row in ROWS:
        matrix["rows"].append(make_row(row, BASES[row.base], out))
        print(row.name, flush=True)
    forms = {row.name: row.form for row in ROWS}
    for row, base, refused in ELSEWHERE:
        source = row + (".gguf" if forms[row] == "gguf" else "")
        matrix["elsewhere"].append({"name": f"{row}-on-{base}", "base": base, "source": source, "refused": refused})
    text = json.dumps(matrix, separators=(",", ":"))
    (out / "matrix.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
