"""A stand-in for Alpha Vantage on loopback: prints its port, answers until its input ends."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

REFUSALS = {
    "DAILY": {"Information": "Our standard API rate limit is 25 requests per day."},
    "NONE": {"Global Quote": {}},
}


def quote(symbol):
    return {"Global Quote": {
        "01. symbol": symbol, "02. open": "150.0000", "03. high": "151.0000",
        "04. low": "149.0000", "05. price": "150.2500", "06. volume": "1234567",
        "07. latest trading day": "2026-05-28", "08. previous close": "149.7500",
        "09. change": "0.5000", "10. change percent": "0.3339%"}}


def series():
    bar = {"1. open": "150.0", "2. high": "151.0", "3. low": "149.0", "4. close": "150.5",
           "5. volume": "100"}
    return {"Meta Data": {}, "Time Series (Daily)": {f"2026-05-{d:02}": bar for d in range(1, 29)}}


class Stub(BaseHTTPRequestHandler):
    def do_GET(self):
        query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        symbol, function = query.get("symbol", ""), query.get("function", "")
        status, body = 200, json.dumps(quote(symbol))
        if query.get("apikey") != "the&key":
            body = json.dumps({"Error Message": "the parameter apikey is invalid or missing."})
        elif function == "TIME_SERIES_DAILY":
            body = json.dumps(series())
        elif symbol == "TSLA":
            time.sleep(5)
        elif symbol == "MSFT":
            status, body = 500, "<html>busy</html>"
        elif symbol == "NVDA":
            body = json.dumps(REFUSALS["DAILY"])
        elif symbol == "AMZN":
            body = json.dumps(REFUSALS["NONE"])
        data = body.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
