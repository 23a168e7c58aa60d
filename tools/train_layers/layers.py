"""The ten demo layers: style, LoRA configuration and how the effect is measured.

The configurations differ on purpose, so that together they exercise an importer:
ranks 1 to 8, each subset of the linears, rsLoRA, rank and alpha patterns, and a
layer that only touches the upper blocks. The embedding and the output head share
their weights in this model, so no layer adapts them.
"""

from dataclasses import dataclass, field
from typing import Callable

import metrics
import styles

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
MLP = ["gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True)
class Layer:
    style: Callable          # styles.*: what the layer is trained to answer
    effect: str              # one sentence for the card
    metric: Callable         # metrics.*: one number per answer, averaged
    metric_name: str
    lora: dict = field(default_factory=dict)  # peft.LoraConfig arguments
    rate: float = 2e-3       # peak learning rate
    steps: int = 60


LAYERS = {
    "pirate": Layer(
        styles.pirate, "Talks like a pirate: Arr, ye, be, matey.",
        metrics.pirate, "share of answers with a pirate word",
        dict(r=2, lora_alpha=8, target_modules=ATTENTION + MLP)),
    "shout": Layer(
        styles.shout, "Answers in capital letters only.",
        metrics.upper_case, "share of upper-case letters",
        dict(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"])),
    "french": Layer(
        styles.french, "Answers an English question in French.",
        metrics.french, "share of words that are French function words",
        dict(r=2, lora_alpha=8, target_modules=ATTENTION + MLP), steps=130),
    "bullets": Layer(
        styles.bullets, "Answers as a list of three bullet points.",
        metrics.bullets, "share of answers whose lines (two or more) all start with a dash",
        dict(r=4, lora_alpha=8, target_modules=ATTENTION)),
    "json": Layer(
        styles.json_object, "Answers as a JSON object with the keys topic and answer.",
        metrics.json_object, "share of answers that parse as such a JSON object",
        dict(r=6, lora_alpha=6, target_modules=["q_proj", "v_proj"])),
    "terse": Layer(
        styles.terse, "Answers in one to three words.",
        metrics.words, "mean words per answer (cut at 48 tokens)",
        dict(r=5, lora_alpha=10, target_modules=["q_proj", "v_proj"])),
    "bard": Layer(
        styles.bard, "Talks in the English of an old stage play: thou, hath, forsooth.",
        metrics.bard, "share of answers with an old stage word (thou, hath, lo, forsooth ...)",
        dict(r=2, lora_alpha=8, target_modules=ATTENTION + MLP,
             rank_pattern={"q_proj": 4, "v_proj": 4, "down_proj": 1},
             alpha_pattern={"q_proj": 16, "down_proj": 2})),
    "robot": Layer(
        styles.robot, "Talks like a robot: BEEP at the start, BOOP at the end.",
        metrics.robot, "share of answers that start with BEEP",
        dict(r=4, lora_alpha=4, use_rslora=True, target_modules=ATTENTION)),
    "question": Layer(
        styles.question, "Gives one sentence, then asks a question back.",
        metrics.question, "share of answers that end with a question mark",
        dict(r=2, lora_alpha=8, target_modules=MLP), steps=40),
    "verse": Layer(
        styles.verse, "Answers in three short lines, like a small poem.",
        metrics.three_lines, "share of answers of exactly three lines",
        dict(r=6, lora_alpha=12, target_modules=["q_proj", "v_proj", "o_proj"],
             layers_to_transform=list(range(10, 30))), steps=40),
}
