#!/usr/bin/env python3
"""Every verb meets every input in every state that a file can be in, with one rule for all of them: the result is the one
of sound inputs, or the verb fails within two minutes, with one of its exit statuses and a message that names the file or what
it belongs to. Nothing in between: no crash, no wait, no trace of a library, no other result without a word.

LETHE_ROOT is a checkout with build/bin (or PROGRAMS names another folder) and assets/. Of the combinations every 1/SHARE is
tried (argument --share, default 44; 1 tries all, an hour and a half of one core), from --offset on; --only REGEX picks by name, as
"verify.*segment"."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import input_world

ROOT = pathlib.Path(os.environ["LETHE_ROOT"]).resolve()
LETHE = str(pathlib.Path(os.environ.get("PROGRAMS", ROOT / "build/bin")) / "lethe")
ASSETS = ROOT / "assets"
CELL = "alphaedit/m/sample0"
SECONDS = 120
# What a message never holds: the words of a library's own failure.
TRACES = re.compile(r"terminate called|Traceback|what\(\)|exception\.|HDF5-DIAG|c10::|basic_string|std::|Segmentation|core dumped")

# A superuser reads what the mode forbids, but for these two capabilities.
AS_A_USER = []
if os.geteuid() == 0 and shutil.which("setpriv"):
    lost = "-dac_override,-dac_read_search"
    AS_A_USER = ["setpriv", f"--bounding-set={lost}", f"--inh-caps={lost}"]


def run(world, *arguments):
    """Exit status and everything said; a status of its own for who does not end."""
    environment = dict(os.environ, LETHE_RETRY_SECONDS="0.02", HDF5_USE_FILE_LOCKING="FALSE")
    try:
        done = subprocess.run([*AS_A_USER, LETHE, *arguments], cwd=world, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    except subprocess.TimeoutExpired as expired:
        return "did not end", (expired.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout.decode(errors="replace")


ANOTHER_IDENTITY = "results of another identity"


# A verb: its command, and its product by which two runs of it are compared. `out`: the sweep of two edits.
def plan(world):
    status, told = run(world, "plan", "c2.yaml", "--out", "out")
    # Sizes of the folder and what is there already are not part of the promise.
    return status, told, "ready to run" if "NOT READY" not in told else "not ready"


def sweep(world):
    status, told = run(world, "sweep", "c3.yaml", "--out", "out")
    return status, told, sweep_product(world, status)


def identities(folder):
    """What the sweep's results are the results of, by cell."""
    facts = json.loads((folder / "inspection.json").read_text())
    return {cell["cell"]: (cell["edit_identity"], cell["reduction_identities"]) for cell in facts["cells"]}


def sweep_product(world, status):
    """A sweep does not read again what it has nothing to do with: damage there is for `verify` to tell."""
    if status != 0:
        return None
    if identities(world / "out") != identities(world.parent / "more/out"):
        return ANOTHER_IDENTITY
    if run(world, "verify", "--same", "out", str(world.parent / "more" / "out"))[0] == 0:
        return "the same results"
    ended, told = run(world, "verify", "--digests", "out")
    return "the same results" if ended == 1 and "segment" not in told else "other results"


def cell(world):
    status, told = run(world, "cell", "c3.yaml", "--cell", CELL, "--out", "out")
    # The segments' weights, by export.
    return status, told, exported(world, 3) if status == 0 else None


def exported(world, edits):
    if run(world, "export", "out", "--cell", CELL, "--edits", str(edits), "--to", "product")[0] != 0:
        return "cannot be exported"
    return input_world.digests(world / "product")


def export(world):
    status, told = run(world, "export", "out", "--cell", CELL, "--edits", "2", "--to", "to")
    return status, told, input_world.digests(world / "to") if (world / "to").exists() else "nothing"


def generate(world):
    status, told = run(world, "generate", "out", "--cell", CELL, "--edits", "2", "--prompt", "Tamfas", "--tokens", "4")
    return status, told, re.sub(r"^.* role=executor .*\n", "", told, flags=re.M)


def verify(world):
    status, told = run(world, "verify", "out")
    return status, told, "sound"


def verify_digests(world):
    status, told = run(world, "verify", "--digests", "out")
    return status, told, "sound"


