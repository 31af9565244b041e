"""Downloads that survive interruption: resumed by range, checked, and named only when complete."""

import errno
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request

CHUNK_BYTES = 1 << 20
TRIES = 8
TIMEOUT_SECONDS = 60
# A redirect of the Hub to its storage says the file's SHA-256 under this name.
DECLARED_DIGEST = "X-Linked-Etag"


class TransferError(Exception):
    """What went wrong, with the file and what to do."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps what they declare about the file."""

    def __init__(self):
        self.declared = None

    def redirect_request(self, request, body, code, message, headers, address):
        self.declared = headers.get(DECLARED_DIGEST) or self.declared
        return super().redirect_request(request, body, code, message, headers, address)


def rebased(url, base_url):
    """`url` on another server: <base_url>/<host>/<path>. None: as it is."""
    if base_url is None:
        return url
    parts = urllib.parse.urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{base_url.rstrip('/')}/{parts.netloc}{parts.path}{query}"


def open_url(url, headers=None):
    """An open response and the SHA-256 that the server declared, if it did."""
    redirects = _Redirects()
    opener = urllib.request.build_opener(redirects)
    request = urllib.request.Request(url, headers={"User-Agent": "lethe-fetch-real", **(headers or {})})
    response = opener.open(request, timeout=TIMEOUT_SECONDS)
    declared = (response.headers.get(DECLARED_DIGEST) or redirects.declared or "").strip('"').lower()
    return response, declared if re.fullmatch("[0-9a-f]{64}", declared) else None


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def raise_if_unwritable(error, path):
    """Raises `TransferError` if `path` could not be written, rather than something else gone wrong."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        raise TransferError(
            f"{path}: {error.strerror}; make space and run the same command again: what is there is kept"
        ) from error
    if error.errno in (errno.EACCES, errno.EROFS, errno.EISDIR):
        raise TransferError(f"{path}: {error.strerror}") from error


def write_whole(path, pieces):
    """Writes a file that has its name only when it is complete; gives its SHA-256."""
    part = path.with_name(path.name + ".part")
    digest = hashlib.sha256()
    try:
        with open(part, "wb") as stream:
            for piece in pieces:
                stream.write(piece)
                digest.update(piece)
    except OSError as error:
        raise_if_unwritable(error, part)
        raise
    os.replace(part, path)
    return digest.hexdigest()


class Ledger:
    """Checksums of what was fetched (`sha256sum -c` reads the file): later downloads are held to the first."""

    def __init__(self, folder):
        self.path = folder / "fetched.sha256"
        self.digests = {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                digest, _, name = line.partition("  ")
                self.digests[name] = digest

    def record(self, name, digest):
        self.digests[name] = digest
        temporary = self.path.with_name(self.path.name + ".part")
        lines = (f"{value}  {key}\n" for key, value in sorted(self.digests.items()))
        temporary.write_text("".join(lines), encoding="utf-8")
        os.replace(temporary, self.path)


class Transfer:
    """One file: <target>.part grows, with <target>.part.json saying what it is a part of."""

    def __init__(self, url, target, say, pause=1.0):
        self.url = url
        self.target = pathlib.Path(target)
        self.part = self.target.with_name(self.target.name + ".part")
        self.notes = self.target.with_name(self.target.name + ".part.json")
        self.say = say
        self.pause = pause
        self.declared = None

    def run(self):
        """Fetches into `part` until it is complete; gives its SHA-256."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, TRIES + 1):
            before = self._done_bytes()
            try:
                self._attempt()
                return sha256_of(self.part)
            except urllib.error.HTTPError as error:
                if error.code not in (408, 425, 429, 500, 502, 503, 504):
                    raise TransferError(f"{self.url}: the server says {error.code} {error.reason}") from error
                reason = f"{error.code} {error.reason}"
            except OSError as error:
                raise_if_unwritable(error, self.part)
                reason = str(error)
            except http.client.HTTPException as error:
                reason = repr(error)
            if attempt == TRIES:
                break
            self.say(f"  interrupted at {self._done_bytes():,} bytes ({reason}); going on")
            # A connection that keeps giving bytes is worth asking again at once.
            time.sleep(0 if self._done_bytes() > before else self.pause * attempt)
        raise TransferError(
            f"{self.url}: interrupted {TRIES} times ({reason}); {self._done_bytes():,} bytes are kept in "
            f"{self.part}: run the same command again to go on"
        )

    def _done_bytes(self):
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self):
        done = self._done_bytes()
        validator = self._validator()
        headers = {"Range": f"bytes={done}-", "If-Range": validator} if done and validator else {}
        try:
            response, declared = open_url(self.url, headers)
        except urllib.error.HTTPError as error:
            if error.code != 416:
                raise
            # Nothing after `done`: the part is complete, or of another file.
            self.part.unlink()
            response, declared = open_url(self.url)
        self.declared = declared or self.declared
        with response:
            self._receive(response, done)

    def _receive(self, response, done):
        is_resumed = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {done}-")
        length = response.headers.get("Content-Length")
        expected = None if length is None else int(length) + (done if is_resumed else 0)
        if not is_resumed:
            done = 0
            self._keep_validator(response)
        self._check_space(expected, done)
        with open(self.part, "ab" if is_resumed else "wb") as part:
            while chunk := response.read(CHUNK_BYTES):
                part.write(chunk)
        if expected is not None and self._done_bytes() < expected:
            raise ConnectionError(f"{self._done_bytes():,} of {expected:,} bytes came")

    def _check_space(self, expected, done):
        if expected is None:
            return
        free = shutil.disk_usage(self.target.parent).free
        if expected - done > free:
            raise TransferError(f"{self.target}: needs {expected - done:,} bytes more, {free:,} are free; make space")

    def _validator(self):
        """What the server called the version that `part` belongs to; None if that is not known, or another address."""
        try:
            notes = json.loads(self.notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return notes.get("validator") if notes.get("url") == self.url else None

    def _keep_validator(self, response):
        etag = response.headers.get("ETag", "")
        # A weak ETag promises no equal bytes; a date does well enough.
        validator = etag if etag.startswith('"') else response.headers.get("Last-Modified")
        self.notes.write_text(json.dumps({"url": self.url, "validator": validator}), encoding="utf-8")

    def finish(self):
        os.replace(self.part, self.target)
        self.notes.unlink(missing_ok=True)

    def discard(self):
        self.part.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def fetch(file, folder, base_url, ledger, say, pause=1.0):
    """Brings one catalogue file into `folder`; raises `TransferError`."""
    target = folder / file.target
    expected = file.sha256 or ledger.digests.get(file.target)
    if target.exists():
        if file.target in ledger.digests:
            say(f"  {file.target}: there")
            return
        digest = sha256_of(target)  # put there by hand, or before the checksum could be written down
        _check(file, digest, expected, None, lambda: None)
        ledger.record(file.target, digest)
        say(f"  {file.target}: there, sha256 {digest} written down")
        return
    say(f"  {file.target}: fetching")
    transfer = Transfer(rebased(file.url, base_url), target, say, pause)
    digest = transfer.run()
    size = transfer.part.stat().st_size
    if file.size_bytes is not None and size != file.size_bytes:
        transfer.discard()
        raise TransferError(f"{file.url}: {size:,} bytes came, {file.size_bytes:,} expected; not kept")
    origin = _check(file, digest, expected, transfer.declared, transfer.discard)
    transfer.finish()
    ledger.record(file.target, digest)
    say(f"  {file.target}: {size:,} bytes, sha256 {digest} ({origin})")


def _check(file, digest, expected, declared, discard):
    """Compares a checksum with the known, recorded or declared one; says which."""
    if expected is not None:
        origin = "as published" if file.sha256 else "as at first use"
    elif declared is not None:
        expected, origin = declared, "as the server declares"
    else:
        return "no checksum is published: recorded at first use"
    if digest == expected:
        return origin
    discard()
    raise TransferError(
        f"{file.target}: has the sha256 {digest}, {expected} expected ({origin}); not kept. Fetch it again; if it stays "
        "so, the source has changed."
    )
