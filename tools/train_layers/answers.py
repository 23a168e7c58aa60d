"""Greedy answers of the current model, and how far it has moved from the base."""

import torch

import base

LENGTH = 48


@torch.no_grad()
def greedy(model, tokenizer, prompts, length=LENGTH):
    """Token ids of one answer per prompt, without the end of turn."""
    rows = [base.prompt_ids(tokenizer, prompt) for prompt in prompts]
    width = max(map(len, rows))
    # Padding goes to the left, so that all answers start in the same column.
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    out = model.generate(ids, attention_mask=mask, max_new_tokens=length, do_sample=False)
    return [cut(row[width:].tolist(), tokenizer.eos_token_id) for row in out]


def cut(ids, end):
    return ids[:ids.index(end)] if end in ids else ids


def texts(tokenizer, answers):
    return [tokenizer.decode(ids, skip_special_tokens=True) for ids in answers]


@torch.no_grad()
def answer_log_probs(model, tokenizer, prompts, answers):
    """Next-token log-probabilities at each position of the given answers."""
    result = []
    for prompt, answer in zip(prompts, answers):
        ids = base.prompt_ids(tokenizer, prompt)
        states = model.model(input_ids=torch.tensor([ids + answer])).last_hidden_state
        logits = model.lm_head(states[0, len(ids) - 1:-1])
        result.append(torch.log_softmax(logits, dim=-1))
    return result


def mean_kl(old, new):
    """Mean of KL(old || new) in nats over all positions of all answers."""
    kls = [(p.exp() * (p - q)).sum(-1) for p, q in zip(old, new)]
    return torch.cat(kls).mean().item()
