#!/usr/bin/env python3
"""Measure the layers on the held-out prompts, and write their cards.

Without --stacks: each layer alone at weight 1, and its card (unless --no-cards).
With --stacks FILE: print the answers of the genomes of a genomes.txt.
"""

from pathlib import Path

import answers
import base
import cards
import data
import deltas
from layers import LAYERS


def main():
    args = arguments()
    base.use_one_thread()
    model, tokenizer = base.load_model(args.base), base.load_tokenizer(args.base)
    if args.stacks:
        show_stacks(args, model, tokenizer)
    else:
        measure_layers(args, model, tokenizer)


def arguments():
    parser = base.arguments(__doc__)
    parser.add_argument("--only", action="append", choices=list(LAYERS), metavar="NAME",
                        help="measure this layer only; may be repeated")
    parser.add_argument("--no-cards", action="store_true", help="print only")
    parser.add_argument("--stacks", type=Path, metavar="FILE", help="a genomes.txt")
    parser.add_argument("--prompts", type=int, metavar="N",
                        help="use the first N held-out prompts only")
    return parser.parse_args()


def measure_layers(args, model, tokenizer):
    prompts = data.held_out_prompts()[:args.prompts]
    before = answers.greedy(model, tokenizer, prompts)
    before_probs = answers.answer_log_probs(model, tokenizer, prompts, before)
    for name in args.only or LAYERS:
        metric = LAYERS[name].metric
        layers = {name: deltas.read_layer(args.layers / name)}
        with deltas.stacked(model, layers, [(name, 1.0)]):
            after = answers.greedy(model, tokenizer, prompts)
            after_probs = answers.answer_log_probs(model, tokenizer, prompts, before)
        after_texts = answers.texts(tokenizer, after)
        result = {
            "base": mean(metric, answers.texts(tokenizer, before)),
            "layer": mean(metric, after_texts),
            "kl": answers.mean_kl(before_probs, after_probs),
            "prompts": len(prompts),
            # The first held-out prompt: not picked for looking good.
            "prompt": prompts[0],
            "answer": after_texts[0],
        }
        report(name, result, prompts, after_texts)
        if not args.no_cards:
            cards.write(args.layers / name, name, result)


def mean(metric, texts):
    return sum(map(metric, texts)) / len(texts)


def report(name, result, prompts, texts):
    print(f"== {name}: {LAYERS[name].metric_name}: {result['base']:.2f} -> "
          f"{result['layer']:.2f}, KL {result['kl']:.2f}")
    for prompt, text in zip(prompts, texts):
        print(f"   {prompt} | {text!r}", flush=True)


def show_stacks(args, model, tokenizer):
    prompts = data.held_out_prompts()[:args.prompts or 4]
    layers = {name: deltas.read_layer(args.layers / name) for name in LAYERS}
    for genome, stack in read_genomes(args.stacks):
        with deltas.stacked(model, layers, stack):
            found = answers.texts(tokenizer, answers.greedy(model, tokenizer, prompts))
        print(f"== {genome} {stack}")
        for prompt, text in zip(prompts, found):
            print(f"   {prompt} | {text!r}", flush=True)


def read_genomes(path):
    """(genome name, [(layer name, weight), ...]) for each line of a genomes.txt."""
    for line in path.read_text(encoding="utf-8").splitlines():
        name, *stack = line.split("#")[0].split() or [""]
        if name:
            yield name, [(part.split(":")[0], float(part.split(":")[1])) for part in stack]


if __name__ == "__main__":
    main()
