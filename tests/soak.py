# SPDX-License-Identifier: Apache-2.0
"""For tests/soak.sh: soak.py BIN FOLDER OPTION... -- CAPTURE...

Pipes FOLDER/loop into an audit with a report an hour and a journal, samples
its memory, counts each report when it is there. Exit status 1: an hour differs
from the others, or the last quarter took more memory than the second.
"""
import collections
import glob
import json
import os
import subprocess
import sys
import threading
import time

HOURS = float(os.environ["SOAK_HOURS"])
EVERY = os.environ["SOAK_EVERY"]
SETS = os.environ["SOAK_SETS"]
KEEP = "SOAK_KEEP" in os.environ
TOLERANCE = 1.05  # of the last quarter's memory over the second quarter's
VERDICTS = ("compliant", "violation", "exempt", "undetermined",
            "out-of-scope")


class Hour:
    def __init__(self, path):
        self.flows = collections.Counter()  # of what is to stay the same
        self.over = 0  # flows said to stand in another hour, too
        self.packets = 0
        self.peak = 0
        self.findings = collections.Counter()
        self.name = os.path.basename(path).split(".")[1]
        with open(path) as f:
            for line in f:
                r = json.loads(line)
                if r["event_type"] == "audit":
                    self.add(r)

    def add(self, r):
        a = r["audit"]
        self.flows[a["class"], a["verdict"], a["observed"],
                   a["certainty"]] += 1
        self.findings.update(f["id"] for f in a["findings"])
        self.over += "goes_on" in r["flow"] or "began_before" in r["flow"]
        self.packets += r["flow"]["pkts_toserver"] + r["flow"]["pkts_toclient"]

    def verdicts(self):
        sums = collections.Counter()
        for key, n in self.flows.items():
            sums[key[1]] += n
        return [sums[v] for v in VERDICTS]


def status(pid, *names):
    """Kilobytes of each."""
    values = {}
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                key, _, value = line.partition(":")
                values[key] = value.split()[:1]
    except OSError:
        return None
    if any(n not in values for n in names):
        return None
    return [int(values[n][0]) for n in names]


class Run:
    def __init__(self, binary, folder, options, captures):
        self.folder = folder
        self.hours = []
        self.samples = []  # (hours that were complete, kilobytes)
        self.began = time.monotonic()
        generator = subprocess.Popen(
            [folder + "/loop", str(int(HOURS * 3600)), EVERY, SETS, *captures],
            stdout=subprocess.PIPE)
        self.errors = open(folder + "/errors", "w+b")
        self.audit = subprocess.Popen(
            [binary, "audit", "-r", "-", "-p", folder + "/policy.yaml",
             "--rotate", "1h", "-o", folder + "/part.ndjson",
             "--journal", folder + "/journal.ndjson", *options],
            stdin=generator.stdout, stdout=subprocess.DEVNULL,
            stderr=self.errors)
        generator.stdout.close()
        self.generator = generator

    def sample(self):
        while self.audit.poll() is None:
            got = status(self.audit.pid, "VmRSS")
            if got:
                done = len(glob.glob(self.folder + "/part.*.ndjson")) \
                    if KEEP else len(self.hours) + \
                    len(glob.glob(self.folder + "/part.*.ndjson"))
                self.samples.append((done, got[0]))
            time.sleep(0.2)

    def collect(self, last=False):
        for path in sorted(glob.glob(self.folder + "/part.*.ndjson")):
            if any(h.name == os.path.basename(path).split(".")[1]
                   for h in self.hours):
                continue
            hour = Hour(path)
            if not KEEP:
                os.remove(path)
            hour.peak = max((kb for n, kb in self.samples
                             if n == len(self.hours)), default=0)
            self.hours.append(hour)
            self.tell(hour)

    def tell(self, hour):
        print("  %s %8d %8d %8d %7d %7d %7d %8d %6d %7.1f %6.0f" % (
            hour.name, sum(hour.flows.values()), *hour.verdicts(),
            hour.over, sum(hour.findings.values()), hour.peak / 1024,
            time.monotonic() - self.began), flush=True)

    def wait(self):
        threading.Thread(target=self.sample, daemon=True).start()
        print("  %-16s %8s %8s %8s %7s %7s %7s %8s %6s %7s %6s" % (
            "hour", "flows", "complnt", "violatn", "exempt", "undeter",
            "out", "over", "findgs", "MB", "wall s"), flush=True)
        while self.audit.poll() is None:
            time.sleep(0.5)
            self.collect()
        self.collect()
        self.took = time.monotonic() - self.began
        return self.audit.returncode


def differences(hours):
    """Full hours with their neighbours: neither the first nor the last."""
    full = hours[1:int(HOURS) - 1]
    bad = 0
    for hour in full[1:]:
        for what in "flows", "findings":
            x, y = getattr(full[0], what), getattr(hour, what)
            if x == y:
                continue
            bad += 1
            print("soak: %s of %s are not those of %s" % (
                what, hour.name, full[0].name))
            for key in sorted(set(x) | set(y)):
                if x[key] != y[key]:
                    print("    %s: %d, %d" % (key, x[key], y[key]))
    return bad


def quarters(samples):
    """The most of each quarter of the samples, in kilobytes."""
    n = len(samples)
    return [max((kb for _, kb in samples[n * q // 4:n * (q + 1) // 4]),
                default=0) for q in range(4)]


def main():
    cut = sys.argv.index("--")
    binary, folder = sys.argv[1:3]
    run = Run(binary, folder, sys.argv[3:cut], sys.argv[cut + 1:])
    code = run.wait()
    run.generator.wait()
    run.errors.seek(0)
    said = run.errors.read().decode(errors="replace")
    bad = 0
    if code != 1:  # there are violations
        print("soak: status %d: %s" % (code, said))
        bad += 1
    bad += differences(run.hours)
    if len(run.hours) < HOURS:
        print("soak: %d reports" % len(run.hours))
        bad += 1
    of = quarters(run.samples)
    print("  memory by quarter: %s MB" % ", ".join(
        "%.1f" % (kb / 1024) for kb in of))
    if HOURS >= 8 and of[3] > of[1] * TOLERANCE:
        print("soak: memory grows")
        bad += 1
    packets = sum(h.packets for h in run.hours)
    journal = os.path.getsize(folder + "/journal.ndjson")
    print("  %.0f million packets of flows in %.0f s, %.0f per second; "
          "journal %.0f MB" % (packets / 1e6, run.took, packets / run.took,
                               journal / 1e6))
    if said.strip():
        print("  " + said.strip().replace("\n", "\n  "))
    print("%d failed" % bad)
    return bad > 0


sys.exit(main())
