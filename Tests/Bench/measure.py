"""What every subject of the bench shares: servers on one core, load from the other, medians."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")

# As Firefox 140 sends them for a page; the coding is left out so that all serve the same bytes.
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


class Missing(Exception):
    """A program that a figure needs is not installed: the figure is skipped by that name."""


def program(name, *places):
    found = shutil.which(name) or next((place for place in places if os.path.exists(place)), None)
    if not found:
        raise Missing(f"{name} is not installed")
    return found


def free_port():
    low, high = (int(part) for part in os.environ.get("PORTICO_BENCH_PORTS", "0-0").split("-"))
    for port in range(low, high + 1):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
                number = sock.getsockname()[1]
            except OSError:
                continue
            if number not in free_port.given:
                free_port.given.add(number)
                return number
    raise SystemExit("no port is free")


free_port.given = set()


def wait_for(url, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return urllib.request.urlopen(url, timeout=1).status
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer")


class Server:
    """A program on the given cores, ended by its pid."""

    def __init__(self, command, env=None, cwd=ROOT, cores="0", log=None):
        free_port.given.clear()
        output = open(log, "w") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            ["taskset", "-c", cores] + [str(part) for part in command], cwd=cwd,
            env={**os.environ, **(env or {})}, stdout=output, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def pids(self):
        mine = self.process.pid
        children = Path(f"/proc/{mine}/task/{mine}/children").read_text().split()
        return [mine] + [int(child) for child in children]

    def cpu(self):
        """Seconds of CPU that the program and its workers have used."""
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self):
        """MiB resident."""
        total = 0
        for pid in self.pids():
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
        return total / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wrk(server, url, headers=None, seconds=4, connections=32, script=None, env=None, cores="1"):
    """One round of load: rate, p99, errors, and the server's CPU for each request."""
    command = ["taskset", "-c", cores, program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s",
               "--latency", "--timeout", "10s"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    if script:
        command += ["-s", str(SCRIPTS / script)]
    before, start = server.cpu(), time.monotonic()
    out = subprocess.run(command + [url], capture_output=True, text=True, check=True,
                         env={**os.environ, **(env or {})}).stdout
    used, spent = server.cpu() - before, time.monotonic() - start
    count = int(re.search(r"(\d+) requests in", out).group(1))
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return {
        "rate": round(float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))),
        "p99_ms": float(tail.group(1)) * {"us": 1e-3, "ms": 1, "s": 1e3}[tail.group(2)],
        "cpu_us": round(used / max(1, count) * 1e6, 1),
        "busy": round(used / spent, 2),
        "errors": (int(errors.group(1)) if errors else 0)
        + (sum(int(part) for part in lost.groups()) if lost else 0),
    }


def side_by_side(loads, rounds=3):
    """Rounds of each in turn, so that what disturbs the machine disturbs all; the medians."""
    runs = {name: [] for name in loads}
    for name, load in loads.items():
        load(1)
    for _ in range(rounds):
        for name, load in loads.items():
            runs[name].append(load(4))
    medians = {}
    for name, some in runs.items():
        medians[name] = {key: statistics.median(run[key] for run in some)
                         for key in ("rate", "p99_ms", "cpu_us", "busy")}
        medians[name]["errors"] = sum(run["errors"] for run in some)
    return medians


def compared(what, medians, peer, goal):
    """A figure beside a peer's: how many times its requests for each second.

    Where either server did not get nearly all of its core, other work on the machine was measured
    too: then the ratio is that of the CPU for each request.
    """
    mine = medians["portico"]
    figure = {"what": what, **medians}
    if peer in medians:
        theirs = medians[peer]
        rate_ratio = round(mine["rate"] / theirs["rate"], 2)
        cpu_ratio = round(theirs["cpu_us"] / mine["cpu_us"], 2)
        disturbed = min(mine["busy"], theirs["busy"]) < 0.85
        figure |= {"peer": peer, "ratio": cpu_ratio if disturbed else rate_ratio,
                   "cpu_ratio": cpu_ratio, "goal": goal}
        if disturbed:
            figure["disturbed"] = "by other work: the ratio is that of CPU"
        figure["met"] = figure["ratio"] >= goal
    return figure


def make_project(folder, portico, edit=lambda files: None):
    """The shipped project in another folder, with its settings and documents edited, and built."""
    project = Path(folder) / "project"
    shutil.copytree(ROOT / "site", project / "site")
    shutil.copytree(ROOT / "content", project / "content")
    files = {name: (ROOT / name).read_text() for name in ("portico.yaml", "site/openapi.yaml")}
    files["portico.yaml"] = files["portico.yaml"].replace("form: json", "form: 'off'")
    edit(files)
    for name, text in files.items():
        (project / name).write_text(text)
    subprocess.run([portico, "build"], cwd=project, check=True, stdout=subprocess.DEVNULL)
    return project


def serve(portico, project, env=None, cores="0", threads=1):
    """Portico in production on free ports: the server, its port, its admin port."""
    port, admin = free_port(), free_port()
    server = Server(
        [portico, "serve", "--production", "--port", port, "--admin-port", admin,
         "--data", Path(project) / "var"],
        env={"PORTICO_ACCOUNTS_MASTER_KEY": "ab" * 32,
             "PORTICO_EDGE_LISTENER_THREADS": str(threads), **(env or {})},
        cwd=project, cores=cores, log=Path(project) / "serve.log")
    try:
        wait_for(f"http://127.0.0.1:{admin}/readyz")
    except SystemExit:
        server.stop()
        raise SystemExit("portico did not start:\n" + (Path(project) / "serve.log").read_text())
    return server, port, admin


def nginx(folder, port, http, name="nginx", cores="0"):
    """An nginx with one worker and these lines in its `http` block."""
    path = program("nginx", "/usr/sbin/nginx")
    temporary = "".join(f"{kind}_temp_path {folder}/{name}-{kind}; " for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = Path(folder) / f"{name}.conf"
    config.write_text(f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log /dev/null;
events {{ worker_connections 4096; }}
http {{
  access_log off; include /etc/nginx/mime.types; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_requests 100000000; {temporary}
  {http}
}}
""")
    server = Server([path, "-c", config, "-p", folder], cores=cores)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nginx did not start")


def ask(port, method, path, body=None, headers=None):
    """One request with JSON: its status and its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {
        "Content-Type": "application/json", "Host": f"localhost:{port}", **(headers or {})})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    try:
        return answer.status, json.loads(data)
    except ValueError:
        return answer.status, data.decode(errors="replace")


PASSWORD = "seven green bottles"


def sign_in(port, name):
    """A new account's token."""
    account = {"username": name, "password": PASSWORD}
    status, answer = ask(port, "POST", "/api/v1/auth/signup", account)
    if status != 201:
        raise SystemExit(f"sign-up: {status} {answer}")
    status, answer = ask(port, "POST", "/api/v1/auth/login", account)
    if status != 200:
        raise SystemExit(f"sign-in: {status} {answer}")
    return answer["token"]
