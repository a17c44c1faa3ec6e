#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Desktop sharing media: RDP in RTP, framed as RFC 4571 says, over TCP.

usage: desktop.py listen ADDRESS PORT KEY
       desktop.py share ADDRESS PORT KEY SOURCE-ADDRESS SOURCE-PORT

KEY is the SDES key of one direction in base64, or - for RTP in clear. The
viewer answers every fourth packet with a small input PDU.
"""
import socket
import struct
import sys
import threading
import time

import rtp


def frames(sock):
    data = b""
    while True:
        more = sock.recv(4096)
        if not more:
            return
        data += more
        while len(data) >= 2:
            size = struct.unpack("!H", data[:2])[0]
            if len(data) < 2 + size:
                break
            yield data[2:2 + size]
            data = data[2 + size:]


def send(sock, packet):
    sock.sendall(struct.pack("!H", len(packet)) + packet)


def share(sock, key):
    out = rtp.Stream(127, key)
    threading.Thread(target=lambda: list(frames(sock)), daemon=True).start()
    for pdu in rtp.rdp_pdus():
        send(sock, out.packet(pdu, 1800, True))
        time.sleep(0.05)
    time.sleep(0.3)


def view(sock, key):
    out = rtp.Stream(127, key)
    for n, _ in enumerate(frames(sock)):
        if n % 4 == 0:
            mouse = rtp.tpkt(b"\x02\xf0\x80\x64\x00\x07\x03\xeb\x70\x80\x10" +
                             struct.pack("<IHHHHH", n, 0x8001, 0x800, n, n, 0))
            send(sock, out.packet(mouse, 7200, True))


def main():
    mode, address, port, key = sys.argv[1:5]
    key = rtp.key_of(key)
    if mode == "listen":
        server = socket.create_server((address, int(port)))
        server.settimeout(30)
        sock, _ = server.accept()
        sock.settimeout(10)
        view(sock, key)
    else:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((sys.argv[5], int(sys.argv[6])))
        sock.settimeout(10)
        sock.connect((address, int(port)))
        share(sock, key)
    sock.close()


if __name__ == "__main__":
    main()
