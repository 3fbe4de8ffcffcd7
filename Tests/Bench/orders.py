"""Durable orders through `POST /buy` and `/sell` with 16 clients, server and load on both cores."""

import re
import tempfile

from measure import ask, make_project, serve, sign_in
from scripted import load, median_of, request

CLIENTS = 16
GOAL = 3_000


def rich(files):
    """Money enough for the whole load, and no bound on how often one may ask."""
    files["portico.yaml"] = files["portico.yaml"].replace(
        "starting_cash_cents: 10000000", "starting_cash_cents: 100000000000")


def unbounded(files):
    rich(files)
    files["portico.yaml"] = files["portico.yaml"].replace(
        "\naccounts:\n",
        "\naccounts:\n  attempts_per_minute: 6000\n  attempts_burst: 6000\n", 1)
    for name, bound in (("address_rate_per_second", 100_000), ("address_burst", 1_000_000)):
        files["portico.yaml"] = re.sub(rf"{name}: \d+", f"{name}: {bound}", files["portico.yaml"])


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    project = make_project(folder, portico, unbounded)
    server, port, _ = serve(portico, project, cores="0,1", threads=2)
    with server:
        tokens = [sign_in(port, f"trader{index}") for index in range(CLIENTS)]
        body = {"symbol": "AAPL", "quantity": 1}
        requests = [request(port, "POST", f"/api/v1/{side}", token, body, key=True)
                    for side in ("buy", "buy", "sell") for token in tokens]
        status, answer = ask(port, "POST", "/api/v1/buy", body,
                             {"Authorization": f"Bearer {tokens[0]}"})
        assert status == 200, (status, answer)
        load(server, port, requests, folder, 2, CLIENTS, "0,1")
        figure = median_of(3, lambda: load(server, port, requests, folder, 5, CLIENTS, "0,1"))
        yield {"what": f"durable orders, {CLIENTS} clients, two cores", "portico": figure,
               "goal": f"{GOAL}/s", "met": figure["rate"] >= GOAL and not figure["errors"],
               "resident_MiB": round(server.memory())}
