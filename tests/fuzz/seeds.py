#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds for the fuzz targets out of the samples: seeds.py TO [CAPTURE...]

Makes TO/TARGET/NAME; the framing is what each target's comment says. The same
captures give the same seeds. Seeds are small: the fuzzer makes more of them.
"""
import glob
import os
import struct
import sys

MOST = 3000    # octets of a seed
PACKETS = 40   # of a seed
SERVICES = [   # as in fuzz_path.c: port, TCP or not
    (5061, 6), (443, 6), (5060, 6), (3478, 17), (443, 6), (50010, 17),
    (49200, 17), (5067, 6), (5061, 6), (5061, 6), (5068, 6), (8057, 6),
    (1433, 6), (5060, 17), (80, 6), (49160, 6)]


def pcap(b):
    e = '<' if b[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    link = struct.unpack(e + 'I', b[20:24])[0] & 0xffff
    at = 24
    while at + 16 <= len(b):
        n = struct.unpack(e + 'I', b[at + 8:at + 12])[0]
        yield link, b[at + 16:at + 16 + n]
        at += 16 + n


def pcapng(b):
    at, links = 0, []
    while at + 12 <= len(b):
        kind, n = struct.unpack('<II', b[at:at + 8])
        if kind == 1:
            links.append(struct.unpack('<H', b[at + 8:at + 10])[0])
        elif kind == 6:
            i, _, _, got = struct.unpack('<IIII', b[at + 8:at + 24])
            yield links[i], b[at + 28:at + 28 + got]
        at += max(n, 12)


def frames(path):
    with open(path, 'rb') as f:
        b = f.read()
    return list(pcapng(b) if b[:4] == b'\n\r\r\n' else pcap(b))


def transport(link, frame):
    """Protocol, both ends, TCP flags, payload; None for anything else."""
    if link != 1 or len(frame) < 34:
        return None
    at, kind = 14, frame[12:14]
    while kind == b'\x81\x00':
        kind, at = frame[at + 2:at + 4], at + 4
    ip = frame[at:]
    if kind == b'\x08\x00':
        head, proto = (ip[0] & 15) * 4, ip[9]
        src, dst = ip[12:16], ip[16:20]
        ip = ip[:struct.unpack('>H', ip[2:4])[0]]
    elif kind == b'\x86\xdd':
        head, proto, src, dst = 40, ip[6], ip[8:24], ip[24:40]
        ip = ip[:40 + struct.unpack('>H', ip[4:6])[0]]
    else:
        return None
    t = ip[head:]
    if len(t) < 8 or proto not in (6, 17):
        return None
    ends = struct.unpack('>HH', t[:4])
    flags, head = (t[13], t[12] >> 4 << 2) if proto == 6 else (0, 8)
    return (proto, (src, ends[0]), (dst, ends[1]), flags, t[head:])


def flows(path):
    """Of each flow: protocol, server's port, [(from server, flags, payload)]"""
    out = {}
    for link, frame in frames(path):
        t = transport(link, frame)
        if t is None:
            continue
        proto, src, dst, flags, payload = t
        key = (proto,) + tuple(sorted((src, dst)))
        f = out.setdefault(key, (proto, src, dst, []))
        if len(f[3]) < PACKETS and len(payload) <= 2000:
            f[3].append((src != f[1], flags, payload))
    return [(f[0], f[2][1], f[3]) for f in out.values()]


def records(said):
    """TLS records of each way, in the order in which they end."""
    rest = [b'', b'']
    for way, _, payload in said:
        rest[way] += payload
        while len(rest[way]) >= 5:
            n = struct.unpack('>H', rest[way][3:5])[0]
            if len(rest[way]) < 5 + n:
                break
            yield way, rest[way][0], rest[way][2], rest[way][5:5 + n]
            rest[way] = rest[way][5 + n:]


def certificates(body):
    """DER octets in clear Certificate messages; and the chains."""
    at = 0
    while at + 4 <= len(body):
        n = int.from_bytes(body[at + 1:at + 4], 'big')
        if body[at] == 11 and n > 6 and at + 4 + n <= len(body):
            c = body[at + 7:at + 4 + n]
            yield c
            while len(c) > 3:
                one = int.from_bytes(c[:3], 'big')
                yield c[3:3 + one]
                c = c[3 + one:]
        at += 4 + n


