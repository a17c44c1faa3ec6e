#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The peer of a relayed call: wait for RTP, then speak back to its source.

usage: peer.py ADDRESS PORT KEY

KEY is an SDES key in base64, or - for RTP in clear.
"""
import socket
import sys
import time

import rtp


def main():
    address, port, key = sys.argv[1:4]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    sock.settimeout(30)
    _, source = sock.recvfrom(2048)
    out = rtp.Stream(0, rtp.key_of(key))
    for n in range(rtp.PACKETS - 5):
        sock.sendto(out.packet(rtp.speech(n), 160, n == 0), source)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
