#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes odd input for reports, and looks at reports with other eyes.

usage: report_check.py hostile CERT.der OUT.pcap    names that bite
       report_check.py many N OUT.json              an audit of N flows
       report_check.py page FILE...                 HTML: inert, accessible
       report_check.py csv FILE...                  RFC 4180, no formulas
       report_check.py lines FILE...                text for a terminal
       report_check.py ndjson FILE...               an object a line
       report_check.py schema SCHEMA FILE...        JSON Schema (jsonschema)
       report_check.py axe AXE.js FILE OUT          a copy that tests itself
Prints what is wrong; exit status 1 if anything is, 77 if it cannot tell.
"""
import csv
import html.parser
import json
import re
import struct
import sys
import unicodedata

BAD = (b'<script>alert(1)</script><img src=x onerror=alert(1)>"\'&'
       b'\x1b[31m\x1b]0;x\x07\xe2\x80\xae\xef\xbb\xbf\xff\xc0\xaf')
FORMULA = b"=cmd|'/C calc'!A0"


# ---- a capture ----

class Capture:
    """Connections of a few segments, with checksums left at nought."""

    def __init__(self):
        self.out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
        self.clock = 1767225600.0
        self.port = 40000

    def frame(self, src, dst, sport, dport, seq, ack, flags, data):
        tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags,
                          64000, 0, 0) + data
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0x4000,
                         64, 6, 0, bytes(src), bytes(dst))
        eth = bytes(12) + b"\x08\x00" + ip + tcp
        self.clock += 0.001
        self.out.append(struct.pack(
            "<IIII", int(self.clock), int(self.clock % 1 * 1e6), len(eth),
            len(eth)) + eth)

    def talk(self, client, server, port, turns):
        """turns: (from the client, bytes)"""
        self.port += 1
        seq = [1000, 5000]
        ends = [(client, server, self.port, port),
                (server, client, port, self.port)]

        def send(who, flags, data=b""):
            self.frame(*ends[who], seq[who],
                       seq[1 - who] if flags & 0x10 else 0, flags, data)
            seq[who] += len(data) + (1 if flags & 3 else 0)

        send(0, 0x02)
        send(1, 0x12)
        send(0, 0x10)
        for from_client, data in turns:
            for at in range(0, len(data), 1400):
                send(0 if from_client else 1, 0x18, data[at:at + 1400])
                send(1 if from_client else 0, 0x10)
        send(0, 0x11)
        send(1, 0x11)
        send(0, 0x10)


def record(body):
    return b"\x16\x03\x03" + struct.pack(">H", len(body)) + body


def message(kind, body):
    return bytes([kind]) + struct.pack(">I", len(body))[1:] + body


def vector(data, size):
    return len(data).to_bytes(size, "big") + data


def extension(kind, data):
    return struct.pack(">H", kind) + vector(data, 2)


def hostile(cert_path, path):
    with open(cert_path, "rb") as file:
        cert = file.read()
    capture = Capture()
    client, server = (10, 1, 1, 9), (10, 1, 1, 2)
    sip = (b"REGISTER sip:" + BAD.replace(b"\x07", b"") +
           b" SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.9\r\nFrom: <sip:" + FORMULA +
           b">;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
           b"User-Agent: " + FORMULA + BAD + b"\r\nEvent: " + FORMULA +
           b"\r\nContent-Length: 0\r\n\r\n")
    capture.talk(client, server, 5060, [(True, sip)])
    http = (b"GET /abs/handler/" + BAD.replace(b" ", b"") + FORMULA[:4] +
            b" HTTP/1.1\r\nHost: " + FORMULA.replace(b" ", b"") + BAD[:60] +
            b"\r\nUser-Agent: @SUM(1)" + BAD + b"\r\nCookie: a=b\r\n\r\n")
    capture.talk(client, server, 80,
                 [(True, http), (False, b"HTTP/1.1 200 OK\r\n"
                                        b"Content-Length: 2\r\n\r\nhi")])
    name = FORMULA + BAD
    hello = (b"\x03\x03" + bytes(range(32)) + b"\x00" +
             vector(b"\x00\x3c\xc0\x2f", 2) + b"\x01\x00" + vector(
                 extension(0, vector(b"\x00" + vector(name, 2), 2)) +
                 extension(16, vector(vector(b"-2+3<b>", 1), 2)), 2))
    answer = (b"\x03\x03" + bytes(range(32, 64)) + b"\x00" + b"\x00\x3c" +
              b"\x00")
    chain = vector(vector(cert, 3), 3)
    capture.talk(client, server, 5061, [
        (True, record(message(1, hello))),
        (False, record(message(2, answer)) + record(message(11, chain)) +
         record(message(14, b""))),
        (True, record(message(16, vector(bytes(256), 2))) +
         b"\x14\x03\x03\x00\x01\x01" + record(bytes(80))),
        (False, b"\x14\x03\x03\x00\x01\x01" + record(bytes(80))),
        (True, b"\x17\x03\x03\x00\x40" + bytes(64)),
        (False, b"\x17\x03\x03\x00\x40" + bytes(64))])
    with open(path, "wb") as file:
        file.write(b"".join(capture.out))


# ---- a large audit ----

def flow(i):
    verdict = ("violation", "compliant", "undetermined", "compliant",
               "exempt")[i % 5]
    observed = "none" if verdict in ("violation", "exempt") else "tls"
    record = {
        "timestamp": "2026-01-01T%02d:%02d:%02d.000000Z" % (
            i // 3600 % 24, i // 60 % 60, i % 60),
        "event_type": "audit", "flow_id": i + 1,
        "src_ip": "10.%d.%d.%d" % (i >> 14 & 63, i >> 7 & 127, i & 127),
        "src_port": 1024 + i % 60000, "dest_ip": "10.1.1.%d" % (i % 7 + 2),
        "dest_port": 5061 if observed == "tls" else 5060, "proto": "TCP",
        "app_proto": "sip", "community_id": "1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pcap_filename": "monday.pcapng",
        "flow": {"start": "2026-01-01T00:00:00.000000Z",
                 "end": "2026-01-01T00:10:00.000000Z", "pkts_toserver": 14,
                 "pkts_toclient": 11, "bytes_toserver": 4100,
                 "bytes_toclient": 3900, "lost_toserver": 0,
                 "lost_toclient": 0},
        "audit": {"class": "client-to-server", "src_role": "client",
                  "dest_role": "front-end", "role_source": "policy",
                  "required": "tls", "observed": observed,
                  "certainty": "proven", "verdict": verdict,
                  "rule": "lync-2013/client-to-server",
                  "reasons": [{"text": "SIP REGISTER readable over TCP",
                               "packet": i + 4}], "findings": []}}
    if observed == "tls":
        record["tls"] = {"version": "TLS 1.2", "cipher":
                         "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                         "group": "secp384r1", "sni": "pool.contoso.example",
                         "session_resumed": False,
                         "client_certificate": "declined"}
    if verdict == "undetermined":
        record["audit"]["wanting"] = "the handshake"
    return record, verdict


def many(count, path):
    counts = dict.fromkeys(("compliant", "violation", "exempt",
                            "undetermined", "out-of-scope"), 0)
    for i in range(count):
        counts[("violation", "compliant", "undetermined", "compliant",
                "exempt")[i % 5]] += 1
    with open(path, "w", encoding="utf-8") as out:
        head = {"format": "spanward-audit", "version": 1,
                "tool": {"name": "spanward", "version": "made"},
                "policy": {"name": "lync-2013", "sha256": "0" * 64,
                           "hosts": 4},
                "inputs": [{"path": "monday.pcapng", "packets": count * 25}],
                "capture": dict.fromkeys((
                    "packets", "bytes", "kernel_drops", "cut_packets",
                    "duplicates", "undecodable_packets", "lost_tcp_bytes",
                    "one_way_flows"), 0),
                "summary": {"flows": count, "verdicts": counts,
                            "classes": [{"class": "client-to-server",
                                         "required": "tls",
                                         "verdicts": counts, "bytes": 1}],
                            "findings": {},
                            "start": "2026-01-01T00:00:00.000000Z",
                            "end": "2026-01-02T00:00:00.000000Z"}}
        out.write(json.dumps(head)[:-1] + ',\n"flows": [')
        for i in range(count):
            out.write((",\n" if i else "\n") + json.dumps(
                flow(i)[0], separators=(",", ":")))
        out.write('],\n"certificates": [],\n"hosts": []}\n')


# ---- a page ----

VOID = {"meta", "link", "br", "input", "img", "hr"}
ALLOWED = set("""html head meta link title style body a main div header p h1 h2
h3 dl dt dd table caption thead tbody tr th td span svg rect path line text
title section nav ol ul li article strong code br pre figure figcaption time
footer script""".split())


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong = []
        self.open = []
        self.ids = set()
        self.links = set()
        self.labels = set()
        self.headings = []
        self.tables = []
        self.count = {}
        self.policy = ""
        self.lang = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in ALLOWED:
            self.wrong.append("element %s" % tag)
        for name, value in attrs.items():
            if name.startswith("on") or name == "style":
                self.wrong.append("attribute %s" % name)
            if name in ("src", "href", "action", "xlink:href") and \
                    not (value.startswith("#") or value == "data:,"):
                self.wrong.append("%s=%s" % (name, value))
        if "id" in attrs:
            if attrs["id"] in self.ids:
                self.wrong.append("id %s twice" % attrs["id"])
            self.ids.add(attrs["id"])
        if attrs.get("href", "").startswith("#"):
            self.links.add(attrs["href"][1:])
        self.labels.update(attrs.get("aria-labelledby", "").split())
        if tag == "html":
            self.lang = attrs.get("lang")
        if tag == "meta" and "http-equiv" in attrs:
            self.policy = attrs.get("content", "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.tables.append(False)
        if tag == "caption":
            self.tables[-1] = True
        if tag == "th" and "scope" not in attrs:
            self.wrong.append("th without scope")
        if tag not in VOID and not (tag in ("rect", "path", "line")):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append("</%s> closes %s" % (tag, self.open[-1:]))
        else:
            self.open.pop()

    def sentences(self):
        yield from self.wrong
        if self.lang != "en":
            yield "no lang"
        if self.count.get("script") != 1 or self.count.get("style") != 1:
            yield "not one script and one style"
        for part in ("default-src 'none'", "style-src 'sha256-",
                     "script-src 'sha256-", "base-uri 'none'",
                     "form-action 'none'"):
            if part not in self.policy:
                yield "Content-Security-Policy without %s" % part
        if "unsafe" in self.policy or "http" in self.policy:
            yield "Content-Security-Policy: %s" % self.policy
        if self.open:
            yield "left open: %s" % self.open
        for name in (self.links | self.labels) - self.ids:
            yield "nothing has the id %s" % name
        if not all(self.tables):
            yield "a table without caption"
        if self.headings[:1] != [1] or self.headings.count(1) != 1:
            yield "not one h1, at the top"
        for a, b in zip(self.headings, self.headings[1:]):
            if b > a + 1:
                yield "h%d after h%d" % (b, a)


def page(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for c in text:
        if c not in "\n" and unicodedata.category(c) in ("Cc", "Cf"):
            yield "character U+%04X" % ord(c)
            return
    reader = Page()
    reader.feed(text)
    reader.close()
    yield from reader.sentences()


# ---- the other formats ----

def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if "\n" in text.replace("\r\n", ""):
        yield "a line end that is not CRLF"
    width = None
    for row in csv.reader(text.splitlines(True), strict=True):
        width = width or len(row)
        if len(row) != width:
            yield "%d columns, not %d" % (len(row), width)
        for cell in row:
            if re.match(r"[=+\-@\t\r]|.*;[=+\-@]", cell):
                yield "runs as a formula: %r" % cell
            if any(unicodedata.category(c) in ("Cc", "Cf") for c in cell):
                yield "control or format character: %r" % cell


def lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            for c in line.rstrip("\n"):
                if unicodedata.category(c) in ("Cc", "Cf"):
                    yield "character U+%04X: %r" % (ord(c), line)
                    break


def ndjson(path):
    kinds = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            kind = json.loads(line)["event_type"]
            kinds[kind] = kinds.get(kind, 0) + 1
    if kinds.get("summary") != 1 or "audit" not in kinds:
        yield "events: %s" % kinds


def schema(schema_path, path):
    import jsonschema
    with open(schema_path, encoding="utf-8") as file:
        rules = json.load(file)
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    jsonschema.Draft202012Validator.check_schema(rules)
    for error in jsonschema.Draft202012Validator(rules).iter_errors(document):
        yield "%s: %s" % ("/".join(map(str, error.path)), error.message[:200])


def axe(script, path, out):
    """The page with axe-core in it, which leaves what it finds in a <pre>."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(script, encoding="utf-8") as file:
        code = file.read().replace("</script>", "<\\/script>")
    text = re.sub(r"<meta http-equiv=[^>]*>", "", text)
    run = ("axe.run(document, {resultTypes: ['violations']}).then(r => {"
           "const p = document.createElement('pre'); p.id = 'axe-result';"
           "p.textContent = JSON.stringify(r.violations.map(v => v.id + ': ' +"
           " v.nodes[0].html.slice(0, 150))); document.body.append(p) })")
    with open(out, "w", encoding="utf-8") as file:
        file.write(text.replace("</body>", "<script>%s</script><script>%s"
                                "</script></body>" % (code, run)))


def main(words):
    checks = {"page": page, "csv": rows, "lines": lines, "ndjson": ndjson}
    if words[:1] == ["hostile"]:
        hostile(words[1], words[2])
        return 0
    if words[:1] == ["many"]:
        many(int(words[1]), words[2])
        return 0
    if words[:1] == ["axe"]:
        axe(*words[1:])
        return 0
    if words[:1] == ["schema"]:
        try:
            import jsonschema  # noqa: F401
        except ImportError:
            return 77
        found = [(p, s) for p in words[2:] for s in schema(words[1], p)]
    elif words[:1] and words[0] in checks:
        found = [(p, s) for p in words[1:] for s in checks[words[0]](p)]
    else:
        print(__doc__, file=sys.stderr)
        return 2
    for path, sentence in found[:20]:
        print("%s: %s" % (path, sentence))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