class Seeds:
    def __init__(self, to):
        self.to, self.count = to, 0

    def put(self, target, b):
        if len(b) < 3:
            return
        d = os.path.join(self.to, target)
        os.makedirs(d, exist_ok=True)
        with open(os.path.join(d, 'seed-%04d' % self.count), 'wb') as f:
            f.write(b[:MOST])
        self.count += 1


def service(proto, port, nth):
    same = [i for i, s in enumerate(SERVICES) if s == (port, proto)]
    same = same or [i for i, s in enumerate(SERVICES) if s[1] == proto]
    return same[nth % len(same)]


def made(way, flags, payload, place):
    return struct.pack('>BBBH', 4, place | (16 if way else 0), flags & 0x17,
                       len(payload)) + payload


def path_seeds(seeds, path):
    b = b''
    for link, frame in frames(path)[:PACKETS]:
        b += struct.pack('>BH', 0, len(frame)) + frame
    seeds.put('path', bytes([0, seeds.count & 7]) + b)
    whole = b''
    for i, (proto, port, said) in enumerate(flows(path)):
        place = service(proto, port, i) | i % 4 << 5
        b = b''.join(made(w, f, p, place) for w, f, p in said
                     if p or f & 7)[:MOST]
        seeds.put('path', bytes([0, seeds.count & 0x5f]) + b)
        if len(whole) + len(b) <= MOST:
            whole += b
    seeds.put('path', bytes([0, seeds.count & 0x5f]) + whole)


def tls_seeds(seeds, said):
    talk = list(records(said))
    if not talk or talk[0][1] != 22:
        return
    seeds.put('tls_record', b'\0' + b''.join(
        struct.pack('>BBBH', way | 4, kind, low, len(body)) + body
        for way, kind, low, body in talk))
    seeds.put('tls', b'\0' + b''.join(
        struct.pack('>BH', way | 8, len(p)) + p for way, _, p in said if p))
    clear = [(way, body) for way, kind, _, body in talk if kind == 22]
    seeds.put('tls_handshake', b'\0' + b''.join(
        struct.pack('>BH', way, len(body)) + body for way, body in clear))
    for way, body in clear:
        for c in certificates(body):
            seeds.put('cert', c)


def datagram_seeds(seeds, said):
    b = b''.join(struct.pack('>BH', way, len(p)) + p
                 for way, _, p in said if p)
    first = next((p for _, _, p in said if p), b'\0\0')
    for target in ('turn', 'ms_turn', 'dtls'):
        seeds.put(target, b)
    seeds.put('rtp' if first[0] >> 6 == 2 else 'stun', b)
    if first[0] >> 6 == 2 and 192 <= first[1] < 224:
        seeds.put('rtcp', b)
        seeds.put('rtcp', first)
    if first[0] >> 6 == 0:
        seeds.put('stun', first)


def stream_seeds(seeds, port, said):
    whole = [b''.join(p for w, _, p in said if w == way) for way in (0, 1)]
    for b in whole:
        if b[:1] == b'\3':
            seeds.put('rdp', b)
        elif b[:4] in (b'HTTP', b'GET ', b'POST'):
            seeds.put('http', b)
        elif port in (5060, 5061, 5067, 5068):
            seeds.put('sip', b)
    b = b''.join(struct.pack('>BH', way, len(p)) + p
                 for way, _, p in said if p)
    if port in (443, 3478) or port >= 49152:
        for target in ('ms_turn', 'turn', 'framed'):
            seeds.put(target, bytes([b[0] | 4]) + b[1:] if b else b)
    for body in whole:
        at = body.find(b'v=0\r\n')
        if at >= 0:
            seeds.put('sdp', body[at:])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    captures = sys.argv[2:] or sorted(
        glob.glob(os.path.join(top, 'samples/captures/*.pcap*')))
    seeds = Seeds(sys.argv[1])
    for path in captures:
        path_seeds(seeds, path)
        for proto, port, said in flows(path):
            if proto == 17:
                datagram_seeds(seeds, said)
            else:
                tls_seeds(seeds, said)
                stream_seeds(seeds, port, said)


main()
