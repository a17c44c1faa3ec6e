# SPDX-License-Identifier: Apache-2.0
"""Floods beside ordinary flows: floods.py BIN [FLOOD...] (tests/floods.sh).

Each flood is mixed with the same ordinary flows of samples/captures. What
must hold: the exit status; the records of the ordinary flows are those that
they have alone; memory stays below a ceiling; a packet of the flood costs no
more than so many of ordinary new flows, and no more in a flood four times as
long. Deterministic.

  FLOOD_PACKETS=30000  packets of each flood
  FLOOD_KEEP=FOLDER    the captures stay there
"""
import json
import os
import random
import struct
import sys
import tempfile
import time

COUNT = int(os.environ.get("FLOOD_PACKETS", "30000"))
KEEP = os.environ.get("FLOOD_KEEP")
SLOW = float(os.environ.get("TEST_SLOW", "1"))  # sanitizers
SAMPLES = "samples/captures/"
POLICY = "samples/policies/contoso.yaml"
ORDINARY = ("sip-s2s-mtls12", "sip-s2s-mtls13", "sip-s2s-tcp", "sip-s2s-ipv6",
            "sip-s2s-resumed", "sip-client-tls12", "im-tls12", "call-tcp-sdes",
            "video-srtp", "media-bypass", "turn-udp-srtp", "https-downloads")
FRAGMENTED = "turn-udp-rtp"  # its longer datagrams come in two pieces
LENGTH = 8.0  # seconds of packet time
GROWTH = 2.5  # of the cost of a packet, in a flood four times as long

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHER = bytes(12)
SERVER = bytes((10, 55, 1, 11))  # where it hurts: a front end
CLIENT = bytes((10, 55, 20, 101))
PEER = bytes((198, 18, 0, 1))
PEER2 = bytes((198, 18, 0, 2))


# ---- packets ----

def ipv4(src, dst, proto, body, ident=0, offset=0):
    return ETHER + struct.pack(
        ">HBBHHHBBH4s4s", 0x0800, 0x45, 0, 20 + len(body), ident, offset, 64,
        proto, 0, src, dst) + body


def udp(src, sport, dst, dport, body):
    return ETHER + struct.pack(
        ">HBBHHHBBH4s4sHHHH", 0x0800, 0x45, 0, 28 + len(body), 0, 0, 64, 17,
        0, src, dst, sport, dport, 8 + len(body), 0) + body


def tcp(src, sport, dst, dport, seq, ack, flags, body=b""):
    return ETHER + struct.pack(
        ">HBBHHHBBH4s4sHHIIBBHHH", 0x0800, 0x45, 0, 40 + len(body), 0, 0, 64,
        6, 0, src, dst, sport, dport, seq & 0xffffffff, ack & 0xffffffff,
        0x50, flags, 65535, 0, 0) + body


class Connection:
    """Both ends of a TCP connection; methods make packets."""

    def __init__(self, src, sport, dst, dport, isn=1000):
        self.up = (src, sport, dst, dport)
        self.down = (dst, dport, src, sport)
        self.seq = self.ack = isn

    def open(self):
        syn = tcp(*self.up, self.seq, 0, SYN)
        self.seq += 1
        back = tcp(*self.down, self.ack, self.seq, SYN | ACK)
        self.ack += 1
        return [syn, back, tcp(*self.up, self.seq, self.ack, ACK)]

    def to_server(self, body, skip=0):
        self.seq += skip
        out = tcp(*self.up, self.seq, self.ack, PSH | ACK, body)
        self.seq += len(body)
        return out

    def to_client(self, body):
        out = tcp(*self.down, self.ack, self.seq, PSH | ACK, body)
        self.ack += len(body)
        return out


def address(n):
    """One of 131072 that belong to nobody (RFC 2544)."""
    return struct.pack(">I", (198 << 24 | 18 << 16) + n % 131072)


def packets_of(path):
    """(seconds since its first, frame) of a pcap file."""
    with open(path, "rb") as f:
        data = f.read()
    first, at = None, 24
    out = []
    while at < len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        when = sec + usec / 1e6
        first = when if first is None else first
        out.append((when - first, data[at + 16:at + 16 + size]))
        at += 16 + size
    return out