def report(world):
    status, told = run(world, "report", "out", "--no-figures")
    made = world / "out/report"
    curves = (made / "curves.csv").read_text() if (made / "curves.csv").is_file() else "none"
    summary = (made / "summary.md").read_text() if (made / "summary.md").is_file() else "none"
    # Of a sweep that is not complete what is there is shown, and said so: "1 of 2", or what there is nothing to compare with.
    if re.search(r"\| +(\d+) of (?!\1 )\d+ \|", summary) or "not there to compare" in summary:
        return status, told, None
    # What was taken otherwise than asked for stands in the summary as a remark; its numbers are in tables.
    return status, told, curves + "\n".join(re.findall(r"^\|.*", summary, re.M))


def report_of_two(world):
    """Beside the sweep that has gone on, which is sound."""
    status, told = run(world, "report", "out", str(world.parent / "more/out"), "--out", "both", "--label", "out", "--label", "more", "--no-figures")
    texts = [path.read_text() for path in (world / f"both/{name}" for name in ("summary.md", "curves.csv", "comparison.csv")) if path.is_file()]
    is_part = texts and (re.search(r"^\| out .*\| +(\d+) of (?!\1 )\d+ \|", texts[0], re.M) or "not there to compare" in texts[0])
    return status, told, None if is_part else "".join(texts[1:])


def cells_of(told):
    """The rows that `status --json` told: what of each cell is done, without times; none where it says what is missing of a sweep that was complete."""
    said = json.loads(re.search(r"^\{.*\}$", told, re.M)[0])
    rows = said["cells"]
    if "results are not there any more" in said["missing"] and any(row["state"] != "done" for row in rows):
        return None
    return {row["cell"]: {key: value for key, value in row.items() if not re.search("second|time|rate|eta", key)} for row in rows}


def status(world):
    status, told = run(world, "status", "out", "--json")
    return status, told, cells_of(told) if status == 0 else None


def cancel(world):
    status, told = run(world, "cancel", "out", CELL)
    # One that is not complete any more is cancelled, and said to be.
    return status, told, "complete" if "is complete already" in told else None


def same_sweep(world, folder, name, status):
    """Whether a verb gave the prerequisites that it gives with sound inputs, which are beside this world."""
    if status != 0:
        return None
    sound = world.parent / f"{name}-sound"
    if not sound.exists():
        shutil.copytree(folder, sound)
    def made(one):
        return {re.sub(r"-[0-9a-f]{32}.*", "", str(path.relative_to(one))) for path in one.glob("prerequisites/*/*/*/*")}
    if made(folder) != made(sound):
        return ANOTHER_IDENTITY
    return "the same" if run(world, "verify", "--same", str(folder), str(sound))[0] == 0 else "other results"


def stats(world):
    status, told = run(world, "stats", "c2.yaml", "--out", "stats")
    return status, told, same_sweep(world, world / "stats", "stats", status)


def stats_of_shards(world):
    status, told = run(world, "stats", "shards.yaml", "--out", "stats")
    return status, told, same_sweep(world, world / "stats", "shards", status)


def train_mend(world):
    status, told = run(world, "train-mend", "training-sweep.yaml", "--out", "trained")
    return status, told, same_sweep(world, world / "trained", "trained", status)


def plan_of_shards(world):
    status, told = run(world, "plan", "shards.yaml", "--out", "planned")
    return status, told, "ready to run" if "NOT READY" not in told else "not ready"


def samples(world):
    status, told = run(world, "samples", "records.json", "--out", "orders.json")
    return status, told, (world / "orders.json").read_text() if status == 0 else None


def recall(world):
    status, told = run(world, "diagnose", "recall", "--model", "s", "--records", "records.json")
    return status, told, re.sub(r"^.* role=.*\n", "", told, flags=re.M)


def zsre(world):
    status, told = run(world, "diagnose", "zsre", "c2.yaml", "--method", "alphaedit", "--model", "m", "--edits", "2", "--out", "diagnosed")
    return status, told, re.sub(r"^.* role=.*\n", "", told, flags=re.M)


FACT = ("--prompt", "{} wears a ring of", "--subject", "Tamfas", "--target", "agate", "--to", "edited")


