#!/usr/bin/env python3
"""Records what Hugging Face tokenizers make of hard text: tests/model/golden/tokenizer.json.

Usage: record_tokenizer.py SMALL_FOLDER REFERENCE_TOKENIZER_FOLDER > tokenizer.json
SMALL_FOLDER holds vocab.json + merges.txt (assets/small-gpt2); the other one GPT-2's encoder.json + vocab.bpe, of
which only the ids of our own texts are recorded. Versions: transformers 4.57.6, tokenizers 0.22.2.
"""
import json
import os
import random
import sys
import zlib

import tokenizers
import transformers
from transformers import GPT2TokenizerFast

CODE_POINT_CONTEXTS = ("a{}b", " {}", "{} {}", "1{}1", "!{} ")
CODE_POINTS_PER_CHECKSUM = 0x1000
# Planes 0 to 3 and the tags of plane 14: wherever Unicode has assigned anything but private use.
CODE_POINT_BLOCKS = [*range(0, 0x40000, CODE_POINTS_PER_CHECKSUM), 0xE0000]

PLAIN_TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n ", "a", " a", "a ", "  a", "a  ", "   a   b   ",
    "The mother tongue of the painter is", "Hello, world!", "Hello , world !", "Hello,world!\n\nNext\tparagraph.  End ",
    "x  y   z    w", "trailing spaces   ", "trailing newline\n", "trailing mixture \n\t ", "\t\tindented\n    code = 1;",
    "line one\nline two\r\nline three\rline four", "a\n\n\nb", "a \n b", "a\u00a0b", "a \u00a0 b", "\u00a0\u00a0a",
    "a\u2003b \u2003 c", "a\u3000\u3000b", "a\u200bb", "a\u180eb", "\ufeffa", "a\u0085b", "a\u2028b\u2029c", "a\x0bb\x0cc",
    "I'm you're he's she'd we'll they've isn't", "I'M YOU'RE HE'S SHE'D WE'LL THEY'VE ISN'T", "'s 't 're 've 'm 'll 'd",
    "x's's", "''s", "' s", " 's", "'S", "'sx", "'lly", "'l", "'r", "'v", "don''t", "\u2019s don\u2019t", "rock 'n' roll",
    "0 1 12 123 1234 12345 1234567890", "3.14159 1,000,000 1e-5 0x1F 50%", "a1b2c3", "1st 2nd", "v1.2.3-rc4",
    "\u0663\u0664 \u0966\u0967 \u2160\u2161 \u00bd \u00b2\u00b3 \u2460 \u4e00\u4e8c \U0001d7d8",
    "!!! ??? ... --- *** ///", "(a) [b] {c} <d>", "a_b __init__ #tag @user $5 a&b a|b", "C++ != C#", "e.g., i.e.; etc.:",
    "http://example.org/a?b=c&d=%20#e", "user@example.org", "\"quoted\" 'single' `code` \u201cdouble\u201d \u00abguillemets\u00bb",
    "snake_case camelCase PascalCase kebab-case SCREAMING_CASE", "AAAAAAAAAAAAAAAA", "aAaAaAaA", "ZzZz",
]

SCRIPT_TEXTS = [
    "Caf\u00e9 na\u00efve \u0153uvre stra\u00dfe \u0130stanbul \u0141\u00f3d\u017a \u01c6 \u1e9e",
    "cafe\u0301 n\u0303 o\u0308\u0323 Z\u0351\u036b\u0343a\u030a\u0328 \u0301start", "\ufb01ne \ufb03x \u2126 \u212b",
    "\u041c\u043e\u0441\u043a\u0432\u0430 \u2014 \u0441\u0442\u043e\u043b\u0438\u0446\u0430", "\u0391\u03b8\u03ae\u03bd\u03b1 \u1f08\u03b8\u1fc6\u03bd\u03b1\u03b9 \u03c2",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f \u0661\u0662\u0663",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e \u0915\u094d\u0937", "\u09ac\u09be\u0982\u09b2\u09be", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0b95\u0bca",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01", "\u0f56\u0f7c\u0f51\u0f0b\u0f61\u0f72\u0f42", "\u1019\u103c\u1014\u103a\u1019\u102c", "\u1781\u17d2\u1798\u17c2\u179a",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u3000\u4e00\u4e8c\u4e09", "\u6771\u4eac\u90fd\u306f\u65e5\u672c\u306e\u9996\u90fd\u3067\u3059\u3002\u30ab\u30bf\u30ab\u30ca\u30fc\uff76\uff9e", "\uc548\ub155 \uc138\uacc4 \u1100\u1161\u11a8",
    "\u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8 \u1c90", "\u0540\u0561\u0575\u0565\u0580\u0565\u0576", "\u12a0\u121b\u122d\u129b \u1369\u136a", "\u13e3\u13b3\u13a9 \uab70", "\u1401\u14c4\u1483\u144e\u1450\u1466",
    "\U00010330\U00010331 \U00010400\U00010428 \U00012000 \U00013000\U0001342f", "\U0001d400\U0001d401 \U0001d7ce \U00020000\U0002a6d6 \U0002ebf0 \U00031350",
    "\U00010d40\U00010d4a \U000116d0 \U00016d40\U00016d70 \ua7cb\ua7da \u1c89\u1c8a",
    "\U0001f600 \U0001f680\U0001f680 \u2764\ufe0f \u263a", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "\U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7 1\ufe0f\u20e3 \U0001f3f4\U000e0067\U000e0062\U000e007f", "a\U0001f600b", " \U0001f600",
    "\u2211 \u222b \u221e \u2260 \u2192 \u20ac \u00a3 \u00a9 \u2122 \u00ae \u00b0", "x\u00b2 + y\u00b3 = \u221az", "\u2022 bullet \u2026 ellipsis \u2013 dash",
    "\u200e\u200f\u202a\u202e\u2066 marks", "\ue000\uf8ff \U000f0000 \U0010fffd \U0010ffff", "\ufffd \ufffe \uffff", "\u0378\u0380 \U000e0001",
]

