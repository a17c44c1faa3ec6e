#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The client certificate, seen from outside: truth against answer.

Runs TLS stacks against each other on loopback, one server address per case,
captures, decrypts with tshark and the key log for the truth, audits the same
packets without and with keys, one direction at a time and with packets taken
out, and prints how often the answer was right, open or wrong. Nothing is kept
unless --keep names a folder. Needs root and, on Debian 12:

    apt install openssl gnutls-bin libnss3-tools nodejs python3 tcpdump tshark \\
        default-jdk-headless golang-go libwolfssl-dev gcc chromium \\
        android-libboringssl-dev cargo librust-rustls-dev

A stack that is not there is passed over. About four minutes in all.
"""
import argparse
import collections
import dataclasses
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 5061
NODE = shutil.which("node") or shutil.which("nodejs")
PYTHON = "/usr/bin/python3"
SIP = (b"OPTIONS sip:b.example SIP/2.0\r\nCall-ID: 1@a.example\r\n"
       b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
CERTS = ("rsa2048", "p256", "p384", "ed25519", "rsa4096", "chain2")
SUITES13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
            "TLS_AES_128_CCM_8_SHA256")
SUITES12 = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305",
            "ECDHE-RSA-AES256-SHA", "AES128-GCM-SHA256",
            "DHE-RSA-AES256-GCM-SHA384")
POLICY = """spanward-policy: 1
name: matrix
extends: lync-2013
hosts:
  front-end: [10.77.0.0/16, 10.0.0.1]