def edit(world):
    status, told = run(world, "edit", "m", *FACT, "--corpus", "corpus.txt")
    return status, told, input_world.digest_of(world / "edited/model.safetensors") if status == 0 else None


def edit_of_shards(world):
    status, told = run(world, "edit", "s", *FACT, "--moments", "moments.{layer}.npz")
    return status, told, input_world.digest_of(world / "edited/model.safetensors") if status == 0 else None


def single_edits(world):
    status, told = run(world, "diagnose", "disabling", "c2.yaml", "--sweep", "out", "--largest", "1", "--normal", "2", "--method", "ft-c",
                       "--model", "m", "--out", "single")
    # From a part of the sweep's edits another one may be chosen, which is said.
    if status != 0 or "edits are chosen among these" in told:
        return status, told, None
    return status, told, (world / "single/report/disabling.csv").read_text()


VERBS = (plan, sweep, cell, export, generate, verify, verify_digests, report, report_of_two, status, cancel, stats, edit, train_mend, samples, recall, zsre,
         plan_of_shards, stats_of_shards, edit_of_shards, single_edits)


# Inputs: a name, and where it is in a world.
def of_sweep(pattern):
    return lambda world: sorted((world / "out").glob(pattern))[0]


def of_world(name):
    return lambda world: world / name


GIVEN = {name: of_world(name) for name in ("c2.yaml", "c3.yaml", "mend.yaml", "task.yaml", "examples.json", "records.json",
                                           "samples.json", "corpus.txt")}
MODEL = {f"m/{name}": of_world(f"m/{name}") for name in ("config.json", "model.safetensors", "vocab.json", "merges.txt",
                                                      "tokenizer_config.json")}
SHARDS = {f"s/{name}": of_world(f"s/{name}") for name in ("config.json", "model-1.safetensors", "model-2.safetensors",
                                                         "model.safetensors.index.json", "tokenizer.json",
                                                         "tokenizer_config.json")}
OF_SHARDS = {**SHARDS, **{name: of_world(name) for name in ("moments.0.npz", "shards.yaml")}}
OF_TRAINING = {name: of_world(name) for name in ("train.json", "training.yaml", "training-sweep.yaml")}
EDITOR = {"editor": lambda world: next(world.glob("editor-*.h5"))}
OWN = {name: of_world(f"out/{name}") for name in ("experiment.json", "inspection.json")}
# Read by nobody to decide anything, or made anew when it cannot be read.
NOTES = {name: of_world(f"out/{name}") for name in ("STATE", "status.json", "events.jsonl", "input-digests.json")}
RESULTS = {
    "segment-1": of_sweep(f"cells/{CELL}/*/segment-00000*1-*"),
    "segment-2": of_sweep(f"cells/{CELL}/*/segment-0*2-0*2-*"),
    "distance": of_sweep(f"cells/{CELL}/*/distance-*2-*"),
    "forgetting": of_sweep(f"cells/{CELL}/*/forgetting-*2-*"),
    "tasks": of_sweep(f"cells/{CELL}/*/tasks-*2-*"),
    "snapshot": of_sweep("cells/ft-c/m/sample0/*/snapshot-*"),
    "identity": of_sweep(f"cells/{CELL}/*/identity-*"),
    "moments": of_sweep("prerequisites/moments/m/*/layer-000-*"),
    "projector": of_sweep("prerequisites/projectors/m/*/layer-000-*"),
    "baseline": of_sweep("prerequisites/baseline/m/*/*"),
}
INPUTS = {**GIVEN, **MODEL, **EDITOR, **OWN, **NOTES, **RESULTS, **OF_SHARDS, **OF_TRAINING}


# States of a file. Each leaves another file, or none, in the place of a sound one.
def missing(path, world):
    path.unlink()


