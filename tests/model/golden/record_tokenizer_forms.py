#!/usr/bin/env python3
"""Trains small tokenizers of published forms and records what Hugging Face tokenizers makes of hard text with them.

Usage: record_tokenizer_forms.py REFERENCE_DATA [--train]
Writes tokenizer_forms.json and, with --train, tokenizers/<form>/tokenizer.json beside this script. REFERENCE_DATA holds
counterfact/ and corpora/; of their lines only checksums of ids are recorded. Versions: tokenizers 0.22.2.
"""
import json
import os
import sys
import zlib

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import record_tokenizer as hard

HERE = os.path.dirname(os.path.abspath(__file__))
NUM_LINES = 2400
LINES_PER_CHECKSUM = 50
CODE_POINT_CONTEXTS = ("a{}b", "1{} {}'s")
CODE_POINTS_PER_CHECKSUM = 0x1000
CODE_POINT_BLOCKS = [*range(0, 0x40000, CODE_POINTS_PER_CHECKSUM), 0xE0000]
# Numbers of Unicode 17, which the standard library of the wheel's Rust has; its Oniguruma has 16, as lethe.
NEWER_CODE_POINTS = [*range(0x11DE0, 0x11DEA), *range(0x16FF4, 0x16FF7)]
VOCABULARY_SIZE = 1200
COUNTERFACT_STEP = 10
CORPORA = ("wikitext103_test.txt", "factbook.txt", "wikisplit_tune.tsv")
LINES_PER_CORPUS = 800

SMOLLM2_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<reponame>", "<file_sep>", "<filename>", "<gh_stars>", "<issue_start>",
                  "<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>", "<jupyter_code>", "<jupyter_output>", "<jupyter_script>",
                  "<empty_output>"]
# In front of each line so that fragments meet in every way; "" among them.
FRAGMENTS = [text for text in hard.PLAIN_TEXTS + hard.SCRIPT_TEXTS + hard.CONTROL_TEXTS + hard.SPECIAL_TEXTS if len(text) < 120] + SMOLLM2_TOKENS + [
    "Danielle Darrieux", "The mother tongue of ", "'s capital", " is located in ", "Beyonc\u00e9", "Jean-Luc Godard", "O'Neill", "Ke$ha", "3rd Rock",
    "Windows 8.1", "C\u00f4te d'Ivoire", "20th-century", "2Pac", "50 Cent", " (born 1950)", "\u0130zmir", "S\u00e3o Paulo", "\u00c5ngstr\u00f6m", "na\u0308ive",
    "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u1e9b\u0323", "\u0344", "\u2126\u212b", "\u0958", "1234567", "12,345.67", "\u2581", "\u2581the", " \u2581 ", "<s>", "</s>", "<unk>",
    "<|begin_of_text|>", "<|end_of_text|>", "\r\n\r\n", " \r ", "\n \n", "   \n\n   x", "'S", "'LL", "I'VE", "'\u017f", "!?\n\n", ")\r\n", "<0x41>", "\u0120the",
]


def lines_of_fragments():
    """NUM_LINES texts of one to five fragments, drawn by a generator that the C++ test repeats."""
    state, lines = 1, []

    def draw(bound):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % bound

    for _ in range(NUM_LINES):
        count = 1 + draw(5)
        lines.append("".join(FRAGMENTS[draw(len(FRAGMENTS))] for _ in range(count)))
    return lines


def lines_of_file(path, most):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line, _ in zip(file, range(most))]


def lines_of_counterfact(path):
    lines = []
    for line in lines_of_file(path, 10**9)[::COUNTERFACT_STEP]:
        request = json.loads(line)["requested_rewrite"]
        lines.append(request["prompt"].replace("{}", request["subject"]))
    return lines


def checksum_of(numbers, checksum=0):
    return zlib.crc32(b"".join(number.to_bytes(4, "little") for number in numbers), checksum)


def checksums(values):
    """CRC-32 of lists of numbers, lengths in front, for each LINES_PER_CHECKSUM of them."""
    result = []
    for start in range(0, len(values), LINES_PER_CHECKSUM):
        checksum = 0
        for value in values[start:start + LINES_PER_CHECKSUM]:
            checksum = checksum_of([len(value), *value], checksum)
        result.append(checksum)
    return result