def in_pieces(frame, ident):
    """The second half first, as some stacks send."""
    if frame[12:14] != b"\x08\x00" or frame[14] != 0x45 or frame[23] != 17 or \
            len(frame) < 120:
        return [frame]
    body = frame[34:14 + struct.unpack_from(">H", frame, 16)[0]]
    cut = len(body) // 2 + 7 & ~7
    return [ipv4(frame[26:30], frame[30:34], 17, b, ident, o)
            for o, b in ((cut // 8, body[cut:]), (0x2000, body[:cut]))]


def ordinary():
    out = []
    for name in ORDINARY:
        out += packets_of(SAMPLES + name + ".pcap")
    for n, (when, frame) in enumerate(packets_of(SAMPLES + FRAGMENTED +
                                                 ".pcap")):
        out += [(when, f) for f in in_pieces(frame, n)]
    out.sort(key=lambda p: p[0])
    return out


# ---- pieces of TLS, out of a sample ----

def payloads(name, port):
    """(to the server?, TCP payload) of a sample."""
    out = []
    for _, frame in packets_of(SAMPLES + name + ".pcap"):
        at = 34 + (frame[46] >> 4) * 4
        end = 14 + struct.unpack_from(">H", frame, 16)[0]
        up = struct.unpack_from(">H", frame, 36)[0] == port
        if frame[23] == 6 and end > at:
            out.append((up, frame[at:end]))
    return out


def records(data):
    at, out = 0, []
    while at + 5 <= len(data):
        size = struct.unpack_from(">H", data, at + 3)[0]
        out.append(data[at:at + 5 + size])
        at += 5 + size
    return out


def hellos(name="sip-s2s-tls12-onesided", port=5061):
    """ClientHello and ServerHello, each a handshake message, and the first
    certificate of the server."""
    sides = {True: b"", False: b""}
    for up, body in payloads(name, port):
        sides[up] += body
    client = records(sides[True])[0][5:]
    server = b"".join(r[5:] for r in records(sides[False]) if r[0] == 22)
    size = int.from_bytes(server[1:4], "big")
    chain = server[4 + size:]
    first = int.from_bytes(chain[7:10], "big")
    return client, server[:4 + size], chain[10:10 + first]


def message(kind, body):
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def certificates(ders):
    list_ = b"".join(len(d).to_bytes(3, "big") + d for d in ders)
    return message(11, len(list_).to_bytes(3, "big") + list_)


def in_records(data, size=16384, kind=22):
    return b"".join(
        struct.pack(">BHH", kind, 0x0303, len(data[i:i + size])) +
        data[i:i + size] for i in range(0, len(data), size))


# ---- floods: each gives about n frames ----

def calm(n, rng):
    """Not a flood: ordinary flows of other hosts, for comparison."""
    packets = [f for _, f in ordinary() if f[12:14] == b"\x08\x00" and
               f[20:22] in (b"\0\0", b"\x40\0")]
    for i in range(n):
        turn, at = divmod(i, len(packets))
        f = bytearray(packets[at])
        f[26] = f[30] = 11 + turn // 250 % 100
        f[27] = f[31] = turn % 250
        yield bytes(f)


def syns(n, rng):
    for i in range(n):
        yield tcp(address(rng.getrandbits(17)), 1024 + i % 60000, SERVER,
                  5061, rng.getrandbits(32), 0, SYN)


def datagrams(n, rng):
    # More than are looked into at the same time (LIMIT_SESSIONS).
    for i in range(n * 8 // 5):
        yield udp(address(i), 1024 + i % 60000, CLIENT, rng.randrange(65536),
                  rng.randbytes(40))


def fragments4(n, rng):
    body = rng.randbytes(1400)
    for i in range(n):
        if i % 4:
            # Begun and never ended.
            yield ipv4(address(i), SERVER, 17, body, i & 0xffff,
                       0x2000 | (i % 3) * 175)
        else:
            # Many small pieces of few datagrams, with holes, backwards.
            yield ipv4(PEER, SERVER, 17, body[:8], i // 16384,
                       0x2000 | 8190 - i // 4 * 2 % 8000)


def fragments6(n, rng):
    body = rng.randbytes(1232)
    source = bytes.fromhex("20010db8ffff") + bytes(8)
    dest = bytes.fromhex("20010db800550001000000000000000b")
    for i in range(n):
        piece = struct.pack(">BBHI", 17, 0, (i % 4) * 1232 | 1, i) + body
        yield ETHER + struct.pack(
            ">HIHBB16s16s", 0x86dd, 6 << 28, len(piece), 44, 64,
            source + struct.pack(">H", i & 0xffff), dest) + piece


def holes(n, rng):
    """Segments ahead of a hole: upwards, backwards, byte by byte, shuffled,
    with bytes that differ, with and without an answer."""
    body = rng.randbytes(1400)
    for k in range(n // 200):
        c = Connection(address(k), 2000 + k % 60000, SERVER, 5061)
        yield from c.open()
        kind = k % 5
        step = 2 if kind == 2 else 1500
        order = list(range(196))
        if kind == 1:
            order.reverse()
        elif kind in (2, 3):
            rng.shuffle(order)
        for i in order:
            data = body[:1] if kind == 2 else body[i % 7:]
            yield tcp(*c.up, c.seq + 10 + i * step, c.ack, ACK, data)
            if kind == 4 and i % 20 == 19:
                yield tcp(*c.down, c.ack, c.seq + 10 + i * step, ACK)


def half_open(n, rng):
    """A ClientHello and nothing more."""
    hello = hellos()[0]
    for k in range(n // 4):
        c = Connection(address(k), 1024 + k % 60000, SERVER, 5061,
                       rng.getrandbits(32))
        yield from c.open()
        yield c.to_server(in_records(hello[:6] + rng.randbytes(32) +
                                     hello[38:]))


def handshake(c, client, server):
    yield from c.open()
    yield c.to_server(in_records(client))
    for at in range(0, len(server), 1460):
        yield c.to_client(server[at:at + 1460])


def long_chain(n, rng):
    """One message as long as its length field can tell, 16 MB."""
    client, hello, _ = hellos()
    claim = b"\x0b\xff\xff\xff\xff\xff\xfc"
    c = Connection(PEER, 40000, SERVER, 5061)
    sent = in_records(hello + claim + rng.randbytes(
        min(n * 1380, (1 << 24) - 4)))
    yield from handshake(c, client, sent)


def chains(n, rng):
    """64 KB of certificates in each handshake: long ones, junk, thousands."""
    client, hello, der = hellos()
    for k in range(n // 49):
        if k % 3 == 0:
            many = [rng.randbytes(65000)]
        elif k % 3 == 1:
            many = [b"\x30\x01%c" % (i & 255) for i in range(10000)]
        else:
            many = [der] * (64000 // len(der))
        c = Connection(address(k), 1024 + k % 60000, SERVER, 5061)
        yield from handshake(c, client, in_records(
            hello + certificates(many) + message(14, b"")))


def new_certificates(n, rng):
    """Each server shows a certificate that nobody has seen."""
    client, hello, der = hellos()
    serial = der.index(b"\xa0\x03\x02\x01\x02\x02") + 7
    for k in range(n // 7):
        one = der[:serial + 1] + struct.pack(">I", k) + der[serial + 5:]
        c = Connection(PEER, 1024 + k % 60000, address(k), 5061)
        yield from handshake(c, client, in_records(
            hello + certificates([one]) + message(14, b"")))


def collisions(n, rng):
    """Five-tuples that a hash without a key would put together: the sum, the
    exclusive or, or the low bits of the words are the same."""
    for i in range(n):
        k = i // 4
        if i % 4 == 0:
            src, dst, a, b = k, ~k & 0x1ffff, 5061, 5061
        elif i % 4 == 1:
            src, dst, a, b = k, k, k & 0xffff, k & 0xffff
        elif i % 4 == 2:
            src, dst, a, b = 1, 2, k * 256 & 0xffff, k >> 8 & 0xffff
        else:
            src, dst, a, b = k << 8 & 0x1ffff, k >> 8, k & 255, 0
        yield tcp(address(src), a, address(dst), b, k << 12, 0, SYN)


def ssrcs(n, rng):
    """RTP where each packet is of another stream: in one flow, in many."""
    body = rng.randbytes(160)
    for i in range(n):
        port = 30000 if i % 2 else 30002 + i % 2000 * 2
        yield udp(PEER, port, PEER2, 40000, struct.pack(
            ">BBHII", 0x80, 0, i & 0xffff, i * 160 & 0xffffffff,
            rng.getrandbits(32)) + body)


SDP = ("v=0\r\no=- 1 1 IN IP4 198.18.0.1\r\ns=-\r\nc=IN IP4 198.18.0.1\r\n"
       "t=0 0\r\nm=audio %d RTP/SAVP 0\r\n"
       "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%040d\r\n")
HEADERS = ("Via: SIP/2.0/%s 198.18.0.1;branch=z9hG4bK%d\r\n"
           "From: <sip:a@198.18.0.1>;tag=1\r\nTo: <sip:b@10.55.1.11>%s\r\n"
           "Call-ID: %d\r\nCSeq: 1 INVITE\r\n"
           "Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s")


def sip(call, port, answer=False, over="UDP"):
    sdp = SDP % (port, call)
    head = "SIP/2.0 200 OK\r\n" if answer else \
        "INVITE sip:b@10.55.1.11 SIP/2.0\r\n"
    return (head + HEADERS % (over, call, ";tag=2" if answer else "", call,
                              len(sdp), sdp)).encode()


def calls(n, rng):
    """Calls without end: in one datagram flow, in one connection, in flows of
    their own."""
    c = Connection(PEER, 41000, SERVER, 5060)
    yield from c.open()
    for i in range(n // 3):
        port = 10000 + i % 50000
        yield udp(PEER, 5060, SERVER, 5060, sip(i, port))
        yield c.to_server(sip(i, port, over="TCP"))
        yield udp(address(i), 5060 + i % 40000, SERVER, 5060, sip(i, port))


def promises(n, rng):
    """Every call promises the same port, every flow of media is of it."""
    body = rng.randbytes(160)
    for i in range(n // 2):
        yield udp(address(i), 5060 + i % 40000, SERVER, 5060, sip(i, 20000))
        yield udp(PEER, 20000, address(i), 1024 + i % 60000, struct.pack(
            ">BBHII", 0x80, 0, i & 0xffff, i, 7) + body)


def answers(n, rng):
    """One call, offered and answered in every flow."""
    for i in range(n // 2):
        up = address(i), 5060 + i % 40000, SERVER, 5060
        yield udp(*up, sip(7, 20000 + i % 1000))
        yield udp(SERVER, 5060, up[0], up[1], sip(7, 20000, True))


def stun(kind, attributes, ident):
    body = b"".join(struct.pack(">HH", t, len(v)) + v + bytes(-len(v) % 4)
                    for t, v in attributes)
    return struct.pack(">HHI", kind, len(body), 0x2112a442) + \
        ident.to_bytes(12, "big") + body


def xored(n):
    return struct.pack(">BBHI", 0, 1, 0x2112 ^ (n & 0xffff),
                       0x2112a442 ^ (198 << 24 | 18 << 16) + n % 131072)


def relays(n, rng):
    """Allocations, permissions and channels without end."""
    edge = bytes((198, 18, 255, 1))
    for i in range(n // 6):
        many = address(i), 1024 + i % 60000, edge, 3478
        one = PEER, 42000, edge, 3478
        for up in (one, many):
            down = up[2], up[3], up[0], up[1]
            yield udp(*down, stun(0x0103, [(0x0016, xored(i)),
                                           (0x000d, b"\0\0\2\x58")], i))
            yield udp(*up, stun(0x0009, [
                (0x000c, struct.pack(">HH", 0x4000 + i % 0x3fff, 0)),
                (0x0012, xored(i * 7))], i))
            yield udp(*up, struct.pack(">HH", 0x4000 + i % 0x3fff, 12) +
                      struct.pack(">BBHII", 0x80, 0, i & 0xffff, i, i))


DRIPS = (
    (5060, b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nX: ", b"y"),
    (5060, b"OPTIONS sip:a@b SIP/2.0\r\n", b"A: b\r\n"),
    (80, b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"y"),
    (80, b"GET / HTTP/1.1\r\nHost: a\r\n", b"A: b\r\n"),
    (80, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     b"1\r\nx\r\n"),
    (5061, b"\x16\x03\x01\x40\x00\x01\x00\xff\xfc\x03\x03", b"\x00"),
    (5061, b"\x16\x03\x01\x00\x04\x01\x00\xff\xfc", b"\x16\x03\x01\x00\x01a"),
    (5269, b"<stream:stream xmlns='jabber:server' to='a' version='1.0'><a ",
     b"b='c' "),
    (5222, b"<stream:stream xmlns='jabber:client' to='a' version='1.0'>",
     b"<a>"),
    (25, b"EHLO a\r\n", b"X"),
)


def drips(n, rng):
    """Messages that never end, a few bytes in a segment."""
    all_ = []
    for k, (port, begin, more) in enumerate(DRIPS):
        c = Connection(PEER, 43000 + k, SERVER, port)
        yield from c.open()
        yield c.to_server(begin)
        all_.append((c, more))
    for i in range(n // len(all_)):
        for c, more in all_:
            yield c.to_server(more)


def resumptions(n, rng):
    """Each session resumes the one before it, with a ticket for the next."""
    client, hello, der = hellos()
    # The ClientHello ends with its extensions: behind them a ticket.
    ticket = b"\0" * 12
    for k in range(n // 7):
        new = struct.pack(">QI", 0x7469636b6574, k)
        up = with_ticket(client, ticket)
        back = in_records(hello)
        if k % 1000 == 0:
            back += in_records(certificates([der]) + message(14, b""))
        back += in_records(message(4, b"\0\0\x0e\x10\0\x0c" + new))
        back += b"\x14\x03\x03\0\1\1" + in_records(rng.randbytes(40))
        c = Connection(PEER, 1024 + k % 60000, SERVER, 5061)
        yield from c.open()
        yield c.to_server(in_records(up))
        yield c.to_client(back)
        yield c.to_server(b"\x14\x03\x03\0\1\1" +
                          in_records(rng.randbytes(40)))
        ticket = new


def with_ticket(client, ticket):
    """A ClientHello with a session ticket (RFC 5077) at its end."""
    at = 38
    at += 1 + client[at]
    at += 2 + struct.unpack_from(">H", client, at)[0]
    at += 1 + client[at]
    size = struct.unpack_from(">H", client, at)[0]
    kept, i = b"", at + 2
    while i < at + 2 + size:
        kind, length = struct.unpack_from(">HH", client, i)
        if kind != 35:
            kept += client[i:i + 4 + length]
        i += 4 + length
    kept += struct.pack(">HH", 35, len(ticket)) + ticket
    return message(1, client[4:at] + struct.pack(">H", len(kept)) + kept)


# Flood, how many packets of `calm` one of its packets may cost, megabytes at
# 30000 packets, options. Where each packet opens a flow it pays for a record,
# where each handshake shows a new certificate for parsing and judging it.
JOURNAL = ("--journal", "journal.ndjson")
FLOODS = {
    "calm": (calm, 1, 50),
    "new flows by SYN": (syns, 60, 100),
    "new flows by UDP": (datagrams, 120, 350),
    # Each first fragment is a packet of a flow, of which there are 7500.
    "IPv4 fragments": (fragments4, 15, 110),
    "IPv6 fragments": (fragments6, 15, 110),
    "segments ahead of holes": (holes, 6, 60),
    "half-open handshakes": (half_open, 25, 120),
    "a certificate message of 16 MB": (long_chain, 6, 50),
    "certificate messages of 64 KB": (chains, 20, 180),
    "new certificates": (new_certificates, 250, 180),
    "five-tuples that might collide": (collisions, 40, 90),
    "SSRCs": (ssrcs, 10, 80),
    "calls": (calls, 60, 140),
    "calls, with a journal": (calls, 120, 200, *JOURNAL),
    "calls that promise one port": (promises, 120, 400),
    "answers to one call": (answers, 60, 180),
    "relays and channels": (relays, 20, 120),
    "messages that never end": (drips, 6, 50),
    "resumed sessions": (resumptions, 60, 100),
}


# ---- running ----

def write(path, flood, count):
    """The ordinary packets, and `count` of the flood spread among them."""
    rng = random.Random(1)
    frames = list(flood(count, rng)) if flood else []
    calm_ = ordinary()
    base = 1795332000  # while the certificates of the samples are valid
    at = 0
    with open(path, "wb", 1 << 20) as out:
        out.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))

        def put(when, frame):
            out.write(struct.pack("<IIII", base + int(when),
                                  int(when % 1 * 1e6), len(frame),
                                  len(frame)))
            out.write(frame)

        for i, frame in enumerate(frames):
            now = i * LENGTH / len(frames)
            while at < len(calm_) and calm_[at][0] <= now:
                put(*calm_[at])
                at += 1
            put(now, frame)
        for when, frame in calm_[at:]:
            put(when, frame)
    return len(frames) + len(calm_)


def make(path, flood, count):
    """write() in a child: what it takes is not to count as the program's."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        n = write(path, flood, count)
        os.write(writer, b"%d" % n)
        os._exit(0)
    os.close(writer)
    n = os.read(reader, 20)
    os.close(reader)
    os.waitpid(pid, 0)
    return int(n)


class Result:
    """status, cpu seconds, peak megabytes, records of ordinary flows."""


def is_ours(address_):
    return address_.startswith(("10.55.", "2001:db8:55:"))


# Numbers of packets and flows are others when there are others between.
LOOSE = {"packet", "flow_id", "pcap_filename", "text", "signalled_by",
         "resumed_from"}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in LOOSE}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def audit(binary, path, folder, *more):
    out = folder + "/out.ndjson"
    argv = [binary, "audit", "-q", "-t", "1", "-p", POLICY, "-r", path, "-o",
            out, *more]
    with open(os.devnull, "wb") as null:
        errors = open(folder + "/errors", "w+b")
        pid = os.posix_spawn(binary, argv, os.environ, file_actions=[
            (os.POSIX_SPAWN_DUP2, null.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)])
        _, raw, usage = os.wait4(pid, 0)
    r = Result()
    r.status = os.waitstatus_to_exitcode(raw)
    r.cpu = usage.ru_utime + usage.ru_stime
    r.peak = usage.ru_maxrss / 1024
    errors.seek(0)
    r.said = errors.read().decode(errors="replace")
    errors.close()
    r.flows = {}
    r.summary = {}
    if r.status not in (0, 1):
        return r
    with open(out) as f:
        for line in f:
            if line.startswith('{"event_type":"summary"'):
                r.summary = json.loads(line)
                continue
            if '"src_ip":"10.55.' not in line and \
                    '"src_ip":"2001:db8:55:' not in line:
                continue
            rec = json.loads(line)
            if is_ours(rec["src_ip"]) and is_ours(rec["dest_ip"]):
                key = (rec["src_ip"], rec["src_port"], rec["dest_ip"],
                       rec["dest_port"], rec["proto"])
                r.flows.setdefault(key, []).append(plain(rec))
    return r


passed = failed = 0


def check(good, what):
    global passed, failed
    passed += bool(good)
    failed += not good
    if not good:
        print("floods: " + what, flush=True)
    return good


def is_evicted(record):
    return "evicted" in record["flow"]


def judgement(record):
    a = record["audit"]
    return (a["class"], a["observed"], a["verdict"],
            sorted(f["id"] for f in a["findings"]))


def same(x, y):
    """What was let go at a ceiling knows less; then it says so, and it may
    be undetermined, but nothing else than it was."""
    if not is_evicted(y):
        return x == y
    return judgement(x) == judgement(y) or \
        y["audit"]["verdict"] == "undetermined"


def unsaid(r):
    """The capture counts what was let go."""
    if any(is_evicted(f) for list_ in r.flows.values() for f in list_) and \
            not r.summary["capture"]["evicted_flows"]:
        return "evicted flows, but the report counts none"
    return ""


def difference(want, have):
    for key in sorted(set(want) | set(have)):
        if key not in want or key not in have:
            return "%s: %s" % (key, "is new" if key in have else "is gone")
        if len(want[key]) != len(have[key]):
            return "%s: %d records, %d" % (key, len(want[key]), len(have[key]))
        for x, y in zip(want[key], have[key]):
            if same(x, y):
                continue
            for k in sorted(set(x) | set(y)):
                if x.get(k) != y.get(k):
                    return "%s: %s was %s, is %s" % (key, k, x.get(k),
                                                     y.get(k))
    return ""


def measure(binary, folder, name, count, alone):
    """A flood of so many packets: how many, microseconds for each, result."""
    flood, _, _, *options = FLOODS[name]
    options = [os.path.join(folder, o) if o.endswith("json") else o
               for o in options]
    path = "%s/%s-%d.pcap" % (folder, flood.__name__, count)
    n = make(path, flood, count) - alone.packets
    r = audit(binary, path, folder, *options)
    if not KEEP:
        os.remove(path)
    for option in options[1::2]:
        if os.path.exists(option):
            os.remove(option)
    return n, max(r.cpu - alone.cpu, 0.001) / n * 1e6, r


def dearer(binary, folder, name, alone, costs, calm_cost):
    """What a packet costs compared with one of ordinary new flows, and with
    one in a flood a quarter as long. Neighbours on the machine make it look
    more, never less: where it is too much, all is measured anew together and
    the smallest counts."""
    factor = FLOODS[name][1]
    times, growth = costs[1] / calm_cost, costs[1] / max(costs[0], 1)
    for _ in range(3):
        if times <= factor and growth <= GROWTH:
            break
        few, many, calm_cost = (
            measure(binary, folder, *which, alone)[1]
            for which in ((name, COUNT // 4), (name, COUNT), ("calm", COUNT)))
        print("  %s, anew: %.2f and %.2f us, calm %.2f" % (
            name, few, many, calm_cost), flush=True)
        times = min(times, many / calm_cost)
        growth = min(growth, many / max(few, 1))
    return times, growth


def attempt(binary, folder, name, alone, calm_cost):
    factor, most = FLOODS[name][1:3]
    costs = []
    for count in (COUNT // 4, COUNT):
        n, cost, r = measure(binary, folder, name, count, alone)
        check(r.status == alone.status, "%s: status %d: %s" % (
            name, r.status, r.said[-2000:]))
        what = difference(alone.flows, r.flows) or unsaid(r)
        check(not what, "%s, %d packets: %s" % (name, n, what))
        costs.append(cost)
    calm_cost = calm_cost or costs[1]
    limit = most * max(1, COUNT / 30000)
    if SLOW == 1:
        check(r.peak <= limit, "%s: %.0f MB, may be %.0f" % (
            name, r.peak, limit))
    times, growth = costs[1] / calm_cost, costs[1] / max(costs[0], 1)
    # What takes so little says nothing of what it would take.
    if r.cpu - alone.cpu > 0.3 * SLOW:
        times, growth = dearer(binary, folder, name, alone, costs, calm_cost)
        check(times <= factor, "%s: a packet costs %.1f times one of "
              "ordinary new flows, may be %d" % (name, times, factor))
        check(growth <= GROWTH, "%s: a packet costs %.1f times one of a "
              "flood a quarter as long, may be %.1f" % (name, growth, GROWTH))
    print("  %-32s %7d %8.2f %8.2f %6.2f %6.1f %6.0f" % (
        name, n, *costs, growth, times, r.peak), flush=True)
    return calm_cost


def main(binary, *names):
    folder = KEEP or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    path = folder + "/alone.pcap"
    packets = make(path, None, 0)
    alone = audit(binary, path, folder)
    alone.packets = packets
    check(alone.status == 1 and len(alone.flows) > 15,
          "ordinary flows: status %d, %d flows" % (alone.status,
                                                   len(alone.flows)))
    print("  %-32s %7s %8s %8s %6s %6s %6s" % (
        "", "packets", "us", "us x4", "growth", "calm=1", "MB"))
    calm_cost = None
    for name in FLOODS:
        if names and name != "calm" and FLOODS[name][0].__name__ not in names:
            continue
        got = attempt(binary, folder, name, alone, calm_cost)
        calm_cost = calm_cost or got
    if not KEEP:
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        os.rmdir(folder)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main(*sys.argv[1:]))
