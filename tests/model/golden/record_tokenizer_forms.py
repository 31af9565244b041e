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
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import record_tokenizer as hard

HERE = os.path.dirname(os.path.abspath(__file__))
NUM_LINES = 2400
LINES_PER_CHECKSUM = 50
CODE_POINT_CONTEXTS = ("a{}b", "1{} {}'s", "e\u0323{}\u0301")
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


# Prompts and subjects as they are hard to find again: before, subject, behind.
SUBJECTS = [(before, subject, behind) for before in ("", "The mother tongue of ", "I'm told that 2 of \u00dcber-", "(", "\u1112\u1161\u11ab ") for subject, behind in (
    ("Beyonc\u00e9", " is"), ("Beyonce\u0301", " is"), ("O'Neill", "'s mother"), ("Jean-Luc Godard", ", who"), ("3rd Rock from the Sun", " was"), ("Windows 95", " is"),
    ("C\u00f4te d'Ivoire", "'s capital"), ("20th-century music", "-like"), ("\u0130zmir", " is in"), ("\u6771\u4eac", "\u306f"), ("X", " is"), ("Ke$ha", "!"), ("1", "2"), ("Panic! at the Disco", " is"),
    ("Emoji \U0001f600", " is"), ("na\u00efve", ""), ("Rock 'n' Roll", "er"), ("the", "re"), ("\u1112\u1161", "\u11ab"))]


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


def prompts_of_counterfact(path):
    """Of every COUNTERFACT_STEP-th record: what stands before the subject, the subject, what stands behind it."""
    prompts = []
    for line in lines_of_file(path, 10**9)[::COUNTERFACT_STEP]:
        request = json.loads(line)["requested_rewrite"]
        before, behind = request["prompt"].split("{}")
        prompts.append((before, request["subject"], behind))
    return prompts


def lines_of_counterfact(path):
    return ["".join(prompt) for prompt in prompts_of_counterfact(path)]


def subject_last(tokenizer, prompts):
    """Index of the last token that begins in the subject or before; a mark that NFC joined to a letter has no offsets of its own."""
    indices = []
    for (before, subject, _), encoding in zip(prompts, tokenizer.encode_batch(["".join(prompt) for prompt in prompts])):
        last = len(before) + len(subject.rstrip()) - 1
        indices.append(max(i for i, (begin, end) in enumerate(encoding.offsets) if begin <= last and begin < end))
    return indices


def continuations(tokenizer):
    """Texts behind "The word is" whose ids stand behind its own."""
    head, result = tokenizer.encode("The word is").ids, []
    for text in FRAGMENTS:
        ids = tokenizer.encode("The word is " + text).ids
        if text and text[0].isascii() and text[0].isalnum() and ids[:len(head)] == head:
            result.append({"text": " " + text, "ids": ids[len(head):]})
    assert len(result) > 50, len(result)
    return result


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
    prompts = prompts_of_counterfact(f"{reference}/counterfact/counterfact_rebuilt.jsonl")
    return {
        "vocab_size": tokenizer.get_vocab_size(),
        "continuations": continuations(tokenizer),
        "subject_last": subject_last(tokenizer, SUBJECTS),
        "counterfact_subject_last": checksums([[index] for index in subject_last(tokenizer, prompts)]),
        "examples": [{"text": line, "ids": ids} for line, ids in list(zip(lines, encoded))[:25]],
        "encoded": checksums(encoded),
        "decoded": checksums(texts(False)),
        "decoded_skipping": checksums(texts(True)),
        "decoded_every_other": checksums(cut),
        "code_points": record_code_points(tokenizer),
        "counterfact": checksums(ids_of(tokenizer, ["".join(prompt) for prompt in prompts])),
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


def with_special(tokenizer, tokens):
    """Special tokens behind the vocabulary, as newer models have them."""
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in tokens])
    return tokenizer


def beginning(token, tokenizer):
    return processors.TemplateProcessing(single=f"{token}:0 $A:0", pair=f"{token}:0 $A:0 {token}:1 $B:1", special_tokens=[(token, tokenizer.token_to_id(token))])


