#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the judgement of media right? Fresh streams of many codecs, clear and
protected, cut and bent in many ways, and what the auditor says of each.

usage: media_matrix.py [--bin BIN] [--work DIR] [--only WORD] [--policy NAME]

Ends with 1 if a protected stream was called clear, a clear one SRTP, or a
clear one was missed that had 100 packets and 1000 octets. Needs ffmpeg, espeak-ng,
gstreamer1.0-tools with plugins-{base,good,bad,ugly} and libav, libsrtp2-1,
libbcg729-0. Takes about five minutes; nothing is kept unless DIR is given.
"""
import argparse
import collections
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import media_sources  # noqa: E402
import media_wire  # noqa: E402

COUNTS = (3, 5, 10, 20, 50, 100)
CLEAR = "clear"
# Enough for a verdict. What the tests need: packets, and octets of payload.
ENOUGH_PACKETS, ENOUGH_OCTETS = 100, 1000


class Case:
    def __init__(self, codec, content, scheme, packets, live=False):
        self.codec, self.content, self.scheme = codec, content, scheme
        self.packets, self.live = packets, live
        self.readable = scheme in (CLEAR, "NULL/80")

    def __str__(self):
        return "%s %s %s%s" % (self.codec, self.content, self.scheme,
                               " (live)" if self.live else "")


def collect(folder, only):
    """Every clear stream, and each of them under every scheme."""
    kept = os.path.join(folder, "streams.pickle")
    if os.path.exists(kept):
        with open(kept, "rb") as f:
            clear, live = pickle.load(f)
    else:
        media_sources.make_sounds(folder)
        clear = media_sources.make_all(
            j for j in media_sources.jobs(folder) if only in j[0])
        live = media_sources.make_all(
            j for j in media_sources.live_srtp_jobs(folder) if only in j[0])
        with open(kept, "wb") as f:
            pickle.dump((clear, live), f)
    lib = media_wire.library()
    cases = []
    for (codec, content), packets in clear:
        cases.append(Case(codec, content, CLEAR, packets))
        for scheme in media_wire.SCHEMES:
            cases.append(Case(codec, content, scheme,
                              media_wire.protected(lib, scheme, packets)))
    for (codec, content, scheme), packets in live:
        cases.append(Case(codec, content, scheme, packets, True))
    return cases


# ---- variants: (case number, packets) -> what is written ----

def first(count):
    return lambda packets, rng: packets[:count]


def doubled(share):
    def bend(packets, rng):
        out = []
        for p in packets:
            out.append(p)
            if rng.random() < share:
                out.append(p)
        return out
    return bend


def late_copies(packets, rng):
    """Copies that come some packets later, as from a second interface."""
    timed = [(n, p) for n, p in enumerate(packets)]
    timed += [(n + rng.randrange(1, 30) + 0.5, p) for n, p in enumerate(packets)
              if rng.random() < 0.3]
    return [p for _, p in sorted(timed, key=lambda x: x[0])]


def lossy(share):
    return lambda packets, rng: [p for p in packets if rng.random() >= share]


def reordered(packets, rng):
    return [p for _, p in sorted(((n + rng.random() * 5, p) for n, p in enumerate(packets)),
                                 key=lambda x: x[0])]


def whole(packets, rng):
    return packets


VARIANTS = {
    **{"%d" % n: (first(n), {}) for n in COUNTS},
    "all": (whole, {}),
    "dup1%": (doubled(0.01), {}),
    "dup5%": (doubled(0.05), {}),
    "late": (late_copies, {}),
    "loss2%": (lossy(0.02), {}),
    "reorder": (reordered, {}),
    "vlan-span": (whole, {"vlan": True}),
    "snap96": (whole, {"snap": 96}),
}


def write(path, cases, bend, snap=262144, vlan=False):
    out = media_wire.PcapWriter(path, snap)
    rng = random.Random(path)
    for n, case in enumerate(cases):
        src, dst = 0x0a420000 + 2 * n, 0x0a430000 + 2 * n
        for i, p in enumerate(bend(case.packets, rng)):
            frame = media_wire.udp_frame(src, 20000, dst, 30000, p, i)
            at = 1_790_000_000_000_000 + n * 1000 + i * 20000
            out.add(at, frame)
            if vlan:
                out.add(at + 3, media_wire.vlan_tagged(frame))
    out.close()


def judge_all(binary, policy, path):
    """Every flow record."""
    args = [binary, "audit", "-r", path, "-o", "json:-", "-p", policy]
    done = subprocess.run(args, capture_output=True, timeout=600, check=False)
    if done.returncode not in (0, 1):
        sys.exit("%s: %s" % (" ".join(args), done.stderr.decode()[:500]))
    return json.loads(done.stdout)["flows"]


def judge(binary, policy, path):
    """{case number: flow record}"""
    flows = {}
    for flow in judge_all(binary, policy, path):
        a, b, c, d = map(int, flow["src_ip"].split("."))
        flows[((c << 8) + d) // 2 if (a, b) in ((10, 66), (10, 67)) else -1] = flow
    return flows


def word(flow):
    """C clear, S srtp, u undetermined, - not known as media, ? something else."""
    if flow is None:
        return "?"
    audit = flow["audit"]
    if audit["class"] != "av-media":
        return "-"
    return {("none", "violation"): "C", ("srtp", "compliant"): "S",
            ("unknown", "undetermined"): "u"}.get((audit["observed"], audit["verdict"]), "?")


def wrong(case, answer, written, flow):
    """What is bad about it, or None."""
    octets = sum(len(p) - 12 for p in written)
    if answer == "?":
        return "odd verdict"
    if case.scheme == CLEAR and "NULL" in flow["audit"]["reasons"][0]["text"]:
        return "clear, called authenticated"
    if not case.readable:
        return "protected, called clear" if answer == "C" else None
    if answer == "S":
        return "clear, called SRTP"
    if answer != "C" and len(written) >= ENOUGH_PACKETS and octets >= ENOUGH_OCTETS:
        return "clear, missed"
    return None


def table(title, rows, results):
    print("\n%s" % title)
    names = list(VARIANTS)
    print("%-18s" % "" + "".join("%10s" % n for n in names))
    for row in rows:
        cells = []
        for name in names:
            got = results[row, name]
            text = " ".join("%d%s" % (got[w], w) for w in "CSu-?" if got[w])
            cells.append("%10s" % text.replace(" ", ""))
        print("%-18s%s" % (row, "".join(cells)))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parse = argparse.ArgumentParser()
    parse.add_argument("--bin", default=os.path.join(here, "../../build/spanward"))
    parse.add_argument("--work")
    parse.add_argument("--only", default="")
    parse.add_argument("--policy", default="lync-2013")
    options = parse.parse_args()
    folder = options.work or tempfile.mkdtemp(prefix="spanward-media-")
    os.makedirs(folder, exist_ok=True)
    cases = collect(folder, options.only)
    print("%d streams" % len(cases), flush=True)
    clear = collections.defaultdict(collections.Counter)
    schemes = collections.defaultdict(collections.Counter)
    bad, whys = [], collections.Counter()
    for name, (bend, how) in VARIANTS.items():
        path = os.path.join(folder, "variant.pcap")
        write(path, cases, bend, **how)
        flows = judge(options.bin, options.policy, path)
        for n, case in enumerate(cases):
            flow = flows.get(n)
            answer = word(flow)
            (clear if case.scheme == CLEAR else schemes)[
                case.codec if case.scheme == CLEAR else
                case.scheme + (" live" if case.live else ""), name][answer] += 1
            # The same dice: what was in the file
            problem = wrong(case, answer, case.packets[:int(name)] if name.isdigit()
                            else case.packets if name != "loss2%" else [], flow)
            if problem:
                bad.append((name, case, problem, flow))
            if flow:
                for reason in flow["audit"]["reasons"][:1]:
                    key = "".join("#" if c.isdigit() else c for c in reason["text"])
                    whys[answer, key] += 1
        os.remove(path)
    table("clear streams (C clear, S srtp, u undetermined, - not seen as media)",
          dict.fromkeys(c.codec for c in cases if c.scheme == CLEAR), clear)
    table("protected streams, all codecs",
          dict.fromkeys(c.scheme + (" live" if c.live else "")
                        for c in cases if c.scheme != CLEAR), schemes)
    print("\nreasons given")
    for (answer, text), count in whys.most_common(40):
        print("%6d %s %s" % (count, answer, text))
    print("\n%d wrong" % len(bad))
    for name, case, problem, flow in bad[:60]:
        print("  %-9s %-44s %s: %s" % (
            name, case, problem,
            flow["audit"]["reasons"][0]["text"] if flow else "no record"))
    if not options.work:
        shutil.rmtree(folder)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
