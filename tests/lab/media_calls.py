#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Media in its wrappers, recorded fresh: baresip calls, coturn over UDP, TCP
and TLS, RFC 4571, MS-TURN behind pseudo-TLS; and what the auditor says.

usage: media_calls.py [--bin BIN] [--work DIR] [--policy NAME]

As root, in a network namespace of its own that is removed afterwards. Needs
baresip-core, coturn, tcpdump, espeak-ng, ffmpeg, GStreamer (base, good, bad, ugly),
python3-aioice, python3-pylibsrtp, openssl. Takes about a minute. Ends
with 1 if a protected call was called clear or a clear one was not found.
"""
import argparse
import asyncio
import os
import pickle
import random
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../samples/record")]
import media_matrix  # noqa: E402
import media_sources  # noqa: E402
import media_wire  # noqa: E402

SPACE = "spw-media"
RECORD = os.path.join(HERE, "../../samples/record")
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"

# name: (media encryption of baresip, settings, what must be seen)
CALLS = {
    "clear": ("", "", "none"),
    "clear-mux": ("", "rtcp_mux yes", "none"),
    "sdes-optional": ("srtp", "", "srtp"),
    "sdes": ("srtp-mand", "", "srtp"),
    "sdes-mux": ("srtp-mandf", "rtcp_mux yes", "srtp"),
    "dtls": ("dtls_srtp", "", "srtp"),
    "dtls-mux": ("dtls_srtp", "rtcp_mux yes", "srtp"),
}
CODECS = {"pcmu": "g711.so", "opus": "opus.so", "g722": "g722.so", "gsm": "gsm.so"}


def start(args, log, **more):
    with open(log, "ab") as out:
        return subprocess.Popen(["timeout", "-k", "2", "300", *args], stdin=subprocess.DEVNULL,
                                stdout=out, stderr=out, **more)


def stop(processes):
    for p in processes:
        if p.poll() is None:
            p.send_signal(signal.SIGINT)
    for p in processes:
        try:
            p.wait(5)
        except subprocess.TimeoutExpired:
            p.kill()


# ---- baresip ----

def phone(folder, place, codec, encryption, settings, answers):
    """place is an address and the first of four ports."""
    os.makedirs(folder)
    rate = {"pcmu": 8000, "gsm": 8000, "g722": 16000, "opus": 48000}[codec]
    wav = os.path.join(folder, "speech.wav")
    media_sources.run(["ffmpeg", "-y", "-nostdin", "-loglevel", "error", "-i",
                       os.path.join(os.path.dirname(folder), "speech.wav"),
                       "-ar", str(rate), wav])
    with open(os.path.join(folder, "config"), "w", encoding="ascii") as f:
        f.write("sip_listen %s:5060\naudio_player aufile,%s/heard.wav\n"
                "audio_source aufile,%s\naudio_alert aufile,%s/alert.wav\n"
                "ausrc_srate %d\nauplay_srate %d\nausrc_channels 1\nauplay_channels 1\n"
                "opus_stereo no\nopus_sprop_stereo no\n"
                "rtp_ports %d-%d\nmodule_path /usr/lib/baresip/modules\n%s\n"
                % (place[0], folder, wav, folder, rate, rate, place[1], place[1] + 3, settings))
        for module in (CODECS[codec], "aufile.so", "srtp.so", "dtls_srtp.so"):
            f.write("module %s\n" % module)
        f.write("module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n")
    with open(os.path.join(folder, "accounts"), "w", encoding="ascii") as f:
        f.write("<sip:x@%s;transport=tcp>;auth_pass=none;regint=0;audio_codecs=%s%s%s\n" % (
            place[0], codec, ";mediaenc=" + encryption if encryption else "",
            ";answermode=auto" if answers else ""))
    open(os.path.join(folder, "contacts"), "w", encoding="ascii").close()


def wait_for(port, count):
    """Until so many sockets of TCP listen on the port; on a busy machine a
    phone takes its time to begin."""
    for _ in range(200):
        with open("/proc/net/tcp", encoding="ascii") as f:
            words = [line.split() for line in f]
        if sum(w[1].endswith(":%04X" % port) and w[3] == "0A" for w in words) >= count:
            return
        time.sleep(0.1)


def calls(folder):
    """Four at a time; (name, ports, what must be seen)."""
    plan = [(kind, codec) for kind in CALLS for codec in
            (("pcmu", "opus") if kind != "clear" else CODECS)]
    done = []
    for at in range(0, len(plan), 4):
        answering, calling = [], []
        for n, (kind, codec) in enumerate(plan[at:at + 4], at):
            encryption, settings, seen = CALLS[kind]
            a, b = "10.201.2.%d" % (2 * n + 2), "10.201.2.%d" % (2 * n + 3)
            for ip, side, answers in ((a, "a", False), (b, "b", True)):
                phone("%s/phone%d%s" % (folder, n, side), (ip, 20000 + 10 * n + 4 * answers),
                      codec, encryption, settings, answers)
            answering.append(start(["baresip", "-f", "%s/phone%db" % (folder, n), "-t", "60"],
                                   folder + "/log"))
            calling.append(["baresip", "-f", "%s/phone%da" % (folder, n), "-t", "8",
                            "-e", "/dial sip:x@%s;transport=tcp" % b])
            done.append(("call %s %s" % (kind, codec), 
                         set(range(20000 + 10 * n, 20008 + 10 * n)), seen))
        wait_for(5060, len(answering))
        callers = [start(c, folder + "/log") for c in calling]
        for p in callers:
            p.wait()
        stop(answering)
    return done


# ---- relays and frames ----

def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                    "-subj", "/CN=edge.contoso.example", "-keyout", folder + "/edge.key",
                    "-out", folder + "/edge.pem"], check=True, capture_output=True)


async def relayed(server, port, transport, peer_port, packets):
    import aioice.turn  # pylint: disable=import-outside-toplevel
    context = False
    if transport == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("10.201.0.3", peer_port))
    peer.setblocking(False)
    sender, _ = await aioice.turn.create_turn_endpoint(
        asyncio.DatagramProtocol, server_addr=(server, port), username="alice",
        password="secret", lifetime=600, ssl=context,
        transport="udp" if transport == "udp" else "tcp")
    relay = sender.get_extra_info("sockname")
    for n, p in enumerate(packets):
        sender.sendto(p, ("10.201.0.3", peer_port))
        if n > 10:  # back through the relay: another stream
            peer.sendto(p[:8] + bytes([p[8] ^ 0x55]) + p[9:], relay)
        await asyncio.sleep(0.01)
    sender.close()
    peer.close()


def turn(folder, streams):
    certificate(folder)
    servers = ["10.201.1.%d" % n for n in range(1, 3 * len(streams) + 1)]
    listen = [x for s in servers for x in ("-L", s)]
    coturn = start(["turnserver", "-n", "-c", folder + "/none", "--no-cli", "--no-dtls", *listen,
                    "--relay-ip", "10.201.0.2", "--min-port", "50000", "--max-port", "50100",
                    "--lt-cred-mech", "-u", "alice:secret", "-r", "contoso.example",
                    "--allow-loopback-peers", "--cert", folder + "/edge.pem",
                    "--pkey", folder + "/edge.key", "--userdb", folder + "/db",
                    "--pidfile", folder + "/pid", "--log-file", folder + "/turn.log",
                    "--simple-log"], folder + "/log")
    time.sleep(2)
    done, tasks, n = [], [], 0
    for name, packets, seen in streams:
        for transport in ("udp", "tcp", "tls"):
            port = 5349 if transport == "tls" else 3478
            tasks.append((servers[n], port, transport, 40000 + n, packets))
            done.append(("turn %s %s" % (transport, name), {servers[n]},
                         "unknown" if transport == "tls" else seen))
            done.append(("relay leg %s %s" % (transport, name), 40000 + n, seen))
            n += 1

    async def everything():
        got = await asyncio.gather(*(relayed(*t) for t in tasks), return_exceptions=True)
        for task, result in zip(tasks, got):
            if result is not None:
                print("  relay %s failed: %r" % (task[:3], result))
    asyncio.run(everything())
    stop([coturn])
    return done


def framed(streams):
    """RFC 4571: a length before each packet."""
    done = []
    for n, (name, packets, seen) in enumerate(streams):
        address = ("10.201.3.%d" % (n + 1), 50000)
        with socket.create_server(address) as server, \
                socket.create_connection(address) as out:
            out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            side, _ = server.accept()
            for i, p in enumerate(packets):
                out.sendall(struct.pack("!H", len(p)) + p)
                if i % 4 == 0:
                    time.sleep(0.005)
            side.close()
        done.append(("rfc4571 " + name, {address[0]}, seen))
    return done


def msturn(folder):
    done = []
    for n, (key, seen) in enumerate((("-", "none"), (KEY, "srtp"))):
        edge, port = "10.201.4.%d" % (n + 1), 41000 + n
        tool = [sys.executable, os.path.join(RECORD, "msturn.py")]
        serve = start([*tool, "serve", edge, "443", str(50200 + n)], folder + "/log")
        peer = start([sys.executable, os.path.join(RECORD, "peer.py"), "10.201.0.4",
                      str(port), key], folder + "/log")
        time.sleep(1)
        talk = start([*tool, "talk", edge, "443", "10.201.0.4", str(port), key],
                     folder + "/log")
        talk.wait()
        stop([serve, peer])
        done.append(("ms-turn " + seen, {edge}, seen))
    return done


# ---- all of it ----

def record(folder):
    media_sources.make_sounds(folder)
    lib, streams = media_wire.library(), []
    for name, kind, what in (("PCMU", "audio", "speech"), ("Opus-voice", "audio", "speech"),
                             ("GSM", "audio", "music"), ("H264-baseline", "video", "smpte")):
        chain = media_sources.VIDEO.get(name)
        if kind == "audio":
            rate, channels, chain = media_sources.AUDIO[name]
            chain = "%s ! %s" % (media_sources.raw(rate, channels), chain)
        packets, error = media_sources.gst_stream(kind, what, chain, folder)
        if not packets:
            print("  no stream: %s: %s" % (name, error))
            continue
        streams.append((name + " clear", packets, "none"))
        for scheme in ("AES-CM-128/80", "GCM-256"):
            streams.append(("%s %s" % (name, scheme),
                            media_wire.protected(lib, scheme, packets), "srtp"))
    capture = os.path.join(folder, "calls.pcap")
    dump = start(["tcpdump", "-q", "-n", "-i", "lo", "-U", "-s", "0", "-w", capture,
                  "net 10.201.0.0/16"], folder + "/log")
    time.sleep(1)
    done = turn(folder, streams)
    done += framed(streams)
    done += msturn(folder)
    done += calls(folder)
    time.sleep(1)
    stop([dump])
    return capture, done


def is_sip(frame):
    """TCP port 5060, in Ethernet and IPv4 as lo has it."""
    return frame[12:14] == b"\x08\0" and frame[23] == 6 and \
        5060 in struct.unpack("!HH", frame[34:38])


def bent(capture, folder):
    """(name, file) of the capture and what is made of it."""
    packets = list(media_wire.read_pcap(capture))
    rng = random.Random(1)

    def write(name, keep, snap=262144, twice=lambda f: None):
        path = os.path.join(folder, name + ".pcap")
        out = media_wire.PcapWriter(path, snap)
        for at, frame, _ in packets:
            if keep(frame):
                out.add(at, frame)
                again = twice(frame)
                if again:
                    out.add(at + 3, again)
        out.close()
        return name, path

    yield "whole", capture
    yield write("no-signalling", lambda f: not is_sip(f))
    yield write("one-direction", lambda f: not is_sip(f) and f[26:30] + f[34:36] < f[30:34] + f[36:38])
    yield write("vlan-span", lambda f: True, twice=media_wire.vlan_tagged)
    yield write("dup5%", lambda f: True, twice=lambda f: f if rng.random() < 0.05 else None)
    yield write("loss2%", lambda f: rng.random() >= 0.02)
    yield write("snap96", lambda f: True, snap=96)


def matches(flow, where):
    if isinstance(where, int):
        return where in (flow["src_port"], flow["dest_port"])
    return bool(where & {flow["src_ip"], flow["dest_ip"], flow["src_port"], flow["dest_port"]})


def judge(binary, policy, path, expected, variant):
    """Prints what each scenario's flows were called; returns what is bad."""
    flows = media_matrix.judge_all(binary, policy, path)
    bad, right = 0, 0
    for name, where, seen in expected:
        got = []
        for flow in flows:
            audit = flow["audit"]
            if not matches(flow, where) or flow.get("app_proto") == "sip":
                continue
            text = "%s %s %s" % (audit["class"], audit["observed"], audit["verdict"])
            got.append((text, flow))
        words = {f["audit"]["observed"] for _, f in got
                 if f["audit"]["class"] not in ("relay-control", "other")}
        problem = ""
        if seen == "srtp" and ("none" in words):
            problem = "protected, called clear"
        elif seen == "none" and "srtp" in words:
            problem = "clear, called SRTP"
        elif seen not in words and variant in ("whole", "vlan-span", "dup5%"):
            problem = "not found"
        if problem or variant == "whole":
            print("  %-12s %-34s %-26s %s" % (variant, name, problem,
                                              "; ".join(sorted({t for t, _ in got}))))
        right += seen in words
        if problem:
            bad += 1
            for _, flow in got:
                print("      %s:%s > %s:%s %s" % (
                    flow["src_ip"], flow["src_port"], flow["dest_ip"], flow["dest_port"],
                    " | ".join(r["text"] for r in flow["audit"]["reasons"][:2])))
    print("  %-14s %d of %d scenarios found as they are, %d wrong" % (
        variant, right, len(expected), bad))
    return bad


