"""The tiny bases: random torch models of each architecture, and the same weights as a GGUF file.

`to_gguf` is the one place that turns a weight of transformers into tensors of llama.cpp (names, row order, fusing). The
bases are written with it, and what an adapter adds to a weight is sent through it as well: when the engine's logits for
the bare base equal torch's, its row order is right, and so is the expectation for the adapters."""

import gguf
import numpy as np
import torch
import transformers

HEADS, KV_HEADS, HEAD_DIM, FFN, BLOCKS, VOCAB = 4, 2, 8, 48, 2, 64
HIDDEN = HEADS * HEAD_DIM

SPLIT = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
FUSED = {
    "self_attn.qkv_proj": "attn_qkv",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
NORMS = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
}
GEMMA_NORMS = NORMS | {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}


class Base:
    def __init__(self, name, config_class, model_class, joins_qkv=False, hidden=HIDDEN, **extra):
        self.name, self.joins_qkv = name, joins_qkv
        self.architecture = name.split("-")[0]
        self.config = config_class(
            vocab_size=VOCAB, hidden_size=hidden, intermediate_size=FFN, num_hidden_layers=BLOCKS,
            num_attention_heads=HEADS, num_key_value_heads=KV_HEADS, max_position_embeddings=256,
            bos_token_id=1, eos_token_id=2, pad_token_id=0,
            **{"tie_word_embeddings": False, **extra})
        self.config._attn_implementation = "eager"
        self.model_class = model_class

    def make(self):
        """The model with weights that make attention sharp and every bias and norm matter; the same at each call."""
        model = self.model_class(self.config).float().eval()
        chance = torch.Generator().manual_seed(sum(self.architecture.encode()))
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=chance)
            if parameter.dim() == 2:
                spread = 1.0 if "embed_tokens" in name else 1.3 / parameter.shape[1] ** 0.5
                if "gemma" in self.name and "embed_tokens" in name:
                    spread = 0.3  # they are scaled by sqrt(hidden), and are the output matrix as well
                parameter.data = noise * spread
            elif "norm" in name:
                parameter.data = (0.0 if self.architecture == "gemma3" else 1.0) + 0.2 * noise
            else:
                parameter.data = 0.5 * noise
        model.tie_weights()
        return model

    def to_gguf(self, weights):
        """{module: matrix or vector as torch has it} -> {GGUF tensor name: array}; modules as "model.layers.0.mlp.up_proj"
        or, for vectors, with ".bias" behind them."""
        kinds = FUSED if self.architecture == "phi3" else SPLIT
        norms = GEMMA_NORMS if self.architecture == "gemma3" else NORMS
        out = {}
        for module, weight in weights.items():
            value = weight.detach().float().numpy()
            ending = ".weight"
            if module.endswith(".bias"):
                module, ending = module.removesuffix(".bias"), ".bias"
            if module in ("model.embed_tokens", "lm_head", "model.norm"):
                name = {"model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm"}[module]
            else:
                block, kind = module.removeprefix("model.layers.").split(".", 1)
                name = f"blk.{block}.{ {**kinds, **norms}[kind] }"
                if self.architecture == "llama" and kind.endswith(("q_proj", "k_proj")):
                    value = interleave(value, HEADS if kind.endswith("q_proj") else KV_HEADS)
            if self.architecture == "gemma3" and "norm" in name:
                value = value + 1
            out[name + ending] = np.ascontiguousarray(value)
        return join_qkv(out) if self.joins_qkv else out

    def weights_of(self, model):
        """What to_gguf wants, of a whole model."""
        weights = {}
        for name, parameter in model.named_parameters():
            weights[name.removesuffix(".weight")] = parameter
        return weights

    def write(self, model, path):
        config = self.config
        writer = gguf.GGUFWriter(path, self.architecture)
        # "phi3" in a name makes llama.cpp look for tokens of Phi-3 in the vocabulary
        writer.add_name("Tiny Phi 3" if self.architecture == "phi3" else f"Tiny {self.architecture}")
        writer.add_context_length(256)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(BLOCKS)
        writer.add_feed_forward_length(FFN)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV_HEADS)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(10000.0)
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // HEADS
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
        writer.add_rope_dimension_count(head_dim)
        writer.add_vocab_size(VOCAB)
        tokens = [b"<unk>", b"<s>", b"</s>", "\u2581".encode(), b"<0x0A>"]
        tokens += [bytes([code]) for code in range(48, 48 + VOCAB - len(tokens))]
        writer.add_tokenizer_model("llama")
        writer.add_token_list(tokens)
        writer.add_token_scores([0.0] * VOCAB)
        writer.add_token_types([2, 3, 3, 1, 6] + [1] * (VOCAB - 5))
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        for name, value in self.to_gguf(self.weights_of(model)).items():
            writer.add_tensor(name, value.astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def interleave(rows, heads):
    """Rows of each head from (first half, second half) to pairs, as llama.cpp's llama wants them for its rotation."""
    half = rows.shape[0] // heads // 2
    return rows.reshape(heads, 2, half, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def join_qkv(tensors):
    """As converters with fused q, k, v write it: the rows of q, then of k, then of v."""
    out = {name: value for name, value in tensors.items() if ".attn_q." not in name and ".attn_k." not in name
           and ".attn_v." not in name}
    for name in [name for name in tensors if ".attn_q." in name or ".attn_k." in name or ".attn_v." in name]:
        block, kind, ending = name.split(".")[1], name.split(".")[2], name.split(".")[3]
        fused = f"blk.{block}.attn_qkv.{ending}"
        if fused in out:
            continue
        columns = tensors[name].shape[1:]
        rows = {"attn_q": HEADS * HEAD_DIM, "attn_k": KV_HEADS * HEAD_DIM, "attn_v": KV_HEADS * HEAD_DIM}
        parts = [tensors.get(f"blk.{block}.{kind}.{ending}", np.zeros((count, *columns), np.float32))
                 for kind, count in rows.items()]
        out[fused] = np.concatenate(parts)
    return out


LLAMA = (transformers.LlamaConfig, transformers.LlamaForCausalLM)
QWEN2 = (transformers.Qwen2Config, transformers.Qwen2ForCausalLM)
BASES = {base.name: base for base in [
    Base("llama", *LLAMA),
    Base("llama-fused", *LLAMA, joins_qkv=True),
    Base("qwen2", *QWEN2),
    Base("qwen2-fused", *QWEN2, joins_qkv=True),
    Base("qwen3", transformers.Qwen3Config, transformers.Qwen3ForCausalLM, hidden=48, head_dim=HEAD_DIM),
    Base("gemma3", transformers.Gemma3TextConfig, transformers.Gemma3ForCausalLM, head_dim=HEAD_DIM,
         query_pre_attn_scalar=HEAD_DIM, sliding_window=256, tie_word_embeddings=True),
    Base("phi3", transformers.Phi3Config, transformers.Phi3ForCausalLM),
]}
