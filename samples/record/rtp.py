# SPDX-License-Identifier: Apache-2.0
"""RTP packets for the Python senders: PCMU speech, RDP over RTP, SRTP."""
import audioop
import base64
import math
import os
import struct

import pylibsrtp

PACKETS = 80  # of a relayed stream: each crosses the bridge twice


class Stream:
    """One RTP stream; with a key (30 octets) its packets are SRTP."""

    def __init__(self, payload_type, key=None):
        self.head = payload_type
        self.seq = int.from_bytes(os.urandom(2), "big") & 0x7fff
        self.ts = int.from_bytes(os.urandom(4), "big") >> 1
        self.ssrc = int.from_bytes(os.urandom(4), "big")
        self.srtp = None
        if key:
            policy = pylibsrtp.Policy(key=key,
                                      ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
            self.srtp = pylibsrtp.Session(policy=policy)

    def packet(self, payload, step, marker=False):
        head = struct.pack("!BBHII", 0x80, self.head | (0x80 if marker else 0),
                           self.seq & 0xffff, self.ts & 0xffffffff, self.ssrc)
        self.seq += 1
        self.ts += step
        whole = head + payload
        return self.srtp.protect(whole) if self.srtp else whole


def new_key():
    return os.urandom(30)


def key_of(text):
    """The key of base64 TEXT, None for '-' (clear)."""
    return None if text == "-" else base64.b64decode(text)


def speech(n):
    """Packet n of a speech-like signal: 20 ms of PCMU."""
    pcm = bytearray()
    for i in range(n * 160, (n + 1) * 160):
        t = i / 8000
        loud = 9000 * max(0.0, math.sin(2 * math.pi * 1.7 * t))
        v = math.sin(2 * math.pi * 220 * t) + 0.5 * math.sin(2 * math.pi * 630 * t)
        pcm += struct.pack("<h", int(loud * v / 1.5))
    return audioop.lin2ulaw(bytes(pcm), 2)


def tpkt(body):
    return struct.pack("!BBH", 3, 0, len(body) + 4) + body


def rdp_pdus():
    """What opens an RDP session, then screen updates, as MS-RDPBCGR frames them."""
    cookie = b"Cookie: mstshash=alice\r\n"
    neg = b"\x01\x00\x08\x00\x00\x00\x00\x00"
    yield tpkt(bytes([6 + len(cookie) + len(neg)]) + b"\xe0\0\0\0\0\0" + cookie + neg)
    # MCS erect domain and attach user requests
    yield tpkt(b"\x02\xf0\x80\x04\x01\x00\x01\x00")
    yield tpkt(b"\x02\xf0\x80\x28")
    row = bytes(range(64, 96)) * 8
    for n in range(40):
        # MCS send data indication, bitmap update with a plain bitmap
        bitmap = struct.pack("<HHHHHHHHHH", 1, 1, 0, n, 31, n, 32, 1, 8, len(row)) + row
        share = struct.pack("<HHH", len(bitmap) + 18, 0x17, 0x3ea) + struct.pack(
            "<IBBHBBH", 0x103ea, 0, 1, len(bitmap) + 4, 2, 0, 0) + bitmap
        yield tpkt(b"\x02\xf0\x80\x68\x00\x01\x03\xeb\x70" +
                   struct.pack("!H", 0x8000 | len(share)) + share)
