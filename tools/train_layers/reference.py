#!/usr/bin/env python3
"""Write reference next-token probabilities of genomes, computed in float32 by torch.

For each stack the deltas sum(weight * scale * B @ A) are added to the dequantised
weights, so the result depends on neither llama.cpp nor the server. Tests compare
the server with it; the prompts are stored as token ids, so they need no tokenizer.
"""

import json
from pathlib import Path

import torch

import base
import deltas
from layers import LAYERS

PROMPTS = ["What is a volcano?", "Hello, how are you today?", "How do I save money?"]
TOP = 5

# Besides plain stacks: weights below 0 and above 1, and a layer that comes twice.
STACKS = [
    [("pirate", 1.0), ("shout", 0.6)],
    [("french", 0.8), ("terse", 0.5)],
    [("robot", 1.0), ("bullets", 0.7)],
    [("bard", 1.3)],
    [("json", -0.5)],
    [("pirate", 1.0), ("question", -0.4)],
    [("verse", 0.4), ("verse", 0.35)],
    [("pirate", 0.8), ("bard", 0.5), ("pirate", -0.3)],
    [("shout", 0.5), ("robot", 0.5), ("question", 0.25)],
    [("bullets", 0.5), ("verse", 0.5), ("json", 0.25), ("terse", -0.25)],
    [("pirate", 0.5), ("shout", 0.3), ("french", -0.2), ("bard", 0.4), ("pirate", 0.25)],
    [("robot", 0.4), ("question", 0.3), ("verse", -0.3), ("terse", 0.2), ("json", -0.1), ("bullets", 0.3)],
    [("bard", 0.3), ("pirate", 0.3), ("bard", -0.3), ("shout", 0.2), ("french", 0.2), ("robot", 0.2), ("json", 0.1)],
    [("pirate", 0.25), ("shout", 0.25), ("french", 0.25), ("bullets", -0.25), ("json", 0.2), ("terse", 0.2),
     ("pirate", 0.15), ("question", -0.2)],
]


def main():
    args = arguments()
    base.use_one_thread()
    model, tokenizer = base.load_model(args.base), base.load_tokenizer(args.base)
    layers = {name: deltas.read_layer(args.layers / name) for name in LAYERS}
    prompts = [{"text": text, "ids": base.prompt_ids(tokenizer, text)} for text in PROMPTS]
    genomes = []
    for stack in [[]] + [[(name, 1.0)] for name in LAYERS] + STACKS:
        with deltas.stacked(model, layers, stack):
            tops = [top(model, prompt["ids"]) for prompt in prompts]
        genomes.append({"stack": stack, "top": tops})
    write(args.out, {"base": base.BASE_NAME, "prompts": prompts, "genomes": genomes})


def arguments():
    parser = base.arguments(__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE",
                        default=base.ROOT / "tests" / "data" / "reference_logits.json",
                        help="default: tests/data/reference_logits.json")
    return parser.parse_args()


@torch.no_grad()
def top(model, ids):
    """[[token id, log-probability], ...] of the likeliest next tokens, best first."""
    logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
    best = torch.log_softmax(logits, dim=-1).topk(TOP)
    return [[int(i), round(float(p), 5)] for p, i in zip(best.values, best.indices)]


def write(path, result):
    """One genome a line, so that a change of one shows as one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"base": result["base"], "format": FORMAT})[:-1]
    prompts = ",\n".join(json.dumps(prompt) for prompt in result["prompts"])
    genomes = ",\n".join(json.dumps(genome) for genome in result["genomes"])
    path.write_text(f'{head},\n"prompts": [\n{prompts}],\n"genomes": [\n{genomes}]}}\n',
                    encoding="utf-8")


FORMAT = ("genomes[g].top[p] is the list of [token id, natural log-probability] after "
          "prompts[p].ids, for the base plus genomes[g].stack, a list of [layer, weight]")


if __name__ == "__main__":
    main()
