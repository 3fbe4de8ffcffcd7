#!/usr/bin/env python3
"""The provider through its socket: capacity, recovery as JSON, the outbox across a crash, revocation at
the gateway, secrets that stay out of logs and store, and a security log that shows tampering.

Starts servers of its own. One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import base64
import hashlib
import json
import re
import secrets
import sqlite3
import stat
import statistics
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from checks import Checks
from oauth_flow import CLIENT, SCOPE, Person
from running import ROOT, Server

PASSWORD = f"seven quiet herons {secrets.token_hex(6)}"
FRESH = f"nine loud gulls {secrets.token_hex(6)}"
WRONG = f"eleven wrong guesses {secrets.token_hex(6)}"
MIB = 1 << 20


def sign_in(server, name, password=PASSWORD):
    answer = server.api("POST", "/auth/login", {"username": name, "password": password})
    return answer.json()["token"] if answer.status == 200 else None


def make(server, name, **more):
    return server.api("POST", "/auth/signup", {"username": name, "password": PASSWORD, **more})


def together(count, work):
    """The answers of so many threads that begin at once."""
    answers, barrier = [None] * count, threading.Barrier(count)

    def run(number):
        barrier.wait()
        answers[number] = work(number)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def messages(folder):
    return [p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.eml"))]


def code_for(folder, user, after=0):
    """The code of the newest message to a person, once more than `after` are there."""
    for _ in range(80):
        texts = [t for t in messages(folder) if user in t and re.search(r"code\b.* is \d{8}", t)]
        if len(texts) > after:
            return re.search(r"\b(\d{8})\b", texts[-1].split("\n\n", 1)[1])[1]
        time.sleep(0.25)
    raise AssertionError("no message came")


# Capacity


def capacity(checks, portico, out):
    """Two threads and a queue of two: what is beyond gets 503 at once, other routes do not notice."""
    with Server(portico, out / "capacity", {
            "PORTICO_ACCOUNTS_PASSWORD_QUEUE": "2", "PORTICO_ACCOUNTS_ATTEMPTS_BURST": "6000",
            "PORTICO_ACCOUNTS_ATTEMPTS_PER_MINUTE": "6000"}) as server:
        make(server, "busy")
        quiet = latencies(server, threading.Event(), 40)
        before = high_water(server)
        done, told = threading.Event(), []
        watcher = threading.Thread(target=lambda: told.extend(latencies(server, done, 4000)))
        watcher.start()
        answers = together(32, lambda n: server.api(
            "POST", "/auth/login", {"username": f"busy{n}", "password": PASSWORD}))
        done.set()
        watcher.join()
        kinds = [a.status for a in answers]
        full = [a for a in answers if a.status == 503]
        checks.note("sign-ins beyond the pool get 503", len(full) >= 16 and set(kinds) <= {401, 503},
                    statuses={str(k): kinds.count(k) for k in set(kinds)})
        checks.note("each 503 says when to come back",
                    all(int(a.headers.get("Retry-After", "0")) >= 1 for a in full))
        checks.note("other routes keep their latency",
                    statistics.median(told) < max(0.05, 5 * statistics.median(quiet)),
                    quiet_ms=round(1000 * statistics.median(quiet), 1),
                    loaded_ms=round(1000 * statistics.median(told), 1), asked=len(told))
        # 128·N·r per hash (RFC 7914 §2): 128 · 2^15 · 8 = 32 MiB, two threads; the rest is the 32
        # connections and allocations that are not returned.
        computed, grown = 2 * 128 * (1 << 15) * 8, high_water(server) - before
        checks.note("memory stays as computed: two hashes of 32 MiB", grown < computed + 32 * MIB,
                    computed_mib=computed // MIB, grown_mib=grown // MIB)
        checks.note("afterwards sign-in works", sign_in(server, "busy") is not None)


def latencies(server, done, most):
    found = []
    while not done.is_set() and len(found) < most:
        started = time.perf_counter()
        assert server.api("GET", "/market/clock").status == 200
        found.append(time.perf_counter() - started)
    return found


def high_water(server):
    status = Path(f"/proc/{server.pid()}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


# Sign-ups and recovery


def sign_ups(checks, server):
    name = f"race-{secrets.token_hex(3)}"
    statuses = [a.status for a in together(16, lambda _: make(server, name))]
    checks.note("of sixteen sign-ups at once one is made", statuses.count(201) == 1
                and statuses.count(409) == 15, statuses=sorted(statuses))


def recovery(checks, server, seen):
    name = f"back-{secrets.token_hex(3)}"
    make(server, name, email=f"{name}@example.com")
    code = code_for(server.outbox, name)
    seen.append(code)
    confirmed = server.api("POST", "/auth/confirm", {"username": name, "code": code})
    checks.note("an address is confirmed with JSON", confirmed.status == 200)
    token = sign_in(server, name)
    asked = server.api("POST", "/auth/forgot-password", {"username": name})
    nobody = server.api("POST", "/auth/forgot-password", {"username": "nobody-at-all"})
    checks.note("asking tells nobody whether there is an account",
                (asked.status, asked.body) == (nobody.status, nobody.body) and asked.status == 200)
    code = code_for(server.outbox, name, after=1)
    seen.append(code)
    reset = {"username": name, "code": code, "newPassword": FRESH}
    checks.note("a password is set anew with JSON",
                server.api("POST", "/auth/confirm-forgot-password", reset).status == 200)
    again = server.api("POST", "/auth/confirm-forgot-password", reset)
    checks.note("a code works once", again.status == 400 and again.json()["error"] == "invalid_code")
    checks.note("the reset ends every token at the gateway at once",
                server.api("GET", "/auth/user", token=token).status == 401)


def modes(checks, server):
    def mode(path):
        return stat.S_IMODE(path.stat().st_mode)

    files = [server.database, Path(f"{server.database}-wal"), Path(f"{server.database}-shm"),
             server.folder / "var" / "secrets" / "master.key", *server.outbox.glob("*.eml")]
    wide = [str(p) for p in files if mode(p) != 0o600]
    checks.note("store, master key and messages are for their owner alone", not wide, wide=wide)


def outbox_across_crash(checks, portico, out):
    """A command that fails, a crash, and a command that works: the message arrives after the restart."""
    folder = out / "outbox"
    folder.mkdir(parents=True, exist_ok=True)
    said, command = folder / "said", folder / "sendmail"
    command.write_text("#!/bin/sh\nexit 75\n")
    command.chmod(0o755)
    environment = {"PORTICO_ACCOUNTS_MAIL_TRANSPORT": "command",
                   "PORTICO_ACCOUNTS_MAIL_COMMAND": str(command),
                   "PORTICO_ACCOUNTS_MAIL_FROM": "desk@portico.example"}
    with Server(portico, folder, environment) as server:
        made = make(server, "posted", email="posted@example.com")
        checks.note("sign-up does not wait for the mail", made.status == 201)
        for _ in range(40):
            if "was not delivered" in server.logs():
                break
            time.sleep(0.25)
        checks.note("a failed delivery is said without its text",
                    "was not delivered" in server.logs() and "posted@" not in server.logs())
        server.kill()
        command.write_text(
            f'#!/bin/sh\n{{ echo "ARGUMENTS $*"; cat; }} > "{said}.part" && mv "{said}.part" "{said}"\n')
        server.start()
        for _ in range(120):
            if said.exists():
                break
            time.sleep(0.25)
        text = said.read_text() if said.exists() else ""
        checks.note("the queued message survives a crash and is delivered",
                    "To: posted@example.com" in text and re.search(r"code is \d{8}", text) is not None)
        checks.note("the command is called as sendmail is, with a whole message",
                    text.startswith("ARGUMENTS -t -i\n") and "From: desk@portico.example" in text
                    and "Message-ID: <" in text and "Content-Type: text/plain; charset=utf-8" in text)
        code = re.search(r"\b(\d{8})\b", text.split("\n\n", 1)[1])[1] if text else ""
        done = server.api("POST", "/auth/confirm", {"username": "posted", "code": code})
        checks.note("its code confirms", done.status == 200, status=done.status)


SALT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
LEGACY = {  # spec/auth.md §3.2: the salt was passed to scrypt as bytes, or as its base64 text.
    "old-bytes": f"{SALT}:Ux0vqOqPVVfjuKr7dDS/IQFJRvhsi/rs4ogbdsGKDsuxVS9vTeGqjE7DJKmncj0PzDcYoio3aqxE2mhL1QshSQ==",
    "Old.String": f"{SALT}:EteSHzlQw+mlCI+DyaN75QE/TxjPqz0tFAAhAfY8qJwf/+BD+7eJwB3LV5QXlRTH1IZirG2HlkrIzcwRyFa4HA==",
}


def migration(checks, portico, out):
    """Document 004's table as `aws dynamodb scan` prints it: its people sign in, and are upgraded by that."""
    folder = out / "migration"
    (folder / "var").mkdir(parents=True, exist_ok=True)
    rows = [{"pk": {"S": f"USER#{name}"}, "sk": {"S": "PROFILE"}, "username": {"S": name},
             "passwordHash": {"S": stored}, "createdAt": {"S": "2024-01-02T03:04:05.678Z"}}
            for name, stored in LEGACY.items()]
    table = folder / "table.json"
    table.write_text(json.dumps({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}))
    done = subprocess.run(
        [portico, "store", "import", str(table), "--data", str(folder / "var")], cwd=ROOT,
        capture_output=True, text=True, timeout=60, check=False)
    checks.note("document 004's table is imported", done.returncode == 0, said=done.stderr[-200:])
    with Server(portico, folder) as server:
        for name in LEGACY:
            wrong = sign_in(server, name, WRONG)
            token = sign_in(server, name, "correct horse battery staple")
            checks.note(f"{name} signs in with the old password", token is not None and wrong is None)
            user = server.api("GET", "/auth/user", token=token)
            checks.note("and has a profile", user.status == 200 and user.json()["username"] == name)
        server.stop()
        with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
            hashes = [json.loads(row[0])["passwordHash"] for row in database.execute(
                "SELECT attributes FROM item WHERE pk LIKE 'USER#%' AND sk = 'PROFILE'")]
        checks.note("their hashes are upgraded", len(hashes) == 2 and all(
            h.startswith("$scrypt$ln=15,r=8,p=3$") for h in hashes))


