# SPDX-License-Identifier: Apache-2.0
"""Ethernet frames and pcap files by hand, SRTP by libsrtp 2 through ctypes."""
import ctypes
import os
import struct


# ---- frames ----

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def udp_frame(src, sport, dst, dport, payload, ident=0):
    """src and dst are 32-bit addresses."""
    head = struct.pack("!BBHHHBBHII", 0x45, 0, 28 + len(payload), ident & 0xffff, 0x4000,
                       64, 17, 0, src, dst)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + head + udp + payload


def vlan_tagged(frame, tag=12):
    return frame[:12] + struct.pack("!HH", 0x8100, tag) + frame[12:]


class PcapWriter:
    def __init__(self, path, snap=262144):
        self.out, self.snap = open(path, "wb"), snap
        self.out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snap, 1))

    def add(self, micros, frame):
        cut = frame[:self.snap]
        self.out.write(struct.pack("<IIII", micros // 1000000, micros % 1000000,
                                   len(cut), len(frame)) + cut)

    def close(self):
        self.out.close()


def read_pcap(path):
    """(microseconds, octets, length on the wire) of each packet; little-endian pcap only."""
    with open(path, "rb") as f:
        magic, *_ = struct.unpack("<IHHiIII", f.read(24))
        if magic != 0xa1b2c3d4:
            raise ValueError(path + ": not a pcap file of this machine")
        while True:
            head = f.read(16)
            if len(head) < 16:
                return
            sec, usec, got, wire = struct.unpack("<IIII", head)
            yield sec * 1000000 + usec, f.read(got), wire


# ---- SRTP ----

class Ssrc(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("value", ctypes.c_uint)]


class Crypto(ctypes.Structure):
    _fields_ = [("cipher_type", ctypes.c_uint32), ("cipher_key_len", ctypes.c_int),
                ("auth_type", ctypes.c_uint32), ("auth_key_len", ctypes.c_int),
                ("auth_tag_len", ctypes.c_int), ("sec_serv", ctypes.c_int)]


class MasterKey(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("mki_id", ctypes.c_char_p),
                ("mki_size", ctypes.c_uint)]


class Policy(ctypes.Structure):
    pass


Policy._fields_ = [
    ("ssrc", Ssrc), ("rtp", Crypto), ("rtcp", Crypto), ("key", ctypes.c_char_p),
    ("keys", ctypes.POINTER(ctypes.POINTER(MasterKey))), ("num_master_keys", ctypes.c_ulong),
    ("deprecated_ekt", ctypes.c_void_p), ("window_size", ctypes.c_ulong),
    ("allow_repeat_tx", ctypes.c_int), ("enc_xtn_hdr", ctypes.c_void_p),
    ("enc_xtn_hdr_count", ctypes.c_int), ("next", ctypes.c_void_p)]

# name: (function that fills the policy, key octets, MKI octets, what follows the packet)
SCHEMES = {
    "AES-CM-128/80": ("rtp_default", 30, 0, ""),
    "AES-CM-128/32": ("aes_cm_128_hmac_sha1_32", 30, 0, ""),
    "AES-CM-256/80": ("aes_cm_256_hmac_sha1_80", 46, 0, ""),
    "AES-CM-256/32": ("aes_cm_256_hmac_sha1_32", 46, 0, ""),
    "AES-CM-128/0": ("aes_cm_128_null_auth", 30, 0, ""),
    "GCM-128": ("aes_gcm_128_16_auth", 28, 0, ""),
    "GCM-256": ("aes_gcm_256_16_auth", 44, 0, ""),
    "CM/80+MKI1": ("rtp_default", 30, 1, ""),
    "CM/80+MKI4": ("rtp_default", 30, 4, ""),
    "CM/32+MKI4": ("aes_cm_128_hmac_sha1_32", 30, 4, ""),
    "GCM+MKI4": ("aes_gcm_128_16_auth", 28, 4, ""),
    "CM/80+MKI16": ("rtp_default", 30, 16, ""),
    "GCM+MKI16": ("aes_gcm_128_16_auth", 28, 16, ""),
    "CM/32+MKI128": ("aes_cm_128_hmac_sha1_32", 30, 128, ""),
    "GCM+counter": ("aes_gcm_256_16_auth", 44, 0, "counter"),
    "GCM+constant": ("aes_gcm_256_16_auth", 44, 0, "constant"),
    "NULL/80": ("null_cipher_hmac_sha1_80", 30, 0, ""),
}


def library():
    lib = ctypes.CDLL("libsrtp2.so.1")
    if lib.srtp_init() != 0:
        raise RuntimeError("libsrtp does not start")
    return lib


class Srtp:
    """One sender. Packets that libsrtp refuses (a repeated number) are left out."""

    def __init__(self, lib, scheme):
        fill, octets, mki, self.after = SCHEMES[scheme]
        self.lib, self.mki, self.count = lib, mki, 0
        self.policy = Policy(ssrc=Ssrc(3, 0), window_size=1024)
        for part in (self.policy.rtp, self.policy.rtcp):
            getattr(lib, "srtp_crypto_policy_set_" + fill)(ctypes.byref(part))
        self.key = os.urandom(octets)
        if mki:
            self.master = MasterKey(self.key, b"\0" * (mki - 1) + b"\1", mki)
            self.list = (ctypes.POINTER(MasterKey) * 1)(ctypes.pointer(self.master))
            self.policy.keys = self.list
            self.policy.num_master_keys = 1
        else:
            self.policy.key = self.key
        self.session = ctypes.c_void_p()
        status = lib.srtp_create(ctypes.byref(self.session), ctypes.byref(self.policy))
        if status != 0:
            raise RuntimeError("srtp_create: %d" % status)

    def protect(self, packet):
        room = ctypes.create_string_buffer(packet, len(packet) + 160)
        size = ctypes.c_int(len(packet))
        if self.lib.srtp_protect_mki(self.session, room, ctypes.byref(size),
                                     1 if self.mki else 0, 0) != 0:
            return None
        self.count += 1
        tail = b""
        if self.after == "counter":
            tail = struct.pack("!I", self.count)
        elif self.after == "constant":
            tail = b"\0\0\0\1"
        return room.raw[:size.value] + tail

    def close(self):
        self.lib.srtp_dealloc(self.session)


def protected(lib, scheme, packets):
    sender = Srtp(lib, scheme)
    out = [p for p in map(sender.protect, packets) if p]
    sender.close()
    return out
