#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a capture look as a badly set up span port would have shown it.

usage: retag.py [--vlan ID] [--duplicate] [--only IP] IN.pcap OUT.pcap

A direction is "up" when its sender's IPv4 address is the lower one.
--vlan tags the packets going up. --duplicate repeats those going down, 20
microseconds later. --only keeps the packets this address sent.
"""
import argparse
import socket
import struct

import trim


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--vlan", type=int)
    p.add_argument("--duplicate", action="store_true")
    p.add_argument("--only")
    p.add_argument("source")
    p.add_argument("target")
    args = p.parse_args()
    with open(args.target, "wb") as out:
        for meta, data in trim.packets(args.source):
            if meta is None:
                out.write(data)
                continue
            src, dst = data[26:30], data[30:34]
            if args.only and src != socket.inet_aton(args.only):
                continue
            if args.vlan and src < dst:
                data = data[:12] + struct.pack("!HH", 0x8100, args.vlan) + data[12:]
            sec, usec, _, _ = struct.unpack("<IIII", meta)
            out.write(struct.pack("<IIII", sec, usec, len(data), len(data)) + data)
            if args.duplicate and src > dst:
                usec += 20
                sec, usec = sec + usec // 1000000, usec % 1000000
                out.write(struct.pack("<IIII", sec, usec, len(data), len(data)) + data)


if __name__ == "__main__":
    main()