def half(path, world):
    os.truncate(path, path.stat().st_size // 2)


def empty(path, world):
    os.truncate(path, 0)


def pointer(path, world):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5789392\n")


def folder(path, world):
    path.unlink()
    path.mkdir()


def pipe(path, world):
    path.unlink()
    os.mkfifo(path)


def link_to_itself(path, world):
    path.unlink()
    path.symlink_to(path.name)


def unreadable(path, world):
    if os.geteuid() == 0 and not AS_A_USER:
        raise LookupError
    path.chmod(0)


def flipped(path, world):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


def zeros(path, world):
    path.write_bytes(bytes(path.stat().st_size))


def text(path, world):
    path.write_bytes(b"nothing that lethe writes\n" * 40)


def take_from(path, world, pairs):
    """The bytes of the file that is in the same place under another name; a name that holds a digest gets theirs."""
    relative = str(path.relative_to(world))
    for ours, theirs in pairs:
        if ours not in relative:
            continue
        parent = world / os.path.dirname(relative).replace(ours, theirs)
        parent = parent if parent.is_dir() else next(iter(sorted(parent.parent.glob("*"))), parent)
        stem, digest = re.fullmatch(r"(.*?)((?:-[0-9a-f]{32})?\.\w+)", path.name).groups()
        others = [other for other in sorted(parent.glob(stem.replace(ours, theirs) + "*")) if other != path]
        others = others or [other for other in sorted(parent.glob("*" + digest[-5:])) if "-" in digest and other != path]
        if not others:
            continue
        content = others[0].read_bytes()
        path.unlink()
        name = path.name
        if found := re.search(r"-[0-9a-f]{32}(?=\.)", others[0].name):
            name = re.sub(r"-[0-9a-f]{32}(?=\.)", found[0], name)
        path.with_name(name).write_bytes(content)
        return
    raise LookupError


def of_another_cell(path, world):
    take_from(path, world, [("sample0", "sample1")])


def of_another_layer(path, world):
    take_from(path, world, [("layer-000", "layer-001")])


def of_another_model(path, world):
    if path.parent == world / "m":
        path.write_bytes((world / "n" / path.name).read_bytes())
    elif path.name.startswith("editor-"):
        other, = (ASSETS / "small-gptj").glob("editor-*.h5")
        path.write_bytes(other.read_bytes())
    else:
        take_from(path, world, [("/m/", "/n/")])


STATES = (missing, half, empty, pointer, folder, pipe, link_to_itself, unreadable, flipped, zeros, text, of_another_cell, of_another_layer,
          of_another_model)

# What only the verbs of `READS` read.
NEW = {*OF_SHARDS, *OF_TRAINING}
# What a verb must do without: these leave rc and product as they were, whatever the state.
NEEDS_NO = {verb: set(GIVEN) | set(EDITOR) for verb in ("export", "generate", "verify", "verify_digests", "report", "report_of_two", "status", "cancel")}
for verb in ("verify_digests", "report", "report_of_two", "status", "cancel"):
    NEEDS_NO[verb] |= set(MODEL)
NEEDS_NO["edit"] = set(INPUTS) - set(MODEL) - {"corpus.txt"}
# Verbs that are tried with what they read alone.
READS = {"train_mend": {*MODEL, *OF_TRAINING, "corpus.txt"}, "samples": {"records.json"}, "recall": {*SHARDS, "records.json"}, "zsre": {*GIVEN, *MODEL, *EDITOR} - {"c3.yaml"},
         "plan_of_shards": {*OF_SHARDS, "records.json", "samples.json"}, "stats_of_shards": set(OF_SHARDS),
         "edit_of_shards": {*SHARDS, "moments.0.npz"}}
# Verbs that know of their inputs nothing but what is in them, and the states that may leave another sound input: a flipped
# letter, half of a text. What is in no such state has one result.
FREE = {"edit", "stats", "single_edits", *READS}


def names_of(name, path):
    """What a message may call a file by: its own name, its kind, or the folder that it is in."""
    stem = re.sub(r"-[0-9a-f]{32}.*", "", path.name)
    # "a segment is due", "second moments of layer 0"
    kinds = {"segment": "segment|edit", "distance": "distance", "forgetting": "forgetting", "tasks": "tasks", "snapshot": "snapshot",
             "layer": "moments|projector|null space|layer", "identity": "identity", "baseline": "baseline", "editor": "editor"}
    kind = stem.split("-")[0]
    return f"{re.escape(stem)}|(?:^|[/ ]){re.escape(path.parent.name)}[/:]|{kinds.get(kind, re.escape(path.name))}"


class Trial:
    def __init__(self, base, verb, name, state, number):
        self.base, self.verb, self.name, self.state, self.number = base, verb, name, state, number

    def __str__(self):
        return f"{self.verb.__name__}: {self.name} {self.state.__name__}"

    def fault(self, sound):
        """Empty if the rule holds, else what was seen; None where the state does not exist for that input."""
        place = copy_world(self.base / "sound", self.base / f"{self.number:05}")
        path = INPUTS[self.name](place)
        try:
            self.state(path, place)
        except LookupError:
            return None
        try:
            return self.judge(sound, path, *self.verb(place))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def is_another_input(self):
        """Whether what is there may be a sound input of its own kind, of which the verb says all that it can."""
        if self.verb.__name__ not in FREE or self.name in RESULTS:
            return False
        is_text = self.name.endswith(".txt")
        return self.state in (flipped, of_another_model) or is_text and self.state in (half, text)

    def judge(self, sound, path, ended, told, product):
        # What the user wrote may say something else than before, a word of a prompt: that is another experiment, and its
        # results stand apart from the former ones.
        is_given = self.name in {**GIVEN, **OF_TRAINING, **OF_SHARDS}
        is_another = product == ANOTHER_IDENTITY and is_given or self.is_another_input()
        is_as_sound = ended == 0 and (product == sound[self.verb.__name__] or product is None or is_another)
        if ended not in (0, 1, 2, 75):
            return f"ended with {ended}\n{told[-1500:]}"
        if trace := TRACES.search(told):
            return f"told \"{trace[0]}\"\n{told[-1500:]}"
        if self.name in NEEDS_NO.get(self.verb.__name__, ()) and not is_as_sound:
            return f"needs it, rc {ended}\n{told[-1500:]}"
        if ended == 0 and not is_as_sound:
            return f"rc 0, and another result\n{told[-1500:]}"
        if self.verb in (verify, verify_digests) and self.name in RESULTS and ended == 0:
            return f"does not see it\n{told[-1500:]}"
        if ended != 0 and not re.search(names_of(self.name, path), told):
            return f"rc {ended}, and does not say which file\n{told[-1500:]}"
        return ""


def copy_world(world, place):
    """A world that knows of itself alone: a sweep's folder names its inputs by their paths."""
    shutil.copytree(world, place)
    for name in ("experiment.json", "inspection.json", "input-digests.json"):
        path = place / "out" / name
        path.write_text(path.read_text().replace(str(world), str(place)))
    return place


def prepare(base):
    """A sound world with a sweep of two edits, one in which it has gone on to three, and the products of the verbs."""
    sound = base / "sound"
    sound.mkdir()
    input_world.make_inputs(sound, ROOT)
    ended, told = run(sound, "sweep", "c2.yaml", "--out", "out")
    assert ended == 0, told
    more = copy_world(sound, base / "more")
    ended, told = run(more, "sweep", "c3.yaml", "--out", "out")
    assert ended == 0, told
    products = {}
    for number, verb in enumerate(VERBS):
        ended, told, products[verb.__name__] = verb(copy_world(sound, base / f"as-sound-{number}"))
        assert ended == 0, f"{verb.__name__}: {told}"
    return products


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=int, default=44)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    base = pathlib.Path(tempfile.mkdtemp())
    try:
        sound = prepare(base)
        trials = [(verb, name, state) for name in INPUTS for verb in VERBS for state in STATES]
        trials = [trial for trial in trials if trial[1] in READS.get(trial[0].__name__, () if trial[1] in NEW else INPUTS)]
        trials = [Trial(base, *trial, number) for number, trial in enumerate(trials) if number % options.share == options.offset]
        trials = [trial for trial in trials if re.search(options.only, str(trial))]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            faults = []
            for trial, fault in zip(trials, pool.map(lambda trial: trial.fault(sound), trials)):
                faults.append(fault)
                if fault:
                    print(f"FAILED: {trial}: {fault}\n", flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    tried = [fault for fault in faults if fault is not None]
    failed = [fault for fault in tried if fault]
    print(f"{len(tried)} combinations, {len(failed)} failed")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
