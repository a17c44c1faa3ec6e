#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write ten seconds of something speech-like: bursts of tones and pauses.

usage: tone.py OUT.wav
"""
import math
import struct
import sys
import wave

RATE = 8000

with wave.open(sys.argv[1], "wb") as out:
    out.setnchannels(1)
    out.setsampwidth(2)
    out.setframerate(RATE)
    for n in range(10 * RATE):
        t = n / RATE
        loud = 9000 * max(0.0, math.sin(2 * math.pi * 1.7 * t))
        v = math.sin(2 * math.pi * 220 * t) + 0.5 * math.sin(2 * math.pi * 630 * t)
        out.writeframes(struct.pack("<h", int(loud * v / 1.5)))
