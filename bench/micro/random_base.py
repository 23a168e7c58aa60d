#!/usr/bin/env python3
"""Writes a base of a known shape with random weights, for what only depends on shapes: times and memory, never answers.

usage: random_base.py 1b|8b FROM.gguf OUT.gguf

Shapes of Llama-3.2-1B and Llama-3.1-8B; tokenizer and chat template are FROM's, so the vocabulary (and the embedding) is FROM's
size. Matrices are Q4_0: random nibbles with a scale that keeps activations finite. Written in pieces: memory stays small.
"""

import os
import struct
import sys

SHAPES = {  # embedding, feed forward, heads, heads of K and V, blocks
    "1b": (2048, 8192, 32, 8, 16),
    "8b": (4096, 14336, 32, 8, 32),
}
F32, Q4_0 = 0, 2
BLOCK, BLOCK_BYTES = 32, 18
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of gguf's numbers
U32, FLOAT32, STRING, ARRAY = 4, 6, 8, 9
ALIGNMENT = 32
CHUNK_BLOCKS = 1 << 16


def raw_kvs(file):
    """name -> bytes of type and value, in the file's order."""

    def take(count):
        data = file.read(count)
        if len(data) != count:
            sys.exit("the file ends early")
        return data

    def value(kind):
        if kind == STRING:
            size = take(8)
            return size + take(struct.unpack("<Q", size)[0])
        if kind == ARRAY:
            head = take(12)
            element, count = struct.unpack("<IQ", head)
            if element in SIZES:
                return head + take(SIZES[element] * count)
            return head + b"".join(value(element) for _ in range(count))
        return take(SIZES[kind])

    if take(4) != b"GGUF":
        sys.exit("FROM is no GGUF file")
    _, _, count = struct.unpack("<IQQ", take(20))
    kvs = {}
    for _ in range(count):
        name = take(struct.unpack("<Q", take(8))[0]).decode()
        kind = take(4)
        kvs[name] = kind + value(struct.unpack("<I", kind)[0])
    return kvs


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def tensors_of(shape, vocabulary):
    width, feed, heads, kv_heads, blocks = SHAPES[shape]
    kv_width = width // heads * kv_heads
    yield "token_embd.weight", (width, vocabulary), Q4_0
    yield "output_norm.weight", (width,), F32
    for block in range(blocks):
        for kind, ne in {"attn_q": (width, width), "attn_k": (width, kv_width), "attn_v": (width, kv_width), "attn_output": (width, width),
                         "ffn_gate": (width, feed), "ffn_up": (width, feed), "ffn_down": (feed, width)}.items():
            yield f"blk.{block}.{kind}.weight", ne, Q4_0
        yield f"blk.{block}.attn_norm.weight", (width,), F32
        yield f"blk.{block}.ffn_norm.weight", (width,), F32


def byte_size(ne, kind):
    count = 1
    for size in ne:
        count *= size
    return count * 4 if kind == F32 else count // BLOCK * BLOCK_BYTES


def header_of(shape, kvs, tensors):
    width, feed, heads, kv_heads, blocks = SHAPES[shape]
    numbers = {"llama.block_count": blocks, "llama.embedding_length": width, "llama.feed_forward_length": feed, "general.file_type": 2,
               "llama.attention.head_count": heads, "llama.attention.head_count_kv": kv_heads, "llama.rope.dimension_count": width // heads}
    kvs = {**kvs, **{name: struct.pack("<II", U32, number) for name, number in numbers.items()},
           "general.name": struct.pack("<I", STRING) + text(f"random {shape}"),
           "llama.rope.freq_base": struct.pack("<If", FLOAT32, 500000.0)}
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(kvs))
    header += b"".join(text(name) + value for name, value in kvs.items())
    offset = 0
    for name, ne, kind in tensors:
        header += text(name) + struct.pack(f"<I{len(ne)}QIQ", len(ne), *ne, kind, offset)
        offset += -(-byte_size(ne, kind) // ALIGNMENT) * ALIGNMENT
    return header + b"\0" * (-len(header) % ALIGNMENT)


def write(shape, source, out):
    with open(source, "rb") as file:
        kvs = raw_kvs(file)
    vocabulary = struct.unpack("<I", kvs["llama.vocab_size"][4:])[0]
    tensors = list(tensors_of(shape, vocabulary))
    # d = 0.6 / sqrt(width) / 8: rows of about unit gain. The same random blocks over and over, each time from another one on.
    scale = struct.pack("<e", 0.6 / SHAPES[shape][0] ** 0.5 / 8)
    noise = os.urandom(CHUNK_BLOCKS * 16)
    blocks = b"".join(scale + noise[16 * i:16 * i + 16] for i in range(CHUNK_BLOCKS)) * 2
    with open(out, "wb") as file:
        file.write(header_of(shape, kvs, tensors))
        for number, (_, ne, kind) in enumerate(tensors):
            left = byte_size(ne, kind)
            padding = -left % ALIGNMENT
            if kind == F32:
                file.write(struct.pack("<f", 1.0) * (left // 4))
                left = 0
            at = number * 7919 % CHUNK_BLOCKS * BLOCK_BYTES
            while left > 0:
                piece = blocks[at:at + min(left, CHUNK_BLOCKS * BLOCK_BYTES)]
                file.write(piece)
                left -= len(piece)
            file.write(b"\0" * padding)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    write(*sys.argv[1:])
