# SPDX-License-Identifier: GPL-2.0-or-later
# index: `reprise index` makes FILE.idx, the same each time, says so and leaves nothing else; one that
# is stale, foreign or damaged is said to be so and made anew; killed while building, the next one
# goes on; replay does not care, debug goes by it.
import signal
import sqlite3
import time

from harness import *


def made(name="a.rr"):
    return succeeds("index", name)


def debug_once(*args, makes=None):
    """Serves, and is asked to end as soon as it says that it is there and the index, which it makes
    meanwhile, is as it should be: what it said until then."""
    command = [REPRISE, "debug", "a.rr", "--listen", "unix:" + os.path.abspath("s"), *args]
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = b""
    while b"in gdb:" not in said:
        line = p.stderr.readline()
        if not line:
            break
        said += line
    deadline = time.monotonic() + 30 * SLOW
    while makes and time.monotonic() < deadline and (not os.path.exists("a.rr.idx") or
                                                     contents("a.rr.idx") != makes):
        time.sleep(0.01)
    p.terminate()
    p.stderr.close()
    status = p.wait(30 * SLOW)
    check(status == 0 and b"in gdb:" in said, "debug: %d, %r" % (status, said))
    return said


def contents(name):
    """All that an index says: two of the same history differ in their nonces and sums alone."""
    try:
        with sqlite3.connect("file:%s?mode=ro" % name, uri=True) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master")]
            rows = {t: db.execute("SELECT * FROM " + t).fetchall() for t in tables}
    except sqlite3.Error:
        return None
    rows["history"] = [row[:-2] for row in rows.get("history", ())]
    return {t: [tuple(v[:-16] if isinstance(v, bytes) else v for v in row) for row in table]
            for t, table in rows.items()}


def file_bytes(name):
    with open(name, "rb") as f:
        return f.read()


def believed(r):
    return b"making a new one" not in r.err


def plant():
    """What is put where an index belongs or was made once leads nowhere and stops nobody."""
    with open("treasure", "w") as f:
        f.write("somebody's treasure")
    os.unlink("a.rr.idx")
    os.symlink("treasure", "a.rr.idx.new")
    check(succeeds("query", "a.rr", "last-write", "0x80005ff8").out, "asked beside a link")
    check(file_bytes("treasure") == b"somebody's treasure" and os.path.islink("a.rr.idx.new"), "left alone")
    os.unlink("a.rr.idx.new")
    answer = succeeds("query", "a.rr", "last-write", "0x80005ff8").out
    for what, put in (("a link", lambda: os.symlink("treasure", "a.rr.idx")),
                      ("a link to nothing", lambda: os.symlink("nothing", "a.rr.idx")),
                      ("a FIFO", lambda: os.mkfifo("a.rr.idx")),
                      ("a device", lambda: os.symlink("/dev/zero", "a.rr.idx"))):
        os.unlink("a.rr.idx")
        put()
        r = succeeds("query", "a.rr", "last-write", "0x80005ff8")
        check(r.out == answer and b"no plain file" in r.err, "%s as index: %s" % (what, r))
        r = reprise("index", "a.rr")
        check(r.status == 1 and b"no plain file" in r.err, "%s as index: %s" % (what, r))
        check(file_bytes("treasure") == b"somebody's treasure" and not os.path.exists("nothing") and
              (os.path.islink("a.rr.idx") or not os.path.isfile("a.rr.idx")), "%s is left alone" % what)
    os.unlink("a.rr.idx")
    os.unlink("treasure")
    made()


def keys(room):
    """An index is believed by the user who made it, whose key nobody else may read or make."""
    key = os.path.join(room.config, "reprise", "index.key")
    status = os.stat(key)
    check(status.st_size == 32 and status.st_mode & 0o777 == 0o600, "32 bytes for this user alone")
    check(os.listdir(os.path.dirname(key)) == ["index.key"], "and nothing else")
    check(believed(made()), "believed")
    mine = file_bytes(key)
    os.unlink(key)
    r = made()
    check(b"not made by this user" in r.err and not believed(r), "another user's: %s" % r)
    check(file_bytes(key) != mine and believed(made()), "one of our own took its place")
    theirs = file_bytes("a.rr.idx")
    with open(key, "wb") as f:
        f.write(mine)
    check(believed(made("a.rr")) is False, "and it is another's now")
    with open("a.rr.idx", "wb") as f:
        f.write(theirs)
    r = succeeds("index", "--trust-index", "a.rr")
    check(believed(r) and file_bytes("a.rr.idx") == theirs, "--trust-index: %s" % r)
    for command in (("query", "a.rr", "last-write", "0x80005ff8"), ("debug", "a.rr")):
        check(b"--trust-index" in reprise(command[0], "--help").out, "%s --trust-index" % command[0])
    made()
    for what, spoil in (("others may read it", lambda: os.chmod(key, 0o644)),
                        ("too short", lambda: os.truncate(key, 31)),
                        ("a link", lambda: (os.rename(key, "key"), os.symlink(os.path.abspath("key"), key))),
                        ("a folder", lambda: (os.unlink(key), os.mkdir(key)))):
        spoil()
        r = made()
        check(b"of use to this process only" in r.err and not believed(r), "key, %s: %s" % (what, r))
        os.rmdir(key) if os.path.isdir(key) else os.unlink(key)
        made()
    os.unlink("key")
    config = os.environ.pop("XDG_CONFIG_HOME")
    home = os.environ.pop("HOME", None)
    r = made()
    check(b"of use to this process only" in r.err and not believed(r), "no HOME: %s" % r)
    os.environ["HOME"] = config
    made()
    check(os.path.exists(os.path.join(config, ".config/reprise/index.key")), "HOME")
    os.environ.update({"XDG_CONFIG_HOME": config}, **({"HOME": home} if home else {}))
    made()


