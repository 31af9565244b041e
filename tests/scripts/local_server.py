"""A folder to fetch into, and a server on loopback whose plan says what goes wrong; what scripts/fetch-real is tested with."""

import hashlib
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the test's files; the test's plan says what goes wrong."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        site = self.server.site
        site.requests.append((self.path, dict(self.headers)))
        parts = urllib.parse.urlsplit(self.path)
        if parts.path.endswith("/rows"):
            return self.send_rows(dict(urllib.parse.parse_qsl(parts.query)))
        if self.path in site.redirects:
            address, declared = site.redirects[self.path]
            self.send_response(302)
            self.send_header("Location", address)
            self.send_header("X-Linked-Etag", f'"{declared}"')
            self.send_header("Content-Length", "0")
            return self.end_headers()
        failures = site.failures.get(self.path)
        if failures:
            self.send_response(failures.pop(0))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        content = site.files.get(self.path)
        if content is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_content(content)

    def do_HEAD(self):
        site = self.server.site
        site.questions.append(self.path)
        address = site.redirects.get(self.path, (self.path, None))[0]
        path = urllib.parse.urlsplit(address).path
        content = site.files.get(path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(site.claimed_bytes.get(path, len(content or b""))))
        self.end_headers()

    def send_content(self, content):
        site = self.server.site
        etag = f'"{sha256(content)[:16]}"'
        start = 0
        asked = self.headers.get("Range")
        if asked and site.knows_ranges and self.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(site.claimed_bytes.get(self.path, len(content) - start)))
        self.end_headers()
        cuts = site.cuts.get(self.path)
        if cuts:
            self.wfile.write(content[start : start + cuts.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            return None
        return self.wfile.write(content[start:])

    def send_rows(self, query):
        rows = self.server.site.splits[query["config"]]
        first = int(query["offset"])
        page = rows[first : first + int(query["length"])]
        body = json.dumps(
            {"rows": [{"row_idx": first + i, "row": row} for i, row in enumerate(page)], "num_rows_total": len(rows)}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Site:
    def __init__(self):
        self.files, self.redirects, self.failures = {}, {}, {}
        self.cuts, self.claimed_bytes, self.splits = {}, {}, {}
        self.requests = []  # of contents
        self.questions = []  # of sizes
        self.knows_ranges = True


class LocalServer(unittest.TestCase):
    """A folder to fetch into, and a server that has nothing yet."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-fetch-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.site = Site()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.site = self.site
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.base = f"http://127.0.0.1:{server.server_address[1]}"

    def fetch(self, *groups, pause="0"):
        return subprocess.run(
            [sys.executable, ROOT / "scripts/fetch-real", *groups, "--into", self.folder, "--base-url", self.base,
             "--pause", pause],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def fetch_without_a_network(self, *groups):
        """Fetches from where nobody listens, and expects that it is said at once."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{unused.getsockname()[1]}"
            begin = time.monotonic()
            result = self.fetch(*groups, pause="30")
        self.assertEqual(result.returncode, 1)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertIn("no server can be reached (127.0.0.1:", result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        return result
