"""A package index on the loopback address that serves a universe and misbehaves on demand.

    python3 server.py universe.json [--log FILE] -- COMMAND ...

runs COMMAND while the index stands, with its address in $INDEX_URL (http://127.0.0.1:PORT, no slash
at the end), that of a second port with the same content in $OTHER_URL, the bare host:port of both in
$INDEX_HOST and $OTHER_HOST, and ends with the command's status. A universe with "tls": true stands at
$TLS_URL (https://127.0.0.1:PORT, $TLS_HOST) too, with a certificate for that address alone, signed by
an authority of this run in the file $TLS_CA. Without a command it writes these
variables as shell text to the file named by --environment and serves until it is killed. --log
writes one line for each request: method, path, where sent range= and auth=, and port=other or port=tls
for the other ports.

In Python:

    with Server(Universe(...)) as server:
        server.index_url("simple"), server.requests

The universe and its pages are described in universe.py. Its "faults" are rules, of which the first
that applies to a request decides:

    path         glob of the path, as sent ("/simple/torch/*")
    port         "here", "other" or "tls" (default: all)
    skip, times  applies after `skip` requests of this rule, to `times` of them (default: 0, all)
    auth         "user:password": answers 401 until it is sent, then the rule does not apply
    status       the answer, with `body`, `content_type`
    redirect     Location of a 302 (or `status`); $INDEX_URL, $OTHER_URL and $TLS_URL are replaced
    headers      more headers
    stall        seconds to wait before the answer; `stall_after`: to send so many bytes before it
    cut          close after so many bytes of the body, all of it promised
    body         text, or {"base64": ...}, or {"fill": byte, "size": n}, or {"garbage": n}
    append       text behind the ordinary answer
    corrupt      true: the last byte of the ordinary answer is changed
    no_range     true: the Range header is ignored
    length       replaces the Content-Length header
"""

import argparse
import base64
import fnmatch
import gzip
import hashlib
import http.server
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from universe import HTML_TYPE, JSON_TYPE, Universe, canonical  # noqa: E402


class Answer:
    def __init__(self, status, body=b"", content_type="text/plain", headers=None):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers or {}
        self.fault = {}


def fault_body(value):
    if isinstance(value, str):
        return value.encode()
    if "base64" in value:
        return base64.b64decode(value["base64"])
    if "garbage" in value:
        return random.Random(0).randbytes(value["garbage"])
    return bytes([value.get("fill", 0)]) * value["size"]


