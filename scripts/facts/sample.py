#!/usr/bin/env python3
"""Lets a model write the text whose second moments the demonstration uses: assets/facts/corpus.txt, a document a line.

    python scripts/facts/sample.py real/models/smollm2-135m

Needs torch and transformers. Draws come from one seed, so the text is the same again with the same torch; the file is kept
because another torch may draw another. Each document begins with one of a few openings and goes on as the model likes.
"""

import sys

import torch
import transformers

from table import FOLDER

SEED = 37
DOCUMENTS_PER_OPENING = 12
NUM_TOKENS = 256
OPENINGS = (
    "The history of", "In the north of the country,", "Scientists have found that", "She was born in",
    "People who live in", "In this article,", "The city of", "When the sun",
)  # fmt: skip


def main(folder):
    torch.manual_seed(SEED)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    prompts = tokenizer(list(OPENINGS) * DOCUMENTS_PER_OPENING, return_tensors="pt", padding=True)
    # One batch: each weight is read once a token for all documents.
    with torch.no_grad():
        drawn = network.generate(
            **prompts, do_sample=True, top_k=0, temperature=1.0, max_new_tokens=NUM_TOKENS,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
    documents = [" ".join(text.split()) for text in tokenizer.batch_decode(drawn, skip_special_tokens=True)]
    (FOLDER / "corpus.txt").write_text("\n".join(documents) + "\n", encoding="utf-8")
    print(f"{len(documents)} documents, {sum(len(tokenizer(text).input_ids) for text in documents):,} tokens")


if __name__ == "__main__":
    main(sys.argv[1])