LLAMA2_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def llama2_model(reference, left_out=()):
    """Characters with a sign for blanks, their bytes for what is not in the vocabulary; trained on words."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    train(tokenizer, reference, ["<unk>", "<s>", "</s>"] + [token for token in LLAMA2_BYTES if token not in left_out], [], 1500)
    contents = json.loads(tokenizer.to_str())
    contents["model"].update(byte_fallback=True, fuse_unk=True)
    contents["added_tokens"] = contents["added_tokens"][:3]
    contents["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(contents))
    tokenizer.post_processor = beginning("<s>", tokenizer)
    return tokenizer


def llama2_decoder():
    return decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def llama2(reference):
    tokenizer = llama2_model(reference)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = llama2_decoder()
    return tokenizer


def llama2_metaspace(reference):
    """As converted since 2024. A few bytes are no token, so that there are unknown ones."""
    tokenizer = llama2_model(reference, left_out=LLAMA2_BYTES[0xE8:0xF8])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = llama2_decoder()
    return tokenizer


def metaspace_words(reference):
    """Each word alone; unknown characters are not fused."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return train(tokenizer, reference, ["<unk>", "<|endoftext|>"], [])


LLAMA3_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def llama3(reference):
    """Tokens that no merge makes are used, since merges are passed over."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = split_then_bytes(LLAMA3_SPLIT)
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, reference, [], byte_alphabet())
    contents = json.loads(tokenizer.to_str())
    contents["model"]["ignore_merges"] = True
    for token in ("\u0120Darrieux", "\u0120Paulo", "PascalCase", "\u00c3\u0142berx"):
        contents["model"]["vocab"].setdefault(token, len(contents["model"]["vocab"]))
    tokenizer = with_special(Tokenizer.from_str(json.dumps(contents)), ["<|begin_of_text|>", "<|end_of_text|>"])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), beginning("<|begin_of_text|>", tokenizer)])
    return tokenizer


def qwen2(reference):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = split_then_bytes(QWEN2_SPLIT)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return with_special(train(tokenizer, reference, [], byte_alphabet()), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])


def splits(reference):
    """What no published model has all of: each thing that may become of a pattern's matches."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"[\r\n]+"), "\n"), normalizers.Replace("'s", "\u2019s")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[,;]\s?"), "merged_with_previous"), pre_tokenizers.Split("-", "merged_with_next"),
        pre_tokenizers.Split(Regex(r"(?<=\s)[!?.]|[(){}\[\]]"), "contiguous"), pre_tokenizers.Split("_", "removed"),
        pre_tokenizers.Split(Regex(r"[^\S\n]+|\p{N}{2,4}"), "isolated", invert=True), pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False)])
    return train(tokenizer, reference, ["<|endoftext|>"], byte_alphabet())


FORMS = {"smollm2": smollm2, "llama2": llama2, "llama2_metaspace": llama2_metaspace, "metaspace_words": metaspace_words, "llama3": llama3, "qwen2": qwen2,
         "splits": splits}
LLAMA_CONFIG = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                "clean_up_tokenization_spaces": False, "legacy": False}
# Where tokenizer.json alone does not say which token ends a text.
CONFIGS = {"llama2": LLAMA_CONFIG, "llama2_metaspace": LLAMA_CONFIG,
           "llama3": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}}


def write_tokenizers(reference):
    for name, make in FORMS.items():
        os.makedirs(f"{HERE}/tokenizers/{name}", exist_ok=True)
        with open(f"{HERE}/tokenizers/{name}/tokenizer.json", "w", encoding="utf-8") as file:
            json.dump(json.loads(make(reference).to_str()), file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")
        if name in CONFIGS:
            with open(f"{HERE}/tokenizers/{name}/tokenizer_config.json", "w", encoding="utf-8") as file:
                file.write(json.dumps(CONFIGS[name]) + "\n")


def main():
    reference = sys.argv[1]
    if "--train" in sys.argv[2:]:
        write_tokenizers(reference)
    result = {"versions": {"tokenizers": tokenizers.__version__}, "fragments": FRAGMENTS, "subjects": SUBJECTS, "num_lines": NUM_LINES,
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
