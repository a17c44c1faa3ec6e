# SPDX-License-Identifier: Apache-2.0
"""Long runs of live capture on loopback: longrun.py BIN FOLDER, as root in a
network namespace and a mount namespace of its own (tests/longrun.sh)."""
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

BIN, OUT = sys.argv[1], sys.argv[2]
KILLS = int(os.environ.get("KILLS", "20"))
SLOW = float(os.environ.get("TEST_SLOW", "1"))  # sanitizers
AT_ONCE = 10
ON_DISK = 1.5 * SLOW  # seconds after which what has ended is on the disk
HOPS = 6  # threads that news of a packet waits for on its way to the disk
PORT = 5060
REQUEST = ("OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1\r\n"
           "From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\n"
           "Call-ID: %d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
ANSWER = ("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.0.0.1\r\n"
          "From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>;tag=2\r\n"
          "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
passed = failed = 0


lock = threading.Lock()


def check(good, what, *more):
    global passed, failed
    with lock:
        passed += bool(good)
        failed += not good
        if not good:
            print("longrun:", what, *more, flush=True)


# ---- how late this machine is, which is no fault of the program's ----

class Lateness(threading.Thread):
    """Waits a little and writes a line, over and over, as the program does:
    what that takes longer than it should is the machine's."""

    PAUSE = 0.02

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = [(time.time(), 0, 0)]  # when, seconds late, of the disk

    def run(self):
        fd = os.open(OUT + "/lateness", os.O_WRONLY | os.O_CREAT)
        while True:
            began = time.time()
            time.sleep(self.PAUSE)
            woken = time.time()
            os.pwrite(fd, b"a line\n", 0)
            os.fdatasync(fd)
            self.seen.append((woken, woken - began - self.PAUSE,
                              time.time() - woken))

    def since(self, when):
        """Seconds that news of a packet may take longer for it."""
        seen = [x for x in list(self.seen) if x[0] >= when]
        waits = max([x[1] for x in seen], default=0)
        # It may stand right now.
        disk = max([x[2] for x in seen] + [time.time() - self.seen[-1][0]])
        return HOPS * waits + 2 * disk


lateness = Lateness()


# ---- traffic: short SIP connections in clear, one after the other ----

class Talk(threading.Thread):
    def __init__(self, pause=0.025):
        super().__init__(daemon=True)
        self.pause = pause
        self.done = []  # (opened, closed, port of the client)
        self.over = False
        self.server = socket.create_server(("127.0.0.1", PORT), backlog=64)
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            with peer:
                if peer.recv(4096):
                    peer.sendall(ANSWER.encode())
                peer.recv(4096)

    def run(self):
        n = 0
        while not self.over:
            n += 1
            opened = time.time()
            with socket.create_connection(("127.0.0.1", PORT)) as s:
                port = s.getsockname()[1]
                s.sendall((REQUEST % n).encode())
                s.recv(4096)
            self.done.append((opened, time.time(), port))
            time.sleep(self.pause)

    def between(self, start, end):
        return {p for o, c, p in list(self.done) if o > start and c < end}


# ---- the program ----

class Run:
    def __init__(self, folder, *args, before=()):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.sizes = {n: os.path.getsize(os.path.join(folder, n))
                      for n in os.listdir(folder)}
        self.errors = open(os.path.join(folder, "stderr"), "ab+")
        self.p = subprocess.Popen(
            [*before, BIN, "audit", "-i", "lo", *args], cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.errors)
        self.start = None

    def ready(self, journal):
        """Capturing, as a new first line of its journal tells."""
        path = os.path.join(self.folder, journal)
        size = self.sizes.get(journal, 0)
        if not wait_for(lambda: os.path.exists(path) and
                        os.path.getsize(path) > size):
            raise RuntimeError("it does not begin: " + self.told())
        self.start = time.time()
        return self

    def told(self):
        over = self.p.poll()
        return "%s: %s: %s" % (
            self.folder, "it runs" if over is None else "status %d" % over,
            self.said() or "it said nothing")

    def send(self, number):
        self.p.send_signal(number)

    def end(self, number=signal.SIGTERM):
        self.stopped = time.time()
        self.send(number)
        try:
            return self.p.wait(120 * SLOW)
        except subprocess.TimeoutExpired:
            self.p.kill()
            raise RuntimeError("it does not end: " + self.told()) from None

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


def lines_of(path):
    """What stands in a journal; a line that is no JSON raises."""
    data = open(path, "rb").read()
    whole, _, torn = data.rpartition(b"\n")
    return [json.loads(l) for l in whole.split(b"\n") if l], torn


def ports(flows):
    return {f["src_port"] for f in flows if f["dest_port"] == PORT}


def audits(lines):
    return [l for l in lines if l["event_type"] == "audit"]


def load(path):
    return json.load(open(path))


def wait_for(what, seconds=60):
    """That long only where it fails."""
    end = time.time() + seconds * SLOW
    while time.time() < end:
        if what():
            return True
        time.sleep(0.05)
    return bool(what())


# ---- cases ----

def kill_some(talk):
    """Killed at a random moment, what had ended before is in the journal."""
    worst = wanted = 0
    for first in range(0, KILLS, AT_ONCE):
        runs = [Run("%s/kill-%d" % (OUT, n), "--journal", "j.ndjson", "-q")
                for n in range(first, min(first + AT_ONCE, KILLS))]
        for r in runs:
            r.ready("j.ndjson")
        moments = sorted((time.time() + random.uniform(1.6, 3.2) * SLOW, i)
                         for i in range(len(runs)))
        for when, i in moments:
            time.sleep(max(0, when - time.time()))
            r = runs[i]
            # Not before there is something that must be there.
            wait_for(lambda: talk.between(r.start, time.time() - ON_DISK -
                                          lateness.since(r.start) - 0.2))
            r.end(signal.SIGKILL)
            late = lateness.since(r.start)
            try:
                lines, torn = lines_of(r.folder + "/j.ndjson")
            except ValueError as e:
                check(False, r.folder, "a line does not parse:", e)
                continue
            want = talk.between(r.start, r.stopped - ON_DISK - late)
            have = audits(lines)
            missing = want - ports(have)
            last = max([c for o, c, p in talk.done if p in ports(have)],
                       default=r.start)
            worst = max(worst, r.stopped - last)
            # The kernel may have torn the line at hand: it is cut off later.
            wanted += bool(want)
            check(not missing, r.folder, "%d of %d flows missing, %d torn; "
                  "the newest on disk %.2f s old, the machine %.2f s late" % (
                      len(missing), len(want), len(torn), r.stopped - last,
                      late), r.said())
            # A line of a connection that had just begun may be followed by
            # another.
            newest = {f["src_port"]: f["audit"]["verdict"] for f in have}
            check(all(newest[p] == "violation" for p in want & set(newest)),
                  r.folder, "verdicts", newest)
    check(wanted * 2 >= KILLS, "kills that show something:", wanted)
    print("longrun: %d kills; the newest flow on disk was at most %.2f s old, "
          "the machine %.2f s late" % (KILLS, worst, lateness.since(0)))


def torn_line(talk):
    """A torn last line is cut off and told; a report comes out of it."""
    r = Run(OUT + "/torn", "--journal", "j.ndjson").ready("j.ndjson")
    time.sleep(1.5 * SLOW)
    r.end(signal.SIGKILL)
    path = r.folder + "/j.ndjson"
    before = len(lines_of(path)[0])
    with open(path, "ab") as f:
        f.write(b'{"timestamp":"2026-11-22T09:3')
    for form in "html", "json":
        p = subprocess.run([BIN, "report", path, "-o", "torn." + form],
                           cwd=r.folder, capture_output=True)
        check(p.returncode == 0 and b"torn" in p.stderr, "report of a torn",
              form, p.stderr)
    doc = load(r.folder + "/torn.json")
    check(len(doc["flows"]) == len(ports(audits(lines_of(path)[0]))) ==
          doc["summary"]["flows"] > 0, "flows of the report")
    r = Run(OUT + "/torn", "--journal", "j.ndjson").ready("j.ndjson")
    check(re.search("last line was torn.* 29 bytes", r.said()), r.said())
    two = subprocess.run([BIN, "audit", "-i", "lo", "--journal", "j.ndjson"],
                         cwd=r.folder, capture_output=True, timeout=60)
    check(two.returncode == 2 and b"another program" in two.stderr,
          "two on one journal", two.stderr)
    time.sleep(1.2 * SLOW)
    check(r.end() == 1, "status", r.said())
    lines, torn = lines_of(path)
    check(not torn and len(lines) > before and lines[-1]["event_type"] ==
          "period", "journal after a second run")
    check(sum(l["event_type"] == "journal" for l in lines) == 2, "headers")


def rotate(talk):
    """Every flow stands in the report of its period; no gap between them."""
    # A report takes less than that on any machine.
    r = Run(OUT + "/rotate", "--rotate", "2s", "-o", "day.json", "-o",
            "day.csv", "--journal", "j").ready("j")
    long = socket.create_connection(("127.0.0.1", PORT))
    long.sendall((REQUEST % 1).encode())
    long.recv(4096)
    port = long.getsockname()[1]
    for _ in range(3):
        time.sleep(max(1.8, SLOW))
        long.sendall(b"\r\n\r\n") if _ < 2 else None
    long.close()
    time.sleep(0.3)
    check(r.end() == 1, "status of rotate", r.said())
    names = sorted(glob.glob(r.folder + "/day.*.json"))
    docs = [load(n) for n in names]
    check(len(docs) >= 3, "reports", names)
    check(all(re.search(r"/day\.\d{8}T\d{6}Z(-\d+)?\.json$", n)
              for n in names), names)
    check(len(glob.glob(r.folder + "/day.*.csv")) == len(names), "csv too")
    periods = [d["capture"]["period"] for d in docs]
    check([p["number"] for p in periods] ==
          list(range(1, len(docs) + 1)), periods)
    check(all(a["end"] == b["start"] for a, b in zip(periods, periods[1:])),
          "gaps", periods)
    check(all(p["end"].endswith(":%02d.000000Z" % int(p["end"][17:19]))
              for p in periods[:-1]), "full seconds", periods)
    want = talk.between(r.start, r.stopped - 0.3)
    have = set().union(*(ports(d["flows"]) for d in docs))
    check(want and not want - have, "flows missing", want - have)
    lived = [f for d in docs for f in d["flows"] if f["src_port"] == port]
    check(len(lived) >= 2, "a flow over the boundary stands in both")
    check(all(f["audit"]["verdict"] == "violation" for f in lived),
          "its evidence went with it")
    check("began_before" not in lived[0]["flow"] and
          all(f["flow"].get("began_before") for f in lived[1:]) and
          lived[0]["flow"].get("goes_on"), "it says so")
    check([f["flow"]["pkts_toserver"] for f in lived] ==
          sorted(f["flow"]["pkts_toserver"] for f in lived), "counters")
    p = subprocess.run([BIN, "report", *names, "-o", "all.json"],
                       cwd=r.folder, capture_output=True)
    check(p.returncode == 0, "periods as one", p.stderr)


def report_now(talk):
    """SIGUSR1 writes a report, and the run goes on."""
    r = Run(OUT + "/now", "-o", "r.json", "--journal", "j").ready("j")
    path = r.folder + "/r.json"
    time.sleep(1.0 * SLOW)
    asked = time.time()
    r.send(signal.SIGUSR1)
    check(wait_for(lambda: os.path.exists(path)), "no report on SIGUSR1",
          r.told())
    doc = load(path)
    late = lateness.since(r.start)
    first = talk.between(r.start, asked - 0.5 * SLOW - late)
    missing = first - ports(doc["flows"])
    check(doc["capture"]["period"].get("goes_on") and not missing,
          "the report of SIGUSR1: %d of %d flows missing, the machine %.2f s "
          "late;" % (len(missing), len(first), late),
          doc["capture"]["period"], r.said())
    time.sleep(1.0 * SLOW)
    check(r.end() == 1, "status after SIGUSR1", r.said())
    doc = load(path)
    want = talk.between(r.start, r.stopped - 0.3)
    check("period" not in doc["capture"] and not want - ports(doc["flows"]),
          "the report at the end holds all but", want - ports(doc["flows"]),
          r.said())
    check(doc["summary"]["flows"] == len(doc["flows"]), "sums")


def hang_up(talk):
    """SIGHUP begins a new journal, and a new period where there are some."""
    r = Run(OUT + "/hup", "--journal", "j", "-q", "-o", "r.json").ready("j")
    time.sleep(1.0 * SLOW)
    os.rename(r.folder + "/j", r.folder + "/j.1")
    r.send(signal.SIGHUP)
    check(wait_for(lambda: os.path.exists(r.folder + "/j")),
          "no new journal", r.told())
    time.sleep(1.3 * SLOW)
    r.end()
    old, torn = lines_of(r.folder + "/j.1")
    new, torn2 = lines_of(r.folder + "/j")
    check(not torn and not torn2 and new[0]["event_type"] == "journal" and
          new[0]["run"] == old[0]["run"], "two journals of one run")
    want = talk.between(r.start, r.stopped - 0.3)
    check(want and not want - ports(audits(old + new)), "flows of both:",
          len(want), "but", want - ports(audits(old + new)), r.said())
    with open(r.folder + "/both", "wb") as f:
        for n in "j.1", "j":
            f.write(open(r.folder + "/" + n, "rb").read())
    p = subprocess.run([BIN, "report", "both", "-o", "both.json"],
                       cwd=r.folder, capture_output=True)
    one = load(r.folder + "/r.json")
    check(p.returncode == 0 and
          {(f["src_port"], f["audit"]["verdict"]) for f in one["flows"]} ==
          {(f["src_port"], f["audit"]["verdict"])
           for f in load(r.folder + "/both.json")["flows"]},
          "both together are the report", p.stderr)

    r = Run(OUT + "/hup2", "--rotate", "1h", "-o", "r.json",
            "--journal", "j").ready("j")
    # A period without packets has no name of its own.
    wait_for(lambda: audits(lines_of(r.folder + "/j")[0]))
    r.send(signal.SIGHUP)
    check(wait_for(lambda: glob.glob(r.folder + "/r.*.json")),
          "no report on SIGHUP", r.told())
    wait_for(lambda: audits(lines_of(r.folder + "/j")[0]))
    r.end()
    names = sorted(os.listdir(r.folder))
    check(len(glob.glob(r.folder + "/r.*.json")) == 2, "two periods", names,
          r.said())


def signals_first(talk):
    """Who has seen the journal begin may send signals."""
    strace = ["strace", "-D", "-f", "-o", "/dev/null", "-e",
              "inject=rt_sigaction:delay_enter=600000"]
    if shutil.which("strace") is None or \
            subprocess.run([*strace, "true"], capture_output=True).returncode:
        print("longrun: no strace: the order of signals not tried")
        return
    r = Run(OUT + "/signals", "--journal", "j", before=strace).ready("j")
    with open("/proc/%d/status" % r.p.pid) as f:
        caught = int(re.search(r"SigCgt:\s*(\S+)", f.read())[1], 16)
    lacks = [s.name for s in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1,
                              signal.SIGTERM) if not caught >> s - 1 & 1]
    check(not lacks, "signals that end it before it runs:", lacks)
    r.end(signal.SIGKILL)


def full_disk(talk):
    """The capture goes on without room, and writes again when there is."""
    small = OUT + "/small"
    os.makedirs(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=777",
                       "none", small]).returncode != 0:
        print("longrun: no tmpfs can be mounted: full disk not tried")
        return
    r = Run(OUT + "/full", "--rotate", "1s", "-o", small + "/day.json",
            "--journal", small + "/j").ready(small + "/j")
    wait_for(lambda: glob.glob(small + "/day.*.json"))
    filler = os.open(small + "/filler", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(filler, bytes(4096))
    except OSError:
        os.close(filler)
    check(wait_for(lambda: "reports: " in r.said() and
                   "journal: " in r.said()), "nothing told", r.told())
    time.sleep(2.5 * SLOW)
    check(r.p.poll() is None, "it ended", r.told())
    os.remove(small + "/filler")
    check(wait_for(lambda: "reports: written again" in r.said() and
                   "is written again" in r.said()), "not again", r.said())
    freed = time.time()
    time.sleep(1.5 * SLOW)
    check(r.end() == 1, "status after a full disk", r.said())
    told = r.said()
    check(told.count("No space left") == 2, "told once each", told)
    lines, torn = lines_of(small + "/j")
    want = talk.between(r.start, r.stopped - 0.3)
    check(not torn and not want - ports(audits(lines)),
          "the journal lacks", want - ports(audits(lines)))
    names = glob.glob(small + "/day.*")
    check(all(re.search(r"Z(-\d+)?\.json$", n) for n in names),
          "half-written files", names)
    docs = [load(n) for n in names]
    check(not talk.between(freed, r.stopped - 0.3) -
          set().union(*(ports(d["flows"]) for d in docs)),
          "reports after there was room")
    subprocess.run(["umount", small])


def folder_gone(talk):
    """The folder of the reports is moved away and made again."""
    place = OUT + "/gone/place"
    os.makedirs(place)
    os.chmod(place, 0o777)
    r = Run(OUT + "/gone", "--rotate", "1s", "-o", "place/day.json",
            "--journal", "j").ready("j")
    # A report may just be made in it.
    check(wait_for(lambda: shutil.rmtree(place, ignore_errors=True) or
                   not os.path.exists(place)), "the folder stays",
          os.listdir(OUT + "/gone"))
    check(wait_for(lambda: "reports: " in r.said()), "nothing told", r.told())
    check(r.p.poll() is None, "it ended", r.told())
    r.end(signal.SIGKILL)


def many_flows(n, port):
    """So many SIP connections one after the other."""
    server = socket.create_server(("127.0.0.1", port), backlog=64)
    for i in range(n):
        with socket.create_connection(("127.0.0.1", port)) as s:
            peer, _ = server.accept()
            s.sendall((REQUEST % i).encode())
            peer.recv(4096)
            peer.sendall(ANSWER.encode())
            s.recv(4096)
            peer.close()
    server.close()


def spill(talk):
    """More flows than --memory holds: nothing is missing, live or later."""
    n, port, only = 3000, 5062, "tcp port 5062"
    r = Run(OUT + "/spill", "--memory", "200K", "-o", "a.json", "-o",
            "a.ndjson", "--journal", "j", "-t", "1", "-f", only).ready("j")
    path = r.folder + "/a.pcap"
    dump = subprocess.Popen(["tcpdump", "-Z", "root", "-i", "lo", "-U", "-B",
                             "65536", "-w", path, *only.split()],
                            stderr=subprocess.PIPE)
    dump.stderr.readline()
    many_flows(n, port)
    # The kernel hands packets over in blocks, once a second.
    size = -1
    while size != os.path.getsize(path):
        size = os.path.getsize(path)
        time.sleep(1.5 + lateness.since(r.start))
    dump.terminate()
    dumped = dump.communicate()[1].decode()
    check("\n0 packets dropped by kernel" in dumped, "tcpdump lost some:",
          dumped)
    check(r.end() == 1, "status of spill", r.said())
    p = subprocess.run([BIN, "audit", "-q", "-t", "1", "-r", "a.pcap", "-o",
                        "b.json"], cwd=r.folder, capture_output=True)
    check(p.returncode == 1, "audit of the same packets", p.stderr)
    doc = load(r.folder + "/a.json")
    early = doc["capture"].get("judged_early", 0)
    check(n // 3 < early < n, "flows judged early:", early)
    check(len(doc["flows"]) == n == doc["summary"]["flows"], "flows of spill",
          len(doc["flows"]))
    p = subprocess.run([sys.executable, os.path.abspath("tests/live.py"),
                        "like", "a.json", "b.json"], cwd=r.folder,
                       capture_output=True)
    check(p.returncode == 0, "live and from a file", p.stdout[:600])
    for name in "a.ndjson", "j":
        lines, torn = lines_of(r.folder + "/" + name)
        last = {(f["src_port"], f["flow"]["start"]): f["audit"]["verdict"]
                for f in audits(lines)}
        check(not torn and len(last) == n and
              set(last.values()) == {"violation"}, name, "of spill", len(last))


def attempt(case, talk):
    began = time.time()
    try:
        case(talk)
    except Exception as e:  # the others shall still run
        at = e.__traceback__.tb_next
        check(False, "%s, line %d: %r" % (
            case.__name__, at.tb_lineno if at else 0, e))
    if "TIMES" in os.environ:
        print(case.__name__, "%.1f s" % (time.time() - began))


def main():
    lateness.start()
    talk = Talk()
    talk.start()
    only = sys.argv[3:]
    # They mostly wait: side by side.
    threads = [threading.Thread(target=attempt, args=(case, talk))
               for case in (kill_some, torn_line, rotate, report_now, hang_up,
                            signals_first, full_disk, folder_gone)
               if not only or case.__name__ in only]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    talk.over = True
    # Alone: its flows would fill what the others write.
    if shutil.which("tcpdump") is None:
        print("longrun: no tcpdump: many flows not tried")
    elif not only or "spill" in only:
        attempt(spill, talk)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
