#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command: measure.py SECONDS COMMAND... -> "seconds kilobytes status"

The best of three runs, or of as many as fit into six seconds if that is more,
nine at most, and no more than fit into a third of the time; the command's
output goes nowhere. Status 124 is a run over time.
"""
import os
import subprocess
import sys
import threading
import time

LEAST, MOST, ENOUGH = 3, 9, 6


def main(limit, *command):
    best = None
    peak = status = 0
    begun = time.monotonic()
    for run in range(MOST):
        start = time.monotonic()
        if run >= LEAST and start - begun > ENOUGH:
            break
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        late = threading.Timer(float(limit), child.kill)
        late.start()
        _, raw, usage = os.wait4(child.pid, 0)
        took = time.monotonic() - start
        late.cancel()
        if took >= float(limit):
            print("%s 0 124" % limit)
            return
        child.returncode = status = os.waitstatus_to_exitcode(raw)
        best = took if best is None else min(best, took)
        peak = max(peak, usage.ru_maxrss)
        if time.monotonic() - begun > float(limit) / 3:
            break
    print("%.4f %d %d" % (best, peak, status))


if __name__ == "__main__":
    main(*sys.argv[1:])
