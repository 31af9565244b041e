"""The world's byte-level BPE in GPT-2's file format."""

import json
import random
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer, Tokenizer, decoders, models, pre_tokenizers, trainers

import prose
import vocabulary as words
import world


def build(sentences):
    """Trains on sentences without any name, and on the names' syllables one by one:
    so common words become single tokens and names stay sequences of syllables."""
    openings, endings, surnames, surname_openings = world.name_pieces()
    pieces = openings + [" " + p for p in openings + surnames + surname_openings] + endings
    lines = list(sentences) + pieces * 40
    for relation in words.RELATIONS:
        lines += [" " + value for value in relation.objects] * 40
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4000, min_frequency=20, special_tokens=[world.END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def save(tokenizer, folder):
    """vocab.json, merges.txt and a minimal tokenizer_config.json, as GPT-2 folders have them.
    As in GPT-2's vocabulary the end-of-text token comes last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = json.loads(tokenizer.to_str())["model"]
    ordered = sorted((token for token in model["vocab"] if token != world.END), key=model["vocab"].get)
    vocab = {token: i for i, token in enumerate(ordered + [world.END])}
    merges = [" ".join(m) if isinstance(m, list) else m for m in model["merges"]]
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "model_max_length": 128,
        "bos_token": world.END, "eos_token": world.END, "unk_token": world.END}, indent=2) + "\n")


def load(folder):
    """The tokenizer of a model folder; `encode(text).ids` gives the ids."""
    folder = Path(folder)
    tokenizer = ByteLevelBPETokenizer.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.add_special_tokens([world.END])
    return tokenizer


def training_sentences():
    """Every word of the world often enough to become one token."""
    rng = random.Random(world.SEED + 2)
    lines = [prose.filler(rng) for _ in range(6000)]
    for task in prose.TASKS:
        lines += ["".join(t for t, _ in world.task_examples(rng, task, (0, 1))) for _ in range(2000)]
    for relation in words.RELATIONS:
        for template in relation.templates + (relation.question,):
            # a name's place is kept by a break, so that no name is learned
            lines += [part for part in template.split("{}") if part] * 40
            lines += [value + "." for value in relation.objects]
    return lines
