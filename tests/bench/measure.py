#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command: measure.py SECONDS COMMAND... -> "seconds kilobytes status"

The best of the runs that fit into a third of the time, three at most; the
command's output goes nowhere. Status 124 is a run over time.
"""
import os
import subprocess
import sys
import time


def main(limit, *command):
    best = None
    peak = status = 0
    begun = time.monotonic()
    for _ in range(3):
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        while True:
            pid, raw, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > float(limit):
                child.kill()
                os.wait4(child.pid, 0)
                print("%s 0 124" % limit)
                return
            time.sleep(0.005)
        took = time.monotonic() - start
        child.returncode = status = os.waitstatus_to_exitcode(raw)
        best = took if best is None else min(best, took)
        peak = max(peak, usage.ru_maxrss)
        if time.monotonic() - begun > float(limit) / 3:
            break
    print("%.3f %d %d" % (best, peak, status))


if __name__ == "__main__":
    main(*sys.argv[1:])
