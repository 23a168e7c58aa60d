"""The base model: SmolLM2-135M-Instruct, dequantised from its GGUF to float32."""

import argparse
import os
from pathlib import Path

# Nothing is fetched: the model, tokenizer and chat template all come from the GGUF.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

ROOT = Path(__file__).resolve().parents[2]
BASE_NAME = "SmolLM2-135M-Instruct"
END = "<|im_end|>"


def arguments(doc):
    """A parser of the two arguments that every script here has."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, metavar="GGUF",
                        help="SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--layers", type=Path, default=ROOT / "demo" / "layers", metavar="DIR",
                        help="the layer folders (default: demo/layers)")
    return parser


def use_one_thread():
    """One thread: the sums are then always added in the same order."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def load_model(gguf):
    folder, file = os.path.split(os.path.abspath(gguf))
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    return model.eval().requires_grad_(False)


def load_tokenizer(gguf):
    folder, file = os.path.split(os.path.abspath(gguf))
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    # The GGUF names the pre-tokenizer "smollm", which splits numbers into single
    # digits; transformers does not know that name and falls back to plain GPT-2.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def prompt_ids(tokenizer, prompt):
    """Token ids of one user turn, as a server applying the GGUF's template makes them.

    The template adds the default system prompt; no BOS is put in front, since the
    GGUF says add_bos_token = false (the text already starts with <|im_start|>).
    """
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def answer_ids(tokenizer, answer):
    """Token ids of an answer with the end-of-turn token that closes it."""
    return tokenizer(answer + END, add_special_tokens=False)["input_ids"]
