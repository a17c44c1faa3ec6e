#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tls_peer.py server|client IP PORT [name=value ...] - one TLS peer.

All peers here take the same words: cert key ca (files), ask (none, ask,
require), min max (1.0 to 1.3), suites, alpn, count (connections), keylog.
"""
import socket
import ssl
import sys

REQUEST = (b"OPTIONS sip:b.example SIP/2.0\r\n"
           b"Via: SIP/2.0/TLS a.example:5061;branch=z9hG4bK1\r\n"
           b"From: <sip:a.example>;tag=1\r\nTo: <sip:b.example>\r\n"
           b"Call-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\n"
           b"Content-Length: 0\r\n\r\n")
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
ASK = {"none": ssl.CERT_NONE, "ask": ssl.CERT_OPTIONAL,
       "require": ssl.CERT_REQUIRED}


def context(server, how):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server
                         else ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ASK[how.get("ask", "none")] if server else ssl.CERT_NONE
    if "cert" in how:
        ctx.load_cert_chain(how["cert"], how["key"])
    if "ca" in how:
        ctx.load_verify_locations(how["ca"])
    if how.get("min", "1.2") < "1.2":
        ctx.set_ciphers("DEFAULT:@SECLEVEL=0")
    ctx.minimum_version = VERSIONS[how.get("min", "1.2")]
    ctx.maximum_version = VERSIONS[how.get("max", "1.3")]
    if "alpn" in how:
        ctx.set_alpn_protocols([how["alpn"]])
    if "later" in how:
        ctx.post_handshake_auth = True
    if "keylog" in how:
        ctx.keylog_filename = how["keylog"]
    return ctx


def serve(ip, port, how):
    ctx = context(True, how)
    with socket.create_server((ip, port)) as listener:
        for _ in range(int(how.get("count", 1))):
            raw, _ = listener.accept()
            raw.settimeout(5)
            try:
                with ctx.wrap_socket(raw, server_side=True) as s:
                    s.recv(4096)
                    if "later" in how:
                        s.verify_client_post_handshake()
                    s.sendall(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
                    while s.recv(4096):
                        s.sendall(b"SIP/2.0 200 OK\r\n"
                                  b"Content-Length: 0\r\n\r\n")
            except (OSError, ssl.SSLError) as error:
                print(error)


def call(ip, port, how):
    ctx = context(False, how)
    session = None
    for _ in range(int(how.get("count", 1))):
        with socket.create_connection((ip, port), timeout=5) as raw:
            try:
                with ctx.wrap_socket(raw, server_hostname="b.example",
                                     session=session) as s:
                    for _ in range(2):
                        s.sendall(REQUEST)
                        s.recv(4096)
                    session = s.session
                    s.unwrap()
            except (OSError, ssl.SSLError) as error:
                print(error)


def main():
    how = dict(word.split("=", 1) for word in sys.argv[4:])
    ip, port = sys.argv[2], int(sys.argv[3])
    (serve if sys.argv[1] == "server" else call)(ip, port, how)


main()
