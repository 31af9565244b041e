"""Where the package index that pip is configured with keeps a file. pip itself is not needed, nor asked."""

import configparser
import html.parser
import os
import pathlib
import posixpath
import sys
import urllib.error
import urllib.parse

from real.transfer import TransferError, open_url, rebased

PYPI = "https://pypi.org/simple"
BY_HAND = "put the file into real/wheels, as `pip download --no-deps` fetches it"
SYSTEM_WIDE = pathlib.Path("/etc/pip.conf")


def _configuration_files():
    """pip's configuration files, those that count more last."""
    override = os.environ.get("PIP_CONFIG_FILE")
    if override == os.devnull:
        return []  # pip's way to say that no file counts
    home = pathlib.Path.home()
    system = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    files = [pathlib.Path(folder) / "pip/pip.conf" for folder in reversed(system.split(os.pathsep))]
    files += [SYSTEM_WIDE, home / ".pip/pip.conf"]
    files.append(pathlib.Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf")
    files.append(pathlib.Path(os.environ.get("VIRTUAL_ENV") or sys.prefix) / "pip.conf")
    return files + ([pathlib.Path(override)] if override else [])


def index_url():
    """`index-url` as pip would see it: PIP_INDEX_URL, its configuration files, else PyPI."""
    url = os.environ.get("PIP_INDEX_URL")
    if not url:
        settings = configparser.RawConfigParser()
        try:
            settings.read(_configuration_files(), encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise TransferError(f"pip's configuration cannot be read: {error}") from error
        url = settings.get("global", "index-url", fallback=PYPI)
    if "@" in urllib.parse.urlsplit(url).netloc:
        raise TransferError(f"the index-url of pip's configuration names a user, whom only pip can log in: {BY_HAND}")
    return url.strip().rstrip("/")


def page_of(project):
    """The address of the index's page about a project."""
    return f"{index_url()}/{project}/"


class _Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.targets = []

    def handle_starttag(self, tag, attributes):
        self.targets += [value for name, value in attributes if tag == "a" and name == "href" and value]


def address_of(wheel, base_url):
    """The address of the wheel's file, from the index's page (PEP 503)."""
    page = page_of(wheel.project)
    try:
        response, _ = open_url(rebased(page, base_url), {"Accept": "text/html"})
        with response:
            links = _Links()
            links.feed(response.read().decode("utf-8", errors="replace"))
            base = response.geturl() if base_url is None else page
    except urllib.error.HTTPError as error:
        raise TransferError(f"{page}: the server says {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        raise TransferError(f"{page}: no page came ({error}); run the same command again") from error
    for target in links.targets:
        url = urllib.parse.urldefrag(urllib.parse.urljoin(base, target)).url
        if posixpath.basename(urllib.parse.unquote(urllib.parse.urlsplit(url).path)) == wheel.file_name:
            return url
    raise TransferError(f"{page}: names no {wheel.file_name}; set PIP_INDEX_URL to an index that does, or {BY_HAND}")