"""


def run(*words, **more):
    more.setdefault("stdout", subprocess.DEVNULL)
    more.setdefault("stderr", subprocess.DEVNULL)
    more.setdefault("timeout", 60)
    more.setdefault("stdin", subprocess.DEVNULL)
    try:
        subprocess.run(words, check=False, **more)
    except subprocess.TimeoutExpired:
        print(f"{words[0]} hangs", file=sys.stderr)


# ---- certificates ----

def make_certificates(d):
    def ssl(*words):
        run("openssl", *words, cwd=d)

    def leaf(name, kind, ca="ca", usage="clientAuth"):
        with open(f"{d}/{name}.ext", "w", encoding="ascii") as f:
            f.write(f"extendedKeyUsage=serverAuth,{usage}\n"
                    "subjectAltName=DNS:b.example\n"
                    "crlDistributionPoints=URI:http://c.example/c.crl\n")
        ssl("req", "-new", *kind, "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", "-subj", f"/CN={name}.example")
        ssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem",
            "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "30",
            "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    for ca in ("ca", "stranger"):
        ssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
            f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}",
            "-days", "30")
    with open(f"{d}/middle.ext", "w", encoding="ascii") as f:
        f.write("basicConstraints=CA:TRUE\n")
    ssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout",
        "middle.key", "-out", "middle.csr", "-subj", "/CN=middle")
    ssl("x509", "-req", "-in", "middle.csr", "-CA", "ca.pem", "-CAkey",
        "ca.key", "-CAcreateserial", "-days", "30", "-extfile",
        "middle.ext", "-out", "middle.pem")
    rsa = ["-newkey", "rsa:2048"]
    kinds = {"server": rsa, "rsa2048": rsa, "rsa4096": ["-newkey", "rsa:4096"],
             "ed25519": ["-newkey", "ed25519"],
             "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
             "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]}
    for name, kind in kinds.items():
        leaf(name, kind)
    leaf("chain2", rsa, "middle")
    leaf("unknown", rsa, "stranger")
    with open(f"{d}/chain2.pem", "a", encoding="ascii") as f:
        with open(f"{d}/middle.pem", encoding="ascii") as g:
            f.write(g.read())
    for name in ("server", *CERTS, "unknown"):
        ssl("pkcs12", "-export", "-in", f"{name}.pem", "-inkey",
            f"{name}.key", "-out", f"{name}.p12", "-name", name,
            "-passout", "pass:secret")


# ---- one case ----

@dataclasses.dataclass
class Case:
    stack: str
    name: str
    ip: str
    open_ok: bool = False  # "undetermined" is right without keys
    intended: str = ""  # neither end writes a key log: what was configured


class Lab:
    def __init__(self, d):
        self.d = d
        self.keys = f"{d}/keys.log"
        self.cases = {}
        self.next = 1
        self.running = []
        self.env = dict(os.environ, SSLKEYLOGFILE=self.keys)
        open(self.keys, "w", encoding="ascii").close()

    def case(self, stack, name, **more):
        ip = f"127.77.{self.next // 250}.{self.next % 250 + 1}"
        self.next += 1
        self.cases[ip] = Case(stack, name, ip, **more)
        return ip

    def pair(self, name):
        return f"{self.d}/{name}.pem", f"{self.d}/{name}.key"

    def start(self, *words):
        p = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=self.env, cwd=self.d)
        self.running = [q for q in self.running if q.poll() is None] + [p]
        return p

    def stop_all(self):
        for p in self.running:
            if p.poll() is None:
                p.kill()
                p.wait()


def stop(p):
    if p.poll() is None:
        p.send_signal(signal.SIGTERM)
    try:
        p.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()


def port_is_free():
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as f:
            if any(line.split()[1].endswith(f":{PORT:04X}") and
                   line.split()[3] == "0A" for line in f):
                return False
    return True


def listens(ip, server, udp=False, patience=6.0):
    """Waits until `server` listens; looks, does not connect."""
    number = "".join(f"{int(x):02X}" for x in reversed(ip.split(".")))
    want = (f"{number}:{PORT:04X}", f"00000000:{PORT:04X}",
            f"{'0' * 32}:{PORT:04X}",
            f"{'0' * 16}FFFF0000{number}:{PORT:04X}")
    tables = ("/proc/net/udp", "/proc/net/udp6") if udp else (
        "/proc/net/tcp", "/proc/net/tcp6")
    end = time.time() + patience
    while time.time() < end and server.poll() is None:
        for table in tables:
            with open(table, encoding="ascii") as f:
                for line in f:
                    w = line.split()
                    if w[1] in want and (udp or w[3] == "0A"):
                        return True
        time.sleep(0.01)
    return False


def hear(p, want, patience=3.0):
    """Reads until `want` is there or the peer is gone."""
    got = b""
    os.set_blocking(p.stdout.fileno(), False)
    end = time.time() + patience
    while want not in got and time.time() < end:
        piece = p.stdout.read()
        if piece:
            got += piece
        elif piece == b"" or p.poll() is not None:
            break
        else:
            time.sleep(0.005)
    return want in got


def say(p, data):
    try:
        p.stdin.write(data)
        p.stdin.flush()
    except (BrokenPipeError, ValueError):
        pass


def finish(p):
    """End of input: a client says good-bye."""
    try:
        p.stdin.close()
    except BrokenPipeError:
        pass
    p.stdin = None
    time.sleep(0.03)
    stop(p)


# ---- openssl at either end ----

def openssl_server(lab, ip, auth="none", cert="server", more=(), rev=True):
    pem, key = lab.pair(cert)
    ask = {"none": (), "ask": ("-verify", "4"), "require": ("-Verify", "4"),
           "strict": ("-Verify", "4", "-verify_return_error")}[auth]
    return lab.start("openssl", "s_server", "-accept", f"{ip}:{PORT}", "-cert",
                     pem, "-key", key, "-CAfile", f"{lab.d}/ca.pem",
                     "-keylogfile", lab.keys, *ask,
                     *(("-rev",) if rev else ()), *more)


def openssl_client(lab, ip, cert=None, more=(), say_more=None,
                   want=b"SNOITPO", rounds=2):
    with_cert = ()
    if cert:
        pem, key = lab.pair(cert)
        with_cert = ("-cert", pem, "-key", key, "-cert_chain", pem)
    p = lab.start("openssl", "s_client", "-connect", f"{ip}:{PORT}",
                  "-keylogfile", lab.keys, *with_cert, *more)
    for _ in range(rounds):
        say(p, SIP)
        if not hear(p, want):
            break
    if say_more:
        say_more(p)
    finish(p)


def auths():
    yield "none", "none", None
    yield "unasked", "none", "rsa2048"
    yield "declined", "ask", None
    for cert in CERTS:
        yield cert, "ask", cert


def openssl_once(lab, name, auth, cert, server=(), client=(), **case):
    ip = lab.case("openssl", name, **case)
    s = openssl_server(lab, ip, auth, more=server)
    if listens(ip, s):
        openssl_client(lab, ip, cert, more=client)
    stop(s)


def openssl_plain(lab):
    low = ("-cipher", "DEFAULT:@SECLEVEL=0")
    for what, auth, cert in auths():
        for suite in SUITES13:
            openssl_once(lab, f"1.3 {suite} {what}", auth, cert,
                         ("-tls1_3", "-ciphersuites", suite),
                         ("-ciphersuites", suite))
        for suite in SUITES12:
            openssl_once(lab, f"1.2 {suite} {what}", auth, cert,
                         ("-tls1_2", "-cipher", suite),
                         ("-cipher", suite))
        for v in ("-tls1_1", "-tls1"):
            if cert != "ed25519":
                openssl_once(lab, f"{v} {what}", auth, cert,
                             (v, *low), (v, *low))


def openssl_extras(lab):
    three = (("none", "none", None), ("declined", "ask", None),
             ("rsa2048", "ask", "rsa2048"), ("p256", "ask", "p256"))
    for what, auth, cert in three:
        openssl_once(lab, f"retry {what}", auth, cert,
                     ("-groups", "P-384"), ("-groups", "X25519:P-384"))
        openssl_once(lab, f"alpn {what}", auth, cert, ("-alpn", "sip"),
                     ("-alpn", "sip,h3"))
        openssl_once(lab, f"fragment {what}", auth, cert, (),
                     ("-maxfraglen", "512"))
        openssl_once(lab, f"small sends {what}", auth, cert, (),
                     ("-split_send_frag", "512", "-max_send_frag", "512"))
        openssl_once(lab, f"no middlebox {what}", auth, cert,
                     ("-no_middlebox",), ("-no_middlebox",))
        openssl_once(lab, f"no tickets {what}", auth, cert,
                     ("-num_tickets", "0"))
        for n in ("64", "256", "512", "1024"):
            openssl_once(lab, f"client pads {n} {what}", auth, cert, (),
                         ("-record_padding", n), open_ok=True)
            openssl_once(lab, f"server pads {n} {what}", auth, cert,
                         ("-record_padding", n))
        for v in ("-tls1_2", "-tls1_3"):
            openssl_once(lab, f"p256 server {v} {what}", auth, cert,
                         (v, "-cert", f"{lab.d}/p256.pem", "-key",
                          f"{lab.d}/p256.key"))
    for v in ("-tls1_2", "-tls1_3"):
        openssl_once(lab, f"fails {v} stranger", "strict", "unknown", (v,))
        openssl_once(lab, f"fails {v} required", "strict", None, (v,))
        openssl_once(lab, f"fails {v} server", "ask", "rsa2048", (v,),
                     ("-verify_return_error", "-CAfile",
                      f"{lab.d}/stranger.pem"))
    openssl_once(lab, "fails no suite", "ask", "rsa2048",
                 ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"),
                 ("-tls1_2", "-cipher", "AES256-SHA"))
    openssl_once(lab, "fails version", "ask", "rsa2048", ("-tls1_3",),
                 ("-tls1_2",))


def openssl_resumed(lab):
    """Two or three connections: a full handshake, then resumed ones."""
    kinds = (("1.3", ("-tls1_3",)), ("1.3 stateful",
             ("-tls1_3", "-no_ticket")), ("1.2 ticket", ("-tls1_2",)),
             ("1.2 id", ("-tls1_2", "-no_ticket")))
    for kind, words in kinds:
        for what, auth, cert in (("none", "none", None),
                                 ("declined", "ask", None),
                                 ("rsa2048", "ask", "rsa2048")):
            ip = lab.case("openssl", f"resumed {kind} {what}")
            s = openssl_server(lab, ip, auth, more=words)
            if listens(ip, s):
                session = f"{lab.d}/{ip}.session"
                out = ("-sess_out", session)
                openssl_client(lab, ip, cert, out)
                for _ in range(2):
                    openssl_client(lab, ip, cert,
                                   ("-sess_in", session, *out))
            stop(s)
    for accepted in (True, False):
        for what, auth, cert in (("none", "none", None),
                                 ("rsa2048", "ask", "rsa2048")):
            early_data(lab, accepted, what, auth, cert)


def early_data(lab, accepted, what, auth, cert):
    """Refused by a server that was started anew and knows no ticket."""
    word = "accepted" if accepted else "refused"
    ip = lab.case("openssl", f"early data {word} {what}")
    session, data = f"{lab.d}/{ip}.session", f"{lab.d}/early"
    more = ("-tls1_3", "-early_data", "-no_anti_replay")
    with open(data, "wb") as f:
        f.write(SIP * 3)
    s = openssl_server(lab, ip, auth, more=more, rev=False)
    for how in (("-sess_out", session),
                ("-sess_in", session, "-early_data", data)):
        if listens(ip, s):
            say(s, b"SIP/2.0 200 OK\r\n\r\n")
            openssl_client(lab, ip, cert, how, want=b"200 OK", rounds=1)
        if not accepted:
            stop(s)
            s = openssl_server(lab, ip, auth, more=more, rev=False)
    stop(s)


def openssl_later(lab):
    """A certificate asked for later."""
    for suite in SUITES12:
        for what, word, cert in (("none", b"r\n", None),
                                 ("declined", b"R\n", None),
                                 ("rsa2048", b"R\n", "rsa2048")):
            ip = lab.case("openssl", f"renegotiated {suite} {what}")
            s = openssl_server(
                lab, ip, "none", rev=False,
                more=("-tls1_2", "-cipher", suite,
                      "-no_resumption_on_reneg"))
            if listens(ip, s):
                asked_later(lab, ip, s, word, cert, ())
            stop(s)
    for what, cert in (("declined", None), ("rsa2048", "rsa2048"),
                       ("p256", "p256")):
        ip = lab.case("openssl", f"post-handshake {what}")
        s = openssl_server(lab, ip, "none", more=("-tls1_3",), rev=False)
        if listens(ip, s):
            asked_later(lab, ip, s, b"c\n", cert,
                        ("-enable_pha",))
        stop(s)


def asked_later(lab, ip, s, word, cert, more):
    def later(p):
        say(s, word)
        time.sleep(0.15)
        say(p, SIP)
        time.sleep(0.05)
        say(s, b"more\n")
        hear(p, b"more", 1.0)

    say(s, b"SIP/2.0 200 OK\r\n\r\n")
    openssl_client(lab, ip, cert, more, later, b"200 OK", 1)


def openssl_dtls(lab):
    # tshark does not open ChaCha20 of DTLS: no truth to compare with.
    for suite in SUITES12[:1] + SUITES12[3:]:
        for what, auth, cert in auths():
            ip = lab.case("dtls", f"{suite} {what}")
            s = openssl_server(lab, ip, auth, more=(
                "-dtls1_2", "-cipher", suite), rev=False)
            if listens(ip, s, udp=True):
                say(s, b"SIP/2.0 200 OK\r\n\r\n")
                openssl_client(lab, ip, cert, ("-dtls1_2", "-cipher", suite),
                               want=b"200 OK", rounds=1)
            stop(s)


# ---- the other stacks, both ends against openssl and themselves ----

def peer_words(lab, stack, kind, ip, how):
    if stack == "java" and "cert" in how:
        how = dict(how, p12=how["cert"].replace(".pem", ".p12"))
    words = [f"{k}={v}" for k, v in how.items()]
    front = {"python": (PYTHON, f"{HERE}/tls_peer.py"),
             "node": (NODE, f"{HERE}/tls_peer.js"),
             "go": (f"{lab.d}/tls_peer_go",),
             "java": ("java", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                      "-cp", lab.d, "TlsPeer"),
             "wolfssl": (f"{lab.d}/tls_peer_wolf",),
             "boringssl": (f"{lab.d}/tls_peer_boring",),
             "rustls": (f"{lab.d}/tls_peer_rust",)}[stack]
    return (*front, kind, ip, str(PORT), *words)


def peer_how(lab, version, auth, cert, count):
    how = {"min": version, "max": version, "count": str(count)}
    if auth is not None:
        how["ask"] = auth
        how["ca"] = f"{lab.d}/ca.pem"
    if cert:
        how["cert"], how["key"] = lab.pair(cert)
    how["keylog"] = lab.keys
    how["trust"] = f"{lab.d}/ca.pem"
    return how


RUST = """[package]
name = "tls_peer_rust"
version = "0.0.0"
edition = "2021"
[dependencies]
rustls = "0.20"
[[bin]]
name = "tls_peer_rust"
path = "tls_peer.rs"
"""
CARGO = """[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "/usr/share/cargo/registry"
"""


def build_rust(lab):
    """From Debian's crates; nothing is fetched."""
    d = f"{lab.d}/rust"
    os.makedirs(f"{d}/.cargo", exist_ok=True)
    for name, text in (("Cargo.toml", RUST), (".cargo/config.toml", CARGO)):
        with open(f"{d}/{name}", "w", encoding="ascii") as f:
            f.write(text)
    shutil.copy(f"{HERE}/tls_peer.rs", d)
    run("cargo", "build", "--release", "--offline", cwd=d, timeout=600)
    if os.path.exists(f"{d}/target/release/tls_peer_rust"):
        shutil.copy(f"{d}/target/release/tls_peer_rust", lab.d)


def build_peers(lab):
    have = {"python": os.path.exists(PYTHON), "node": bool(NODE)}
    if shutil.which("go"):
        env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off",
                   GOCACHE=f"{lab.d}/gocache", GOPROXY="off")
        run("go", "build", "-o", f"{lab.d}/tls_peer_go",
            f"{HERE}/tls_peer.go", env=env, timeout=180)
    run("gcc", "-O1", "-o", f"{lab.d}/tls_peer_wolf",
        f"{HERE}/tls_peer_wolf.c", "-lwolfssl")
    android = "/usr/lib/x86_64-linux-gnu/android"
    run("gcc", "-O1", "-o", f"{lab.d}/tls_peer_boring",
        f"{HERE}/tls_peer_boring.c", "-isystem", "/usr/include/android",
        f"-L{android}", f"-Wl,-rpath,{android}", "-lssl", "-lcrypto")
    if shutil.which("javac"):
        run("javac", "-d", lab.d, f"{HERE}/TlsPeer.java", timeout=60)
    have["go"] = os.path.exists(f"{lab.d}/tls_peer_go")
    have["wolfssl"] = os.path.exists(f"{lab.d}/tls_peer_wolf")
    if os.path.isdir("/usr/share/cargo/registry/rustls-0.20.8"):
        build_rust(lab)
    have["rustls"] = os.path.exists(f"{lab.d}/tls_peer_rust")
    have["boringssl"] = os.path.exists(f"{lab.d}/tls_peer_boring")
    have["java"] = os.path.exists(f"{lab.d}/TlsPeer.class")
    return have