def ids_of(tokenizer, texts):
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]


def record_code_points(tokenizer):
    blocks = []
    for first in CODE_POINT_BLOCKS:
        points = [point for point in range(first, first + CODE_POINTS_PER_CHECKSUM) if not 0xD800 <= point <= 0xDFFF and point not in NEWER_CODE_POINTS]
        checksum = 0
        for ids in ids_of(tokenizer, [context.replace("{}", chr(point)) for point in points for context in CODE_POINT_CONTEXTS]):
            checksum = checksum_of([len(ids), *ids], checksum)
        blocks.append({"first": first, "crc32": checksum})
    return blocks


def record(tokenizer, reference):
    lines = lines_of_fragments()
    encoded = ids_of(tokenizer, lines)
    texts = lambda skip: [list(tokenizer.decode(ids, skip_special_tokens=skip).encode()) for ids in encoded]
    cut = [list(tokenizer.decode(ids[1::2], skip_special_tokens=False).encode()) for ids in encoded]
    return {
        "vocab_size": tokenizer.get_vocab_size(),
        "examples": [{"text": line, "ids": ids} for line, ids in list(zip(lines, encoded))[:40]],
        "encoded": checksums(encoded),
        "decoded": checksums(texts(False)),
        "decoded_skipping": checksums(texts(True)),
        "decoded_every_other": checksums(cut),
        "code_points": record_code_points(tokenizer),
        "counterfact": checksums(ids_of(tokenizer, lines_of_counterfact(f"{reference}/counterfact/counterfact_rebuilt.jsonl"))),
        "corpora": {name: checksums(ids_of(tokenizer, lines_of_file(f"{reference}/corpora/{name}", LINES_PER_CORPUS))) for name in CORPORA},
    }


def special(tokens):
    return [AddedToken(token, special=True, normalized=False) for token in tokens]


def training_lines(reference):
    for name, most in (("wikitext103_valid.txt", 4000), ("factbook.txt", 8000), ("britannica_1810.txt", 3000)):
        yield from lines_of_file(f"{reference}/corpora/{name}", most)


def train(tokenizer, reference, special_tokens, alphabet, vocabulary_size=VOCABULARY_SIZE):
    trainer = trainers.BpeTrainer(vocab_size=vocabulary_size, special_tokens=special(special_tokens), initial_alphabet=alphabet, show_progress=False,
                                  limit_alphabet=300)
    tokenizer.train_from_iterator(training_lines(reference), trainer)
    return tokenizer


def byte_alphabet():
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def smollm2(reference):
    """Digits one by one, then GPT-2's split; some bytes are no token, as in SmolLM2's own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, reference, SMOLLM2_TOKENS, byte_alphabet()[:235])


FORMS = {"smollm2": smollm2}


def write_tokenizers(reference):
    for name, make in FORMS.items():
        os.makedirs(f"{HERE}/tokenizers/{name}", exist_ok=True)
        with open(f"{HERE}/tokenizers/{name}/tokenizer.json", "w", encoding="utf-8") as file:
            json.dump(json.loads(make(reference).to_str()), file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")


def main():
    reference = sys.argv[1]
    if "--train" in sys.argv[2:]:
        write_tokenizers(reference)
    result = {"versions": {"tokenizers": tokenizers.__version__}, "fragments": FRAGMENTS, "num_lines": NUM_LINES,
              "lines_per_checksum": LINES_PER_CHECKSUM, "contexts": CODE_POINT_CONTEXTS, "code_points_per_checksum": CODE_POINTS_PER_CHECKSUM,
              "newer_code_points": NEWER_CODE_POINTS,
              "counterfact_step": COUNTERFACT_STEP, "lines_per_corpus": LINES_PER_CORPUS, "forms": {}}
    for name in FORMS:
        print(f"recording {name}", file=sys.stderr)
        result["forms"][name] = record(Tokenizer.from_file(f"{HERE}/tokenizers/{name}/tokenizer.json"), reference)
    with open(f"{HERE}/tokenizer_forms.json", "w", encoding="utf-8") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    main()
