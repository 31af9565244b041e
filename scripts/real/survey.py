"""What is still to come, how large it is, and whether it can come at all: asked before anything is fetched."""

import http.client
import shutil
import urllib.error
import urllib.parse
import urllib.request

from real import glue, package_index, wheel
from real.transfer import TransferError, rebased

TIMEOUT_SECONDS = 15


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects without asking for the contents."""

    def redirect_request(self, request, body, code, message, headers, address):
        followed = super().redirect_request(request, body, code, message, headers, address)
        if followed is not None:
            followed.method = "HEAD"
        return followed


def _size_of(url):
    """Bytes that the server says; None if it answers without saying. Raises `OSError` if nobody answers."""
    request = urllib.request.Request(url, headers={"User-Agent": "lethe-fetch-real"}, method="HEAD")
    try:
        with urllib.request.build_opener(_Redirects()).open(request, timeout=TIMEOUT_SECONDS) as response:
            length = response.headers.get("Content-Length", "")
    except (urllib.error.HTTPError, http.client.HTTPException):
        return None  # an answer; what is wrong with it is said when the file is fetched
    return int(length) if length.isdigit() else None


class Survey:
    """The files of some groups that are not in `folder` yet, with their sizes; hosts that do not answer."""

    def __init__(self, groups, folder, base_url, ledger):
        self.num_files = self.num_unknown = self.bytes = 0
        self.unreachable = {}  # by host: why
        self.hosts = set()
        for group in groups:
            for file in group.files:
                if not (folder / file.target).exists():
                    self._ask(file, folder, base_url)
            if group.is_glue and not glue.is_there(folder):
                self._reach(rebased(glue.ROWS, base_url))
            if group.wheel and not wheel.is_there(group.wheel, folder, ledger):
                self._count_wheel(group.wheel, folder, base_url)

    def _ask(self, file, folder, base_url):
        size = self._reach(rebased(file.url, base_url)) or file.size_bytes
        self.num_files += 1
        if size is None:
            self.num_unknown += 1
            return
        part = folder / (file.target + ".part")
        done = part.stat().st_size if part.is_file() else 0
        self.bytes += max(0, size - done)

    def _count_wheel(self, entry, folder, base_url):
        if not wheel.is_archive_there(entry, folder):
            self._reach(rebased(package_index.page_of(entry.project), base_url))
        self.num_files += 1 + len(wheel.FILES)
        self.bytes += wheel.bytes_to_come(entry, folder)

    def _reach(self, url):
        host = urllib.parse.urlsplit(url).netloc
        self.hosts.add(host)
        if host in self.unreachable:
            return None
        try:
            return _size_of(url)
        except OSError as error:
            self.unreachable[host] = str(getattr(error, "reason", error))
            return None

    @property
    def has_no_network(self):
        return bool(self.hosts) and set(self.unreachable) == self.hosts


def check(groups, folder, base_url, ledger, say):
    """Says sizes and room; raises `TransferError` where nothing could be fetched, or not all of it kept."""
    survey = Survey(groups, folder, base_url, ledger)
    reasons = "; ".join(f"{host}: {reason}" for host, reason in sorted(survey.unreachable.items()))
    if survey.has_no_network:
        raise TransferError(
            f"no server can be reached ({reasons}): nothing was fetched; is there a network, or a mirror for --base-url?"
        )
    if not survey.num_files:
        return
    free = shutil.disk_usage(folder).free
    unknown = f" and {survey.num_unknown} of unknown size" if survey.num_unknown else ""
    say(f"to fetch: {survey.num_files} files, {survey.bytes:,} bytes{unknown}; {free:,} bytes are free in {folder}")
    if reasons:
        say(f"not reachable: {reasons}")
    if survey.bytes > free:
        raise TransferError(
            f"{folder}: needs {survey.bytes:,} bytes more, {free:,} are free; make space: nothing was fetched"
        )