def small_auths(stack):
    yield "none", "none", None
    yield "declined", "ask", None
    yield "rsa2048", "ask", "rsa2048"
    yield "p256", "ask", "p256"
    if stack != "wolfssl":
        yield "ed25519", "ask", "ed25519"
        yield "chain2", "ask", "chain2"
    yield "fails", "require", None


def peers(lab, stack):
    """The stack as client and as server of openssl, and with itself."""
    for version in ("1.3", "1.2"):
        flag = "-tls1_3" if version == "1.3" else "-tls1_2"
        for what, auth, cert in small_auths(stack):
            count = 1 if what == "fails" else 2
            ip = lab.case(stack, f"client {version} {what}")
            s = openssl_server(lab, ip, "strict" if what == "fails" else auth,
                               more=(flag,))
            if listens(ip, s):
                how = peer_how(lab, version, None, cert, count)
                run(*peer_words(lab, stack, "client", ip, how))
            stop(s)
            ip = lab.case(stack, f"server {version} {what}")
            how = peer_how(lab, version, auth, "server", count)
            s = lab.start(*peer_words(lab, stack, "server", ip, how))
            if listens(ip, s):
                session = f"{lab.d}/{ip}.session"
                again = ("-sess_out", session)
                for _ in range(count):
                    openssl_client(lab, ip, cert, again, want=b"200 OK")
                    again = ("-sess_in", session)
            stop(s)
            if stack in ("java", "wolfssl"):  # neither writes a key log
                continue
            ip = lab.case(stack, f"both {version} {what}")
            s = lab.start(*peer_words(lab, stack, "server", ip, how))
            if listens(ip, s):
                how = peer_how(lab, version, None, cert, count)
                run(*peer_words(lab, stack, "client", ip, how))
            stop(s)


