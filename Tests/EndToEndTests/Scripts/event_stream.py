"""Server-sent events of a running Portico, read on a socket of their own."""

import json
import socket
from urllib.parse import urlsplit


class Stream:
    """One request for events on a socket of its own."""

    def __init__(self, origin, query="", last=None, receive_buffer=None, path="/api/v1/stream", token=None):
        place = urlsplit(origin)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(20)
        self.socket.connect((place.hostname, place.port))
        fields = f"Last-Event-ID: {last}\r\n" if last else ""
        fields += f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(
            f"GET {path}{query} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Accept: text/event-stream\r\n{fields}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.fields = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            self.fields[name.lower()] = value.strip()
        self.comments = 0

    def lines(self):
        """The body's lines, out of its chunks."""
        rest = b""
        while True:
            size = int(self.file.readline() or b"0", 16)
            if size == 0:
                return
            rest += self.file.read(size)
            self.file.readline()
            *whole, rest = rest.split(b"\n")
            yield from (line.decode() for line in whole)

    def events(self):
        """(id, name, data) of each event as WHATWG HTML 9.2.6 dispatches it; None is a comment."""
        event = {}
        for line in self.lines():
            if line.startswith(":"):
                self.comments += 1
                yield None
            elif line:
                name, _, value = line.partition(":")
                event[name] = value.removeprefix(" ")
            elif "data" in event:
                yield event.get("id"), event["event"], json.loads(event["data"])
                event = {}
            else:
                event = {}

    def take(self, count):
        found = []
        for event in self.events():
            if event:
                found.append(event)
            if len(found) == count:
                return found
        return found

    def close(self):
        self.file.close()
        self.socket.close()
