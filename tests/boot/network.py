# SPDX-License-Identifier: GPL-2.0-or-later
# network: Debian's kernel on a network of its user's: an address by DHCP, ping, a download and an upload
# with checksums, a page that the guest serves to this host. Recorded; then replayed in another folder
# with all servers gone, to the same state, console and frames (as a pcap).
#   network.py [--card e1000] [--bytes 8388608] [--lines 300000]
import argparse
import gzip
import hashlib
import http.server
import os
import random
import shutil
import socket
import threading
import urllib.request

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--card", default="e1000")
parser.add_argument("--bytes", type=int, default=8 << 20)
parser.add_argument("--lines", type=int, default=300000)
options = parser.parse_args()


def cpio(files):
    """An initramfs of these (name, mode, bytes), which the kernel lays over the one before it."""
    out = b""
    for number, (name, mode, data) in enumerate(files + [("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def with_init(initrd):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "net-init"), "rb") as f:
        init = f.read()
    with open(initrd, "rb") as f, open("initrd", "wb") as out:
        out.write(f.read() + gzip.compress(cpio([("init", 0o100755, init)]), mtime=0))
    return "initrd"


class Web(http.server.BaseHTTPRequestHandler):
    content = random.Random(1).randbytes(options.bytes)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_):
        pass


def swallow(listener, got):
    s, _ = listener.accept()
    while True:
        piece = s.recv(65536)
        if not piece:
            break
        got.append(piece)
    s.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def visit(page_port, word_port, got):
    """Asks for the guest's page until it is there, then tells it a word."""
    until = time.monotonic() + 1200 * SLOW  # a busy host boots for long; whoever records has a limit
    while time.monotonic() < until:
        try:
            got.append(urllib.request.urlopen("http://127.0.0.1:%d/" % page_port, timeout=5).read())
            with socket.create_connection(("127.0.0.1", word_port), 5) as s:
                s.sendall(b"goodbye\n")
            return
        except OSError:
            time.sleep(0.2)


def start(target, *args):
    t = threading.Thread(target=target, args=args, daemon=True)
    t.start()
    return t


def dump(path):
    return ["-object", "filter-dump,id=dump,netdev=n0,file=" + path]


with Room():
    kernel, initrd = linux.guest()
    web = http.server.HTTPServer(("127.0.0.1", 0), Web)
    sink = socket.create_server(("127.0.0.1", 0))
    uploaded, page = [], []
    start(web.serve_forever)
    start(swallow, sink, uploaded)
    ports = free_port(), free_port()
    visitor = start(visit, *ports, page)
    words = "quiet net.web=%d net.sink=%d net.lines=%d" % (web.server_port, sink.getsockname()[1], options.lines)
    arguments = linux.machine(words)
    arguments[arguments.index("-initrd") + 1] = with_init(initrd)
    r = record("net.rr", *arguments, "-serial", "stdio", "-seed", 1, "-device", options.card + ",netdev=n0",
               "-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:%d-:80,hostfwd=tcp:127.0.0.1:%d-:81" % ports,
               *dump("recorded.pcap"), timeout=400)
    visitor.join(10)
    web.shutdown()
    web.server_close()
    sink.close()
    lines = "".join("%d\n" % (i + 1) for i in range(options.lines)).encode()
    expected = [b"address 10.0.2.15 255.255.255.0 10.0.2.2 10.0.2.3", b"mac 52:54:00:12:34:56",
                b"ping 3 packets transmitted, 3 packets",
                b"download " + hashlib.sha256(Web.content).hexdigest().encode(),
                b"upload " + hashlib.sha256(lines).hexdigest().encode(), b"serving", b"told goodbye"]
    said = [line.strip()[len(b"REPRISE: "):] for line in r.out.split(b"\n") if line.startswith(b"REPRISE: ")]
    check(r.status == 0 and said == expected, "recorded: %s" % said)
    check(b"".join(uploaded) == lines, "the upload arrived: %d bytes" % len(b"".join(uploaded)))
    check(page == [b"a page of the guest's\n"], "the page: %s" % page)
    linux.complete("net.rr", "recorded")
    bare = linux.bare_bytes("net.rr")
    print("%s: %d bytes in, %d out, a recording of %d bytes without files"
          % (options.card, options.bytes, len(lines), bare))
    check(bare < options.bytes * 1.03 + len(lines) * 0.1 + 100000, "its size: %d" % bare)
    os.mkdir("elsewhere")
    shutil.move("net.rr", "elsewhere/net.rr")
    with open("recorded.pcap", "rb") as f:
        frames = f.read()
    check(len(frames) > options.bytes + len(lines), "what passed: %d bytes" % len(frames))
    os.chdir("elsewhere")
    replay_agrees("net.rr", r.out, "replayed")
    again = succeeds("replay", "net.rr", *dump("replayed.pcap"), timeout=180)
    with open("replayed.pcap", "rb") as f:
        check(f.read() == frames, "the same frames at the same times")
finish()