def boring_extras(lab):
    """Messages of the client's that others do not have: application settings
    and Channel ID. What they leave open is open."""
    for extra in ("alps", "id"):
        for what, auth, cert in small_auths("boringssl"):
            if auth == "require" or cert == "ed25519":  # not by default
                continue
            # tshark does not read on behind a Channel ID.
            ip = lab.case("boringssl", f"{extra} {what}", open_ok=True,
                          intended=INTENDED.get(what, "mutual")
                          if extra == "id" else "")
            how = peer_how(lab, "1.3", auth, "server", 1)
            s = lab.start(*peer_words(lab, "boringssl", "server", ip,
                                      {**how, extra: "1"}))
            if listens(ip, s):
                how = peer_how(lab, "1.3", None, cert, 1)
                run(*peer_words(lab, "boringssl", "client", ip,
                                {**how, extra: "1"}))
            stop(s)


def gnutls(lab):
    for version in ("1.3", "1.2", "1.1"):
        for suite in ("+AES-128-GCM", "+AES-256-GCM", "+CHACHA20-POLY1305",
                      "+AES-128-CCM", "+AES-128-CBC"):
            if (version == "1.3") == (suite == "+AES-128-CBC") or (
                    version == "1.1" and suite != "+AES-128-CBC"):
                continue
            prio = (f"NORMAL:-VERS-ALL:+VERS-TLS{version}:-CIPHER-ALL:{suite}"
                    ":+SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1")
            for what, auth, cert in (("none", "none", None),
                                     ("declined", "ask", None),
                                     ("rsa2048", "ask", "rsa2048"),
                                     ("p384", "ask", "p384"),
                                     ("fails", "require", None)):
                gnutls_once(lab, f"{version} {suite} {what}", prio, auth,
                            cert)


def gnutls_once(lab, name, prio, auth, cert):
    pem, key = lab.pair("server")
    ask = {"none": ("--disable-client-cert",), "ask": (),
           "require": ("--require-client-cert", "--verify-client-cert")}[auth]
    ip = lab.case("gnutls", name)
    s = lab.start("gnutls-serv", "--echo", "-q", "-p", str(PORT),
                  "--x509certfile", pem, "--x509keyfile", key,
                  "--x509cafile", f"{lab.d}/ca.pem", "--priority", prio, *ask)
    if listens(ip, s):
        gnutls_client(lab, ip, prio, cert, b"OPTIONS", "-r")
    stop(s)


def gnutls_dtls(lab):
    """GnuTLS calls; as a server it answers from another address of lo."""
    if not shutil.which("gnutls-cli"):
        return
    for suite in ("+AES-128-GCM", "+AES-256-CBC"):
        prio = f"NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:{suite}"
        for what, auth, cert in (("none", "none", None),
                                 ("declined", "ask", None),
                                 ("rsa2048", "ask", "rsa2048"),
                                 ("p384", "ask", "p384"),
                                 ("fails", "strict", None)):
            ip = lab.case("dtls", f"gnutls {suite} {what}")
            s = openssl_server(lab, ip, auth, more=("-dtls1_2",), rev=False)
            if listens(ip, s, udp=True):
                say(s, b"SIP/2.0 200 OK\r\n\r\n")
                gnutls_client(lab, ip, prio, cert, b"200 OK", "-u")
            stop(s)


def gnutls_client(lab, ip, prio, cert, want, *more):
    mine = ()
    if cert:
        pem, key = lab.pair(cert)
        mine = ("--x509certfile", pem, "--x509keyfile", key)
    p = lab.start("gnutls-cli", "--no-ca-verification", "-p", str(PORT),
                  "--priority", prio, *mine, *more, ip)
    time.sleep(0.15)
    say(p, SIP)
    hear(p, want, 3.0)
    finish(p)


