#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long capture out of short ones: multiply.py KIND PACKETS OUT FILE...

KIND handshakes and media copy whole captures, flows only the first packets
of each flow. Every copy has addresses and ports of its own, so that it is
other flows to whoever reads it; 64 copies run at the same time. Checksums
of IP, TCP and UDP stay right. Classic pcap on Ethernet with IPv4 only; other
packets are left out.
"""
import struct
import sys

TOGETHER = 64
FIRST = 4  # packets of a flow that KIND flows keeps


def read(path):
    """[(microseconds, bytes)] of a pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    magic, = struct.unpack_from("<I", data)
    if magic not in (0xa1b2c3d4, 0xa1b23c4d):
        sys.exit("%s: not a little-endian pcap file" % path)
    per_unit = 1 if magic == 0xa1b2c3d4 else 1000
    packets = []
    at = 24
    while at + 16 <= len(data):
        sec, part, size, _ = struct.unpack_from("<IIII", data, at)
        at += 16
        packets.append((sec * 1000000 + part // per_unit,
                        data[at:at + size]))
        at += size
    return packets


class Template:
    """A packet whose addresses and ports can be moved."""

    def __init__(self, when, data):
        self.when = when
        self.data = data
        self.head = (data[14] & 15) * 4
        self.proto = data[23]
        self.ports = 14 + self.head
        first = data[20] & 0x1f == 0 and data[21] == 0
        self.whole = first and self.proto in (6, 17)
        self.sum_at = self.ports + (16 if self.proto == 6 else 6)
        if len(data) < self.sum_at + 2:
            self.whole = False
        if self.whole:
            self.low = struct.unpack_from(">HH", data, self.ports)

    def flow(self):
        return (self.proto, frozenset((self.data[26:30], self.data[30:34])),
                frozenset(self.low) if self.whole else ())

    def copy(self, number):
        """The same packet of another pair: the second byte of both addresses
        moves, and after 256 copies the ephemeral port too."""
        out = bytearray(self.data)
        shift = number & 0xff
        turn = number >> 8
        delta = 0
        for at in (26, 30):
            old = out[at + 1]
            out[at + 1] = (old + shift) & 0xff
            delta += out[at + 1] - old
        put(out, 24, delta)
        if not self.whole:
            return bytes(out)
        for i, port in enumerate(self.low):
            if port >= 10000:
                new = 10000 + (port - 10000 + turn * 131) % 55536
                struct.pack_into(">H", out, self.ports + 2 * i, new)
                delta += new - port
        if self.proto == 6 or out[self.sum_at:self.sum_at + 2] != b"\0\0":
            put(out, self.sum_at, delta)
        return bytes(out)


def put(out, at, delta):
    """Corrects the checksum at `at` for words that grew by `delta`
    (RFC 1624)."""
    total = (~struct.unpack_from(">H", out, at)[0] & 0xffff) + delta % 0xffff
    total = (total & 0xffff) + (total >> 16)
    struct.pack_into(">H", out, at, ~total & 0xffff)


def templates(kind, paths):
    packets = []
    for path in paths:
        kept = [Template(when, data) for when, data in read(path)
                if len(data) >= 42 and data[12:14] == b"\x08\x00"]
        start = kept[0].when if kept else 0
        for packet in kept:
            packet.when -= start
        packets += kept
    packets.sort(key=lambda p: p.when)
    if kind != "flows":
        return packets
    seen = {}
    few = []
    for packet in packets:
        seen[packet.flow()] = seen.get(packet.flow(), 0) + 1
        if seen[packet.flow()] <= FIRST:
            few.append(packet)
    return few


def main(kind, count, path, *inputs):
    count = int(count)
    packets = templates(kind, inputs)
    if not packets:
        sys.exit("no packets")
    span = packets[-1].when + 1000
    written = group = 0
    base = 1700000000 * 1000000
    with open(path, "wb", 1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        while written < count:
            start = base + group * span
            for packet in packets:
                for member in range(TOGETHER):
                    data = packet.copy(group * TOGETHER + member)
                    sec, part = divmod(start + packet.when + member, 1000000)
                    out.write(struct.pack("<IIII", sec, part, len(data),
                                          len(data)))
                    out.write(data)
                written += TOGETHER
                if written >= count:
                    break
            group += 1


if __name__ == "__main__":
    if len(sys.argv) < 5 or sys.argv[1] not in ("handshakes", "media",
                                                "flows"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