CONTROL_TEXTS = [
    "\x00", "a\x00b", "\x00\x01\x02\x03\x04\x05\x06\x07\x08", "\x0e\x0f\x10\x1a\x1b[31mred\x1b[0m", "\x1c\x1d\x1e\x1f x", "\x7f\x80\x81\x9f\xa0\xad",
    "".join(map(chr, range(128))), "".join(map(chr, range(128, 384))), " ".join(map(chr, range(33, 127))),
]

SPECIAL_TEXTS = [
    "<|endoftext|>", "<|endoftext|><|endoftext|>", "a<|endoftext|>b", "a <|endoftext|> b", "a  <|endoftext|>  b\n<|endoftext|>\n", "<|endoftext|",
    "<|endoftext|>x<|endoftext|", "<<|endoftext|>>", "<|<|endoftext|>|>", "<|ENDOFTEXT|>", "< |endoftext| >", "'<|endoftext|>s", "  <|endoftext|>'s",
]

LONG_TEXTS = [
    "a" * 1000, "ab" * 700, "supercalifragilisticexpialidocious" * 20, " " * 700, " " * 300 + "x", "\n" * 257 + " y", "=" * 500, "-=" * 200, "9" * 400,
    "\u00e9" * 300, "\u4e2d\u6587" * 150, "\U0001f600" * 100, "the" * 300, "The The" * 50,
]

CLEANED_TEXTS = [
    " . ? ! , ' n't 'm 's 've 're", "Hello , world ! How are you ? I 'm fine .", "do n't , we 've , they 're , it 's , I 'm", "a ' b ' c", "a  .  b ' 's",
    " ' . ", "x 'll y 'd", " .. ??", "do n't n't", " ' ' '",
]


def all_texts(rng):
    texts = PLAIN_TEXTS + SCRIPT_TEXTS + CONTROL_TEXTS + SPECIAL_TEXTS + LONG_TEXTS + CLEANED_TEXTS
    blocks = [(0x20, 0x7E), (0x09, 0x20), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF), (0x1E00, 0x1FFF), (0x2000, 0x206F),
              (0x2100, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0x1F300, 0x1F6FF), (0x10000, 0x10FFF)]
    for _ in range(120):
        parts = []
        for _ in range(rng.randint(1, 8)):
            first, last = rng.choice(blocks)
            parts.append("".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 5))))
            parts.append(rng.choice(["", " ", "  ", "\n", "'s", "'", " a", "1", "<|endoftext|>", "\u00a0"]))
        texts.append("".join(parts))
    return texts


def record_decoding(tokenizer, rng, texts):
    """Cut and shuffled ids: broken UTF-8, special tokens, ids without a token."""
    cases = [tokenizer.encode(text) for text in CLEANED_TEXTS + SPECIAL_TEXTS]
    for text in texts:
        ids = tokenizer.encode(text)
        if len(ids) > 3 and rng.random() < 0.3:
            cases.append(ids[1:rng.randint(2, min(len(ids), 30))])
    for _ in range(40):
        cases.append([rng.randrange(len(tokenizer)) for _ in range(rng.randint(1, 12))])
    byte_ids = tokenizer.convert_tokens_to_ids(list(transformers.models.gpt2.tokenization_gpt2.bytes_to_unicode().values()))
    for _ in range(60):
        cases.append([rng.choice(byte_ids) for _ in range(rng.randint(1, 9))])
    cases.append([0, len(tokenizer) + 5, 1])
    return [{
        "ids": ids,
        "text": tokenizer.decode(ids, clean_up_tokenization_spaces=False),
        "skipped": tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False),
        "cleaned": tokenizer.decode(ids, clean_up_tokenization_spaces=True),
    } for ids in cases]


def record_code_points(tokenizer):
    """CRC-32 of the ids (32-bit little endian, lengths in front) of every code point in every context, per block."""
    checksums = []
    for first in CODE_POINT_BLOCKS:
        points = [point for point in range(first, first + CODE_POINTS_PER_CHECKSUM) if not 0xD800 <= point <= 0xDFFF]
        texts = [context.replace("{}", chr(point)) for point in points for context in CODE_POINT_CONTEXTS]
        checksum = 0
        for encoding in tokenizer.backend_tokenizer.encode_batch_fast(texts):
            ids = encoding.ids
            checksum = zlib.crc32(b"".join(value.to_bytes(4, "little") for value in (len(ids), *ids)), checksum)
        checksums.append({"first": first, "crc32": checksum})
    return checksums


def record(tokenizer):
    rng = random.Random(37)
    texts = all_texts(rng)
    return {
        "vocab_size": len(tokenizer),
        "encoded": [{"text": text, "ids": tokenizer.encode(text)} for text in texts],
        "decoded": record_decoding(tokenizer, rng, texts),
        "code_point_checksums": record_code_points(tokenizer),
    }


def main():
    small, reference = sys.argv[1:]
    tokenizer_of = {
        "small": GPT2TokenizerFast(f"{small}/vocab.json", f"{small}/merges.txt"),
        "gpt2": GPT2TokenizerFast(f"{reference}/encoder.json", f"{reference}/vocab.bpe"),
    }
    result = {"versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
              "contexts": CODE_POINT_CONTEXTS, "code_points_per_checksum": CODE_POINTS_PER_CHECKSUM}
    for name, tokenizer in tokenizer_of.items():
        print(f"recording {name}", file=sys.stderr)
        result[name] = record(tokenizer)
    json.dump(result, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    main()