INTENDED = {"none": "none", "declined": "empty", "fails": "failed"}


def nss_database(lab, db):
    os.makedirs(f"{lab.d}/nss", exist_ok=True)
    run("certutil", "-N", "--empty-password", "-d", db)
    run("certutil", "-A", "-d", db, "-n", "ca", "-t", "CT,CT,", "-i",
        f"{lab.d}/ca.pem")
    for name in ("server", "rsa2048", "p256", "chain2"):
        run("pk12util", "-i", f"{lab.d}/{name}.p12", "-d", db, "-W", "secret")


def nss(lab):
    db = f"sql:{lab.d}/nss"
    nss_database(lab, db)
    for version in ("1.3", "1.2", "1.1", "1.0"):
        for what, auth, cert in (("none", "none", None),
                                 ("declined", "ask", None),
                                 ("rsa2048", "ask", "rsa2048"),
                                 ("p256", "ask", "p256"),
                                 ("fails", "require", None)):
            nss_once(lab, db, version, what, auth, cert)


def nss_once(lab, db, version, what, auth, cert):
    get = b"GET / HTTP/1.0\r\n\r\n"
    ask = {"none": (), "ask": ("-r",), "require": ("-r", "-r")}[auth]
    v = f"tls{version}:tls{version}"
    flag = {"1.3": "-tls1_3", "1.2": "-tls1_2", "1.1": "-tls1_1",
            "1.0": "-tls1"}[version]
    low = ("-cipher", "DEFAULT:@SECLEVEL=0") if version < "1.2" else ()
    ip = lab.case("nss", f"client {version} {what}")
    s = openssl_server(lab, ip, "strict" if what == "fails" else auth,
                       more=(flag, *low))
    if listens(ip, s):
        nss_client(lab, db, ip, v, cert, SIP, b"SNOITPO")
    stop(s)
    for both in (False, True):
        # Debian's NSS writes no key log.
        ip = lab.case("nss", f"{'both' if both else 'server'} {version} "
                      f"{what}", intended=INTENDED.get(what, "mutual")
                      if both else "")
        s = lab.start("selfserv", "-d", db, "-n", "server", "-p", str(PORT),
                      "-V", v, *ask)
        if listens(ip, s):
            if both:
                nss_client(lab, db, ip, v, cert, get, b"HTTP")
            else:
                openssl_client(lab, ip, cert, (flag, *low),
                               lambda p: (say(p, get), hear(p, b"</")),
                               rounds=0)
        stop(s)


def ssl3(lab):
    """SSL 3.0, which OpenSSL of Debian no longer speaks: NSS and Java, and
    each with the other. No key log: what was configured is the truth."""
    db = f"sql:{lab.d}/nss"
    java = shutil.which("java") and os.path.exists(f"{lab.d}/TlsPeer.class")
    if not shutil.which("selfserv"):
        return
    if not os.path.exists(f"{lab.d}/nss"):
        nss_database(lab, db)
    for server in ("nss", "java"):
        for client in ("nss", "java"):
            if java or (server, client) == ("nss", "nss"):
                for case in (("none", "none", None), ("declined", "ask", None),
                             ("rsa2048", "ask", "rsa2048"),
                             ("fails", "require", None)):
                    ssl3_once(lab, db, server, client, case)


def ssl3_once(lab, db, server, client, case):
    what, auth, cert = case
    ip = lab.case("ssl3", f"{client} to {server} {what}",
                  intended=INTENDED.get(what, "mutual"))
    how = dict(peer_how(lab, "SSLv3", auth, "server", 1), strict="1")
    if what != "fails":
        del how["strict"]
    ask = {"none": (), "ask": ("-r",), "require": ("-r", "-r")}[auth]
    words = ("selfserv", "-d", db, "-n", "server", "-p", str(PORT), "-V",
             "ssl3:ssl3", *ask)
    if server == "java":
        words = peer_words(lab, "java", "server", ip, how)
    s = lab.start(*words)
    if listens(ip, s):
        if client == "nss":
            nss_client(lab, db, ip, "ssl3:ssl3", cert,
                       b"GET / HTTP/1.0\r\n\r\n", b"HTTP")
        else:
            how = peer_how(lab, "SSLv3", None, cert, 1)
            run(*peer_words(lab, "java", "client", ip, how))
    stop(s)


CHROMIUM_POLICY = "/etc/chromium/policies/managed/spanward-lab.json"


def chromium(lab):
    """Headless, once per case; with a client certificate by policy."""
    if not shutil.which("chromium"):
        return
    home = f"{lab.d}/home"
    for where in (".pki/nssdb", ".local/share/pki/nssdb"):
        os.makedirs(f"{home}/{where}", exist_ok=True)
        run("certutil", "-N", "--empty-password", "-d",
            f"sql:{home}/{where}")
        for name in ("rsa2048", "p256"):
            run("pk12util", "-i", f"{lab.d}/{name}.p12", "-d",
                f"sql:{home}/{where}", "-W", "secret")
    try:
        chromium_cases(lab, home)
        if os.path.exists(f"{lab.d}/tls_peer_boring"):
            chromium_alps(lab, home)
    finally:
        if os.path.exists(CHROMIUM_POLICY):
            os.unlink(CHROMIUM_POLICY)


def chromium_cases(lab, home):
    for version in ("1.3", "1.2"):
        for what, auth, cert in (("none", "none", None),
                                 ("declined", "ask", None),
                                 ("required", "strict", None),
                                 ("rsa2048", "ask", "rsa2048"),
                                 ("p256", "ask", "p256"),
                                 ("retry rsa2048", "ask", "rsa2048")):
            chromium_policy(cert)
            ip = lab.case("chromium", f"{version} {what}")
            flag = "-tls1_3" if version == "1.3" else "-tls1_2"
            more = ("-groups", "P-384") if what.startswith("retry") else ()
            s = openssl_server(lab, ip, auth, more=(
                flag, "-www", "-alpn", "http/1.1", *more), rev=False)
            if listens(ip, s):
                chromium_visit(lab, home, ip)
            stop(s)


