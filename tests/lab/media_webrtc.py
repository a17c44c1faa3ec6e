#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WebRTC between two ends of a headless Chromium, recorded fresh: audio,
video, data channel, bundled and not, direct and through coturn; and what the
auditor says of each flow.

usage: media_webrtc.py [--bin BIN] [--work DIR]

As root, in a network namespace of its own that is removed afterwards. Needs
chromium, coturn, tcpdump. Takes about two minutes. Ends with 1 if media were
not found or not called protected, or data was called media.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SPACE = "spw-webrtc"
HOST, EDGE = "10.202.0.1", "10.202.0.2"

PAGE = """<script>
const how = %s;
const ice = how.turn ? {iceServers: [{urls: how.turn, username: "alice",
    credential: "secret"}], iceTransportPolicy: "relay"} : {};
ice.bundlePolicy = how.bundle;
async function go() {
    const a = new RTCPeerConnection(ice), b = new RTCPeerConnection(ice);
    a.onicecandidate = e => e.candidate && b.addIceCandidate(e.candidate);
    b.onicecandidate = e => e.candidate && a.addIceCandidate(e.candidate);
    if (how.audio || how.video)
        for (const p of [a, b]) {
            const s = await navigator.mediaDevices.getUserMedia(
                {audio: how.audio, video: how.video});
            for (const t of s.getTracks()) p.addTrack(t, s);
            if (how.video) s.getVideoTracks()[0].applyConstraints(
                {width: 320, height: 240, frameRate: 15});
        }
    if (how.data) {
        const c = a.createDataChannel("x");
        c.onopen = () => setInterval(() => c.send("x".repeat(700)), 50);
        b.ondatachannel = e => { e.channel.onmessage = m =>
            e.channel.send("y".repeat(300)); };
    }
    let offer = await a.createOffer();
    if (how.apart) offer = {type: "offer",
        sdp: offer.sdp.replace(/a=group:BUNDLE.*\\r\\n/, "")};
    await a.setLocalDescription(offer);
    await b.setRemoteDescription(offer);
    let answer = await b.createAnswer();
    await b.setLocalDescription(answer);
    await a.setRemoteDescription(answer);
}
go();
</script>"""

# name: (what is sent, more)
CALLS = {
    "audio": ({"audio": True}, {}),
    "video": ({"video": True}, {}),
    "data": ({"data": True}, {}),
    "all": ({"audio": True, "video": True, "data": True}, {}),
    "apart": ({"audio": True, "video": True, "data": True},
              {"bundle": "max-compat", "apart": True}),
    "turn-udp": ({"audio": True, "video": True},
                 {"turn": f"turn:{EDGE}:3478?transport=udp"}),
    "turn-tcp": ({"audio": True, "video": True},
                 {"turn": f"turn:{EDGE}:3478?transport=tcp"}),
}


def start(folder, *words, **more):
    with open(f"{folder}/log", "ab") as log:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, start_new_session=True, **more)


def stop(p, how=signal.SIGINT):
    try:
        os.killpg(p.pid, how)
        p.wait(10)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        p.kill()
        p.wait()


def call(folder, name, seconds):
    sent, more = CALLS[name]
    how = {"audio": False, "video": False, "data": False,
           "bundle": "max-bundle", **sent, **more}
    page = f"{folder}/{name}.html"
    with open(page, "w", encoding="ascii") as f:
        f.write(PAGE % json.dumps(how))
    capture = f"{folder}/{name}.pcap"
    dump = start(folder, "tcpdump", "-i", "lo", "-U", "-s", "0", "-B",
                 "65536", "-w", capture, "net 10.202.0.0/16")
    time.sleep(1)
    browser = start(
        folder, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream", "--allow-file-access-from-files",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        "--disable-background-networking",
        f"--user-data-dir={folder}/profile-{name}", page,
        env=dict(os.environ, HOME=folder))
    time.sleep(seconds)
    stop(browser, signal.SIGTERM)
    time.sleep(0.5)
    stop(dump)
    return capture


