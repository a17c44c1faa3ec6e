# SPDX-License-Identifier: Apache-2.0
"""RTP from real encoders and payloaders: GStreamer, ffmpeg, bcg729.

Each stream is sent to a UDP port of 127.0.0.1 and received there, packet by
packet. Nothing here knows what the auditor would say of it.
"""
import concurrent.futures
import ctypes
import os
import select
import socket
import struct
import subprocess
import time
import wave

LIMIT_SECONDS = 60  # no encoder runs longer
PACKETS = 150  # of one stream
SOUNDS = ("speech", "silence", "tone", "music", "noise")
PICTURES = ("smpte", "ball", "snow")
TEXT = ("The quick brown fox jumps over the lazy dog. Please hold the line, "
        "you will be connected to the next free agent. Account number seven "
        "four two, extension nineteen.")


def raw(rate, channels=1):
    return "audio/x-raw,format=S16LE,rate=%d,channels=%d" % (rate, channels)


# name: (rate, channels, encoder and payloader)
AUDIO = {
    "PCMU": (8000, 1, "mulawenc ! rtppcmupay min-ptime=20000000 max-ptime=20000000"),
    "PCMA": (8000, 1, "alawenc ! rtppcmapay min-ptime=20000000 max-ptime=20000000"),
    "PCMU-30ms": (8000, 1, "mulawenc ! rtppcmupay min-ptime=30000000 max-ptime=30000000"),
    "G722": (16000, 1, "avenc_g722 ! rtpg722pay"),
    "G726-32": (8000, 1, "avenc_g726 bitrate=32000 ! rtpg726pay max-ptime=20000000"),
    "G726-16": (8000, 1, "avenc_g726 bitrate=16000 ! rtpg726pay max-ptime=20000000"),
    "L16": (16000, 1, "audioconvert ! audio/x-raw,format=S16BE ! rtpL16pay max-ptime=20000000"),
    "L16-stereo": (44100, 2, "audioconvert ! audio/x-raw,format=S16BE ! rtpL16pay"),
    "L24": (48000, 1, "audioconvert ! audio/x-raw,format=S24BE ! rtpL24pay max-ptime=5000000"),
    "GSM": (8000, 1, "gsmenc ! rtpgsmpay"),
    "AMR-NB-12.2": (8000, 1, "amrnbenc band-mode=7 ! rtpamrpay max-ptime=20000000"),
    "AMR-NB-4.75": (8000, 1, "amrnbenc band-mode=0 ! rtpamrpay max-ptime=20000000"),
    "AMR-WB": (16000, 1, "voamrwbenc ! rtpamrpay max-ptime=20000000"),
    "Opus-voice": (48000, 1, "opusenc audio-type=voice bitrate=24000 ! rtpopuspay"),
    "Opus-8k": (16000, 1, "opusenc audio-type=voice bitrate=8000 ! rtpopuspay"),
    "Opus-DTX": (48000, 1, "opusenc audio-type=voice dtx=true bitrate=16000 ! rtpopuspay"),
    "Opus-FEC": (48000, 1, "opusenc audio-type=voice inband-fec=true packet-loss-percentage=10 ! rtpopuspay"),
    "Opus-CBR": (48000, 1, "opusenc bitrate-type=cbr bitrate=32000 ! rtpopuspay"),
    "Opus-music": (48000, 2, "opusenc audio-type=generic bitrate=96000 ! rtpopuspay"),
    "Opus-lowdelay": (48000, 1, "opusenc audio-type=restricted-lowdelay frame-size=5 ! rtpopuspay"),
    "Speex-NB": (8000, 1, "speexenc ! rtpspeexpay"),
    "Speex-WB": (16000, 1, "speexenc ! rtpspeexpay"),
    "Siren": (16000, 1, "sirenenc ! rtpsirenpay"),
    "SBC": (44100, 1, "sbcenc ! rtpsbcpay"),
    "AC3": (48000, 2, "audioconvert ! avenc_ac3 bitrate=192000 ! ac3parse ! rtpac3pay mtu=400"),
    "AAC-generic": (48000, 1, "voaacenc bitrate=32000 ! rtpmp4gpay"),
    "AAC-LATM": (48000, 1, "voaacenc bitrate=32000 ! rtpmp4apay"),
    "MP3": (44100, 1, "lamemp3enc ! mpegaudioparse ! rtpmpapay mtu=300"),
    "Vorbis": (44100, 1, "audioconvert ! vorbisenc ! rtpvorbispay mtu=300"),
    "MP2T-audio": (48000, 1, "voaacenc bitrate=96000 ! aacparse ! mpegtsmux ! rtpmp2tpay mtu=400"),
}