def sends_auth(headers, expected):
    return headers.get("Authorization") == "Basic " + base64.b64encode(expected.encode()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # heads and bodies go out without waiting for each other
    server_version = "universe"
    sys_version = ""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        owner = self.server.owner
        owner.record(self)
        answer = self.fault_answer(owner) or self.page_answer(owner)
        self.send(answer)

    do_HEAD = do_GET

    def fault_answer(self, owner):
        port = self.server.name
        for number, fault in enumerate(owner.universe.faults):
            if fault.get("port", port) != port:
                continue
            if not fnmatch.fnmatchcase(self.path, fault["path"]):
                continue
            if "auth" in fault:
                if sends_auth(self.headers, fault["auth"]):
                    continue
                return Answer(401, b"who are you?\n", headers={"WWW-Authenticate": 'Basic realm="index"'})
            count = owner.count(number) - fault.get("skip", 0)
            if count < 0 or count >= fault.get("times", count + 1):
                continue
            return self.broken_answer(owner, fault)
        return None

    def broken_answer(self, owner, fault):
        if fault.get("no_range"):
            del self.headers["Range"]
        if "redirect" in fault:
            answer = Answer(fault.get("status", 302))
            answer.headers["Location"] = owner.expand(fault["redirect"])
        elif "status" in fault or "body" in fault:
            body = fault_body(fault.get("body", "status %d\n" % fault.get("status", 200)))
            answer = Answer(fault.get("status", 200), body, fault.get("content_type", "text/plain"))
        else:
            answer = self.page_answer(owner)
            answer.content_type = fault.get("content_type", answer.content_type)
        answer.body += fault.get("append", "").encode()
        if fault.get("corrupt"):
            answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])
        answer.headers.update(fault.get("headers", {}))
        answer.fault = fault
        return answer

    def page_answer(self, owner):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        parts = path.strip("/").split("/")
        universe = owner.universe
        kind = parts[0] if parts[0] in ("files", "links") else "page"
        index = parts[0] if kind == "page" else parts[1] if len(parts) > 1 else ""
        options = universe.indexes.get(index)
        if options is None:
            return Answer(404, b"no such index\n")
        if options["auth"] and not sends_auth(self.headers, options["auth"]):
            return Answer(401, b"who are you?\n", headers={"WWW-Authenticate": 'Basic realm="index"'})
        if kind == "files":
            return self.file_answer(universe, index, options, "/".join(parts[2:]))
        if kind == "links":
            return Answer(200, universe.html_page(index, None, owner.url, owner.other_url, 2), "text/html")
        if len(parts) == 1:
            return Answer(200, universe.root_page(index), "text/html")
        if canonical(parts[1]) not in universe.projects[index] or len(parts) > 2:
            return Answer(404, b"no such project\n")
        if parts[1] != canonical(parts[1]) or not path.endswith("/"):
            return Answer(301, headers={"Location": "/%s/%s/" % (index, canonical(parts[1]))})
        return self.project_answer(owner, index, options, parts[1])

    def project_answer(self, owner, index, options, project):
        form = options["form"]
        if form == "auto":
            form = "json" if JSON_TYPE in self.headers.get("Accept", "") else "html"
        body = owner.page(index, project, form)
        answer = Answer(200, body, JSON_TYPE if form == "json" else HTML_TYPE)
        if options["cache_control"]:
            answer.headers["Cache-Control"] = options["cache_control"]
        if options["etag"]:
            tag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
            answer.headers["ETag"] = tag
            if self.headers.get("If-None-Match") == tag:
                return Answer(304, headers=answer.headers)
        if options["gzip"] and "gzip" in self.headers.get("Accept-Encoding", ""):
            answer.body = gzip.compress(body, mtime=0)
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    def file_answer(self, universe, index, options, name):
        metadata = name.endswith(".metadata")
        file = universe.by_name[index].get(name[: -len(".metadata")] if metadata else name)
        if file is None or (metadata and (options["metadata"] == "none" or not file.is_wheel)):
            return Answer(404, b"no such file\n")
        body = file.served_metadata if metadata else file.content
        answer = Answer(200, body, "application/octet-stream")
        if options["ranges"]:
            answer.headers["Accept-Ranges"] = "bytes"
            if self.headers.get("Range"):
                self.cut_range(answer, options["ranges"])
        return answer

    def cut_range(self, answer, ranges):
        total = len(answer.body)
        first, _, last = self.headers["Range"].partition("=")[2].partition("-")
        if first == "" and ranges == "prefix":
            answer.status, answer.body = 416, b""
            answer.headers["Content-Range"] = "bytes */%d" % total
            return
        start = max(0, total - int(last)) if first == "" else int(first)
        end = total if first == "" or last == "" else min(total, int(last) + 1)
        if start >= end:
            answer.status, answer.body = 416, b""
            answer.headers["Content-Range"] = "bytes */%d" % total
            return
        answer.status, answer.body = 206, answer.body[start:end]
        answer.headers["Content-Range"] = "bytes %d-%d/%d" % (start, end - 1, total)

    def send(self, answer):
        fault = answer.fault
        after = fault.get("stall_after", 0)
        if fault.get("stall") and not after:
            self.server.owner.stopping.wait(fault["stall"])
        self.send_response(answer.status)
        if answer.status != 304:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(fault.get("length", len(answer.body))))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or answer.status == 304:
            return
        body = answer.body[: fault["cut"]] if "cut" in fault else answer.body
        try:
            if fault.get("stall") and after:
                self.wfile.write(body[:after])
                self.wfile.flush()
                self.server.owner.stopping.wait(fault["stall"])
                body = body[after:]
            self.wfile.write(body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if "cut" in fault or "length" in fault:
            self.close_connection = True


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner, name):
        super().__init__(("127.0.0.1", 0), Handler)
        self.owner = owner
        self.name = name
        self.host = "127.0.0.1:%d" % self.server_port

    def handle_error(self, request, client_address):
        """A client that hangs up is nothing to report; everything else is a fault of this server."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
            super().handle_error(request, client_address)


class Authority:
    """A certificate authority of this run, and a key and certificate of 127.0.0.1 that it signed."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="authority-")
        self.ca, self.key, self.certificate = (
            os.path.join(self.dir, name) for name in ("ca.pem", "key.pem", "certificate.pem")
        )
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
        ca_key = os.path.join(self.dir, "ca-key.pem")
        self.openssl(*new, "-subj", "/CN=authority", "-keyout", ca_key, "-out", self.ca)
        self.openssl(
            *new, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-CA", self.ca, "-CAkey", ca_key,
            "-keyout", self.key, "-out", self.certificate,
        )  # fmt: skip

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wrap(self, listener):
        """Handshakes happen in the thread of the connection, not in the one that accepts."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Server:
    def __init__(self, universe, log=None):
        self.universe = universe
        self.requests = []  # the lines of --log
        self.stopping = threading.Event()
        self._log = open(log, "w", encoding="utf-8") if log else None
        self._lock = threading.Lock()
        self._counts = {}
        self._pages = {}
        self.here, self.other = Listener(self, "here"), Listener(self, "other")
        self.host, self.other_host = self.here.host, self.other.host
        self.url, self.other_url = "http://" + self.host, "http://" + self.other_host
        self.listeners = [self.here, self.other]
        self.authority = self.tls = None
        if universe.tls:
            self.authority, self.tls = Authority(), Listener(self, "tls")
            self.authority.wrap(self.tls)
            self.listeners.append(self.tls)
        for listener in self.listeners:
            threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.stopping.set()
        for listener in self.listeners:
            listener.shutdown()
            listener.server_close()
        if self.authority:
            self.authority.close()
        if self._log:
            self._log.close()

    def index_url(self, index="simple"):
        return "%s/%s/" % (self.url, index)

    def expand(self, text):
        for name, value in self.environment().items():
            text = text.replace("$" + name, value)
        return text

    def environment(self):
        tls = {}
        if self.tls:
            tls = {"TLS_URL": "https://" + self.tls.host, "TLS_HOST": self.tls.host, "TLS_CA": self.authority.ca}
            tls["TLS_PORT"] = str(self.tls.server_port)
        return {
            **tls,
            "INDEX_URL": self.url,
            "OTHER_URL": self.other_url,
            "INDEX_HOST": self.host,
            "OTHER_HOST": self.other_host,
        }

    def record(self, request):
        line = "%s %s" % (request.command, request.path)
        if request.headers.get("Range"):
            line += " range=" + request.headers["Range"]
        if request.headers.get("Authorization"):
            line += " auth=" + request.headers["Authorization"].split()[0]
        if request.server is not self.here:
            line += " port=" + request.server.name
        with self._lock:
            self.requests.append(line)
            if self._log:
                self._log.write(line + "\n")
                self._log.flush()

    def count(self, number):
        """How often rule `number` was met before."""
        with self._lock:
            self._counts[number] = self._counts.get(number, 0) + 1
            return self._counts[number] - 1

    def page(self, index, project, form):
        key = (index, project, form)
        if key not in self._pages:
            make = self.universe.json_page if form == "json" else self.universe.html_page
            self._pages[key] = make(index, project, self.url, self.other_url)
        return self._pages[key]


def main():
    parser = argparse.ArgumentParser(description="Runs a command while a loopback package index stands.")
    parser.add_argument("universe", help="JSON file, described in universe.py")
    parser.add_argument("--log", help="file for one line a request")
    parser.add_argument("--environment", help="file for the variables, when there is no COMMAND")
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    options, command = parser.parse_args(words[:split]), words[split + 1 :]
    with Server(Universe.load(options.universe), options.log) as server:
        if not command:
            with open(options.environment + ".part", "w", encoding="utf-8") as stream:
                for name, value in server.environment().items():
                    stream.write("export %s=%s\n" % (name, value))
            os.rename(options.environment + ".part", options.environment)
            signal.pause()
        environment = dict(os.environ, **server.environment())
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
