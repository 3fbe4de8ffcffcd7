#!/usr/bin/env python3
"""Measures Portico beside its peers on this machine, in one run; prints ratios.

One core for the server and one for the load, rounds in turn, medians. A peer that is not installed
is skipped by name. `bench.py --portico PATH [SUBJECT ...]`; without subjects, all of them.
"""

import argparse
import datetime
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from measure import ROOT, Missing  # noqa: E402

SUBJECTS = {
    "builds": "builds", "static": "static_pages", "cached": "cached_route", "proxy": "proxying",
    "parts": "parts", "signins": "sign_ins", "orders": "orders", "quotes": "quotes",
    "streams": "streams",
}


def shown(figure):
    """A figure on one line."""
    text = [figure["what"]]
    for name in ("portico", figure.get("peer", "nginx")):
        run = figure.get(name)
        if isinstance(run, dict):
            text.append(f"{name} {run['rate']:,.0f}/s, p99 {run['p99_ms']:.2f} ms, "
                        f"{run['cpu_us']:.1f} us CPU each"
                        + (f", ERRORS {run['errors']}" if run["errors"] else ""))
    for name, value in figure.items():
        if name not in ("what", "peer", "met") and not isinstance(value, dict):
            text.append(f"{name} {value:,}" if isinstance(value, (int, float)) else f"{name} {value}")
    if "met" in figure:
        text.append("met" if figure["met"] else "MISSED")
    return "; ".join(text)


def machine():
    """Class of the machine, for whoever reads the figures later."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "unknown")
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                          text=True).stdout.strip()
    return {"cores": os.cpu_count(), "processor": model, "commit": head,
            "date": datetime.date.today().isoformat()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portico", required=True, help="the release binary")
    parser.add_argument("subjects", nargs="*", help=", ".join(SUBJECTS))
    arguments = parser.parse_args()
    unknown = set(arguments.subjects) - set(SUBJECTS)
    if unknown:
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    portico = os.path.abspath(arguments.portico)
    tools = ROOT / ".build-tools"
    tools.mkdir(exist_ok=True)
    results = tools / "bench.json"
    try:
        known = json.loads(results.read_text())["figures"]
    except (OSError, ValueError, TypeError, KeyError):
        known = {}
    for subject in arguments.subjects or SUBJECTS:
        figures = []
        with tempfile.TemporaryDirectory(dir=tools) as folder:
            try:
                for figure in importlib.import_module(SUBJECTS[subject]).run(portico, Path(folder)):
                    print(shown(figure), flush=True)
                    figures.append(figure)
            except Missing as missing:
                figures.append({"what": subject, "skipped": str(missing)})
                print(shown(figures[-1]), flush=True)
        known[subject] = figures
        results.write_text(json.dumps({"machine": machine(), "figures": known}, indent=2) + "\n")
    table(known)


def table(known):
    rows = [figure for figures in known.values() for figure in figures if "ratio" in figure]
    if rows:
        print("\n| what | peer | ratio | of its CPU | p99 ms, its | goal |\n|---|---|---|---|---|---|")
    for row in rows:
        mine, theirs = row["portico"], row[row["peer"]]
        print(f"| {row['what']} | {row['peer']} | {row['ratio']} | {row['cpu_ratio']} "
              f"| {mine['p99_ms']:.2f}, {theirs['p99_ms']:.2f} "
              f"| {row['goal']} {'met' if row['met'] else 'MISSED'} |")


if __name__ == "__main__":
    sys.exit(main())
