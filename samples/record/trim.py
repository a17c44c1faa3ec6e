#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cut long media streams short: keep N packets of each UDP direction.

usage: trim.py -n N IN.pcap OUT.pcap

Only classic pcap with Ethernet frames, as our tcpdump writes. TCP and
everything else passes through; the order and the times stay.
"""
import argparse
import collections
import struct


def packets(path):
    with open(path, "rb") as f:
        head = f.read(24)
        yield None, head
        while True:
            meta = f.read(16)
            if len(meta) < 16:
                return
            data = f.read(struct.unpack("<IIII", meta)[2])
            yield meta, data


def udp_key(frame):
    """-> the five-tuple of a UDP packet in one direction, or None."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == 17:
        ihl = (frame[14] & 15) * 4
        return frame[26:34] + frame[14 + ihl:18 + ihl]
    if kind == b"\x86\xdd" and frame[20] == 17:
        return frame[22:54] + frame[54:58]
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-n", type=int, default=150)
    p.add_argument("source")
    p.add_argument("target")
    args = p.parse_args()
    seen = collections.Counter()
    with open(args.target, "wb") as out:
        for meta, data in packets(args.source):
            if meta is None:
                out.write(data)
                continue
            key = udp_key(data)
            if key is not None:
                seen[key] += 1
                if seen[key] > args.n:
                    continue
            out.write(meta + data)


if __name__ == "__main__":
    main()
