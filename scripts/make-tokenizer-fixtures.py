#!/usr/bin/env python3
"""Make test/fixtures/tokenizers.json: what the reference tokenizers make of some texts, for this library to be compared with.

    python3 -m venv build/venv && build/venv/bin/pip install sentencepiece==0.2.2 tokenizers==0.23.2
    build/venv/bin/python scripts/make-tokenizer-fixtures.py ../shared/data

For each vocabulary: the tokens of short texts, their text again, and of a whole book the number of tokens and the SHA-256 of
all of them, as little-endian 32-bit numbers, line by line.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy
import sentencepiece
import tokenizers

DATA = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data") / "tokenizers"
TEXTS = [
    "Hello world.",
    "I saw a girl with a telescope.",
    "  two  spaces ",
    "naïve café ﬁne １２３",
    "Unbelievable, isn't it? 42nd 3.14",
    "こんにちは 世界",
    "a\tb\nc",
    "don't stop",
    "😀 emoji",
    "",
    "ＡＢＣ①",
    "The  QUICK brown fox…",
    " x",
    "x \n y",
    "e\u0301 \u00a0 n\u0303o",
]


def book() -> list[str]:
    return (DATA / "sentencepiece/botchan.txt").read_text(encoding="utf-8").split("\n")


def case(encode, decode) -> dict:
    tokens = [encode(text) for text in TEXTS]
    everything = numpy.array([token for line in book() for token in encode(line)], dtype="<i4")
    return {
        "tokens": tokens,
        "texts": [decode(each) for each in tokens],
        "bookTokens": len(everything),
        "bookSha256": hashlib.sha256(everything.tobytes()).hexdigest(),
    }


pieces = sentencepiece.SentencePieceProcessor(model_file=str(DATA / "sentencepiece/test_model.model"))
bert = tokenizers.BertWordPieceTokenizer(str(DATA / "bert/vocab.txt"), lowercase=True)
gpt2 = tokenizers.ByteLevelBPETokenizer(str(DATA / "gpt2/encoder.json"), str(DATA / "gpt2/vocab.bpe"))
result = {
    "texts": TEXTS,
    "wordPiece": case(lambda text: bert.encode(text, add_special_tokens=False).ids, bert.decode),
    "bytePair": case(lambda text: gpt2.encode(text).ids, gpt2.decode),
    "sentencePiece": case(pieces.encode, pieces.decode),
}
target = Path(__file__).parent.parent / "test/fixtures/tokenizers.json"
target.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
