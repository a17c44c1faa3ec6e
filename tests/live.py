#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""For tests/live.sh: makes captures to replay, compares audits.

  live.py halves OUT_A OUT_B CAPTURE ...   each direction of each flow apart
  live.py wrap OUT CAPTURE ...             TCP inside VXLAN, UDP in fragments
  live.py same A.json B.json               the same records; packets counted
  live.py like A.json B.json               the same, but for packet numbers,
                                           times and the order of flows;
                                           the kernel puts fragments together
  live.py same-count A B ...               as many packets in A as in all B
  live.py get A.json KEY ...               one value
"""
import json
import struct
import sys
import time

BEGIN = int(time.time()) # certificates are judged by it


def packets(path):
    with open(path, "rb") as f:
        head = f.read(24)
        magic = struct.unpack("<I", head[:4])[0]
        end = "<" if magic in (0xA1B2C3D4, 0xA1B23C4D) else ">"
        while len(head := f.read(16)) == 16:
            sec, sub, caught, wire = struct.unpack(end + "IIII", head)
            data = f.read(caught)
            if len(data) < caught:
                return
            yield sec, sub, wire, data


def count(path):
    """Of a capture that may still be written."""
    try:
        return sum(1 for _ in packets(path))
    except struct.error:
        return 0


def save(path, list_):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for sec, sub, wire, data in list_:
            f.write(struct.pack("<IIII", sec, sub, len(data), wire) + data)


def is_ipv4(frame):
    return frame[12:14] == b"\x08\x00"


def halves(out_a, out_b, *paths):
    a, b = [], []
    # One clock for all, so that the two files can be merged by it.
    n = 0
    for path in paths:
        for _, _, wire, data in packets(path):
            n += 1
            up = data[26:30] < data[30:34] if is_ipv4(data) else \
                data[22:38] < data[38:54]
            # Far enough apart for two interfaces to be told apart.
            at = n * 400
            (a if up else b).append(
                (BEGIN + at // 1000000, at % 1000000, wire, data))
    save(out_a, a)
    save(out_b, b)


def checksum(head):
    s = sum(struct.unpack(">%dH" % (len(head) // 2), head))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def with_header(head, length, ident, offset):
    h = bytearray(head)
    struct.pack_into(">H", h, 2, length)
    struct.pack_into(">HH", h, 4, ident, offset)
    struct.pack_into(">H", h, 10, 0)
    struct.pack_into(">H", h, 10, checksum(bytes(h)))
    return bytes(h)


def fragments(frame, ident):
    """The second half first, as some stacks send."""
    size = struct.unpack(">H", frame[16:18])[0]
    head, body = frame[14:34], frame[34:14 + size]
    cut = (len(body) // 2 + 7) & ~7
    parts = ((cut // 8, body[cut:]), (0x2000, body[:cut]))
    return [frame[:14] + with_header(head, 20 + len(p), ident, o) + p
            for o, p in parts]


def vxlan(frame, ident):
    vx = struct.pack(">II", 0x08000000, 77 << 8) + frame
    # A hash of what is inside, as RFC 7348 section 5 wants.
    port = 40000 + sum(frame[26:38]) % 97 if is_ipv4(frame) else 40000
    udp = struct.pack(">HHHH", port, 4789, 8 + len(vx), 0) + vx
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 17, 0,
                       bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    return frame[:14] + with_header(head, 20 + len(udp), ident, 0) + udp


def wrap(out, *paths):
    made, n = [], 0
    for path in paths:
        for _, _, _, data in packets(path):
            n += 1
            frames = [data]
            if is_ipv4(data) and data[14] == 0x45 and data[23] == 6:
                frames = [vxlan(data, n & 0xFFFF)]
            elif is_ipv4(data) and data[14] == 0x45 and data[23] == 17 and \
                    len(data) > 80:
                frames = fragments(data, n & 0xFFFF)
            made += [(BEGIN + n // 1000, n % 1000 * 1000, len(f), f) for f in frames]
    save(out, made)


def load(path):
    with open(path) as f:
        return json.load(f)


def plain(value, keys):
    if isinstance(value, dict):
        return {k: plain(v, keys) for k, v in value.items() if k not in keys}
    if isinstance(value, list):
        return [plain(v, keys) for v in value]
    return value


PLACE = {"pcap_filename"}
# Flows are called by their addresses instead of their numbers; sentences may
# name packets.
LOOSE = PLACE | {"packet", "flow_id", "timestamp", "start", "end", "flows",
                 "signalled_by", "resumed_from", "text", "first", "last",
                 "first_packet", "first_seen", "last_seen", "days_left"}


def show(a, b):
    for x, y in zip(a, b):
        if x != y:
            for k in sorted(set(x) | set(y)):
                if x.get(k) != y.get(k):
                    print(k, x.get(k), "|", y.get(k))
            return


def compare(a, b, keys, order):
    bad = 0
    for part in ("flows", "certificates", "hosts"):
        x, y = plain(a[part], keys), plain(b[part], keys)
        if order is not None:
            x, y = sorted(x, key=order), sorted(y, key=order)
        if x != y:
            print(part, "differ:", len(x), "and", len(y))
            show(x, y)
            bad = 1
    counts = ("kernel_drops", "duplicates", "lost_tcp_bytes", "one_way_flows",
              "fragments_lost", "whole_flows", "undecodable_packets")
    if order is None:
        counts += ("packets", "bytes", "fragments")
    for key in counts:
        if a["capture"][key] != b["capture"][key]:
            print(key, a["capture"][key], b["capture"][key])
            bad = 1
    return bad


def get(path, *keys):
    value = load(path)
    for key in keys:
        value = value[int(key)] if isinstance(value, list) else value[key]
    print(json.dumps(value) if not isinstance(value, str) else value)


def main(word, *args):
    if word == "halves":
        halves(*args)
    elif word == "wrap":
        wrap(*args)
    elif word == "same":
        return compare(load(args[0]), load(args[1]), PLACE, None)
    elif word == "like":
        return compare(load(args[0]), load(args[1]), LOOSE,
                       lambda x: json.dumps(x, sort_keys=True))
    elif word == "same-count":
        return count(args[0]) != sum(map(count, args[1:]))
    elif word == "get":
        get(*args)
    else:
        return 2
    return 0


sys.exit(main(*sys.argv[1:]))
