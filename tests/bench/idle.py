#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flows that stay open and are settled at once: idle.py FLOWS OUT

Connections of SSH, four packets each: nothing more is looked for in them.
"""
import struct
import sys

SYN, SYN_ACK, PSH_ACK = 0x02, 0x12, 0x18
HELLO = b"SSH-2.0-OpenSSH_9.2\r\n"


def frame(src, dst, sport, dport, numbers, flags, data=b""):
    tcp = struct.pack(">HHIIBBHHH", sport, dport, *numbers, 0x50, flags, 65535,
                      0, 0) + data
    return (bytes(12) + b"\x08\x00" +
            struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6,
                        0, src, dst) + tcp)


def main(flows, path):
    when = 1700000000 * 1000000
    with open(path, "wb", 1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(int(flows)):
            here = bytes((10, 1 + (i >> 16 & 127), i >> 8 & 255, i & 255))
            there = bytes((10, 200, 0, 1 + i % 200))
            port = 20000 + i % 40000
            go, back = (here, there, port, 22), (there, here, 22, port)
            for data in (frame(*go, (1, 0), SYN),
                         frame(*back, (9, 2), SYN_ACK),
                         frame(*back, (10, 2), PSH_ACK, HELLO),
                         frame(*go, (2, 31), PSH_ACK, HELLO)):
                sec, part = divmod(when, 1000000)
                out.write(struct.pack("<IIII", sec, part, len(data),
                                      len(data)) + data)
                when += 5


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