def chromium_alps(lab, home):
    """BoringSSL's server takes up the application settings."""
    for what, auth, cert in (("none", "none", None),
                             ("rsa2048", "ask", "rsa2048"),
                             ("p256", "ask", "p256")):
        chromium_policy(cert)
        ip = lab.case("chromium", f"alps {what}", open_ok=True)
        how = dict(peer_how(lab, "1.3", auth, "server", 4), alps="1")
        s = lab.start(*peer_words(lab, "boringssl", "server", ip, how))
        if listens(ip, s):
            chromium_visit(lab, home, ip,
                           "--disable-features=UseNewAlpsCodepointHttp2")
        stop(s)


def chromium_visit(lab, home, ip, *more):
    run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
        "--ignore-certificate-errors", "--disable-background-networking",
        f"--explicitly-allowed-ports={PORT}",
        f"--user-data-dir={lab.d}/chromium-{ip}", "--timeout=4000", *more,
        "--dump-dom", f"https://{ip}:{PORT}/",
        env=dict(lab.env, HOME=home), timeout=25)


def chromium_policy(cert):
    """Whom to show the certificate to, without asking."""
    if cert is None:
        if os.path.exists(CHROMIUM_POLICY):
            os.unlink(CHROMIUM_POLICY)
        return
    os.makedirs(os.path.dirname(CHROMIUM_POLICY), exist_ok=True)
    rule = {"pattern": "*", "filter": {"SUBJECT": {"CN": f"{cert}.example"}}}
    with open(CHROMIUM_POLICY, "w", encoding="ascii") as f:
        json.dump({"AutoSelectCertificateForUrls": [json.dumps(rule)]}, f)


def openssl_psk(lab):
    """Keys agreed beforehand: nobody shows a certificate."""
    psk = ("-psk", "0123456789abcdef0123456789abcdef", "-psk_identity", "lab")
    for v in ("-tls1_3", "-tls1_2"):
        suite = ("-cipher", "PSK") if v == "-tls1_2" else ()
        openssl_once(lab, f"psk {v}", "none", None, (v, *suite, *psk),
                     (v, *suite, *psk), open_ok=True)


def nss_client(lab, db, ip, v, cert, text, want):
    mine = ("-n", cert) if cert else ("-n", "none-of-mine")
    p = lab.start("tstclnt", "-d", db, "-h", ip, "-p", str(PORT), "-o",
                  "-V", v, *mine)
    time.sleep(0.1)
    say(p, text)
    hear(p, want, 1.0)
    finish(p)


def curl(lab):
    for version in ("1.3", "1.2"):
        for what, auth, cert in (("none", "none", None),
                                 ("declined", "ask", None),
                                 ("rsa2048", "ask", "rsa2048"),
                                 ("fails", "strict", None)):
            ip = lab.case("curl", f"{version} {what}")
            flag = "-tls1_3" if version == "1.3" else "-tls1_2"
            s = openssl_server(lab, ip, auth, more=(flag, "-www"), rev=False)
            if listens(ip, s):
                mine = ()
                if cert:
                    pem, key = lab.pair(cert)
                    mine = ("--cert", pem, "--key", key)
                run("curl", "-sk", "--max-time", "5", *mine,
                    f"https://{ip}:{PORT}/", env=lab.env)
            stop(s)


# ---- captures ----

def sum16(b):
    total = sum(struct.unpack(f">{len(b) // 2}H", b))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def moved(packet):
    """127.x.y.z becomes 10.x.y.z: what stays on a host is not judged."""
    p = bytearray(packet)
    if len(p) >= 50 and p[28:30] == b"\x08\x00":
        ip = 16 + 14
        p[ip + 12] = p[ip + 16] = 10
        p[ip + 10:ip + 12] = b"\0\0"
        p[ip + 10:ip + 12] = struct.pack(">H", sum16(bytes(p[ip:ip + 20])))
    return bytes(p)


class Capture:
    """Packets of a pcap file of loopback, Ethernet framed."""

    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        self.head, at, self.packets = data[:24], 24, []
        while at + 16 <= len(data):
            n = struct.unpack_from("<I", data, at + 8)[0]
            self.packets.append(moved(data[at:at + 16 + n]))
            at += 16 + n

    @staticmethod
    def flow(packet):
        """(server ip, client port, from the client?, payload length)"""
        ip = packet[16 + 14:]
        if len(ip) < 28 or ip[0] >> 4 != 4 or ip[9] not in (6, 17):
            return None
        hl = (ip[0] & 15) * 4
        total = struct.unpack(">H", ip[2:4])[0] or len(ip)
        src, dst = (".".join(map(str, ip[a:a + 4])) for a in (12, 16))
        sport, dport = struct.unpack(">HH", ip[hl:hl + 4])
        l4 = (ip[hl + 12] >> 4) * 4 if ip[9] == 6 else 8
        size = max(total, 0) - hl - l4
        if dport == PORT:
            return dst, sport, True, size
        return src, dport, False, size

    def write(self, path, keep=lambda packet, flow: True):
        with open(path, "wb") as f:
            f.write(self.head)
            for p in self.packets:
                flow = self.flow(p)
                if flow is not None and keep(p, flow):
                    f.write(p)


# ---- truth ----

def last_of(words):
    return [int(w, 0) for w in words.split(",") if w]


