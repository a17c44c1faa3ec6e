#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for programs that do not run here, over real sockets.

usage: standin.py sql-server ADDRESS PORT
       standin.py sql-client ADDRESS PORT
       standin.py psom-server ADDRESS PORT
       standin.py psom-client ADDRESS PORT [CA NAME]
       standin.py psom-tls-server ADDRESS PORT CERT KEY
       standin.py dns-server ADDRESS IP
       standin.py dns-client ADDRESS NAME
       standin.py noise-server ADDRESS PORT
       standin.py noise-client ADDRESS PORT

sql: TDS PRELOGIN without encryption and one batch. psom: an opaque binary
exchange (the layout of MS-PSOM is not public enough to be claimed). noise:
random datagrams.
"""
import os
import socket
import ssl
import struct
import sys
import time


def read(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def accept(address, port):
    server = socket.create_server((address, port))
    server.settimeout(60)
    sock, _ = server.accept()
    sock.settimeout(10)
    return sock


def tds(kind, body):
    return struct.pack("!BBHHBB", kind, 1, 8 + len(body), 0, 1, 0) + body


def tds_read(sock):
    head = read(sock, 8)
    return head[0], read(sock, struct.unpack("!H", head[2:4])[0] - 8)


def prelogin(version):
    # VERSION, ENCRYPTION (2: not supported), end; MS-TDS 2.2.6.5
    return (struct.pack("!BHHBHHB", 0, 11, 6, 1, 17, 1, 0xff) +
            version + b"\0\0" + b"\x02")


def sql_server(address, port):
    sock = accept(address, port)
    tds_read(sock)
    sock.sendall(tds(4, prelogin(b"\x0b\x00\x0b\xb8")))
    tds_read(sock)
    sock.sendall(tds(4, b"\xfd\x10\x00\xc1\x00" + struct.pack("<Q", 1)))
    time.sleep(0.2)


def sql_client(address, port):
    sock = socket.create_connection((address, port), 10)
    sock.sendall(tds(18, prelogin(b"\x0b\x00\x0c\x38")))
    tds_read(sock)
    text = "select top 10 UserAtHost from rtc.dbo.Resource".encode("utf-16-le")
    sock.sendall(tds(1, struct.pack("<IIHQI", 22, 18, 2, 0, 1) + text))
    tds_read(sock)


def psom(n):
    body = b"".join(struct.pack("<HI", n, i) + b"slide annotation %d " % i
                    for i in range(4))
    return struct.pack("<BBH", 0x81, n & 0xff, len(body)) + body


def psom_serve(sock):
    try:
        for n in range(6):
            head = read(sock, 4)
            read(sock, struct.unpack("<BBH", head)[2])
            sock.sendall(psom(n + 100))
        time.sleep(0.2)
    except EOFError:
        pass


def psom_talk(sock):
    for n in range(6):
        sock.sendall(psom(n))
        head = read(sock, 4)
        read(sock, struct.unpack("<BBH", head)[2])
        time.sleep(0.05)


def psom_server(address, port):
    psom_serve(accept(address, port))


def psom_tls_server(address, port, cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    psom_serve(context.wrap_socket(accept(address, port), server_side=True))


def psom_client(address, port, ca=None, name=None):
    sock = socket.create_connection((address, port), 10)
    if ca:
        sock = ssl.create_default_context(cafile=ca).wrap_socket(
            sock, server_hostname=name)
    psom_talk(sock)
    sock.close()


def question(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0\0\1\0\1"


def dns_server(address, ip):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    sock.settimeout(60)
    data, source = sock.recvfrom(512)
    sock.sendto(data[:2] + b"\x85\x80\0\1\0\1\0\0\0\0" + data[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" +
                socket.inet_aton(ip), source)


def dns_client(address, name):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.sendto(os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\0" + question(name), (address, 53))
    sock.recvfrom(512)


def noise_server(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    sock.settimeout(30)
    while True:
        _, source = sock.recvfrom(2048)
        sock.sendto(os.urandom(60 + os.urandom(1)[0]), source)


def noise_client(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(5)
    for _ in range(20):
        sock.sendto(os.urandom(60 + os.urandom(1)[0]), (address, port))
        sock.recvfrom(2048)


def main():
    what = {f.__name__.replace("_", "-"): f for f in (
        sql_server, sql_client, psom_server, psom_client, psom_tls_server,
        dns_server, dns_client, noise_server, noise_client)}[sys.argv[1]]
    what(*[int(a) if a.isdigit() else a for a in sys.argv[2:]])


if __name__ == "__main__":
    main()
