#!/usr/bin/env python3
"""Measures Portico beside its peers on this machine, in one run; prints ratios.

One core for the server and one for the load. A peer that is not installed is skipped by name.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BROWSER_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "Accept-Encoding": "identity",
    "Accept-Language": "en-GB,en;q=0.7,de;q=0.3",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
    "Upgrade-Insecure-Requests": "1",
    "Priority": "u=0, i",
    "DNT": "1",
}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for(url, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return urllib.request.urlopen(url, timeout=1).status
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer")


class Server:
    """A program on core 0, ended by its pid."""

    def __init__(self, command, env=None, cwd=ROOT):
        self.process = subprocess.Popen(
            ["taskset", "-c", "0"] + command, cwd=cwd, env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) // 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def wrk(url, headers=None, seconds=5, connections=32):
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    out = subprocess.run(command + [url], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 1e-3, "ms": 1, "s": 1e3}[tail.group(2)]
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return {"rate": rate, "p99_ms": float(tail.group(1)) * scale,
            "errors": int(errors.group(1)) if errors else 0}


def best(measure, rounds=3):
    runs = [measure() for _ in range(rounds)]
    return sorted(runs, key=lambda run: run["rate"])[len(runs) // 2]


def make_bundle(folder, portico):
    """The bundle that portico builds from one page of about 1 KB and one of 10 KB."""
    project = Path(folder) / "project"
    (project / "site/layouts").mkdir(parents=True)
    (project / "site/pages").mkdir(parents=True)
    (project / "content").mkdir()
    (project / "site/layouts/page.html").write_text(
        "<!doctype html><html lang=en><head><title>{{ page.title }}</title></head>"
        "<body><main>{{ page.content | safe }}</main></body></html>")
    for name, size in (("one", 860), ("ten", 10_000), ("404", 100), ("index", 100)):
        words = "measure "
        (project / "site/pages" / f"{name}.html").write_text(
            f"---\ntitle: {name}\n---\n<!doctype html><html lang=en><head><title>{name}</title></head>"
            f"<body><main><h1>{name}</h1><p>{words * (size // len(words))}</p></main></body></html>")
    for name in ("openapi.yaml", "accounts.openapi.yaml"):
        shutil.copy(ROOT / "site" / name, project / "site" / name)
    text = (ROOT / "portico.yaml").read_text()
    text = re.sub(r"form: json", "form: 'off'", text)
    text = re.sub(r"  spa_prefixes:.*\n", "", text)
    (project / "portico.yaml").write_text(text + "\n")
    subprocess.run([portico, "build"], cwd=project, check=True, stdout=subprocess.DEVNULL)
    return project


def start_portico(portico, project):
    port, admin = free_port(), free_port()
    server = Server(
        [portico, "serve", "--production", "--port", str(port), "--admin-port", str(admin),
         "--data", str(Path(project) / "var")],
        env={"PORTICO_ACCOUNTS_MASTER_KEY": "ab" * 32, "PORTICO_EDGE_LISTENER_THREADS": "1"},
        cwd=project)
    wait_for(f"http://127.0.0.1:{admin}/readyz")
    return server, port


def start_nginx(folder, root):
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(nginx):
        return None, None
    port = free_port()
    config = Path(folder) / "nginx.conf"
    config.write_text(f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 4096; }}
http {{
  access_log off; include /etc/nginx/mime.types; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_requests 1000000; open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root};
    add_header Content-Security-Policy "default-src 'none'" always;
    add_header X-Content-Type-Options nosniff always; add_header X-Frame-Options DENY always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
  }}
}}
""")
    server = Server([nginx, "-c", str(config), "-p", str(folder)])
    wait_for(f"http://127.0.0.1:{port}/one/index.html")
    return server, port


def static_pages(portico, results):
    if not shutil.which("wrk"):
        return print("static: skipped, wrk is not installed")
    with tempfile.TemporaryDirectory(dir=ROOT / ".build-tools") as folder:
        project = make_bundle(folder, portico)
        ours, port = start_portico(portico, project)
        theirs, peer = start_nginx(folder, project / "dist")
        try:
            for name in ("one", "ten"):
                for kind, headers in (("bare", {}), ("browser headers", BROWSER_HEADERS)):
                    host = {"Host": f"localhost:{port}"}
                    mine = best(lambda: wrk(f"http://127.0.0.1:{port}/{name}/", {**headers, **host}))
                    line = {"what": f"static {name} KB, {kind}", "portico": mine}
                    if theirs:
                        line["nginx"] = best(lambda: wrk(f"http://127.0.0.1:{peer}/{name}/index.html", headers))
                        line["ratio"] = round(mine["rate"] / line["nginx"]["rate"], 2)
                    else:
                        line["skipped"] = "nginx is not installed"
                    results.append(line)
                    show(line)
            results.append({"what": "resident memory after the load", "MiB": ours.memory()})
            show(results[-1])
        finally:
            ours.stop()
            if theirs:
                theirs.stop()


def builds(portico, results):
    times = []
    with tempfile.TemporaryDirectory(dir=ROOT / ".build-tools") as folder:
        for index in range(3):
            start = time.monotonic()
            subprocess.run([portico, "build", "--out", f"{folder}/{index}"], cwd=ROOT, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            times.append((time.monotonic() - start) * 1000)
    results.append({"what": "portico build of the shipped site", "median_ms": round(statistics.median(times))})
    show(results[-1])
    results.append({"what": "size of the binary", "MiB": round(os.path.getsize(portico) / 2**20, 1)})
    show(results[-1])


def show(line):
    text = [line["what"]]
    for name in ("portico", "nginx"):
        if name in line:
            run = line[name]
            text.append(f"{name} {run['rate']:,.0f}/s p99 {run['p99_ms']:.2f} ms"
                        + (f" ERRORS {run['errors']}" if run["errors"] else ""))
    text += [f"{key} {line[key]}" for key in ("ratio", "median_ms", "MiB", "skipped") if key in line]
    print("; ".join(text), flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--portico", required=True)
    portico = os.path.abspath(arguments.parse_args().portico)
    (ROOT / ".build-tools").mkdir(exist_ok=True)
    results = []
    builds(portico, results)
    static_pages(portico, results)
    (ROOT / ".build-tools/bench.json").write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    sys.exit(main())