def truths(path, keys):
    """(server ip, client port) -> word, from what tshark decrypts."""
    fields = ("ip.src", "tcp.srcport", "udp.srcport", "ip.dst", "tcp.dstport",
              "udp.dstport", "tls.handshake.type",
              "tls.handshake.certificates_length",
              "tls.alert_message.desc",
              "dtls.handshake.type", "dtls.handshake.certificates_length",
              "dtls.alert_message.desc", "frame.number")
    words = ["tshark", "-r", path, "-o", f"tls.keylog_file:{keys}",
             "-d", f"udp.port=={PORT},dtls",
             "-Y", "tls or dtls", "-T", "fields", "-E", "occurrence=a"]
    for f in fields:
        words += ["-e", f]
    out = subprocess.run(words, capture_output=True, text=True, check=True,
                         timeout=300).stdout
    seen = collections.defaultdict(lambda: {
        "c": [], "s": [], "cert": [], "failed": False})
    for line in out.splitlines():
        v = dict(zip(fields, line.split("\t")))
        sport = v["tcp.srcport"] or v["udp.srcport"]
        dport = v["tcp.dstport"] or v["udp.dstport"]
        if dport == str(PORT):
            flow, side = seen[(v["ip.dst"], int(sport))], "c"
        else:
            flow, side = seen[(v["ip.src"], int(dport))], "s"
        types = last_of(v["tls.handshake.type"]) + last_of(
            v["dtls.handshake.type"])
        flow[side] += types
        if side == "c" and 11 in types:
            flow["cert"] += last_of(
                v["tls.handshake.certificates_length"] +
                "," + v["dtls.handshake.certificates_length"])
        alerts = last_of(v["tls.alert_message.desc"]) + last_of(
            v["dtls.alert_message.desc"])
        if any(a not in (0, 90, 100) for a in alerts):
            flow["failed"] |= not was_over(flow, side)
    return {key: word_of(flow) for key, flow in seen.items()}


def was_over(flow, side):
    """Was the handshake over before an alert of this side? In TLS 1.3 the
    server shows it by a ticket."""
    c, s = flow["c"], flow["s"]
    if 20 not in c or 20 not in s:
        return False
    return side == "c" or 8 not in s or 4 in s


def word_of(flow):
    c, s = flow["c"], flow["s"]
    if flow["failed"]:
        return "failed"
    if 2 not in s or 20 not in c or 20 not in s:
        return "incomplete"
    if 15 in c and any(flow["cert"]):
        return "mutual"
    if 11 in c:
        return "empty"
    if 11 not in s:
        return "resumed"
    return "none"


# ---- answers ----

WORDS = {"presented": "mutual", "inferred-presented": "mutual",
         "inherited": "mutual", "declined": "empty",
         "inferred-declined": "empty", "not-requested": "none",
         "inferred-absent": "none", "hidden": "open", None: "open"}


def audit(lab, program, files, keys=None):
    """(server ip, client port) -> (certificate, verdict, certainty, why)"""
    words = [program, "audit"]
    for f in files:
        words += ["-r", f]
    words += ["-p", f"{lab.d}/policy.yaml", "-o", f"json:{lab.d}/out.json"]
    if keys:
        words += ["-k", keys]
    done = subprocess.run(words, capture_output=True, text=True, check=False,
                          timeout=300)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{program}: status {done.returncode}: {done.stderr}")
    with open(f"{lab.d}/out.json", encoding="utf-8") as f:
        flows = json.load(f)["flows"]
    answers = {}
    for r in flows:
        a = r["audit"]
        server = r["dest_ip"] if r["dest_port"] == PORT else r["src_ip"]
        port = (r["src_port"] if r["dest_port"] == PORT else r["dest_port"])
        answers[(server, port)] = (
            r.get("tls", {}).get("client_certificate"), a["verdict"],
            a["certainty"], a["class"],
            "; ".join(x["text"] for x in a["reasons"])[:220])
    return answers


VERDICTS = {"mutual": "compliant", "empty": "violation", "none": "violation",
            "failed": "undetermined", "incomplete": "undetermined",
            "resumed": "undetermined"}


def grade(truth, answer, datagrams):
    """right, open or WRONG; an open one says too little, not too much."""
    if answer is None:
        return "missing"
    want = VERDICTS[truth]
    certificate, verdict = WORDS[answer[0]], answer[1]
    # Nothing demands DTLS, or HTTPS, of both sides.
    if truth in ("none", "empty", "mutual") and (
            datagrams or answer[3] == "web-services"):
        return "right" if certificate == truth else (
            "open" if certificate == "open" else "WRONG")
    if datagrams and truth in ("failed", "incomplete"):
        want = "out-of-scope"
    if verdict == want and (truth in ("failed", "incomplete", "resumed") or
                            certificate == truth):
        return "right"
    if verdict == "undetermined":
        return "open"
    if verdict == want and want == "violation":
        return "right*"  # none for declined: the same verdict
    return "WRONG"


def outside(ip):
    return ip.replace("127.", "10.", 1)


def inside(ip):
    return ip.replace("10.", "127.", 1)


class Score:
    def __init__(self, verbose):
        self.verbose = verbose
        self.table = collections.defaultdict(collections.Counter)
        self.shown = collections.Counter()
        self.compared = collections.Counter()
        self.bad = 0

    def add(self, mode, case, key, truth, answer, may_open):
        g = grade(truth, answer, case.stack == "dtls")
        self.table[(mode, case.stack, truth)][g] += 1
        bad = g in ("WRONG", "missing") or (g == "open" and not may_open)
        if not bad:
            return
        self.bad += g != "open" or mode in ("plain", "keys")
        self.shown[mode] += 1
        if self.verbose or (self.shown[mode] <= 20 and (
                g == "WRONG" or mode in ("plain", "keys"))):
            print(f"{g:7} {mode:15} {case.stack:8} {case.name:44} "
                  f"{key[0]}:{key[1]} truth {truth}, said {answer}")

    def compare(self, lab, plain, opened, truth):
        """With keys all is proven, and no certain answer changes."""
        for key, t in truth.items():
            case = lab.cases.get(inside(key[0]))
            a, b = plain.get(key), opened.get(key)
            if case is None or case.intended or None in (a, b):
                continue
            proven = b[2] == "proven" or t in ("failed", "incomplete")
            same = WORDS[a[0]] in ("open", WORDS[b[0]]) or (
                a[1] == b[1] != "compliant")
            self.compared["not proven" if not proven else
                          "equal" if same else "other"] += 1
            if not (proven and same):
                self.bad += 1
                print(f"keys    {case.stack:8} {case.name:44} {key} truth "
                      f"{t}, without {a}, with {b}")

    def print(self):
        print("\nwith keys against without:", dict(self.compared))
        print(f"\n{'mode':16}{'stack':10}{'truth':11}"
              "  right right*  open  WRONG missing")
        for (mode, stack, truth), c in sorted(self.table.items()):
            print(f"{mode:16}{stack:10}{truth:11}{c['right']:7}"
                  f"{c['right*']:7}{c['open']:6}{c['WRONG']:7}"
                  f"{c['missing']:8}")
        total = sum(sum(c.values()) for c in self.table.values())
        wrong = sum(c["WRONG"] for c in self.table.values())
        print(f"\n{total} judgements, {wrong} wrong")


