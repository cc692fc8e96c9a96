# SPDX-License-Identifier: GPL-2.0-or-later
# port: the debugger's port and whoever comes there: too early, as a web page, as a second debugger, with
# packets that never end. No gdb: each is a client that speaks for itself.
from debugger import *


def early():
    """While the way to the end lasts nobody can connect; whoever can is answered at once."""
    with Server("spin.rr", "--no-index", "-accel", "interp") as server:
        refused, until = 0, time.monotonic() + 120 * SLOW
        while time.monotonic() < until:
            try:
                wire = Wire(server.sock) if os.path.exists(server.sock) else None
            except OSError:
                wire = None
            if wire is not None:
                break
            time.sleep(0.001)
        check(wire is not None, "there is a server")
        began = time.monotonic()
        answer = wire.ask(b"qSupported:swbreak+")
        seconds = time.monotonic() - began
        check(answer and b"PacketSize" in answer and seconds < 1 * SLOW, "the first answer takes %.2f s" % seconds)
        check(b"thread:1" in (wire.ask(b"?") or b""), "and it stands there")
        wire.close()


def refuses_early():
    """The address is taken from the beginning, and refuses until there is somebody to answer."""
    with Server("spin.rr", "--no-index", "-accel", "interp") as server:
        until = time.monotonic() + 60 * SLOW
        while not os.path.exists(server.sock) and time.monotonic() < until:
            time.sleep(0.001)
        try:
            socket.socket(socket.AF_UNIX).connect(server.sock)
            check(False, "somebody listens before there is an answer")
        except ConnectionRefusedError:
            check(True, "refused")
        wait_for_server(server.sock)


def strangers():
    """Web pages and the like: dropped before anything is obeyed, in one sentence; then a debugger is served."""
    packet = b"$qRcmd,%s#%02x" % (b"branch evil.rr".hex().encode(),
                                  sum(b"qRcmd," + b"branch evil.rr".hex().encode()) & 255)
    before = set(os.listdir("."))
    with Server("spin.rr", "--at", "100") as server:
        wait_for_server(server.sock)
        for head in (b"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n", b"GET /$qC#b4 HTTP/1.1\r\n",
                     b"+OPTIONS * HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00", b"\r\n", b"\x1b[31m\r\n"):
            wire = Wire(server.sock)
            wire.raw(head + packet + b"$qC#b4")
            check(wire.packet() is None, "%r is not answered" % head)
            wire.close()
        wire = Wire(server.sock)
        check(wire.ask(b"qC") == b"QC1", "a debugger is")
        wire.close()
    told = [line for line in server.err.splitlines() if "no debugger" in line]
    check(len(told) == 6 and "'POST / HTTP/1.1" in told[0] and "\x1b" not in server.err, "each is told of: %s" % told)
    check(set(os.listdir(".")) - {"spin.rr.idx", "server.sock"} == before - {"spin.rr.idx"}, "no file was made")


def second():
    """Another debugger is told that it has to wait, also during a long command; the first goes on."""
    with Server("spin.rr", "--at", "0", "--no-index", "-accel", "interp") as server:
        wait_for_server(server.sock)
        first = Wire(server.sock)
        check(first.ask(b"qC") == b"QC1", "the first is served")
        said = []

        def come():
            other = Wire(server.sock)
            other.raw(b"+$qSupported:swbreak+#47")
            said.append(other.packet())
            check(other.packet() is None, "and sent away")
            other.close()

        come()
        answer = first.monitor("goto 90%", began=come)
        check(len(said) == 2 and all(s and s.startswith(b"E.Another debugger") for s in said), "told why: %s" % said)
        check("tick " in answer and "interrupted" not in answer, "the first arrives: " + answer)
        check(first.ask(b"qC") == b"QC1", "and goes on")
        first.send(b"D")
        check(first.packet() == b"OK", "until it goes")
        first.close()
        third = Wire(server.sock)
        check(third.ask(b"qC") == b"QC1", "then the next is served")
        third.close()


def unfinished():
    """Whatever length a packet without an end has, the next one is answered."""
    with Server("spin.rr", "--at", "100") as server:
        wait_for_server(server.sock)
        wire = Wire(server.sock)
        for length in (1, 100, 131069, 131070, 131071, 131072, 131073, 300000):
            wire.raw(b"$" + b"a" * length)
            check(wire.ask(b"qC") == b"QC1", "after %d bytes" % length)
        wire.close()


def main():
    record_spinner("spin.rr", 100000000)
    for test in (early, refuses_early, strangers, second, unfinished):
        began = time.monotonic()
        test()
        print("%s: %.1f s" % (test.__name__, time.monotonic() - began), flush=True)


with Room():
    main()
finish()