VIDEO = {
    "H264-baseline": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 "
                     "bitrate=500 ! video/x-h264,profile=baseline ! rtph264pay",
    "H264-high": "x264enc speed-preset=veryfast bframes=2 bitrate=500 ! "
                 "video/x-h264,profile=high ! rtph264pay config-interval=1",
    "H264-openh264": "openh264enc bitrate=300000 ! rtph264pay aggregate-mode=zero-latency",
    "H265": "x265enc speed-preset=ultrafast tune=zerolatency bitrate=500 ! rtph265pay",
    "VP8": "vp8enc deadline=1 target-bitrate=500000 ! rtpvp8pay",
    "VP8-15bit": "vp8enc deadline=1 target-bitrate=300000 ! rtpvp8pay picture-id-mode=15-bit",
    "VP9": "vp9enc deadline=1 cpu-used=8 target-bitrate=500000 ! rtpvp9pay",
    "H261": "videoscale ! video/x-raw,width=352,height=288 ! avenc_h261 bitrate=300000 ! rtph261pay",
    "H263": "videoscale ! video/x-raw,width=352,height=288 ! avenc_h263 bitrate=300000 ! rtph263pay",
    "H263+": "videoscale ! video/x-raw,width=352,height=288 ! avenc_h263p bitrate=300000 ! rtph263ppay",
    "MPEG4": "avenc_mpeg4 bitrate=500000 ! rtpmp4vpay config-interval=1 mtu=500",
    "MP2T-video": "x264enc tune=zerolatency speed-preset=ultrafast bitrate=500 ! mpegtsmux ! rtpmp2tpay",
    "Theora": "theoraenc bitrate=500 ! rtptheorapay",
    "JPEG2000": "video/x-raw,format=I420 ! openjpegenc num-resolutions=4 ! jpeg2000parse ! rtpj2kpay",
    "raw-video": "videoscale ! video/x-raw,format=UYVY,width=80,height=60 ! rtpvrawpay",
}

FFMPEG = {
    "ff-PCMU": ["-ar", "8000", "-ac", "1", "-c:a", "pcm_mulaw"],
    "ff-G722": ["-ar", "16000", "-ac", "1", "-c:a", "g722"],
    "ff-G726": ["-ar", "8000", "-ac", "1", "-c:a", "g726", "-b:a", "24k"],
    "ff-G726-40": ["-ar", "8000", "-ac", "1", "-c:a", "g726", "-b:a", "40k"],
    "ff-Opus": ["-ar", "48000", "-ac", "1", "-c:a", "libopus", "-application", "voip", "-b:a", "16k"],
    "ff-AAC": ["-ar", "44100", "-ac", "1", "-c:a", "aac", "-b:a", "48k"],
    "ff-Speex": ["-ar", "16000", "-ac", "1", "-c:a", "libspeex"],
    "ff-MP3": ["-ar", "44100", "-ac", "1", "-c:a", "libmp3lame"],
}

FFMPEG_VIDEO = {
    "ff-MJPEG": ["-c:v", "mjpeg", "-huffman", "default", "-pix_fmt", "yuvj420p", "-f", "rtp"],
    "ff-MPEG2": ["-c:v", "mpeg2video", "-b:v", "800k", "-f", "rtp"],
    "ff-H263": ["-s", "352x288", "-c:v", "h263", "-b:v", "400k", "-f", "rtp"],
    "ff-VP9": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k",
               "-strict", "experimental", "-f", "rtp"],
    "ff-H264-TS": ["-c:v", "libx264", "-preset", "ultrafast", "-f", "rtp_mpegts"],
    "ff-H264": ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "400k", "-f", "rtp"],
}

SRTP_LIVE = {  # what srtpenc is told: cipher, authentication, key octets
    "AES-CM-128/80": ("aes-128-icm", "hmac-sha1-80", 30),
    "AES-CM-128/32": ("aes-128-icm", "hmac-sha1-32", 30),
    "AES-CM-256/80": ("aes-256-icm", "hmac-sha1-80", 46),
    "GCM-128": ("aes-128-gcm", "null", 28),
    "GCM-256": ("aes-256-gcm", "null", 44),
    "NULL/80": ("null", "hmac-sha1-80", 30),
}


def run(args, **more):
    return subprocess.run(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_SECONDS,
                          check=False, **more)


def make_sounds(folder):
    """Five seconds of each, 48 kHz mono."""
    spoken = os.path.join(folder, "spoken.wav")
    run(["espeak-ng", "-w", spoken, TEXT])
    chord = "+".join("%.2f*sin(2*PI*%d*t+%.1f*sin(2*PI*%.1f*t))" % (0.12, f, 2.5, m)
                     for f, m in ((262, 5), (330, 3), (392, 2.2), (523, 1.3), (1400, 0.7)))
    sources = {
        "speech": ["-i", spoken],
        "silence": ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono"],
        "tone": ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
        "music": ["-f", "lavfi", "-i", "aevalsrc='%s':s=48000" % chord],
        "noise": ["-f", "lavfi", "-i", "anoisesrc=c=pink:a=0.1:r=48000"],
    }
    for name, source in sources.items():
        run(["ffmpeg", "-y", "-nostdin", "-loglevel", "error", *source, "-t", "5",
             "-ac", "1", "-ar", "48000", "-c:a", "pcm_s16le",
             os.path.join(folder, name + ".wav")])


