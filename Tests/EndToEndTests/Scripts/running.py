"""A `portico serve` of a script's own: its folder, its ports, its environment; ended by its process id."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Server:
    """Starts the program and waits until it is ready; a context that ends it."""

    def __init__(
        self, portico, folder, environment=None, wrapper=(), port=None, config=None, options=()
    ):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.portico, self.wrapper, self.config = portico, list(wrapper), config
        self.options = list(options)
        self.environment = dict(environment or {})
        self.port, self.admin_port = port or free_port(), free_port()
        self.origin = f"http://localhost:{self.port}"
        self.process = None
        self.start()

    @property
    def database(self):
        return self.folder / "var" / "portico.sqlite"

    @property
    def outbox(self):
        return self.folder / "var" / "outbox"

    def start(self):
        arguments = [self.portico, "serve", "--port", str(self.port), "--admin-port",
                     str(self.admin_port), "--data", str(self.folder / "var")]
        if self.config:
            arguments += ["--config", str(self.config)]
        arguments += self.options
        environment = {**os.environ, **self.environment}
        with open(self.folder / "out.log", "ab") as out, open(self.folder / "err.log", "ab") as err:
            self.process = subprocess.Popen(
                self.wrapper + arguments, cwd=ROOT, env=environment, stdout=out, stderr=err,
                stdin=subprocess.DEVNULL)
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                if self.ask("GET", "/readyz", port=self.admin_port).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError((self.folder / "err.log").read_text()[-1500:])

    def pid(self):
        """The program itself, also below a wrapper."""
        if not self.wrapper:
            return self.process.pid
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.pid(), signal.SIGTERM)
            self.process.wait(30)
        return self.process.returncode

    def kill(self):
        os.kill(self.pid(), signal.SIGKILL)
        self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()

    def ask(self, method, target, body=None, token=None, headers=None, port=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        fields = {"Host": f"localhost:{self.port}", **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            fields["Content-Type"] = "application/json"
        if token:
            fields["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, target, body=body, headers=fields)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def api(self, method, path, body=None, token=None, **more):
        return self.ask(method, f"/api/v1{path}", body, token, **more)

    def run(self, *arguments):
        """Another command of the program over the same data."""
        return subprocess.run(
            [self.portico, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120,
            check=False)

    def logs(self):
        return "".join(
            (self.folder / name).read_text(errors="replace") for name in ("out.log", "err.log"))