# Revocation and refresh


def code_flow(server, person, seen):
    """Code, tokens and verifier of one sign-in; the callback is fetched as a browser would."""
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(
        hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    back = person.authorize(f"{server.origin}/oauth2/authorize?" + urlencode({
        "response_type": "code", "client_id": CLIENT, "redirect_uri": f"{server.origin}/callback",
        "scope": SCOPE, "state": "s", "code_challenge": challenge, "code_challenge_method": "S256"}))
    query = urlsplit(back).query
    server.ask("GET", f"/callback?{query}")
    code = parse_qs(query)["code"][0]
    tokens = grant(server, grant_type="authorization_code", code=code, code_verifier=verifier,
                   redirect_uri=f"{server.origin}/callback").json()
    seen += [verifier, code, tokens["access_token"], tokens["refresh_token"], tokens["id_token"]]
    return code, tokens


def grant(server, **fields):
    return server.ask(
        "POST", "/oauth2/token", urlencode({"client_id": CLIENT, **fields}),
        headers={"Content-Type": "application/x-www-form-urlencoded"})


def revocation(checks, server, person, seen):
    """The gateway has verified and cached each token before it is revoked."""
    name = person.name

    def opens(token):
        return server.api("GET", "/auth/user", token=token).status

    def ended(what, token, end):
        before = [opens(token) for _ in range(3)]
        end(token)
        checks.note(f"{what} reaches the gateway at once", before == [200] * 3 and opens(token) == 401)
        seen.append(token)

    ended("sign-out", sign_in(server, name),
          lambda t: server.api("POST", "/auth/logout", token=t))
    keep = sign_in(server, name)
    other = sign_in(server, name)
    sessions = server.api("GET", "/auth/sessions", token=other).json()["sessions"]
    current = next(s for s in sessions if s["current"])
    ended("ending one session", other,
          lambda _: server.api("DELETE", f"/auth/sessions/{current['sid']}", token=keep))
    ended("a refreshed token's predecessor", keep,
          lambda t: seen.append(server.api("POST", "/auth/refresh", token=t).json()["token"]))
    _, tokens = code_flow(server, person, seen)
    ended("revocation of a refresh token", tokens["access_token"],
          lambda _: server.ask("POST", "/oauth2/revoke", urlencode(
              {"client_id": CLIENT, "token": tokens["refresh_token"]}),
              headers={"Content-Type": "application/x-www-form-urlencoded"}))
    _, tokens = code_flow(server, person, seen)
    ended("revocation of an access token", tokens["access_token"],
          lambda t: server.ask("POST", "/oauth2/revoke", urlencode(
              {"client_id": CLIENT, "token": t}),
              headers={"Content-Type": "application/x-www-form-urlencoded"}))
    _, tokens = code_flow(server, person, seen)
    grown = grant(server, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    seen += [grown["access_token"], grown["refresh_token"]]
    last = grant(server, grant_type="refresh_token", refresh_token=grown["refresh_token"]).json()
    seen += [last["access_token"], last["refresh_token"]]
    ended("reuse of an old refresh token", last["access_token"],
          lambda _: grant(server, grant_type="refresh_token", refresh_token=tokens["refresh_token"]))
    everywhere = sign_in(server, name)
    ended("signing out everywhere", everywhere,
          lambda t: server.api("DELETE", "/auth/sessions", token=t))


# Secrets and audit


def secrets_stay(checks, server, seen):
    """What was used in this run occurs in no log and nowhere in the store's files."""
    master = (server.folder / "var" / "secrets" / "master.key").read_text().strip()
    texts = [PASSWORD, FRESH, WRONG, master, *seen]
    logs = server.logs()
    raw = b"".join(
        path.read_bytes() for path in server.folder.glob("var/portico.sqlite*") if path.is_file())
    found = []
    for text in texts:
        # Eight digits alone occur in any file of some size: a code counts where it stands alone.
        short = len(text) < 12
        pattern = re.compile(rb"(?<![0-9A-Za-z])" + re.escape(text.encode()) + rb"(?![0-9A-Za-z])")
        if (pattern.search(logs.encode()) if short else text in logs):
            found.append(f"log: {text[:6]}…")
        if (pattern.search(raw) if short else text.encode() in raw):
            found.append(f"store: {text[:6]}…")
        if not short and any(part in logs for part in text.split(".") if len(part) > 60):
            found.append(f"part in log: {text[:6]}…")
    checks.note("no password, token, code or key in any log or in the store", not found,
                looked_for=len(texts), found=found)
    checks.note("the access log was written", '"/oauth2/token"' in logs or "/oauth2/token" in logs)
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
        audit = [row[0] for row in database.execute(
            "SELECT attributes FROM item WHERE pk LIKE 'AUDIT#%'")]
    checks.note("the security log tells of sign-ins", any("session.created" in a for a in audit), entries=len(audit))
    leaked = [t[:6] for t in texts if any(t in a for a in audit)]
    checks.note("no secret in the security log", not leaked, leaked=leaked)


def tampering(checks, server):
    """After an honest run the chain holds; each change of it shows."""
    data = str(server.folder / "var")
    honest = server.run("store", "verify", "--data", data, "--json")
    checks.note("store verify proves the chain", honest.returncode == 0,
                entries=json.loads(honest.stdout).get("auditEntries"))
    copy = server.database.read_bytes()

    def change(what, sql):
        with closing(sqlite3.connect(server.database)) as database:
            database.execute(sql)
            database.commit()
        broken = server.run("store", "verify", "--data", data)
        checks.note(f"{what} shows", broken.returncode == 1 and "S006" in broken.stdout + broken.stderr,
                    status=broken.returncode, said=(broken.stdout + broken.stderr)[-200:])
        for ending in ("-wal", "-shm"):
            Path(f"{server.database}{ending}").unlink(missing_ok=True)
        server.database.write_bytes(copy)

    row = "(SELECT id FROM item WHERE pk LIKE 'AUDIT#%' ORDER BY pk, sk LIMIT 1 OFFSET 3)"
    change("an altered entry", "UPDATE item SET attributes = json_set(attributes, '$.actor', 'mallory')"
           f" WHERE id = {row}")
    change("a removed entry", f"DELETE FROM item WHERE id = {row}")
    change("a cut end", "DELETE FROM item WHERE id = (SELECT id FROM item WHERE pk LIKE 'AUDIT#%'"
           " ORDER BY pk DESC, sk DESC LIMIT 1)")
    again = server.run("store", "verify", "--data", data)
    checks.note("the original still verifies", again.returncode == 0)


def rotation(checks, server):
    """`portico key rotate` after a leak: what was issued before opens nothing, people sign in again."""
    name = f"leak-{secrets.token_hex(3)}"
    make(server, name)
    token = sign_in(server, name)
    refused = server.run("key", "rotate", "--data", str(server.folder / "var"))
    checks.note("keys cannot be replaced under a running server", refused.returncode == 1
                and "D005" in refused.stderr, said=refused.stderr[-200:])
    server.stop()
    done = server.run("key", "rotate", "--data", str(server.folder / "var"))
    checks.note("key rotate", done.returncode == 0, said=done.stderr[-200:])
    server.start()
    checks.note("after it a token from before is refused",
                server.api("GET", "/auth/user", token=token).status == 401)
    checks.note("and a new sign-in works", server.api(
        "GET", "/auth/user", token=sign_in(server, name)).status == 200)
    server.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--portico", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    checks, seen = Checks(), []
    with checks.step("capacity was tried"):
        capacity(checks, options.portico, options.out)
    with checks.step("the outbox was tried"):
        outbox_across_crash(checks, options.portico, options.out)
    with checks.step("the migration was tried"):
        migration(checks, options.portico, options.out)
    with Server(options.portico, options.out / "provider") as server:
        for work in (lambda: sign_ups(checks, server), lambda: recovery(checks, server, seen),
                     lambda: modes(checks, server)):
            with checks.step("the provider was tried"):
                work()
        person = Person(server.origin, f"flow-{secrets.token_hex(4)}", PASSWORD)
        with checks.step("revocation was tried"):
            checks.note("sign-up on the hosted page", person.sign_up())
            sign_in(server, person.name, WRONG)
            revocation(checks, server, person, seen)
        seen += [c.value for c in person.session.cookies if len(c.value) > 16]
        checks.note("the server drains", server.stop() == 0)
        with checks.step("logs and store were searched"):
            secrets_stay(checks, server, seen)
            tampering(checks, server)
        with checks.step("an emergency rotation was tried"):
            server.start()
            rotation(checks, server)
    checks.finish()


if __name__ == "__main__":
    main()
