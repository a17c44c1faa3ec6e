#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Join what a case expects with the ports that were really used.

usage: truth.py --addresses FILE --policy PATH EXPECT CAPTURE TRUTH

EXPECT has a line per flow: PROTO, FROM[:PORT], TO[:PORT], then KEY=VALUE,
separated by tabs. FROM and TO are host names of --addresses; NAME6 means the
IPv6 address. Keys:

  class, observed, verdict   acceptable words, separated by commas
  findings                   SIDE/ID words, separated by commas; "none"
  may                        certificate findings that do no harm
  why                        a sentence
  many                       any number of flows, at least one
  maybe                      it may be missing
  either                     no matter which side sent first

Writes TRUTH, which lies beside CAPTURE. Fails when a flow of the capture
is not expected, or an expected flow is not there.
"""
import argparse
import json
import subprocess
import sys


def flows(capture):
    """-> [(proto, (ip, port), (ip, port))] in the order of first packets."""
    fields = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport",
              "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.flags.syn",
              "tcp.flags.ack")
    cmd = ["tshark", "-n", "-r", capture, "-o", "tcp.desegment_tcp_streams:false",
           "-T", "fields", "-E", "occurrence=f"]
    for f in fields:
        cmd += ["-e", f]
    text = subprocess.run(cmd, capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        v = dict(zip(fields, line.split("\t")))
        proto = "TCP" if v["tcp.srcport"] else "UDP"
        low = proto.lower()
        a = (v["ip.src"] or v["ipv6.src"], int(v[low + ".srcport"]))
        b = (v["ip.dst"] or v["ipv6.dst"], int(v[low + ".dstport"]))
        key = (proto, frozenset((a, b)))
        if key not in found:
            found[key] = [proto, a, b]
        truthy = ("1", "True")
        if v["tcp.flags.syn"] in truthy:
            answer = v["tcp.flags.ack"] in truthy
            found[key][1:] = [b, a] if answer else [a, b]
    return [tuple(f) for f in found.values()]


def addresses(path):
    out = {}
    with open(path) as f:
        for line in f:
            name, v4, v6 = line.split()
            out[name] = v4
            out[name + "6"] = v6
    return out


def fits(end, where, known):
    host, _, port = where.partition(":")
    return end[0] == known[host] and (not port or end[1] == int(port))


def matches(flow, want, known):
    ends = [(flow[1], flow[2])]
    if want["either"]:
        ends.append((flow[2], flow[1]))
    return (want["proto"] == flow[0] and (want["many"] or not want["used"])
            and any(fits(a, want["src"], known) and fits(b, want["dest"], known)
                    for a, b in ends))


def entry(flow, want):
    proto, src, dest = flow
    out = {"proto": proto, "src": list(src), "dest": list(dest)}
    for key in ("class", "observed", "verdict"):
        if key in want:
            out[key] = want[key].split(",")
    if "findings" in want:
        sides = {}
        for word in want["findings"].split(","):
            if word != "none":
                side, _, name = word.rpartition("/")
                sides.setdefault(side, []).append(name)
        out["findings"] = sides
    if "may" in want:
        out["findings_may"] = want["may"].split(",")
    if "why" in want:
        out["why"] = want["why"]
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--addresses", required=True)
    p.add_argument("--policy", required=True)
    p.add_argument("expect")
    p.add_argument("capture")
    p.add_argument("truth")
    args = p.parse_args()
    known = addresses(args.addresses)
    about = {}
    wants = []
    with open(args.expect) as f:
        for line in f:
            words = line.rstrip("\n").split("\t")
            if words[0] in ("title", "made"):
                about.setdefault(words[0], []).append(words[1])
                continue
            want = dict(w.split("=", 1) for w in words[3:] if "=" in w)
            want.update(proto=words[0], src=words[1], dest=words[2],
                        many="many" in words[3:],
                        maybe="maybe" in words[3:],
                        either="either" in words[3:], used=0)
            wants.append(want)
    bad = 0
    out = []
    for flow in flows(args.capture):
        for want in wants:
            if matches(flow, want, known):
                want["used"] += 1
                out.append(entry(flow, want))
                break
        else:
            print("not expected: %s %s > %s" % flow, file=sys.stderr)
            bad = 1
    for want in wants:
        if not want["used"] and not want["maybe"]:
            print("not seen: %(proto)s %(src)s > %(dest)s" % want, file=sys.stderr)
            bad = 1
    name = args.capture.rsplit("/", 1)[-1]
    doc = {"capture": name, "policy": args.policy,
           "title": about.get("title", [name])[0],
           "source": "recorded for Spanward: " + ", ".join(
               dict.fromkeys(about.get("made", []))),
           "complete": True, "flows": out}
    with open(args.truth, "w") as f:
        json.dump(doc, f, indent=1)
        f.write("\n")
    sys.exit(bad)


if __name__ == "__main__":
    main()
