"""Quotes through `GET /stocks/{symbol}` with a token, server and load on a core each."""

import tempfile

from measure import ask, make_project, serve, sign_in
from scripted import load, median_of, request

SYMBOLS = ("AAPL", "MSFT", "GOOGL", "AMZN", "TSLA")


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    server, port, _ = serve(portico, make_project(folder, portico))
    with server:
        token = sign_in(port, "watcher")
        status, answer = ask(port, "GET", "/api/v1/stocks/AAPL",
                             headers={"Authorization": f"Bearer {token}"})
        assert status == 200, (status, answer)
        requests = [request(port, "GET", f"/api/v1/stocks/{symbol}", token) for symbol in SYMBOLS]
        load(server, port, requests, folder, 1, 32)
        figure = median_of(3, lambda: load(server, port, requests, folder, 4, 32))
        yield {"what": "quotes, GET /stocks/{symbol} with a token", "portico": figure}
