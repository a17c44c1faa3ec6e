#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two SIP servers in TLS 1.2, where the TLS matters more than the SIP.

usage: tlspeer.py serve ADDRESS PORT CERT KEY CA [--ask] [--ciphers LIST]
       tlspeer.py call ADDRESS PORT NAME [--cert CERT --key KEY]
                  [--ciphers LIST] [--times N] [--keylog FILE]

serve answers every request with 200 OK; --ask demands a client certificate.
call sends one OPTIONS; --times repeats it on a new connection that resumes
the session. Both take --tls13 to allow TLS 1.3. call fails when a handshake
does. The TLS is OpenSSL's, by way of Python.
"""
import argparse
import socket
import ssl
import sys
import time


def context(side, args):
    c = ssl.SSLContext(side)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if not args.tls13:
        c.maximum_version = ssl.TLSVersion.TLSv1_2
    if args.ciphers:
        c.set_ciphers(args.ciphers)
    return c


def request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4096)
        if not more:
            return None
        data += more
    return data.decode()


def answer(sock):
    while (text := request(sock)) is not None:
        lines = text.split("\r\n")[1:]
        keep = [x for x in lines
                if x.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        sock.sendall(("\r\n".join(["SIP/2.0 200 OK"] + keep) +
                      "\r\nContent-Length: 0\r\n\r\n").encode())


def serve(args):
    c = context(ssl.PROTOCOL_TLS_SERVER, args)
    c.load_cert_chain(args.cert, args.key)
    if args.ask:
        c.load_verify_locations(args.ca)
        c.verify_mode = ssl.CERT_REQUIRED
    server = socket.create_server((args.address, args.port))
    server.settimeout(60)
    while True:
        sock, _ = server.accept()
        sock.settimeout(5)
        try:
            sock = c.wrap_socket(sock, server_side=True)
            answer(sock)
        except (ssl.SSLError, OSError) as e:
            print(e, file=sys.stderr)
        sock.close()


def call(args):
    c = context(ssl.PROTOCOL_TLS_CLIENT, args)
    if args.cert:
        c.load_cert_chain(args.cert, args.key)
    if args.keylog:
        c.keylog_filename = args.keylog
    session = None
    failed = 0
    for n in range(args.times):
        plain = None
        try:
            plain = socket.create_connection((args.address, args.port), 5)
            sock = c.wrap_socket(plain, server_hostname=args.name, session=session)
            session = sock.session
            sock.sendall(
                ("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/TLS %s;branch=z9hG4bK%d\r\n"
                 "From: <sip:fe1.contoso.example>;tag=1\r\nTo: <sip:%s>\r\n"
                 "Call-ID: %d@fe1.contoso.example\r\nCSeq: 1 OPTIONS\r\n"
                 "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n" % (
                     args.name, sock.getsockname()[0], n, args.name, n)).encode())
            request(sock)
            time.sleep(0.1)
            sock.unwrap()
            sock.close()
        except (ssl.SSLError, OSError) as e:
            print(e, file=sys.stderr)
            if plain:
                plain.close()
            failed = 1
        time.sleep(0.2)
    return failed


def main():
    p = argparse.ArgumentParser()
    sub = p.add_subparsers(dest="what", required=True)
    s = sub.add_parser("serve")
    s.add_argument("address")
    s.add_argument("port", type=int)
    s.add_argument("cert")
    s.add_argument("key")
    s.add_argument("ca")
    s.add_argument("--ask", action="store_true")
    s.add_argument("--ciphers")
    s.add_argument("--tls13", action="store_true")
    s = sub.add_parser("call")
    s.add_argument("address")
    s.add_argument("port", type=int)
    s.add_argument("name")
    s.add_argument("--cert")
    s.add_argument("--key")
    s.add_argument("--ciphers")
    s.add_argument("--tls13", action="store_true")
    s.add_argument("--keylog")
    s.add_argument("--times", type=int, default=1)
    args = p.parse_args()
    sys.exit({"serve": serve, "call": call}[args.what](args))


if __name__ == "__main__":
    main()
