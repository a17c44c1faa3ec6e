#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long capture out of short ones: multiply.py KIND PACKETS OUT FILE...

KIND handshakes and calls copy whole captures, flows only the first packets
of each flow, tunnels puts each copy into one (VXLAN, GRE, ERSPAN, GTP-U, tags
of two VLANs). Every copy has addresses and ports of its own, so that it is
other flows to whoever reads it; 64 copies run at the same time. KIND media has
16 copies whose RTP goes on, with its sequence numbers and timestamps, to the
end: calls of minutes, not seconds. Checksums of IP, TCP and UDP stay right.
Classic pcap on Ethernet with IPv4 only; other packets are left out.
"""
import struct
import sys

TOGETHER = 64
CALLERS = 16  # the same of KIND media
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

        rtp = self.ports + 8
        self.rtp = (self.whole and self.proto == 17 and len(data) >= rtp + 12
                    and data[rtp] >> 6 == 2
                    and data[rtp + 1] & 0x7f not in range(64, 96))
        if self.rtp:
            self.seq, self.stamp = struct.unpack_from(">HI", data, rtp + 2)

    def stream(self):
        return self.flow() + (bytes(self.data[self.ports + 16:
                                              self.ports + 20]),)

    def later(self, data, seq, stamp):
        """`data`, a copy, so much further on in its stream."""
        out = bytearray(data)
        new = struct.pack(">HI", (self.seq + seq) & 0xffff,
                          (self.stamp + stamp) & 0xffffffff)
        at = self.ports + 10
        old = struct.unpack_from(">HHH", out, at)
        out[at:at + 6] = new
        if out[self.sum_at:self.sum_at + 2] != b"\0\0":
            put(out, self.sum_at, sum(struct.unpack(">HHH", new)) - sum(old))
        return bytes(out)

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


def ip4(proto, body):
    head = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1,
                                 0, 64, proto, 0, bytes((192, 0, 2, 1)),
                                 bytes((192, 0, 2, 2))))
    put(head, 10, sum(struct.unpack(">10H", head)) - 0xffff)
    return bytes(12) + b"\x08\x00" + bytes(head) + body


def udp(port, body):
    return ip4(17, struct.pack(">HHHH", 40000, port, 8 + len(body), 0) + body)


def tunnel(data, number):
    """The frame inside one kind of tunnel or another."""
    kind = number % 5
    if kind == 0:  # RFC 7348
        return udp(4789, struct.pack(">II", 0x08000000, 77 << 8) + data)
    if kind == 1:  # RFC 2784
        return ip4(47, struct.pack(">HH", 0, 0x0800) + data[14:])
    if kind == 2:  # ERSPAN II, draft-foschiano-erspan
        return ip4(47, struct.pack(">HHIII", 0x1000, 0x88be, number,
                                   0x10000001, 0) + data)
    if kind == 3:  # TS 29.281 section 5.1
        return udp(2152, struct.pack(">BBHI", 0x30, 255, len(data) - 14,
                                     number) + data[14:])
    return (data[:12] + struct.pack(">HHHH", 0x88a8, 20, 0x8100, 30) +
            data[12:])


class Writer:
    def __init__(self, out, count):
        self.out = out
        self.left = count
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))

    def put(self, when, data):
        sec, part = divmod(1700000000 * 1000000 + when, 1000000)
        self.out.write(struct.pack("<IIII", sec, part, len(data), len(data)))
        self.out.write(data)
        self.left -= 1


def copies(w, kind, packets):
    span = packets[-1].when + 1000
    group = 0
    while w.left > 0:
        for packet in packets:
            for member in range(TOGETHER):
                number = group * TOGETHER + member
                data = packet.copy(number)
                if kind == "tunnels":
                    data = tunnel(data, number)
                w.put(group * span + packet.when + member, data)
            if w.left <= 0:
                break
        group += 1


def calls(w, packets):
    """The whole once, then RTP alone, again and again."""
    streams = {}
    for packet in packets:
        if packet.rtp:
            streams.setdefault(packet.stream(), []).append(packet)
    media = [p for p in packets if p.rtp]
    span = packets[-1].when + 1000
    lap = 0
    while w.left > 0:
        for packet in media if lap else packets:
            for member in range(CALLERS):
                data = packet.copy(member)
                if lap:
                    own = streams[packet.stream()]
                    data = packet.later(
                        data, lap * len(own),
                        lap * (own[-1].stamp - own[0].stamp + 160))
                w.put(lap * span + packet.when + member, data)
            if w.left <= 0:
                break
        lap += 1


def main(kind, count, path, *inputs):
    packets = templates(kind, inputs)
    if not packets:
        sys.exit("no packets")
    with open(path, "wb", 1 << 20) as out:
        w = Writer(out, int(count))
        if kind == "media":
            calls(w, packets)
        else:
            copies(w, kind, packets)


if __name__ == "__main__":
    if len(sys.argv) < 5 or sys.argv[1] not in (
            "handshakes", "calls", "media", "flows", "tunnels"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
