"""The hand-written question and answer pairs, and the prompts kept out of training."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


def read_jsonl(name):
    with open(FOLDER / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def training_pairs():
    """Dicts with prompt, topic, facts (three sentences), short and french."""
    pairs = read_jsonl("pairs.jsonl")
    overlap = {p["prompt"] for p in pairs} & set(held_out_prompts())
    if overlap:
        raise ValueError(f"held-out prompts in the training data: {overlap}")
    return pairs


def held_out_prompts():
    return [line["prompt"] for line in read_jsonl("held_out.jsonl")]
