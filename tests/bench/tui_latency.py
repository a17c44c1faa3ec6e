#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast `spanward watch` answers: tui_latency.py BIN FILE

Runs it on a pseudo terminal, waits until FILE is read, then types keys. Of
each it tells the time until the picture answers, how much of that the program
waited for a processor that others had, and the time until the picture is
complete; over some idle seconds the share of a processor. Exits with 1 where
an answer takes longer than TUI_KEY_MS without the wait, or idling more than
TUI_IDLE per cent.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

LINES, COLUMNS = 40, 120
NOTHING = 1.0  # a key that changes nothing has no answer
QUIET = 0.06  # a picture is over when nothing came for so long
KEY_MS = float(os.environ.get("TUI_KEY_MS", "50"))
IDLE = float(os.environ.get("TUI_IDLE", "3"))
IDLE_SECONDS = 5

KEYS = [
    ("flows", "2"), ("down", "j"), ("page down", "\x1b[6~"), ("end", "G"),
    ("page up", "\x1b[5~"), ("home", "g"), ("sort menu", "s"),
    ("sort by source", "jjj\r"), ("turn the order", "S"), ("end", "G"),
    ("page up", "\x1b[5~"), ("sort by reason", "s\x1bOF\r"),
    ("turn the order", "S"), ("sort by name", "sn\r"),
    ("sort by verdict", "sv\r"), ("turn the order", "S"), ("end", "G"),
    ("sort by number", "sg\r"), ("redraw all", "\x0c"),
    ("filter, v", "\\v"), ("filter, verdict:v", "erdict:v"),
    ("filter, and a host", " host:10.0.0.0/8"), ("keep it", "\r"),
    ("a flow", "\r"), ("back", "\x1b"), ("no filter", "\x1b"),
    ("filter by text", "\\contoso\r"), ("no filter", "\x1b"),
    ("search", "/zzzz"), ("end the search", "\x1b"), ("tag", " "),
    ("tag all", "*"), ("only the tagged", "\\is:tagged\r"),
    ("untag all", "u"), ("no filter", "\x1b"), ("findings", "3"),
    ("next finding", "j"), ("its flows", "\r"), ("back", "\x1b"),
    ("hosts", "4"), ("next host", "j"), ("sort by address", "sa\r"),
    ("turn the order", "S"), ("end", "G"), ("its flows", "\r"),
    ("back", "\x1b"), ("certificates", "5"), ("next certificate", "j"),
    ("log", "6"), ("overview", "1"), ("newest violation", "v\r"),
    ("back", "\x1b"), ("help", "?"), ("back", "\x1b"),
    ("privacy on", "x"), ("privacy off", "x"), ("freeze", "p"),
    ("go on", "p"), ("another look", "tj\r"), ("the first look", "tk\r"),
]


class Program:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.environ["LC_ALL"] = "C.UTF-8"
            os.execv(command[0], command)
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def read(self, most):
        """What comes within `most` seconds; empty: nothing."""
        ready, _, _ = select.select([self.fd], [], [], most)
        return os.read(self.fd, 65536) if ready else b""

    def wait_for(self, text, most):
        seen = b""
        end = time.monotonic() + most
        while time.monotonic() < end:
            seen = (seen + self.read(0.2))[-65536:]
            if text in seen:
                return True
        return False

    def settle(self):
        while self.read(0.3):
            pass

    def waited(self):
        """Seconds its first thread, and we, were ready to run and did not."""
        total = 0
        for task in (self.pid, os.getpid()):
            with open("/proc/%d/task/%d/schedstat" % (task, task)) as file:
                total += int(file.read().split()[1])
        return total / 1e9

    def key(self, keys):
        """Seconds until the first octets of the answer, of them waiting, and
        until the last."""
        waited = self.waited()
        begin = time.monotonic()
        os.write(self.fd, keys.encode())
        if not self.read(NOTHING):
            return 0, 0, 0
        first = last = time.monotonic()
        waited = min(self.waited() - waited, first - begin)
        while self.read(QUIET):
            last = time.monotonic()
        return first - begin, waited, last - begin

    def cpu(self):
        with open("/proc/%d/stat" % self.pid) as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        with open("/proc/%d/status" % self.pid) as file:
            for line in file:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) // 1024
        return 0


def main(binary, capture):
    program = Program([binary, "watch", "-r", capture])
    begin = time.monotonic()
    if not program.wait_for(b"done", 180):
        sys.exit("the capture was not read within three minutes")
    print("    read and judged in %.1f s, peak %d MB" %
          (time.monotonic() - begin, program.memory()))
    program.settle()
    bad = 0
    worst = 0
    print("    %-22s %9s %9s %9s    load %.1f" %
          ("ms", "answer", "waiting", "complete", os.getloadavg()[0]))
    for name, keys in KEYS:
        took, waited, whole = (s * 1000 for s in program.key(keys))
        # A single Escape is waited for: it may begin a longer key.
        if keys == "\x1b":
            took = max(waited, took - 25)
        worst = max(worst, took - waited)
        mark = ""
        if took - waited > KEY_MS:
            mark = "  over %d ms" % KEY_MS
            bad += 1
        print("    %-22s %9.1f %9.1f %9.1f%s" %
              (name, took, waited, whole, mark))
        time.sleep(0.05)
    program.settle()
    before = program.cpu()
    time.sleep(IDLE_SECONDS)
    idle = (program.cpu() - before) / IDLE_SECONDS * 100
    print("    slowest without waiting %8.1f ms" % worst)
    print("    idle                   %9.1f %% of a processor" % idle)
    os.write(program.fd, b"q")
    while True:
        try:
            if not program.read(5):
                break
        except OSError:
            break
    _, status = os.waitpid(program.pid, 0)
    if status != 0:
        print("    ended with %d" % os.waitstatus_to_exitcode(status))
        bad += 1
    sys.exit(1 if bad or idle > IDLE else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
