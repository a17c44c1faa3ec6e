#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MS-TURN over TCP 443 with its pseudo-TLS prelude, both sides of it.

usage: msturn.py serve ADDRESS PORT RELAY-PORT
       msturn.py talk SERVER PORT PEER PEER-PORT KEY

The server relays between the control connection and UDP, as an A/V Edge
does: Allocate (challenge, then answer), Send request, Set Active Destination,
then framed end-to-end data. The first packets before Set Active Destination
travel in Send requests and Data indications. KEY is an SDES key in base64,
or - for RTP in clear. Formats: MS-TURN 2.1.1, 2.1.4 and 2.2.
"""
import hashlib
import hmac
import os
import select
import socket
import struct
import sys
import time

import rtp

CONTROL, DATA = 2, 3
ALLOCATE, SEND, DATA_IND, SET_ACTIVE = 0x0003, 0x0004, 0x0115, 0x0006
MAPPED, USER, INTEGRITY, ERROR, LIFETIME = 0x01, 0x06, 0x08, 0x09, 0x0d
COOKIE, BANDWIDTH, DEST, REMOTE, BODY = 0x0f, 0x10, 0x11, 0x12, 0x13
NONCE, REALM, VERSION, XOR_MAPPED, SEQUENCE = 0x14, 0x15, 0x8008, 0x8020, 0x8050
MAGIC = b"\x72\xc6\x4b\xc6"
REALM_NAME = b"rtcmedia"
PASSWORD = b"a secret from the authentication service"


def attr(kind, value):
    """MS-TURN attributes are not padded; all but DATA have aligned sizes."""
    return struct.pack("!HH", kind, len(value)) + value


def address(ip, port):
    return struct.pack("!BBH", 0, 1, port) + socket.inet_aton(ip)


def message(kind, transaction, attrs, key=None):
    body = attr(COOKIE, MAGIC) + b"".join(attrs)
    if key:
        whole = struct.pack("!HH", kind, len(body) + 24) + transaction + body
        whole += bytes(-len(whole) % 64)
        body += attr(INTEGRITY, hmac.new(key, whole, hashlib.sha1).digest())
    return struct.pack("!HH", kind, len(body)) + transaction + body


def frame(kind, body):
    return struct.pack("!BBH", kind, 0, len(body)) + body


def parse(body):
    kind, size = struct.unpack("!HH", body[:4])
    attrs, at = {}, 20
    while at + 4 <= 20 + size:
        name, length = struct.unpack("!HH", body[at:at + 4])
        attrs[name] = body[at + 4:at + 4 + length]
        at += 4 + length
    return kind, body[4:20], attrs


def key_for(user):
    return hashlib.md5(user + b":" + REALM_NAME + b":" + PASSWORD).digest()


class Frames:
    """What a TCP connection carries after the prelude."""

    def __init__(self, sock):
        self.sock, self.data = sock, b""

    def exactly(self, n):
        while len(self.data) < n:
            more = self.sock.recv(4096)
            if not more:
                raise EOFError
            self.data += more
        out, self.data = self.data[:n], self.data[n:]
        return out

    def next(self):
        kind, _, size = struct.unpack("!BBH", self.exactly(4))
        return kind, self.exactly(size)

    def waiting(self):
        if len(self.data) >= 4:
            size = struct.unpack("!H", self.data[2:4])[0]
            return len(self.data) >= 4 + size
        return False


def client_hello():
    return (bytes.fromhex("160301002d010000290301") +
            struct.pack("!I", int(time.time())) + os.urandom(28) +
            bytes.fromhex("00000200180100"))


def server_hello():
    return (bytes.fromhex("160301004e020000460301") + os.urandom(32) +
            b"\x20" + os.urandom(32) + bytes.fromhex("0018000e000000"))


def serve(ip, port, relay_port):
    server = socket.create_server((ip, port))
    server.settimeout(60)
    sock, peer = server.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(30)
    box = Frames(sock)
    if len(box.exactly(50)) == 50:
        sock.sendall(server_hello())
    relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    relay.bind((ip, relay_port))
    nonce, active = os.urandom(8).hex().encode(), None
    while True:
        if not box.waiting():
            readable, _, _ = select.select([sock, relay], [], [], 30)
            if not readable:
                return
            if relay in readable:
                data, source = relay.recvfrom(2048)
                if active == source:
                    sock.sendall(frame(DATA, data))
                else:
                    sock.sendall(frame(CONTROL, message(
                        DATA_IND, os.urandom(16),
                        [attr(REMOTE, address(*source)), attr(BODY, data)])))
            if sock not in readable:
                continue
        try:
            kind, body = box.next()
        except EOFError:
            return
        if kind == DATA:
            relay.sendto(body, active)
            continue
        kind, transaction, attrs = parse(body)
        if kind == ALLOCATE and INTEGRITY not in attrs:
            reply = message(0x0113, transaction, [
                attr(ERROR, b"\0\0\x04\x01Unauthorized"),
                attr(REALM, REALM_NAME), attr(NONCE, nonce)])
        elif kind == ALLOCATE:
            reply = message(0x0103, transaction, [
                attr(MAPPED, address(ip, relay_port)),
                attr(LIFETIME, struct.pack("!I", 600)),
                attr(XOR_MAPPED, address(*peer)), attr(NONCE, nonce)],
                key_for(attrs[USER]))
        elif kind == SEND:
            to = attrs[DEST]
            relay.sendto(attrs[BODY], (socket.inet_ntoa(to[4:8]),
                                       struct.unpack("!H", to[2:4])[0]))
            continue
        elif kind == SET_ACTIVE:
            to = attrs[DEST]
            active = (socket.inet_ntoa(to[4:8]), struct.unpack("!H", to[2:4])[0])
            reply = message(0x0106, transaction, [], key_for(attrs[USER]))
        else:
            return
        sock.sendall(frame(CONTROL, reply))


def talk(server, port, peer, peer_port, key):
    sock = socket.create_connection((server, port), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    box = Frames(sock)
    sock.sendall(client_hello())
    box.exactly(83)
    user = os.urandom(16)
    sequence = 0

    def ask(kind, attrs):
        transaction = os.urandom(16)
        sock.sendall(frame(CONTROL, message(kind, transaction, attrs[0], attrs[1])))
        while True:
            what, body = box.next()
            if what == CONTROL and parse(body)[1] == transaction:
                return parse(body)

    version = attr(VERSION, struct.pack("!I", 3))
    _, _, found = ask(ALLOCATE, ([version, attr(USER, user)], None))
    secret = key_for(user)
    auth = [attr(USER, user), attr(NONCE, found[NONCE]), attr(REALM, REALM_NAME)]
    ask(ALLOCATE, ([version] + auth + [attr(SEQUENCE, os.urandom(20) +
                                            struct.pack("!I", sequence))], secret))
    out = rtp.Stream(0, key)
    to = attr(DEST, address(peer, peer_port))
    for n in range(rtp.PACKETS):
        packet = out.packet(rtp.speech(n), 160, n == 0)
        if n < 5:
            sock.sendall(frame(CONTROL, message(
                SEND, os.urandom(16), [attr(USER, user), to, attr(BODY, packet)],
                secret)))
        else:
            sock.sendall(frame(DATA, packet))
        if n == 4:
            ask(SET_ACTIVE, (auth + [to], secret))
        time.sleep(0.02)
        while select.select([sock], [], [], 0)[0]:
            if not sock.recv(4096):
                return
    sock.close()


def main():
    a = sys.argv
    if a[1] == "serve":
        serve(a[2], int(a[3]), int(a[4]))
    else:
        talk(a[2], int(a[3]), a[4], int(a[5]), rtp.key_of(a[6]))


if __name__ == "__main__":
    main()
