"""CounterFact's records out of a file that the user has: checked, and put where the configs expect them."""

import json

from real.transfer import TransferError, sha256_of, write_whole

NUM_PUBLISHED = 21_919
SHOWN = 10  # problems of one file

TEXT, TEXTS = "a text that is not empty", "a list of texts"


def _line_of(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _is_text(value):
    return isinstance(value, str) and value != ""


def _problems_of(record):
    """What CounterFact's schema asks of a record, as lethe reads it: (key, what is expected)."""
    if not isinstance(record, dict):
        yield "", "an object"
        return
    try:
        _line_of(record)
    except UnicodeEncodeError:
        yield "", "Unicode"  # half a surrogate pair can be escaped in JSON, and stands for no text
    if type(record.get("case_id")) is not int or record["case_id"] < 0:
        yield "case_id", "a number of at least 0"
    rewrite = record.get("requested_rewrite")
    rewrite = rewrite if isinstance(rewrite, dict) else {}
    for key in ("prompt", "subject"):
        if not _is_text(rewrite.get(key)):
            yield f"requested_rewrite.{key}", TEXT
    if _is_text(rewrite.get("prompt")) and rewrite["prompt"].count("{}") != 1:
        yield "requested_rewrite.prompt", 'exactly one "{}" for the subject'
    for key in ("target_new", "target_true"):
        target = rewrite.get(key)
        if not isinstance(target, dict) or not _is_text(target.get("str")):
            yield f"requested_rewrite.{key}.str", TEXT
    for key in ("paraphrase_prompts", "neighborhood_prompts", "generation_prompts"):
        texts = record.get(key, [])
        if not isinstance(texts, list) or not all(map(_is_text, texts)):
            yield key, TEXTS


def _check(records, places):
    found, first = [], {}
    for record, place in zip(records, places):
        found += [f'{place}, key "{key}": {expected} expected' for key, expected in _problems_of(record)]
        case_id = record.get("case_id") if isinstance(record, dict) else None
        if type(case_id) is int and first.setdefault(case_id, place) != place:
            found.append(f'{place}, key "case_id": {case_id} was used before, by {first[case_id]}')
    if found:
        more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise TransferError("\n  ".join(["these are no records of CounterFact's schema:", *found[:SHOWN], *more]))


def _no_number(name):
    raise ValueError(f"{name} is no JSON")


def _parsed(text, place):
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise TransferError(f"{place}: {error}; a list of records, or a record a line, expected as JSON") from error


def read(path):
    """The records of a JSON list or of JSON lines, checked."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise TransferError(f"{path}: {error}") from error
    if text.lstrip().startswith("["):
        records = _parsed(text, path)
        places = [f"{path}: entry {number}" for number in range(len(records))]
    else:
        lines = {f"{path}: line {i}": line for i, line in enumerate(text.split("\n"), 1) if line.strip()}
        records, places = [_parsed(line, place) for place, line in lines.items()], list(lines)
    if not records:
        raise TransferError(f"{path}: holds no record")
    _check(records, places)
    return records


def take(file, source, folder, ledger, say):
    """Writes the records of `source` as the catalogue's `file`; the published file is taken to the letter."""
    target = folder / file.target
    if not source.is_file():
        raise TransferError(f"{source}: is no file; --from names a counterfact.json, or JSON lines of its records")
    if sha256_of(source) == file.sha256:
        pieces, what = [source.read_bytes()], "the published file"
    else:
        records = read(source)
        pieces, what = as_list(records), f"{len(records):,} records"
        if len(records) != NUM_PUBLISHED:
            what += f" (the published file has {NUM_PUBLISHED:,}: `samples: published` needs them all)"
    if target.exists() and sha256_of(target) != ledger.digests.get(file.target):
        raise TransferError(f"{target}: is there, and not by this script: move it away first")
    digest = write_whole(target, pieces)
    ledger.record(file.target, digest)
    say(f"  {file.target}: {what}, sha256 {digest}")


def as_list(records):
    """A record a line, as pieces of a file."""
    yield b"[\n" + _line_of(records[0])
    for record in records[1:]:
        yield b",\n" + _line_of(record)
    yield b"\n]\n"
