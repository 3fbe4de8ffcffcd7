#!/usr/bin/env python3
"""SIGTERM while clients send without a pause: no request is lost.

Every request that the server took gets its whole answer; every other meets a connection that closes
before a byte of an answer. What the upstream did, what the log says and what the clients read agree.
Prints one JSON line per check and ends non-zero when one fails.
"""

import argparse
import asyncio
import json
import random
import threading
from pathlib import Path

from serving import Serving, finish, is_proof, say

CLIENTS = 24


class Upstream:
    """An HTTP server on a thread of its own that takes its time and notes what it did."""

    def __init__(self):
        self.seen, self.port, self.ready = [], None, threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True).start()
        self.ready.wait(10)

    async def run(self):
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def answer(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                name = head.split(b" ")[1].decode().strip("/")
                self.seen.append(name)
                await asyncio.sleep(random.uniform(0, 0.15))
                body = name.encode() * 20
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-length: %d\r\n\r\n%s"
                    % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Client:
    """Sends one request after the other on a kept connection until the server is gone."""

    def __init__(self, number):
        self.number, self.answered, self.wrong = number, [], []
        self.closed_clean, self.not_taken = 0, 0

    async def run(self, port):
        turn = 0
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return
            fresh = True
            while True:
                turn += 1
                name = f"c{self.number}-{turn}"
                kept = await self.exchange(reader, writer, name, fresh)
                fresh = False
                if not kept:
                    break
            writer.close()

    async def exchange(self, reader, writer, name, fresh):
        target = f"/api/v1/slow/{name}" if random.random() < 0.7 else f"/api/v1/mock?{name}"
        try:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self.wrong.append(f"{name}: half a head")
            self.closed_clean += 1
            return False
        except ConnectionError as error:
            # A connection that was still in the kernel's queue was never taken.
            if fresh:
                self.not_taken += 1
            else:
                self.wrong.append(f"{name}: {type(error).__name__} on a kept connection")
            return False
        fields = dict(
            line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
        try:
            body = await reader.readexactly(int(fields[b"content-length"]))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.wrong.append(f"{name}: half a body")
            return False
        if not head.startswith(b"HTTP/1.1 200") or (
            "slow" in target and body != name.encode() * 20):
            self.wrong.append(f"{name}: {head[:20]!r}")
        if "slow" in target:
            self.answered.append(name)
        return fields.get(b"connection") != b"close"


def document(upstream):
    """Two routes: one that waits for an upstream, one that is answered at once."""
    mock = {
        "type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"200": {"statusCode": "200", "responseTemplates": {"application/json": "{}"}}},
    }
    proxy = {
        "type": "http_proxy", "httpMethod": "GET",
        "uri": f"http://127.0.0.1:{upstream.port}/{{proxy}}",
    }
    responses = {"200": {"description": "An answer"}}
    return {
        "openapi": "3.1.0", "info": {"title": "Drain", "version": "1"},
        "paths": {
            "/slow/{proxy+}": {
                "get": {"responses": responses, "x-amazon-apigateway-integration": proxy}},
            "/mock": {"get": {"responses": responses, "x-amazon-apigateway-integration": mock}},
        },
    }


async def load(server, seconds):
    clients = [Client(number) for number in range(CLIENTS)]
    running = [asyncio.ensure_future(client.run(server.port)) for client in clients]
    await asyncio.sleep(seconds)
    server.terminate()
    await asyncio.wait_for(asyncio.gather(*running), 40)
    return clients


def round_of(portico, folder, seconds, number):
    upstream = Upstream()
    folder.mkdir(parents=True, exist_ok=True)
    openapi = folder / "openapi.yaml"
    openapi.write_text(json.dumps(document(upstream)))
    gateway = {"openapi": str(openapi), "accounts_openapi": "", "base_paths": ["/api/v1"]}
    with Serving(portico, folder, gateway=gateway) as server:
        clients = asyncio.run(load(server, seconds))
        code = server.stop()
        lines = server.log_lines()
    answered = {name for client in clients for name in client.answered}
    wrong = [text for client in clients for text in client.wrong]
    logged = {line["path"].split("/")[-1] for line in lines if "/slow/" in line["path"]}
    broken = [line for line in lines if line["status"] != 200 or "aborted" in line]
    say(
        f"round {number}: every request is answered whole or not taken", not wrong, wrong=wrong[:5],
        answered=len(answered), closed_before_a_byte=sum(c.closed_clean for c in clients),
        not_taken=sum(c.not_taken for c in clients))
    say(
        f"round {number}: what was done was told", set(upstream.seen) == answered,
        lost=sorted(set(upstream.seen) - answered)[:5])
    say(
        f"round {number}: the log agrees", logged == answered and not broken, broken=broken[:2],
        difference=sorted(logged ^ answered)[:5])
    say(f"round {number}: exit code", code == 0, code=code)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portico", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    rounds, seconds = (20, 3) if is_proof() else (2, 1.5)
    for number in range(1, rounds + 1):
        round_of(arguments.portico, Path(arguments.out) / str(number), seconds, number)
    finish()


if __name__ == "__main__":
    main()
