#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the samples are known to contain, and documents compared with it.

usage: expect.py plan FOLDER...            a line per audit to run
       expect.py judge PLAN RESULTS        compare; RESULTS/ID.1.json
       expect.py exact UPDATE CASE DOC     compare DOC with CASE/expect.json

A plan's line is: id, name, arguments, separated by tabs; arguments are
separated by blanks. Prints what is wrong and a last line for run.sh.
"""
import difflib
import glob
import ipaddress
import json
import os
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def truths(folders):
    found = []
    for folder in folders:
        pattern = os.path.join(folder, "**", "*.truth.json")
        found += sorted(glob.glob(pattern, recursive=True))
    return found


def plan(folders):
    """One audit per case, another with its keys, one per folder."""
    number = 0
    together = {}
    for path in truths(folders):
        truth = load(path)
        folder = os.path.dirname(path)
        capture = os.path.join(folder, truth["capture"])
        args = ["-r", capture]
        if truth.get("policy"):
            policy = os.path.normpath(os.path.join(folder, truth["policy"]))
            args += ["-p", policy]
        elif truth.get("builtin"):
            args += ["-p", truth["builtin"]]
        runs = [(path, args)]
        if truth.get("keylog"):
            keys = os.path.join(folder, truth["keylog"])
            runs.append((path + "+keys", args + ["-k", keys]))
        for name, words in runs:
            number += 1
            print("%d\t%s\t%s" % (number, name, " ".join(words)))
        together.setdefault(folder, []).append(args[2:])
    for folder, policies in sorted(together.items()):
        number += 1
        print("%d\t%s/\t%s" % (number, folder, " ".join(
            ["-r", folder] + max(policies, key=policies.count))))


def deployment(folder):
    """All cases of a folder as one; None where they are unrelated."""
    cases = [load(path) for path in truths([folder])]
    if len({os.path.basename(c["capture"]).split("-")[0] for c in cases}) > 1:
        return None
    return {"flows": [f for c in cases for f in c["flows"]],
            "complete": all(c.get("complete", True) for c in cases)}


def endpoint(address, port):
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError:
        pass
    return address, int(port or 0)


def ends(proto, src, dest):
    return (proto.upper(), frozenset((endpoint(*src), endpoint(*dest))))


def misses(want, record, keyed):
    """Sentences about one flow; none when all is as expected."""
    if record is None:
        return ["not found"]
    audit = record.get("audit", {})

    def allowed(aspect):
        if keyed and aspect + "_with_keys" in want:
            return want[aspect + "_with_keys"]
        return want.get(aspect)

    wrong = []
    for aspect in ("class", "observed", "verdict"):
        words = allowed(aspect)
        told = {audit.get(aspect)}
        if aspect == "class":
            told |= set(audit.get("also", []))
        if words and not told & set(words):
            wrong.append("%s %s, expected %s" % (
                aspect, audit.get(aspect), " or ".join(words)))
    findings = allowed("findings")
    if findings is None:
        return wrong
    told = {(f.get("side", ""), f["id"]) for f in audit.get("findings", [])}
    ids = {i for _, i in told}
    expected = set(want.get("findings_may", []))
    for side, names in sorted(findings.items()):
        expected |= set(names)
        for name in names:
            if name not in ids if side == "" else (side, name) not in told:
                wrong.append("finding %s missing" % (name + " " + side).strip())
    for name in sorted(ids - expected):
        if name.startswith("certificate."):
            wrong.append("finding %s not expected" % name)
    return wrong


def compare(truth, document, keyed):
    """Compares one case; yields sentences."""
    records = {}
    for record in document.get("flows", []):
        key = ends(record.get("proto", ""),
                   (record.get("src_ip", ""), record.get("src_port")),
                   (record.get("dest_ip", ""), record.get("dest_port")))
        records.setdefault(key, []).append(record)
    listed = set()
    for want in truth["flows"]:
        key = ends(want["proto"], want["src"], want["dest"])
        listed.add(key)
        # a five-tuple may have been used again: the best fit counts
        best = min((misses(want, record, keyed)
                    for record in records.get(key, [None])), key=len)
        for sentence in best:
            yield "%s %s:%s > %s:%s %s" % (
                want["proto"], *want["src"], *want["dest"], sentence)
    if not truth.get("complete", True):
        return
    for key in records.keys() - listed:
        for record in records[key]:
            if record.get("audit", {}).get("verdict") == "violation":
                yield "%s %s:%s > %s:%s called a violation, not listed" % (
                    record.get("proto"), record.get("src_ip"),
                    record.get("src_port"), record.get("dest_ip"),
                    record.get("dest_port"))


# Verdicts by what they say of the exit status.
def status_of(document):
    verdicts = {f.get("audit", {}).get("verdict")
                for f in document.get("flows", [])}
    return 1 if "violation" in verdicts else 0


def judge(plan_path, results):
    passed = failed = 0
    with open(plan_path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    for number, name, _ in lines:
        base = os.path.join(results, number)
        wrong = []
        with open(base + ".status", encoding="utf-8") as file:
            one, many = file.read().split()
        document = None
        try:
            document = load(base + ".1.json")
        except (OSError, ValueError) as error:
            wrong.append("exit %s, no document: %s" % (one, error))
            with open(base + ".err", errors="replace") as file:
                wrong += file.read().strip().splitlines()[-15:]
        if document is not None:
            if int(one) != status_of(document):
                wrong.append("exit status %s, the document asks for %d" % (
                    one, status_of(document)))
            with open(base + ".1.json", "rb") as a:
                with open(base + ".4.json", "rb") as b:
                    if one != many or a.read() != b.read():
                        wrong.append("-t 1 and -t 4 differ; they ended with "
                                     "%s and %s" % (one, many))
                        with open(base + ".err", errors="replace") as file:
                            wrong += file.read().strip().splitlines()[-15:]
            keyed = name.endswith("+keys")
            path = name[:-len("+keys")] if keyed else name
            truth = deployment(path) if path.endswith("/") else load(path)
            if truth:
                wrong += compare(truth, document, keyed)
        passed += not wrong
        failed += bool(wrong)
        for sentence in wrong:
            print("%s: %s" % (
                name.replace(".truth.json", ""), sentence))
    print("%d passed, %d failed" % (passed, failed))
    return failed


def exact(update, case, produced):
    """Documents with the version left out, which is no part of an audit."""
    document = load(produced)
    document.get("tool", {}).pop("version", None)
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    path = os.path.join(case, "expect.json")
    old = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read()
    if text == old:
        return 0
    if update == "1":
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print("%s: written anew" % path)
        return 0
    if not old:
        print("%s: not there; UPDATE=1 writes it" % path)
        return 1
    for line in list(difflib.unified_diff(
            old.splitlines(), text.splitlines(), path, "now",
            n=2, lineterm=""))[:60]:
        print(line)
    return 1


def main(words):
    if words[:1] == ["plan"]:
        plan(words[1:])
        return 0
    if words[:1] == ["judge"]:
        return 1 if judge(*words[1:]) else 0
    if words[:1] == ["exact"]:
        return exact(*words[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