def links(truth, capture):
    """What a resumed flow inherits: the first full one of its server."""
    first, order = {}, []
    for p in capture.packets:
        flow = Capture.flow(p)
        if flow and flow[:2] not in order[-40:]:
            order.append(flow[:2])
    inherited = {}
    for key in dict.fromkeys(order):
        t = truth.get(key)
        if t in ("none", "empty", "mutual"):
            first.setdefault(key[0], t)
        if t == "resumed" and key[0] in first:
            inherited[key] = first[key[0]]
    return inherited


def compare(lab, program, score, truth, capture):
    path = f"{lab.d}/moved.pcap"
    inherited = links(truth, capture)
    whole = {}
    for key, t in truth.items():
        case = lab.cases.get(inside(key[0]))
        whole[key] = (case and case.intended) or inherited.get(key, t)

    def judge(mode, files, keys, expected, may_open):
        answers = audit(lab, program, files, keys)
        for key, t in expected.items():
            case = lab.cases.get(inside(key[0]))
            if case is not None and not (keys and case.intended):
                score.add(mode, case, key, t, answers.get(key),
                          may_open or (case.open_ok and not keys))
        return answers

    plain = judge("plain", [path], None, whole, False)
    opened = judge("keys", [path], lab.keys, whole, False)
    score.compare(lab, plain, opened, whole)
    for mode, to_server in (("client only", True), ("server only", False)):
        part = f"{lab.d}/part.pcap"
        capture.write(part, lambda p, f, c=to_server: f[2] == c)
        judge(mode, [part], None, whole, True)
    later, earlier = f"{lab.d}/a-later.pcap", f"{lab.d}/b-earlier.pcap"
    capture.write(later, lambda p, f: f[:2] in inherited)
    capture.write(earlier, lambda p, f: f[:2] not in inherited)
    judge("other order", [later, earlier], None,
          {k: whole[k] for k in inherited}, False)
    judge("second only", [later], None,
          {k: "resumed" for k in inherited}, True)
    lose(lab, capture, judge, whole)


def lose(lab, capture, judge, expected):
    """One packet with payload less in every flow, the k-th."""
    part = f"{lab.d}/part.pcap"
    for k in range(1, 25):  # DTLS cuts certificates into a dozen
        count = collections.Counter()

        def keep(_, flow, at=k, seen=count):
            if flow[3] <= 0:
                return True
            seen[flow[:2]] += 1
            return seen[flow[:2]] != at

        capture.write(part, keep)
        judge("one lost", [part], None, expected, True)
        count.clear()
        capture.write(part, keep)
        judge("keys, one lost", [part], lab.keys, expected, True)


STACKS = {"openssl": (openssl_plain, openssl_extras, openssl_resumed,
                      openssl_later, openssl_psk),
          "dtls": (openssl_dtls, gnutls_dtls), "gnutls": (gnutls,), "nss": (nss,),
          "ssl3": (ssl3,), "curl": (curl,), "chromium": (chromium,)}
PEERS = ("python", "node", "go", "wolfssl", "boringssl", "rustls", "java")


def record(lab, have, names, limit):
    """One capture of all that was asked for."""
    path = f"{lab.d}/all.pcap"
    if not port_is_free():
        sys.exit(f"somebody listens on port {PORT}")
    tcpdump = subprocess.Popen(
        ("tcpdump", "-i", "lo", "-U", "-s", "0", "-B", "65536", "-w", path,
         f"port {PORT} and net 127.77.0.0/16"),
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    tcpdump.stderr.readline()
    end = time.time() + limit
    try:
        for name in names:
            began = time.time()
            for part in STACKS.get(name, ()):
                if time.time() < end:
                    part(lab)
            if name in PEERS and have.get(name) and time.time() < end:
                peers(lab, name)
                if name == "boringssl":
                    boring_extras(lab)
            print(f"{name}: {time.time() - began:.0f} s", file=sys.stderr)
        time.sleep(1)
    finally:
        lab.stop_all()
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait(10)
    return path


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--bin", default="build/spanward")
    p.add_argument("--stacks", default=",".join((*STACKS, *PEERS)))
    p.add_argument("--keep", help="folder for captures and keys")
    p.add_argument("--again", help="judge a kept folder, make nothing")
    p.add_argument("--limit", type=int, default=600, help="seconds")
    p.add_argument("-v", action="store_true", help="open answers too")
    a = p.parse_args()
    d = a.again or a.keep or tempfile.mkdtemp(prefix="tls-matrix-")
    os.makedirs(d, exist_ok=True)
    score = Score(a.v)
    try:
        if a.again:
            lab = Lab.__new__(Lab)
            lab.d, lab.keys = d, f"{d}/keys.log"
            with open(f"{d}/cases.json", encoding="utf-8") as f:
                lab.cases = {c["ip"]: Case(**c) for c in json.load(f)}
            path = f"{d}/all.pcap"
        else:
            lab = Lab(d)
            make_certificates(d)
            path = record(lab, build_peers(lab), a.stacks.split(","), a.limit)
            with open(f"{d}/cases.json", "w", encoding="utf-8") as f:
                json.dump([dataclasses.asdict(c)
                           for c in lab.cases.values()], f)
        with open(f"{d}/policy.yaml", "w", encoding="ascii") as f:
            f.write(POLICY)
        capture = Capture(path)
        capture.write(f"{d}/moved.pcap")
        truth = truths(f"{d}/moved.pcap", lab.keys)
        silent = [c for c in lab.cases.values()
                  if not any(k[0] == outside(c.ip) for k in truth)]
        for c in silent:
            print(f"no flow: {c.stack} {c.name}")
        compare(lab, a.bin, score, truth, capture)
    finally:
        if not (a.keep or a.again):
            shutil.rmtree(d, ignore_errors=True)
    score.print()
    return 1 if score.bad else 0


sys.exit(main())
