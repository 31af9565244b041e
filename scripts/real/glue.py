"""The paper's downstream examples: 100 of each label from GLUE's validation splits, drawn with Python's random."""

import hashlib
import json
import os
import random
import urllib.error
import urllib.parse

from real.transfer import TransferError, open_url, rebased

ROWS = "https://datasets-server.huggingface.co/rows"
PAGE = 100  # the most that the server gives at once
SEED = 37
PER_LABEL = 100

# In the order drawn: one generator serves all four. The digests are those of the published sets (`digest_of`).
TASKS = {
    "sst2": "b4c7961d9b3309cf061c02eeefb0ddfd17dba30a477a73b2effbe4692ffee5a8",
    "mrpc": "ee05dd536577762fd43e67f7101f3c136de0b548bbd0e955d68ff56b78ba972a",
    "cola": "ac6a0b12624dc35864cb89a50afaad54d64cfaf0e238211fad55b1be6ffb3f97",
    "rte": "4cff4bde138a93f977ff3e00b64df0fb520d1bb6ccdc4aea95561597e940edd6",
}


def digest_of(examples):
    """SHA-256 of a set's content, whatever its layout."""
    text = json.dumps(examples, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def draw(splits):
    """The sets of all tasks. Each label's examples are shuffled, labels in order of their first example; the first 100
    of each are put together and shuffled. The order of tasks and the sizes of their splits decide every draw."""
    generator = random.Random(SEED)
    sets = {}
    for task, rows in splits.items():
        by_label = {}
        for row in rows:
            by_label.setdefault(row["label"], []).append(row)
        chosen = []
        for examples in by_label.values():
            generator.shuffle(examples)
            chosen += examples[:PER_LABEL]
        generator.shuffle(chosen)
        sets[task] = chosen
    return sets


def _page(task, offset, base_url):
    query = urllib.parse.urlencode(
        {"dataset": "nyu-mll/glue", "config": task, "split": "validation", "offset": offset, "length": PAGE}
    )
    url = rebased(f"{ROWS}?{query}", base_url)
    try:
        response, _ = open_url(url)
        with response:
            page = json.load(response)
        return [entry["row"] for entry in page["rows"]], int(page["num_rows_total"])
    except urllib.error.HTTPError as error:
        raise TransferError(f"{url}: the server says {error.code} {error.reason}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TransferError(f"{url}: no page of rows came ({error!r}); run the same command again") from error


def validation_split(task, base_url):
    rows, total = _page(task, 0, base_url)
    while len(rows) < total:
        more, _ = _page(task, len(rows), base_url)
        if not more:
            raise TransferError(f"{ROWS}: GLUE's {task} ends after {len(rows)} of {total} rows")
        rows += more
    return rows


def _targets(folder):
    return {task: folder / "glue" / f"{task}.json" for task in TASKS}


def is_there(folder):
    return all(path.exists() for path in _targets(folder).values())


def fetch_glue(folder, base_url, say, digests=None):
    """Writes glue/<task>.json; each must be the published set, to the letter."""
    digests = TASKS if digests is None else digests
    targets = _targets(folder)
    if is_there(folder):
        say("  glue: there")
        return
    splits = {}
    for task in TASKS:
        say(f"  GLUE {task}: fetching the validation split")
        splits[task] = validation_split(task, base_url)
    for task, examples in draw(splits).items():
        digest = digest_of(examples)
        if digest != digests[task]:
            raise TransferError(
                f"GLUE {task}: the 200 examples drawn (sha256 {digest}) are not the published ones "
                f"({digests[task]}); not written. Has the data set's validation split changed?"
            )
        targets[task].parent.mkdir(parents=True, exist_ok=True)
        temporary = targets[task].with_name(targets[task].name + ".part")
        temporary.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, targets[task])
        say(f"  glue/{task}.json: {len(examples)} examples, as published")