def inside(options):
    folder = options.work
    kept = os.path.join(folder, "expected.pickle")
    if os.path.exists(kept):
        with open(kept, "rb") as f:
            capture, expected = pickle.load(f)
    else:
        capture, expected = record(folder)
        with open(kept, "wb") as f:
            pickle.dump((capture, expected), f)
    bad = 0
    for variant, path in bent(capture, folder):
        bad += judge(options.bin, options.policy, path, expected, variant)
    print("%d wrong" % bad)
    return 1 if bad else 0


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("--bin", default=os.path.join(HERE, "../../build/spanward"))
    parse.add_argument("--work")
    parse.add_argument("--policy", default="lync-2013")
    parse.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parse.parse_args()
    if options.inside:
        sys.exit(inside(options))
    folder = options.work or tempfile.mkdtemp(prefix="spanward-calls-")
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["ip", "netns", "add", SPACE], check=True)
    try:
        subprocess.run(["ip", "-n", SPACE, "addr", "add", "10.201.0.1/16", "dev", "lo"],
                       check=True)
        subprocess.run(["ip", "-n", SPACE, "link", "set", "lo", "up"], check=True)
        status = subprocess.run(
            ["ip", "netns", "exec", SPACE, sys.executable, os.path.abspath(__file__), "--inside",
             "--bin", os.path.abspath(options.bin), "--work", folder,
             "--policy", options.policy], timeout=400, check=False).returncode
    finally:
        subprocess.run(["ip", "netns", "del", SPACE], check=False)
        if not options.work:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
