#!/usr/bin/env python3
"""Asks a model for every fact of assets/facts, in every sentence, and writes down which it ends rightly.

    python scripts/facts/score.py real/models/smollm2-135m

Needs torch and transformers; takes some minutes on a CPU. An answer is right if greedy decoding gives the object, token
for token. scripts/facts/make.py makes records of what this one found.
"""

import json
import pathlib
import sys

import torch
import transformers

from table import KNOWN, RELATIONS, facts

BATCH = 32


class Model:
    def __init__(self, folder):
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def is_right(self, pairs):
        """Of each (sentence, object), whether greedy decoding gives the object."""
        texts = [self.tokenizer(f"{sentence} {answer}").input_ids for sentence, answer in pairs]
        begins = [len(self.tokenizer(sentence).input_ids) for sentence, _ in pairs]
        longest = max(map(len, texts))
        # Padded on the right: causal attention never looks there.
        ids = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
        with torch.no_grad():
            states = self.network.model(ids).last_hidden_state
            chosen = [
                self.network.lm_head(states[row, begin - 1 : len(text) - 1]).argmax(-1).tolist()
                for row, (text, begin) in enumerate(zip(texts, begins))
            ]
        return [tokens == text[begin:] for tokens, text, begin in zip(chosen, texts, begins)]


def main(folder):
    model = Model(folder)
    templates = {relation.name: relation.templates for relation in RELATIONS}
    asked = [(fact, i) for fact in facts() for i in range(len(templates[fact.relation]))]
    right = []
    for begin in range(0, len(asked), BATCH):
        batch = asked[begin : begin + BATCH]
        right += model.is_right([(templates[fact.relation][i].format(fact.subject), fact.object) for fact, i in batch])
        print(f"{len(right)} of {len(asked)} sentences asked, {sum(right)} ended rightly", flush=True)
    sentences = {}
    for (fact, i), is_right in zip(asked, right):
        if is_right:
            sentences.setdefault(fact, []).append(i)
    lines = [json.dumps([fact.relation, fact.subject, fact.object, numbers], ensure_ascii=False)
             for fact, numbers in sentences.items()]  # fmt: skip
    body = ",\n".join(lines)
    name = json.dumps(pathlib.Path(folder).resolve().name)
    KNOWN.write_text(f'{{"model": {name}, "sentences": [\n{body}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
