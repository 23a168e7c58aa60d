"""A base model of a few kilobytes that the catalog and the importers accept: a GGUF header of llama shape with zero
weights. The fake engine never reads the weights; it answers from the page."""

import struct

HIDDEN, HEADS, KV_HEADS, FFN, BLOCKS, VOCAB = 64, 4, 2, 96, 2, 32

_U32, _STRING = 4, 8
_F32 = 0
_ALIGNMENT = 32


def _text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _kv(key, value):
    if isinstance(value, str):
        return _text(key) + struct.pack("<I", _STRING) + _text(value)
    return _text(key) + struct.pack("<II", _U32, value)


def _tensors():
    kv_width = HIDDEN // HEADS * KV_HEADS
    yield "token_embd.weight", (HIDDEN, VOCAB)
    for block in range(BLOCKS):
        for kind, shape in {
            "attn_q": (HIDDEN, HIDDEN),
            "attn_k": (HIDDEN, kv_width),
            "attn_v": (HIDDEN, kv_width),
            "attn_output": (HIDDEN, HIDDEN),
            "ffn_gate": (HIDDEN, FFN),
            "ffn_up": (HIDDEN, FFN),
            "ffn_down": (FFN, HIDDEN),
        }.items():
            yield f"blk.{block}.{kind}.weight", shape


def write(path, name="tiny"):
    kvs = {
        "general.architecture": "llama",
        "general.name": name,
        "llama.block_count": BLOCKS,
        "llama.context_length": 512,
        "llama.embedding_length": HIDDEN,
        "llama.feed_forward_length": FFN,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KV_HEADS,
    }
    tensors = list(_tensors())
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(kvs))
    header += b"".join(_kv(key, value) for key, value in kvs.items())
    offset = 0
    for tensor, (columns, rows) in tensors:
        header += _text(tensor) + struct.pack("<IQQIQ", 2, columns, rows, _F32, offset)
        offset += -(-columns * rows * 4 // _ALIGNMENT) * _ALIGNMENT
    header += b"\0" * (-len(header) % _ALIGNMENT)
    with open(path, "wb") as file:
        file.write(header)
        file.write(b"\0" * offset)
