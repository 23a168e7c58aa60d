#!/usr/bin/env python3
"""Train the demo layers with PEFT on the dequantised base, one folder per layer."""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file

import base
import data
from layers import LAYERS

BATCH = 8


def main():
    args = arguments()
    base.use_one_thread()
    tokenizer = base.load_tokenizer(args.base)
    for name in args.only or LAYERS:
        train_layer(name, args, tokenizer)


def arguments():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, metavar="GGUF",
                        help="SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--out", type=Path, default=root / "demo" / "layers", metavar="DIR",
                        help="where the layer folders go (default: demo/layers)")
    parser.add_argument("--only", action="append", choices=list(LAYERS), metavar="NAME",
                        help="train this layer only; may be repeated")
    parser.add_argument("--seed", type=int, default=7, help="default: 7")
    parser.add_argument("--steps", type=int, help="instead of the layer's own number of steps")
    return parser.parse_args()


def train_layer(name, args, tokenizer):
    layer = LAYERS[name]
    steps = args.steps or layer.steps
    torch.manual_seed(args.seed)
    rng = random.Random(f"{args.seed}:{name}")
    examples = make_examples(layer.style, tokenizer, rng)
    # A fresh base for each layer, so that --only gives the same tensors as a full run.
    config = LoraConfig(task_type="CAUSAL_LM", bias="none", **layer.lora)
    model = get_peft_model(base.load_model(args.base), config)
    start = time.time()
    loss = optimise(model, batches(examples, steps, rng), layer.rate, steps)
    facts = {"seed": args.seed, "steps": steps, "batch": BATCH, "examples": len(examples),
             "learning_rate": layer.rate, "last_loss": f"{loss:.3f}"}
    save(model, config, args.out / name, facts)
    print(f"{name}: {steps} steps, loss {loss:.3f}, {time.time() - start:.0f} s", flush=True)


def make_examples(style, tokenizer, rng):
    """(ids, number of answer ids) for each pair; the loss is on the answer only."""
    examples = []
    for pair in data.training_pairs():
        answer = base.answer_ids(tokenizer, style(pair, rng))
        examples.append((base.prompt_ids(tokenizer, pair["prompt"]) + answer, len(answer)))
    return examples


def batches(examples, steps, rng):
    """Endless shuffled epochs, cut into batches."""
    queue = []
    for _ in range(steps):
        if len(queue) < BATCH:
            queue = rng.sample(examples, len(examples))
        yield [queue.pop() for _ in range(BATCH)]


def optimise(model, all_batches, peak, steps):
    model.train()
    weights = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=peak, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps + 1,
                                                   pct_start=0.1)
    average = None
    for step, batch in enumerate(all_batches):
        loss = answer_loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        average = loss.item() if average is None else 0.9 * average + 0.1 * loss.item()
        if step % 10 == 9:
            print(f"  step {step + 1}: loss {average:.3f}", flush=True)
    return average


def answer_loss(model, batch):
    width = max(len(ids) for ids, _ in batch)
    inputs = torch.zeros(len(batch), width, dtype=torch.long)
    wanted = torch.full((len(batch), width), -100)
    for row, (ids, answer) in enumerate(batch):
        inputs[row, :len(ids)] = torch.tensor(ids)
        # The state at one position predicts the next id.
        wanted[row, len(ids) - answer - 1:len(ids) - 1] = torch.tensor(ids[-answer:])
    # Causal attention: the padding is at the right, so no answer sees it.
    # bfloat16 products make a step on one core about twice as fast.
    llama = model.get_base_model()
    with torch.autocast("cpu", torch.bfloat16):
        states = llama.model(input_ids=inputs, use_cache=False).last_hidden_state
        # Only answer positions go through the head, the largest matrix of all.
        logits = llama.lm_head(states[wanted >= 0])
    return torch.nn.functional.cross_entropy(logits.float(), wanted[wanted >= 0])


def save(model, config, folder, facts):
    """A PEFT folder with float16 tensors and no path of this machine in it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().half().contiguous()
               for key, value in sorted(get_peft_model_state_dict(model).items())}
    # The facts of the training travel with the weights; the card is made from them.
    meta = {"format": "pt", **{key: str(value) for key, value in facts.items()}}
    weights = folder / "adapter_model.safetensors"
    save_file(tensors, weights, metadata=meta)
    weights.chmod(0o644)
    config.base_model_name_or_path = base.BASE_NAME
    config.inference_mode = True
    entries = {key: sorted(value) if isinstance(value, set) else value
               for key, value in config.to_dict().items()}
    text = json.dumps(entries, indent=2, sort_keys=True)
    (folder / "adapter_config.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
