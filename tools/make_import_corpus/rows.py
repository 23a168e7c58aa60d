"""The matrix: one row per adapter, made by the real peft. What a row does not say is rank 4, alpha 8, float32.

refused: words of the importer's reason; the row then has no logits. `config` goes to peft.LoraConfig as it is."""

import peft

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PHI = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]


class Row:
    def __init__(self, name, base, targets=None, refused=None, dtype="f32", form="folder", after=None, make=None,
                 save_embedding_layers="auto", **config):
        self.name, self.base, self.refused = name, base, refused
        self.dtype, self.form = dtype, form  # form: folder, shards, bin or gguf
        self.after = after                   # changes the written folder's adapter_config.json
        self.make = make                     # prepares the torch model before peft wraps it
        self.save_embedding_layers = save_embedding_layers
        self.config = {"r": 4, "lora_alpha": 8, "target_modules": targets or ALL} | config


def declare(name):
    return lambda config: config | {"base_model_name_or_path": name}


def grow(model):
    model.resize_token_embeddings(72, mean_resizing=False)


ROWS = [
    # every architecture: all its linears at once
    Row("llama-all", "llama", after=declare("tiny-llama")),
    Row("qwen2-all", "qwen2", after=declare("someone/Tiny-Qwen2")),
    Row("qwen3-all", "qwen3"),
    Row("gemma3-all", "gemma3"),
    Row("phi3-all", "phi3", PHI),
    # the base holds q, k and v as one matrix, the adapter does not
    Row("llama-fused-all", "llama-fused"),
    Row("llama-fused-some", "llama-fused", ["k_proj", "down_proj"], dtype="f16"),
    Row("qwen2-fused-all", "qwen2-fused"),
    # single modules: a wrong row order has nothing to hide behind
    Row("llama-q", "llama", ["q_proj"]),
    Row("llama-k", "llama", ["k_proj"]),
    Row("qwen2-qk", "qwen2", ["q_proj", "k_proj"]),
    Row("qwen3-qk", "qwen3", ["q_proj", "k_proj"]),
    Row("gemma3-qk", "gemma3", ["q_proj", "k_proj"]),
    Row("phi3-qkv", "phi3", ["qkv_proj"]),
    Row("phi3-gate-up", "phi3", ["gate_up_proj"]),
    # embeddings and output, untied
    Row("llama-embed-head", "llama", ["embed_tokens", "lm_head", "v_proj"]),
    Row("llama-embed", "llama", ["embed_tokens"], dtype="bf16", r=3),
    Row("qwen2-embed-head", "qwen2", ["embed_tokens", "lm_head"], dtype="f16"),
    Row("qwen3-head", "qwen3", ["lm_head"]),
    Row("qwen3-embed", "qwen3", ["embed_tokens"]),
    Row("phi3-embed-head", "phi3", ["embed_tokens", "lm_head"]),
    # ranks and types
    Row("llama-r1", "llama", r=1),
    Row("llama-r256", "llama", ["q_proj", "k_proj"], r=256, dtype="f16"),
    Row("llama-f16", "llama", dtype="f16"),
    Row("llama-bf16", "llama", dtype="bf16"),
    # scales
    Row("llama-rslora", "llama", r=9, use_rslora=True),
    Row("llama-alpha-pattern", "llama", alpha_pattern={"q_proj": 16, r"model\.layers\.1\..*": 4}),
    Row("llama-rank-pattern", "llama", use_rslora=True, rank_pattern={"^model.layers.0.self_attn.k_proj": 7, "mlp.up_proj": 2},
        alpha_pattern={r"layers.[0-9]+.mlp.up_proj": 3}),
    # which modules
    Row("llama-one-block", "llama", layers_to_transform=[1]),
    Row("llama-target-regex", "llama", r".*layers\.0\.(self_attn\.(q|v)_proj|mlp\.down_proj)"),
    # forms
    Row("llama-shards", "llama", ["q_proj", "v_proj", "down_proj"], form="shards"),
    Row("llama-gguf-f32", "llama", ALL + ["embed_tokens", "lm_head"], form="gguf"),
    Row("llama-gguf-f16", "llama", form="gguf", dtype="f16"),
    Row("llama-gguf-bf16", "llama", form="gguf", dtype="bf16"),
    Row("llama-gguf-q8_0", "llama", ["q_proj", "o_proj", "up_proj"], form="gguf", dtype="q8_0", r=32),
    Row("phi3-gguf-f16", "phi3", PHI, form="gguf", dtype="f16"),
    # refused
    Row("no-dora", "llama", ["q_proj"], "DoRA", use_dora=True),
    Row("no-modules-to-save", "llama", ["q_proj"], "modules_to_save", modules_to_save=["lm_head"]),
    Row("no-bias", "qwen2", ["q_proj"], "bias is \"lora_only\"", bias="lora_only"),
    Row("no-lora-bias", "llama", ["q_proj"], "lora_bias", lora_bias=True),
    Row("no-alora", "llama", ["q_proj"], "activated LoRA", alora_invocation_tokens=[5, 6]),
    Row("no-token-indices", "llama", ["q_proj"], "trainable_token_indices", trainable_token_indices=[3]),
    Row("no-pissa", "llama", ["q_proj"], "pissa", init_lora_weights="pissa"),
    Row("no-loha", "llama", ["q_proj"], "LOHA", kind=peft.LoHaConfig),
    Row("no-pickle", "llama", ["q_proj"], "pickle", form="bin"),
    Row("no-grown-vocabulary", "llama", ["embed_tokens", "lm_head"], "vocabulary", make=grow),
    Row("no-grown-vocabulary-beside", "llama", ["q_proj"], "neither", make=grow, save_embedding_layers=True),
    Row("no-tied-head", "gemma3", ["lm_head"], "tied"),
    Row("no-tied-embedding", "gemma3", ["embed_tokens"], "tied"),
    Row("no-exploding-pattern", "llama", ["q_proj"], "write the module names out",
        after=lambda config: config | {"rank_pattern": {"(.*)*(.*)*z": 4}}),  # peft itself would not come back from it
    Row("no-other-name", "llama", ["q_proj"], "Qwen2.5-0.5B", after=declare("Qwen/Qwen2.5-0.5B")),
]

# A layer of one base brought to another: (row, the other base, words of the reason).
ELSEWHERE = [
    ("qwen3-all", "llama", "made for another base"),
    ("llama-all", "qwen3", "made for another base"),
    ("phi3-all", "llama", "gate_up_proj is no module"),
    ("llama-all", "phi3", "gate_proj is no module"),
    ("llama-gguf-f16", "qwen2", "made for llama"),
]