def coturn(folder):
    """Two relays for one call: what is relayed goes from one to the other."""
    return start(
        folder, "turnserver", "-n", "-c", f"{folder}/none", "--no-cli",
        "--no-dtls", "--no-tls", "-L", EDGE, "--relay-ip", EDGE, "--min-port",
        "50000", "--max-port", "50100", "--lt-cred-mech", "-u",
        "alice:secret", "-r", "contoso.example", "--userdb", f"{folder}/db",
        "--pidfile", f"{folder}/pid", "--log-file", f"{folder}/turn.log",
        "--simple-log")


def judge(program, name, capture):
    """Prints the flows of a call; returns what is wrong with them."""
    done = subprocess.run((program, "audit", "-q", "-r", capture, "-o",
                           "json:-"), capture_output=True, timeout=120,
                          check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{capture}: {done.stderr.decode()[:300]}")
    wrong, media = 0, 0
    for r in json.loads(done.stdout)["flows"]:
        a, flow = r["audit"], r["flow"]
        packets = flow["pkts_toserver"] + flow["pkts_toclient"]
        if packets < 60 or a["class"] == "bootstrap":
            continue
        is_media = a["class"] == "av-media"
        media += is_media
        bad = (is_media and (a["observed"], a["verdict"]) != (
            "srtp", "compliant")) or a["verdict"] == "violation" or (
            is_media and name == "data")
        wrong += bad
        m = r.get("media", {})
        print(f"  {name:9} {r['src_ip']}:{r['src_port']} > {r['dest_ip']}:"
              f"{r['dest_port']} {r['proto']} {packets:5} {a['class']} "
              f"{a['observed']} {a['verdict']} {a['certainty']} "
              f"{m.get('kind', '-')} {m.get('keying', '-')} "
              f"{m.get('carrier', '-')}{' WRONG' if bad else ''}")
        if bad:
            print("      " + " | ".join(x["text"] for x in a["reasons"]))
    if (media == 0) != (name == "data"):
        print(f"  {name:9} {'no media found' if media == 0 else ''} WRONG")
        wrong += 1
    return wrong


def inside(options):
    folder, wrong = options.work, 0
    relay = coturn(folder)
    for name in CALLS:
        capture = f"{folder}/{name}.pcap"
        if not os.path.exists(capture):
            capture = call(folder, name, options.seconds)
        wrong += judge(options.bin, name, capture)
    stop(relay)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--bin", default=f"{HERE}/../../build/spanward")
    parse.add_argument("--work")
    parse.add_argument("--seconds", type=int, default=15)
    parse.add_argument("--inside", action="store_true",
                       help=argparse.SUPPRESS)
    options = parse.parse_args()
    if options.inside:
        sys.exit(inside(options))
    folder = options.work or tempfile.mkdtemp(prefix="spanward-webrtc-")
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["ip", "netns", "add", SPACE], check=True)

    def ip(*words):
        subprocess.run(["ip", "-n", SPACE, *words], check=True)

    try:
        ip("link", "set", "lo", "up")
        ip("link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
        ip("link", "set", "lan1", "up")
        ip("addr", "add", f"{HOST}/24", "dev", "lan0")
        ip("addr", "add", f"{EDGE}/24", "dev", "lan0")
        ip("link", "set", "lan0", "up")
        ip("route", "add", "default", "via", HOST, "dev", "lan0")
        status = subprocess.run(
            ["ip", "netns", "exec", SPACE, sys.executable,
             os.path.abspath(__file__), "--inside", "--bin",
             os.path.abspath(options.bin), "--work", folder, "--seconds",
             str(options.seconds)], timeout=600, check=False).returncode
    finally:
        subprocess.run(["ip", "netns", "del", SPACE], check=False)
        if not options.work:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
