#!/usr/bin/env python3
"""The served documents are valid, and the running server keeps to them: openapi-spec-validator, schemathesis.

Prints one JSON line per check and ends non-zero when one fails. Exit 77: a tool is not installed.
"""

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import yaml
    from openapi_spec_validator import validate
except ImportError:
    print(json.dumps({"check": "setup", "skipped": "openapi-spec-validator is not installed"}))
    sys.exit(77)

from running import ROOT
from serving import Serving, finish, is_proof, say

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

# Their answers have no end, so a client that reads answers whole cannot judge it.
ENDLESS = ["streamQuotes", "streamAccount"]
# They end the session that the other operations need, so they are tried with a token of their own.
SESSION_ENDERS = ["logout", "refresh", "revokeSession", "revokeSessions"]

# Nothing but the tools' own pace limits this run: a 429 is a good answer that hides the others.
UNLIMITED = {
    "edge": {"listener": {"connections_per_address": 10_000}},
    "accounts": {"attempts_per_minute": 6_000, "attempts_burst": 6_000},
}

# Statuses that an answer of this API may have; `default` in the document would let any pass.
KNOWN = {
    200, 201, 202, 204, 302, 303, 304, 307, 400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 423, 429, 431,
}


def run(name, location, *options, examples=15, token=None):
    """One run of schemathesis; any finding is a failure."""
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", location, "--checks", CHECKS,
        "--max-examples", str(examples), "--seed", "20261121", "--workers", "1", "--no-shrink",
        "--continue-on-failure", "--warnings", "off", "--request-timeout", "20", *options,
    ]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    cases = [line.strip() for line in result.stdout.splitlines() if "generated" in line]
    say(
        f"schemathesis: {name}", result.returncode == 0, cases="".join(cases),
        **({} if result.returncode == 0 else {"output": result.stdout[-3000:] + result.stderr[-500:]}))


def excluded(names):
    return [word for name in names for word in ("--exclude-operation-id", name)]


def included(names):
    return [word for name in names for word in ("--include-operation-id", name)]


def filled(path, server):
    """A document with the project's names in it, as the server reads it."""
    text = (ROOT / path).read_text()
    for name, value in {
        "accounts.issuer_url": server.origin, "accounts.audience": "portico-api",
        "site.origin": server.origin,
    }.items():
        text = text.replace("${" + name + "}", value)
    return text


def validity(server):
    for path in ["site/openapi.yaml", "site/accounts.openapi.yaml"]:
        try:
            validate(yaml.safe_load(filled(path, server)))
            say(f"valid: {path}", True)
        except Exception as error:  # whatever the validator raises is the finding
            say(f"valid: {path}", False, error=str(error)[:1000])
    served = server.ask("GET", "/openapi.json").json()
    try:
        validate(served)
        say("valid: /openapi.json", True, operations=len(operations(served)))
    except Exception as error:
        say("valid: /openapi.json", False, error=str(error)[:1000])
    return served


def operations(document):
    methods = {"get", "put", "post", "delete", "patch", "head", "options"}
    return {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items() if method in methods
    }


def reached(server, served):
    """What the log says of the whole run: nothing unexpected, and most operations went well once."""
    seen = collections.defaultdict(collections.Counter)
    for line in server.log_lines():
        seen[line.get("routeKey", "-")][line["status"]] += 1
    odd = {
        key: dict(counter) for key, counter in seen.items()
        if any(status not in KNOWN for status in counter)
    }
    say("only statuses that are meant to be", not odd, odd=str(odd)[:1000])
    routes = set(operations(served).values())
    succeeded = {
        key for key, counter in seen.items() if any(200 <= status < 300 for status in counter)}
    say(
        "most operations succeed at least once", len(routes & succeeded) >= len(routes) * 2 // 3,
        operations=len(routes), never=sorted(routes - succeeded))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portico", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    examples = 150 if is_proof() else 15
    with Serving(arguments.portico, arguments.out, UNLIMITED, unlimited=True) as server:
        served = validity(server)
        document = f"{server.origin}/openapi.json"
        run(
            "with a token", document, *excluded(ENDLESS + SESSION_ENDERS), examples=examples,
            token=server.sign_in("contract"))
        run(
            "what ends sessions", document, *included(SESSION_ENDERS), examples=examples,
            token=server.sign_in("contract-ends"))
        # Most of it is refused at once, so the exhaustive phase would say the same a thousand times.
        run(
            "without a token", document, *excluded(ENDLESS), "--phases", "examples,fuzzing",
            examples=examples)
        accounts = server.folder / "accounts.yaml"
        accounts.write_text(filled("site/accounts.openapi.yaml", server))
        run("accounts", str(accounts), "--url", server.origin, examples=examples)
        say("drains", server.stop() == 0)
        reached(server, served)
    finish()


if __name__ == "__main__":
    main()
