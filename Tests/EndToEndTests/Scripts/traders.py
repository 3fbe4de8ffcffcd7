#!/usr/bin/env python3
"""Sixteen clients that trade at random until the server is gone, and what they remember of it.

  traders.py trade  --port P --memory FILE --seed N   trades until nobody answers
  traders.py settle --port P --memory FILE            repeats what had no answer, then looks for the
                                                      newly acknowledged fills; with --full compares
                                                      every fill, order and share
  traders.py keys   --port P --memory FILE            100 equal keys at once, ten times
  traders.py sells  --port P --memory FILE            100 sells of 40 shares at once, ten times

The memory outlives the server: tokens, every acknowledged fill, and every request without an answer,
with the key under which it is repeated. One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import http.client
import json
import random
import threading
import time
import urllib.parse
from pathlib import Path

from checks import Checks

CLIENTS = 16
SYMBOLS = ["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN", "NVDA"]
# Ten clients share two accounts, six have one each.
USERS = [f"shared-{client % 2}" if client < 10 else f"single-{client}" for client in range(CLIENTS)]
PASSWORD = "seven green bottles stand there"


class Gone(Exception):
    """Nobody answered: the request may or may not have been carried out."""


class Client:
    """One connection, opened again when the server closed it between two requests."""

    def __init__(self, port, token=None):
        self.port, self.token, self.connection = port, token, None

    def ask(self, method, path, body=None, key=None):
        headers = {"Host": f"localhost:{self.port}"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self.connection.request(method, "/api/v1" + path, data, headers)
            answer = self.connection.getresponse()
            text = answer.read()
            if answer.will_close:
                self.close()
            return answer.status, json.loads(text or b"{}"), answer.headers
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Gone(str(error)) from error

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def pages(self, path, member):
        rows, cursor = [], None
        while True:
            query = "?limit=200" + (f"&cursor={urllib.parse.quote(cursor)}" if cursor else "")
            status, page, _ = self.ask("GET", path + query)
            assert status == 200, page
            rows += page[member]
            cursor = page["cursor"]
            if not cursor:
                return rows


class Memory:
    """What the clients know, kept in a file between the lives of the server."""

    def __init__(self, path):
        self.path, self.lock = Path(path), threading.Lock()
        self.tokens, self.fills, self.open, self.counts = {}, {}, [], {}
        # Acknowledged since the books were last looked into.
        self.fresh = {}
        if self.path.exists():
            kept = json.loads(self.path.read_text())
            self.tokens, self.fills = kept["tokens"], kept["fills"]
            self.open, self.counts, self.fresh = kept["open"], kept["counts"], kept["fresh"]

    def save(self):
        self.path.write_text(json.dumps({
            "tokens": self.tokens, "fills": self.fills, "open": self.open, "counts": self.counts,
            "fresh": self.fresh}))

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def acknowledge(self, user, key, fill):
        """Notes a fill; whether the key stood for the same one before."""
        with self.lock:
            known = self.fills.setdefault(user, {})
            if key not in known:
                self.fresh.setdefault(user, []).append(fill)
            return known.setdefault(key, fill) == fill

    def unanswered(self, request):
        with self.lock:
            self.open.append(request)

    def sign_in(self, port):
        """Accounts and tokens, made once; the tokens outlive the server as its keys do."""
        for user in sorted(set(USERS)):
            if user in self.tokens:
                continue
            account = {"username": user, "password": PASSWORD}
            client = Client(port)
            client.ask("POST", "/auth/signup", account)
            status, answer, _ = client.ask("POST", "/auth/login", account)
            assert status == 200, answer
            self.tokens[user] = answer["token"]
        self.save()


def order(rng):
    """A random request: mostly small market orders, some limits on both sides of the market."""
    body = {"symbol": rng.choice(SYMBOLS), "quantity": rng.randint(1, 5)}
    kind = rng.random()
    if kind < 0.25:
        body |= {"type": "limit", "limit_price": rng.choice([1.25, 90, 160.5, 400, 5000])}
    if rng.random() < 0.3:
        body["client_order_id"] = f"c{rng.getrandbits(60):x}"
    if rng.random() < 0.3:
        return "/trade", body | {"side": rng.choice(["buy", "sell"])}
    return rng.choice(["/buy", "/sell"]), body


def carry_out(client, memory, checks, request):
    """Sends a request and notes what became of it."""
    status, answer, headers = client.ask("POST", request["path"], request["body"], request["key"])
    memory.count(f"{status}" + (" again" if headers["Idempotent-Replayed"] else ""))
    if status == 200:
        same = memory.acknowledge(request["user"], request["key"], answer["transactionId"])
        if not same:
            checks.note("a key stands for one fill", False, key=request["key"])
    elif status not in (202, 403, 409, 422, 429, 503):
        checks.note("every answer is one of the known", False, status=status, answer=answer)
    if status in (429, 503):
        time.sleep(0.02)
    return status, answer.get("error")


def trade_until_gone(number, port, memory, checks, seed):
    rng = random.Random(f"{seed}/{number}")
    user = USERS[number]
    client = Client(port, memory.tokens[user])
    turn = 0
    while True:
        turn += 1
        path, body = order(rng)
        request = {"user": user, "path": path, "body": body, "key": f"{seed}-{number}-{turn}"}
        try:
            # One in four is sent again, as after an answer that was lost on its way.
            for _ in range(2 if rng.random() < 0.25 else 1):
                carry_out(client, memory, checks, request)
        except Gone:
            memory.unanswered(request)
            return
        try:
            if rng.random() < 0.15:
                cancel_one(client, memory, rng)
        except Gone:
            return


def cancel_one(client, memory, rng):
    _, page, _ = client.ask("GET", "/orders?limit=50")
    waiting = [row["id"] for row in page.get("orders", []) if row["status"] == "accepted"]
    if waiting:
        status, _, _ = client.ask("DELETE", f"/orders/{rng.choice(waiting)}")
        memory.count(f"cancel {status}")


def trade(port, memory, checks, seed):
    threads = [
        threading.Thread(target=trade_until_gone, args=(number, port, memory, checks, seed))
        for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def settle(port, memory, checks, full):
    """Repeats what had no answer, and holds the acknowledged fills against the books."""
    for request in memory.open:
        client = Client(port, memory.tokens[request["user"]])
        for _ in range(500):
            status, error = carry_out(client, memory, checks, request)
            # What the crash interrupted is carried on with in the background.
            if status not in (429, 503) and error != "idempotency_in_progress":
                break
            time.sleep(0.02)
        else:
            checks.note("an interrupted request ends", False, key=request["key"])
        client.close()
    memory.open = []
    for user, token in sorted(memory.tokens.items()):
        client = Client(port, token)
        if full:
            compare(client, user, set(memory.fills.get(user, {}).values()), checks)
        else:
            find(client, user, set(memory.fresh.get(user, [])), checks)
        client.close()
    memory.fresh = {}


def find(client, user, wanted, checks):
    """Looks for fills among the newest."""
    seen, cursor = [], ""
    while wanted - set(seen) and cursor is not None:
        query = "?limit=200" + (f"&cursor={urllib.parse.quote(cursor)}" if cursor else "")
        _, page, _ = client.ask("GET", "/transactions" + query)
        seen += [row["id"] for row in page["transactions"]]
        cursor = page["cursor"]
    lost = wanted - set(seen)
    if lost or len(seen) != len(set(seen)):
        checks.note(
            "every acknowledged fill is there once", False, user=user, lost=sorted(lost)[:5],
            doubled=len(seen) - len(set(seen)))


def compare(client, user, acknowledged, checks):
    """Every fill, order and share of a user."""
    rows, held, orders = books(client)
    ids = [row["id"] for row in rows]
    lost = acknowledged - set(ids)
    shares = {}
    for row in rows:
        sign = 1 if row["type"] == "buy" else -1
        shares[row["symbol"]] = shares.get(row["symbol"], 0) + sign * row["quantity"]
    if lost or len(ids) != len(set(ids)) or held != {s: n for s, n in shares.items() if n}:
        checks.note(
            "every acknowledged fill is there once", False, user=user, lost=sorted(lost)[:5],
            doubled=len(ids) - len(set(ids)), held=held, bought=shares)
    if sum(1 for order in orders if order["filled_quantity"]) != len(ids):
        checks.note("each filled order has one fill", False, user=user)


def books(client):
    """Fills, shares and orders as they stood together: limit orders are filled meanwhile."""
    while True:
        rows = client.pages("/transactions", "transactions")
        _, portfolio, _ = client.ask("GET", "/portfolio")
        orders = client.pages("/orders", "orders")
        if [row["id"] for row in client.pages("/transactions", "transactions")] == [
                row["id"] for row in rows]:
            return rows, portfolio["holdings"], orders


def at_once(count, work):
    """Runs the work on that many threads that begin together; the answers."""
    barrier, answers, lock = threading.Barrier(count), [], threading.Lock()

    def run(number):
        barrier.wait()
        answer = work(number)
        with lock:
            answers.append(answer)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def patient(port, token, path, body, key=None):
    """One request on a connection of its own, repeated while the server says that it is busy."""
    while True:
        client = Client(port, token)
        status, answer, headers = client.ask("POST", path, body, key)
        client.close()
        if status not in (429, 503):
            return status, answer, headers["Idempotent-Replayed"] == "true"
        time.sleep(0.05)


def keys(port, memory, checks, rounds):
    token = memory.tokens["single-10"]
    client = Client(port, token)
    for turn in range(rounds):
        before = len(client.pages("/transactions", "transactions"))
        key = f"equal-{turn}-{random.getrandbits(60):x}"
        answers = at_once(
            100, lambda _: patient(port, token, "/buy", {"symbol": "AAPL", "quantity": 1}, key))
        after = len(client.pages("/transactions", "transactions"))
        told = {status for status, _, _ in answers}
        fills = {answer["transactionId"] for status, answer, _ in answers if status == 200}
        fresh = sum(1 for status, _, again in answers if status == 200 and not again)
        checks.note(
            "100 equal keys at once are one fill",
            told <= {200, 409} and len(fills) == 1 and fresh == 1 and after == before + 1,
            told=sorted(told), fills=len(fills), fresh=fresh, booked=after - before)


def sells(port, memory, checks, rounds):
    token = memory.tokens["single-11"]
    for _ in range(rounds):
        client = Client(port, token)
        _, portfolio, _ = client.ask("GET", "/portfolio")
        held = portfolio["holdings"].get("AMZN", 0)
        if held:
            client.ask("POST", "/sell", {"symbol": "AMZN", "quantity": held})
        bought, _, _ = client.ask("POST", "/buy", {"symbol": "AMZN", "quantity": 40})
        answers = at_once(
            100, lambda _: patient(port, token, "/sell", {"symbol": "AMZN", "quantity": 1}))
        sold = sum(1 for status, _, _ in answers if status == 200)
        refused = sum(1 for status, answer, _ in answers
                      if status == 403 and answer["error"] == "insufficient_shares")
        _, portfolio, _ = client.ask("GET", "/portfolio")
        left = portfolio["holdings"].get("AMZN", 0)
        told = sorted({status for status, _, _ in answers})
        checks.note(
            "100 sells at once of 40 shares never oversell",
            bought == 200 and sold == 40 and refused == 60 and left == 0,
            bought=bought, sold=sold, refused=refused, left=left, told=told)
        client.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("work", choices=["trade", "settle", "keys", "sells"])
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--memory", required=True)
    arguments.add_argument("--seed", default="0")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--full", action="store_true")
    options = arguments.parse_args()
    checks, memory = Checks(), Memory(options.memory)
    memory.sign_in(options.port)
    try:
        if options.work == "trade":
            trade(options.port, memory, checks, options.seed)
        elif options.work == "settle":
            settle(options.port, memory, checks, options.full)
        elif options.work == "keys":
            keys(options.port, memory, checks, options.rounds)
        else:
            sells(options.port, memory, checks, options.rounds)
    finally:
        memory.save()
    checks.note(options.work, True, counts=memory.counts)
    checks.finish()


if __name__ == "__main__":
    main()