def receive(sock, process, packets):
    """Datagrams until there are enough or the sender has ended."""
    got, quiet = [], 0
    ends = time.monotonic() + LIMIT_SECONDS
    while len(got) < packets and time.monotonic() < ends:
        if select.select([sock], [], [], 0.2)[0]:
            got.append(sock.recv(65536))
            quiet = 0
        elif process.poll() is not None:
            quiet += 1
            if quiet == 2:
                break
    if process.poll() is None:
        process.terminate()
    error = process.communicate(timeout=10)[1]
    return got, error.decode("utf-8", "replace")


def through_socket(args_for_port, packets=PACKETS):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        sock.bind(("127.0.0.1", 0))
        process = subprocess.Popen(args_for_port(sock.getsockname()[1]),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        return receive(sock, process, packets)


def gst_source(kind, what, folder):
    if kind == "video":
        return ["videotestsrc", "num-buffers=400", "pattern=" + what, "!",
                "video/x-raw,width=320,height=240,framerate=30/1", "!", "videoconvert"]
    return ["filesrc", "location=" + os.path.join(folder, what + ".wav"), "!",
            "wavparse", "!", "audioconvert", "!", "audioresample"]


def gst_stream(kind, what, chain, folder, srtp=None):
    """Packets of a GStreamer pipeline; srtp is a name of SRTP_LIVE."""
    args = ["gst-launch-1.0", "-q", *gst_source(kind, what, folder), "!", *chain.split()]
    if srtp:
        cipher, auth, octets = SRTP_LIVE[srtp]
        args += ["!", "srtpenc", "key=" + os.urandom(octets).hex(),
                 "rtp-cipher=" + cipher, "rtp-auth=" + auth]
        if "gcm" in cipher:
            args += ["rtcp-cipher=" + cipher, "rtcp-auth=null"]
    return through_socket(lambda port: args + [
        "!", "udpsink", "host=127.0.0.1", "port=%d" % port, "sync=false"])


def ffmpeg_video(what, options):
    picture = {"smpte": "smptebars", "ball": "testsrc2", "snow": "mandelbrot"}[what]
    return through_socket(lambda port: [
        "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
        picture + "=size=320x240:rate=30", "-t", "12", *options,
        "rtp://127.0.0.1:%d?rtcpport=9&pkt_size=800" % port])


def ffmpeg_stream(what, options, folder, suite=None):
    wav = os.path.join(folder, what + ".wav")
    head = ["ffmpeg", "-nostdin", "-loglevel", "error", "-stream_loop", "3", "-i", wav,
            *options, "-f", "rtp"]
    if suite:
        key = subprocess.run(["openssl", "rand", "-base64", "30"], check=True,
                             capture_output=True, text=True).stdout.strip()
        head += ["-srtp_out_suite", suite, "-srtp_out_params", key]
    scheme = "srtp" if suite else "rtp"
    return through_socket(lambda port: head + [
        "%s://127.0.0.1:%d?rtcpport=9&pkt_size=300" % (scheme, port)])


RAW_FRAMES = {  # ffmpeg's options, payload type, octets and ticks of a packet
    "G723.1": (["-c:a", "g723_1", "-b:a", "6300"], 4, 24, 240),
    "G723.1-60ms": (["-c:a", "g723_1", "-b:a", "6300"], 4, 48, 480),
    "Codec2-3200": (["-c:a", "libcodec2", "-mode", "3200"], 98, 8, 160),
    "Codec2-2400-60ms": (["-c:a", "libcodec2", "-mode", "2400"], 98, 18, 480),
}


def raw_frames(name, what, folder):
    """Encoder output without a payloader of its own, cut into packets."""
    options, pt, octets, ticks = RAW_FRAMES[name]
    made = subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-stream_loop", "2", "-i",
         os.path.join(folder, what + ".wav"), "-ar", "8000", "-ac", "1", *options,
         "-map", "0:a", "-f", "data", "-"], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=LIMIT_SECONDS, check=False)
    ssrc, seq = os.urandom(4), int.from_bytes(os.urandom(2), "big")
    return [struct.pack("!BBHI", 0x80, pt, (seq + n) & 0xffff, 5000 + n * ticks) + ssrc +
            made.stdout[n * octets:(n + 1) * octets]
            for n in range(min(PACKETS, len(made.stdout) // octets))], made.stderr.decode()


def g729_stream(what, folder, frames=2, vad=False):
    """bcg729, PT 18, 10 ms frames, `frames` to a packet (RFC 3551 4.5.6)."""
    lib = ctypes.CDLL("libbcg729.so.0")
    lib.initBcg729EncoderChannel.restype = ctypes.c_void_p
    lib.initBcg729EncoderChannel.argtypes = [ctypes.c_uint8]
    lib.bcg729Encoder.argtypes = [ctypes.c_void_p, ctypes.c_void_p,
                                  ctypes.c_void_p, ctypes.c_void_p]
    narrow = os.path.join(folder, what + "-8k.wav")
    if not os.path.exists(narrow):
        part = "%s.%d.wav" % (narrow, os.getpid() + frames * 100000 + vad)
        run(["ffmpeg", "-y", "-nostdin", "-loglevel", "error", "-i",
             os.path.join(folder, what + ".wav"), "-ar", "8000", part])
        os.replace(part, narrow)
    with wave.open(narrow) as w:
        pcm = w.readframes(w.getnframes())
    channel = lib.initBcg729EncoderChannel(1 if vad else 0)
    out, size = ctypes.create_string_buffer(16), ctypes.c_uint8()
    seq, ssrc = int.from_bytes(os.urandom(2), "big"), os.urandom(4)
    packets, body, base = [], b"", int.from_bytes(os.urandom(3), "big")
    for n in range(len(pcm) // 160):
        lib.bcg729Encoder(channel, pcm[n * 160:n * 160 + 160], out, ctypes.byref(size))
        body += out.raw[:size.value]
        if n % frames != frames - 1 and size.value == 10:
            continue
        if body:
            packets.append(struct.pack("!BBHI", 0x80, 18, seq & 0xffff, base + n * 80)
                           + ssrc + body)
            seq += 1
        body = b""
        if len(packets) == PACKETS:
            break
    return packets, ""


def jobs(folder):
    """(codec, content, what makes it) of every clear stream."""
    for name, (rate, channels, chain) in AUDIO.items():
        for what in SOUNDS:
            chain2 = "%s ! %s" % (raw(rate, channels), chain)
            yield name, what, lambda c=chain2, w=what: gst_stream("audio", w, c, folder)
    for name, chain in VIDEO.items():
        for what in PICTURES:
            yield name, what, lambda c=chain, w=what: gst_stream("video", w, c, folder)
    for name, options in FFMPEG.items():
        for what in SOUNDS[:3]:
            yield name, what, lambda o=options, w=what: ffmpeg_stream(w, o, folder)
    for name in RAW_FRAMES:
        for what in SOUNDS:
            yield name, what, lambda n=name, w=what: raw_frames(n, w, folder)
    for name, options in FFMPEG_VIDEO.items():
        for what in PICTURES:
            yield name, what, lambda o=options, w=what: ffmpeg_video(w, o)
    for name, frames, vad in (("G729-20ms", 2, False), ("G729-10ms", 1, False),
                              ("G729-30ms", 3, False), ("G729-VAD", 2, True)):
        for what in SOUNDS:
            yield name, what, lambda f=frames, v=vad, w=what: g729_stream(w, folder, f, v)


def live_srtp_jobs(folder):
    """(name, content, scheme, what makes it): protected by the programs themselves."""
    some = ["PCMU", "Opus-DTX", "GSM", "AMR-WB", "Speex-NB"]
    for name in some:
        rate, channels, chain = AUDIO[name]
        for scheme in SRTP_LIVE:
            chain2 = "%s ! %s" % (raw(rate, channels), chain)
            yield name, "speech", scheme, \
                lambda c=chain2, s=scheme: gst_stream("audio", "speech", c, folder, s)
    for name in ("H264-baseline", "VP8"):
        for scheme in SRTP_LIVE:
            yield name, "smpte", scheme, \
                lambda c=VIDEO[name], s=scheme: gst_stream("video", "smpte", c, folder, s)
    for name in ("ff-PCMU", "ff-Opus"):
        for scheme, suite in (("AES-CM-128/80", "AES_CM_128_HMAC_SHA1_80"),
                              ("AES-CM-128/32", "AES_CM_128_HMAC_SHA1_32")):
            yield name, "silence", scheme, \
                lambda o=FFMPEG[name], s=suite: ffmpeg_stream("silence", o, folder, s)


def make_all(items):
    """[(item, packets)], two at a time; says what failed."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [(item, pool.submit(item[-1])) for item in items]
        made = []
        for item, future in futures:
            packets, error = future.result()
            if len(packets) < 3:
                print("  no stream: %s: %s" % (" ".join(item[:-1]), error.strip()[:200]))
                continue
            made.append((item[:-1], packets))
    return made
