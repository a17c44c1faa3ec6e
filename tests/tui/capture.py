#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small capture whose names are hostile to a terminal: capture.py OUT

SIP and HTTP in clear, and a TLS server that is asked for under a name with
escape sequences, control characters, bidirectional marks and wide characters.
Nothing in it depends on the day.
"""
import struct
import sys

HOSTILE = (b"pwn\x1b]0;owned\x07\x1b[31m\x1b[2J\x90\x9b"
           + "中文名\u202etxt.exe\u200b\u0301\u0301é".encode()
           + b"\xff\xfe.example")
START = 1700000000


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def address(text):
    return bytes(int(part) for part in text.split("."))


class Capture:
    def __init__(self):
        self.frames = []

    def packet(self, src, dst, proto, payload):
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0x4000,
                           64, proto, 0) + address(src) + address(dst)
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        self.frames.append(b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + head + payload)

    def tcp(self, src, sport, dst, dport, flags, seq, ack, data=b""):
        head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags,
                           65535, 0, 0)
        pseudo = address(src) + address(dst) + struct.pack(
            ">BBH", 0, 6, len(head) + len(data))
        total = checksum(pseudo + head + data)
        head = head[:16] + struct.pack(">H", total) + head[18:]
        self.packet(src, dst, 6, head + data)

    def talk(self, src, sport, dst, dport, question, answer):
        """A connection with one request."""
        self.tcp(src, sport, dst, dport, 2, 100, 0)
        self.tcp(dst, dport, src, sport, 0x12, 500, 101)
        self.tcp(src, sport, dst, dport, 0x10, 101, 501)
        self.tcp(src, sport, dst, dport, 0x18, 101, 501, question)
        after = 101 + len(question)
        self.tcp(dst, dport, src, sport, 0x18, 501, after, answer)
        end = 501 + len(answer)
        self.tcp(src, sport, dst, dport, 0x11, after, end)
        self.tcp(dst, dport, src, sport, 0x11, end, after + 1)
        self.tcp(src, sport, dst, dport, 0x10, after + 1, end + 1)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                                  1))
            for i, frame in enumerate(self.frames):
                out.write(struct.pack("<IIII", START + i // 10,
                                      i % 10 * 100000, len(frame),
                                      len(frame)))
                out.write(frame)


def http(host, path, agent=b"test"):
    return (b"GET " + path + b" HTTP/1.1\r\nHost: " + host
            + b"\r\nUser-Agent: " + agent + b"\r\n\r\n")


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def sip(method, agent):
    return (b"%s sip:example.com SIP/2.0\r\n"
            b"Via: SIP/2.0/TCP 10.9.0.7:40000;branch=z9hG4bK1\r\n"
            b"Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\n"
            b"To: <sip:a@example.com>\r\nCall-ID: 1@10.9.0.7\r\n"
            b"CSeq: 1 %s\r\nContact: <sip:a@10.9.0.7:40000>\r\n"
            b"User-Agent: %s\r\nContent-Length: 0\r\n\r\n"
            % (method, method, agent))


def sip_answer(method):
    return (b"SIP/2.0 200 OK\r\n"
            b"Via: SIP/2.0/TCP 10.9.0.7:40000;branch=z9hG4bK1\r\n"
            b"From: <sip:a@example.com>;tag=1\r\n"
            b"To: <sip:a@example.com>;tag=2\r\nCall-ID: 1@10.9.0.7\r\n"
            b"CSeq: 1 %s\r\nServer: test\r\nContent-Length: 0\r\n\r\n"
            % method)


def hello(name):
    """A TLS 1.2 client hello that asks for this server."""
    sni = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(sni)) + sni
    body = (b"\3\3" + bytes(range(32)) + b"\0" + b"\0\2\xc0\x2f"
            + b"\1\0" + struct.pack(">H", len(extensions)) + extensions)
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack(">H", len(message)) + message


REFUSED = b"\x15\3\3\0\2\2\x28"


def main(path):
    c = Capture()
    server = "10.9.1.1"
    c.talk("10.9.0.7", 40000, server, 5060, sip(b"REGISTER", b"phone"),
           sip_answer(b"REGISTER"))
    c.talk("10.9.0.8", 40001, server, 80,
           http(b"pool.example.com", b"/abs/handler/F-1.lsabs"), OK)
    c.talk("10.9.0.9", 40002, server, 80,
           http(b"pool.example.com", b"/abs/handler/F-2.lsabs",
                b"a\xc2\x9b31mb\xe2\x80\xaec"), OK)
    c.talk("10.9.0.10", 40003, server, 5060, sip(b"REGISTER", HOSTILE),
           sip_answer(b"REGISTER"))
    c.talk("10.9.0.11", 40004, "10.9.2.1", 8080,
           http(b"intranet.example.com", b"/"), OK)
    c.talk("10.9.0.12", 40005, server, 443, hello(HOSTILE), REFUSED)
    for i in range(20):
        c.talk("10.9.3.%d" % (i + 1), 41000 + i, server, 80,
               http(b"pool.example.com", b"/CollabContent/slide%d.htm" % i),
               OK)
    c.write(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
