#!/usr/bin/env python3
"""Write the hashes of the tensors that llama.cpp's own converter makes of the demo layers.

genepool's importer must arrive at the same bytes (names, order of rows, types); a test compares.
Runs convert_lora_to_gguf.py of a llama.cpp source tree; the base's configuration comes from its GGUF.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import base
from gguf import GGUFReader
from layers import LAYERS


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as tmp:
        config = Path(tmp) / "base"
        write_config(base.load_model(args.base).config, config)
        layers = {name: hashes(convert(args, config, name, Path(tmp) / f"{name}.gguf")) for name in LAYERS}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(tensors)}" for name, tensors in layers.items())
    args.out.write_text(f"{{\n{lines}}}\n", encoding="utf-8")


def arguments():
    parser = base.arguments(__doc__)
    parser.add_argument("--llama", required=True, type=Path, metavar="DIR", help="llama.cpp's source")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        default=base.ROOT / "tests" / "data" / "converted_layers.json",
                        help="default: tests/data/converted_layers.json")
    return parser.parse_args()


def write_config(base_config, folder):
    """As the base's own repository has it: transformers adds what it did to load a GGUF."""
    settings = base_config.to_dict()
    settings.pop("quantization_config", None)
    settings["architectures"] = ["LlamaForCausalLM"]
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")


def convert(args, config, name, out):
    subprocess.run([sys.executable, args.llama / "convert_lora_to_gguf.py", "--base", config, "--outtype", "f16",
                    "--outfile", out, args.layers / name], check=True, stdout=subprocess.DEVNULL)
    return out


def hashes(path):
    """One hash over every tensor's name, type and bytes, in order of name."""
    total = hashlib.sha256()
    tensors = sorted(GGUFReader(path).tensors, key=lambda tensor: tensor.name)
    for tensor in tensors:
        total.update(f"{tensor.name} {tensor.tensor_type.name} ".encode())
        total.update(tensor.data.tobytes())
    return {"tensors": len(tensors), "sha256": total.hexdigest()}


if __name__ == "__main__":
    main()
