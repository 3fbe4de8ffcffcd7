"""Building the shipped site, and the size of the program."""

import os
import statistics
import subprocess
import time

from measure import ROOT


def run(portico, folder):
    times = []
    for index in range(3):
        start = time.monotonic()
        subprocess.run([portico, "build", "--out", f"{folder}/{index}"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.monotonic() - start) * 1000)
    yield {"what": "portico build of the shipped site", "median_ms": round(statistics.median(times))}
    yield {"what": "size of the program", "MiB": round(os.path.getsize(portico) / 2**20, 1)}
