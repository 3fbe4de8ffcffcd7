"""Tokens, gateway stages and the store inside one process: the program `BenchParts`."""

import json
import subprocess
from pathlib import Path

from measure import Missing


def run(portico, folder):
    program = Path(portico).with_name("BenchParts")
    if not program.exists():
        raise Missing("BenchParts is not built (swift build -c release --product BenchParts)")
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True,
                          env={"TMPDIR": str(folder), "PATH": "/usr/bin:/bin"}) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"BenchParts ended with {process.returncode}")
