"""A production server over `dist` with changed settings, its log and its memory; checks as JSON lines."""

import json
import os
import resource
import signal
import sys
from pathlib import Path

import yaml

from running import ROOT, Server

FAILED = {"count": 0}


def say(name, ok, **details):
    """One check as one JSON line."""
    FAILED["count"] += not ok
    print(json.dumps({"check": name, "ok": bool(ok), **details}), flush=True)
    return bool(ok)


def finish():
    """The exit code says whether all checks passed."""
    sys.exit(1 if FAILED["count"] else 0)


def is_proof():
    """`make prove` wants the whole; `make test` wants to be quick."""
    return os.environ.get("PORTICO_PROVE") is not None


def raise_descriptor_limit():
    """Thousands of connections need as many descriptors, here and in the server that inherits this."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))


def merged(base, changes):
    """Settings with changes laid over them."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merged(base[key], value)
        else:
            base[key] = value
    return base


class Serving(Server):
    """The bundle as built, under the settings that are shipped with changes of the script's own.

    `gateway` replaces the whole section, for a document of the script's own; `unlimited` leaves its
    throttles out.
    """

    def __init__(self, portico, folder, changes=None, unlimited=False, gateway=None):
        settings = merged(yaml.safe_load((ROOT / "portico.yaml").read_text()), changes or {})
        if gateway:
            settings["gateway"] = gateway
        if unlimited:
            settings["gateway"].pop("throttle", None)
        config = Path(folder) / "portico.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(yaml.safe_dump(settings, sort_keys=False))
        self.told = False
        super().__init__(
            portico, folder, environment={"PORTICO_ACCOUNTS_MASTER_KEY": "ab" * 32}, config=config,
            options=["--production", "--bundle", str(ROOT / "dist")])

    def terminate(self):
        """Asks for a drain; a second signal would end the server at once."""
        if not self.told and self.process.poll() is None:
            self.told = True
            os.kill(self.pid(), signal.SIGTERM)

    def stop(self):
        self.terminate()
        return self.process.wait(40)

    def resident_kib(self):
        """Memory that the process has in RAM."""
        for line in Path(f"/proc/{self.pid()}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise RuntimeError("no VmRSS")

    def log_lines(self):
        """The access log."""
        lines = (self.folder / "out.log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def sign_in(self, name):
        """Signs a user up and in; answers the token."""
        account = {"username": name, "password": "seven green bottles"}
        self.api("POST", "/auth/signup", account)
        answer = self.api("POST", "/auth/login", account)
        if answer.status != 200:
            raise RuntimeError(f"login answered {answer.status}: {answer.body[:200]}")
        return answer.json()["token"]