def counts(name):
    with sqlite3.connect("file:%s?mode=ro" % name, uri=True) as db:
        return (db.execute("SELECT max(ending), sum(inputs) FROM span").fetchone() +
                db.execute("SELECT sum(exceptions) + sum(interrupts) FROM span").fetchone() +
                tuple(db.execute("SELECT tick, port, text FROM line ORDER BY tick").fetchall()))


def before_the_end(name):
    """How many ticks the last checkpoint but that of the end lies before it."""
    with sqlite3.connect("file:%s?mode=ro" % name, uri=True) as db:
        ticks = sorted(row[0] for row in db.execute("SELECT tick FROM checkpoint"))
        return ticks[-1] - ticks[-2]


def main(room):
    record("a.rr", *bare(guest("work")))
    record("b.rr", *bare(guest("timer")))
    first = made()
    check(b"checkpoints" in first.err and os.path.exists("a.rr.idx"), "index says what it made: %s" % first)
    bytes_ = contents("a.rr.idx")
    check(before_the_end("a.rr.idx") == 1, "a step back from the end begins one tick before it")
    file_ = file_bytes("a.rr.idx")
    check(made().err == first.err and file_bytes("a.rr.idx") == file_, "the second time there is nothing to do")
    os.unlink("a.rr.idx")
    made()
    check(contents("a.rr.idx") == bytes_, "the same each time")
    check(file_bytes("a.rr.idx") != file_, "but for the nonce")
    plant()
    keys(room)
    debug_once()
    check(contents("a.rr.idx") == bytes_, "debug goes by it")

    # While recording; that one and one made afterwards agree about all that happened.
    record("c.rr", "--index", *bare(guest("timer")))
    check(os.path.exists("c.rr.idx"), "made on the way")
    live = counts("c.rr.idx")
    check(before_the_end("c.rr.idx") == 1, "there, too")
    check(b"making" not in made("c.rr").err, "and of use")
    check(succeeds("query", "c.rr", "last-write", "0x80005ff8").out, "to ask by")
    os.unlink("c.rr.idx")
    made("c.rr")
    check(counts("c.rr.idx") == live and live[2] > 0, "%s is what a replay finds" % (live,))
    refuses("a folder in its place", "record", "-o", "d.rr", "--index", "-accel", "verify", *bare(guest("timer")))
    for name in ("c.rr", "c.rr.idx"):
        os.unlink(name)

    made("b.rr")
    for what, change in (("foreign", lambda: shutil.copy("b.rr.idx", "a.rr.idx")),
                         ("cut off", lambda: os.truncate("a.rr.idx", 20000)),
                         ("empty", lambda: os.truncate("a.rr.idx", 0)),
                         ("no database", lambda: open("a.rr.idx", "w").write("hello" * 9999))):
        change()
        r = made()
        check(b"making a new one" in r.err and contents("a.rr.idx") == bytes_, "%s: %s" % (what, r))
        change()
        said = debug_once(makes=bytes_)
        check(b"making a new one" in said and contents("a.rr.idx") == bytes_, "debug, %s: %r" % (what, said))

    os.unlink("a.rr.idx")
    debug_once("--no-index")
    check(not os.path.exists("a.rr.idx"), "--no-index makes none")
    debug_once("--at", "10", makes=bytes_)
    check(contents("a.rr.idx") == bytes_, "debug makes the same as index, wherever it is")
    os.unlink("a.rr.idx")
    debug_once(makes=bytes_)
    check(contents("a.rr.idx") == bytes_, "debug makes the same as index")
    succeeds("replay", "a.rr")

    for wait in (0, 0.005, 0.02, 0.05):
        os.unlink("a.rr.idx") if os.path.exists("a.rr.idx") else None
        p = subprocess.Popen([REPRISE, "index", "a.rr"], stderr=subprocess.DEVNULL)
        time.sleep(wait)  # any moment will do
        p.send_signal(signal.SIGKILL)
        p.wait()
        made()
        check(contents("a.rr.idx") == bytes_, "after a kill")
    # One that lost its end is another history, and has an index of its own.
    whole = file_bytes("a.rr")
    os.truncate("a.rr", len(whole) - 40)
    r = made()
    check(b"making a new one" in r.err and b"another recording" in r.err, "cut off: %s" % r)
    debug_once()
    with open("a.rr", "wb") as f:
        f.write(whole)
    check(b"making a new one" in made().err and contents("a.rr.idx") == bytes_, "whole again")

    os.unlink("a.rr.idx")
    os.mkdir("a.rr.idx")
    r = reprise("index", "a.rr")
    check(r.status == 1 and is_sane(r), "a folder in its place: %s" % r)
    debug_once()
    os.rmdir("a.rr.idx")
    made()
    check(sorted(os.listdir(".")) == ["a.rr", "a.rr.idx", "b.rr", "b.rr.idx"], "nothing else: %s" % os.listdir("."))
    refuses("no such recording", "index", "none.rr")


with Room() as room:
    main(room)
finish()
