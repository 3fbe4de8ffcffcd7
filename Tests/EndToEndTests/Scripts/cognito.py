#!/usr/bin/env python3
"""The site with Amazon Cognito in place of the built-in provider, by settings alone.

A server of this script answers under Cognito's own host names as Cognito does: two hosts, two signing keys, access tokens
without `aud`, no `iss` in the redirect, no refresh token on refresh, its own sign-out parameters, exact
callback addresses. Chromium signs in there and trades here; nothing but settings differs. One JSON line per
check; the exit code is 1 when one failed.
"""

import argparse
import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import yaml
from joserfc import jwt
from joserfc.jwk import RSAKey
from playwright.sync_api import sync_playwright

from checks import CHROMIUM, Checks, Complaints, new_page
from running import ROOT, Server, free_port

POOL = "eu-west-2_Ab1Cd2Ef3"
ISSUER = f"https://cognito-idp.eu-west-2.amazonaws.com/{POOL}"
ISSUER_HOST = "cognito-idp.eu-west-2.amazonaws.com"
OAUTH_HOST = "portico.auth.eu-west-2.amazoncognito.com"
CLIENT = "1example23456789abcdefghij"


class Pool:
    """What the stand-in for Cognito knows: keys, codes, refresh tokens, and what it was asked."""

    def __init__(self, port):
        self.port = port
        self.keys = {use: RSAKey.generate_key(2048, {"kid": f"{use}-key", "use": "sig", "alg": "RS256"})
                     for use in ("access", "id")}
        self.codes, self.refresh, self.requests = {}, {}, []
        self.callbacks, self.logouts = [], []

    def discovery(self):
        base = f"http://{OAUTH_HOST}:{self.port}"
        return {"issuer": ISSUER, "authorization_endpoint": f"{base}/oauth2/authorize",
                "token_endpoint": f"{base}/oauth2/token", "userinfo_endpoint": f"{base}/oauth2/userInfo",
                "revocation_endpoint": f"{base}/oauth2/revoke", "end_session_endpoint": f"{base}/logout",
                "jwks_uri": f"http://{ISSUER_HOST}:{self.port}/{POOL}/.well-known/jwks.json",
                "response_types_supported": ["code", "token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "phone", "profile"]}

    def signed(self, use, claims):
        now = int(time.time())
        both = {"sub": "6f1d9a3e-0000-4000-8000-c0ffee123456", "iss": ISSUER, "iat": now, "exp": now + 3600,
                "auth_time": now, "token_use": use, "event_id": secrets.token_hex(8), "jti": secrets.token_hex(8),
                "origin_jti": secrets.token_hex(8)}
        key = self.keys[use]
        return jwt.encode({"kid": key.kid, "alg": "RS256"}, {**both, **claims}, key)

    def tokens(self, attempt):
        access = self.signed("access", {"client_id": CLIENT, "username": "ada", "scope": attempt["scope"],
                                        "version": 2, "cognito:groups": ["traders"]})
        identity = self.signed("id", {"aud": CLIENT, "cognito:username": "ada", "email": "ada@example.com",
                                      "email_verified": True, "nonce": attempt["nonce"]})
        return {"access_token": access, "id_token": identity, "token_type": "Bearer", "expires_in": 3600}


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pool = None

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", kind="application/json", **fields):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)),
                            "Access-Control-Allow-Origin": "*", **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def asked(self, body=""):
        parts = urlsplit(self.path)
        fields = {k: v[0] for k, v in parse_qs(body or parts.query).items()}
        host = self.headers["Host"].split(":")[0]
        self.pool.requests.append((self.command, host, parts.path, fields))
        return host, parts.path, fields

    def do_GET(self):
        host, path, fields = self.asked()
        pool = self.pool
        if path == f"/{POOL}/.well-known/openid-configuration" and host == ISSUER_HOST:
            self.send(200, pool.discovery())
        elif path == f"/{POOL}/.well-known/jwks.json":
            self.send(200, {"keys": [k.as_dict(private=False) for k in pool.keys.values()]})
        elif path in ("/oauth2/authorize", "/signup") and host == OAUTH_HOST:
            if fields.get("client_id") != CLIENT or fields.get("redirect_uri") not in pool.callbacks:
                self.send(400, b"redirect_mismatch", "text/plain")
            elif fields.get("code_challenge_method") != "S256":
                self.send(400, b"invalid_request", "text/plain")
            else:
                page = f'<title>Sign in</title><form method=post action="/login?{urlencode(fields)}">' \
                       "<button>Sign in</button></form>"
                self.send(200, page.encode(), "text/html")
        elif path == "/logout" and host == OAUTH_HOST:
            # Cognito knows no post_logout_redirect_uri: without its own parameters it answers 400.
            known = fields.get("client_id") == CLIENT and fields.get("logout_uri") in pool.logouts
            if known:
                self.send(302, Location=fields["logout_uri"])
            else:
                self.send(400, b"Required String parameter 'redirect_uri' is not present", "text/plain")
        elif path == "/favicon.ico":
            self.send(200, b"", "image/x-icon")
        else:
            self.send(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        host, path, fields = self.asked(body if not self.path.startswith("/login") else "")
        pool = self.pool
        if path == "/login":
            code = secrets.token_hex(16)
            pool.codes[code] = fields
            self.send(302, Location=f"{fields['redirect_uri']}?" + urlencode(
                {"code": code, "state": fields["state"]}))
        elif path == "/oauth2/token" and host == OAUTH_HOST:
            self.grant(fields)
        else:
            self.send(404)

    def grant(self, fields):
        pool = self.pool
        if fields.get("client_id") != CLIENT:
            return self.send(400, {"error": "invalid_client"})
        if fields.get("grant_type") == "refresh_token":
            attempt = pool.refresh.get(fields.get("refresh_token"))
            return self.send(200, pool.tokens(attempt)) if attempt else self.send(400, {"error": "invalid_grant"})
        attempt = pool.codes.pop(fields.get("code"), None)
        verifier = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if not attempt or attempt["code_challenge"] != challenge \
                or attempt["redirect_uri"] != fields.get("redirect_uri"):
            return self.send(400, {"error": "invalid_grant"})
        refresh = secrets.token_urlsafe(48)
        pool.refresh[refresh] = attempt
        return self.send(200, {**pool.tokens(attempt), "refresh_token": refresh})


def settings(pool, folder):
    """The shipped settings with what a Cognito user pool needs, and nothing else."""
    document = yaml.safe_load((ROOT / "portico.yaml").read_text())
    document["site"] |= {
        "discovery": f"http://{ISSUER_HOST}:{pool.port}/{POOL}/.well-known/openid-configuration",
        "client_id": CLIENT}
    document["build"].setdefault("policy_sources", {})["connect_src"] = [f"http://{OAUTH_HOST}:{pool.port}"]
    document["gateway"].setdefault("authorizers", {})["token"] = {
        "profile": "cognito-access", "issuer": ISSUER, "audiences": [CLIENT],
        "jwks_uri": f"http://127.0.0.1:{pool.port}/{POOL}/.well-known/jwks.json"}
    path = folder / "cognito.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def drive(checks, seen, page, server, pool, out):
    origin = server.origin
    with checks.step("the desk leads to Cognito's page and back"):
        page.goto(f"{origin}/app/")
        page.click("#signIn")
        page.wait_for_url(lambda url: OAUTH_HOST in url)
        page.click("button")
        page.wait_for_selector("#buyForm")
    with checks.step("the gateway accepts Cognito's access token"):
        page.wait_for_selector("#stockList .quick-buy[data-symbol=AAPL]")
        page.click("#stockList .quick-buy[data-symbol=AAPL]", no_wait_after=True)
        page.wait_for_selector(".toast:has-text('Successfully bought')")
    page.screenshot(path=out / "cognito.png")
    with checks.step("a reload stays signed in without a refresh token in the answer"):
        for _ in range(2):
            page.reload()
            page.wait_for_selector("#buyForm")
    kept = page.evaluate("() => JSON.stringify({...localStorage})")
    checks.note("no token lies in localStorage", "eyJ" not in kept)
    seen.collect(page)
    checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])
    with checks.step("sign-out uses client_id and logout_uri"):
        page.goto(f"{origin}/app/profile")
        page.click("#signOut")
        page.wait_for_url(f"{origin}/")
    left = [f for _, h, p, f in pool.requests if p == "/logout" and h == OAUTH_HOST]
    checks.note("Cognito's sign-out was asked exactly", left == [
        {"client_id": CLIENT, "logout_uri": f"{origin}/"}], asked=left)
    refreshes = [f for _, _, p, f in pool.requests if f.get("grant_type") == "refresh_token"]
    checks.note("the one refresh token was used again and again",
                len(refreshes) >= 2 and len({f["refresh_token"] for f in refreshes}) == 1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--portico", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    checks, seen = Checks(), Complaints()
    pool = Pool(free_port())
    Answers.pool = pool
    cognito = ThreadingHTTPServer(("127.0.0.1", pool.port), Answers)
    threading.Thread(target=cognito.serve_forever, daemon=True).start()
    with Server(options.portico, options.out, config=settings(pool, options.out)) as server:
        pool.callbacks, pool.logouts = [f"{server.origin}/callback"], [f"{server.origin}/"]
        rules = ", ".join(f"MAP {host} 127.0.0.1" for host in (ISSUER_HOST, OAUTH_HOST))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", f"--host-resolver-rules={rules}"])
            page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
            try:
                drive(checks, seen, page, server, pool, options.out)
            except Exception as error:  # told as a check, with a picture of where it happened
                checks.note("Cognito", False, error=str(error).split("\n")[0][:300])
            if checks.failed:
                page.screenshot(path=options.out / "cognito-failed.png", full_page=True)
            browser.close()
    cognito.shutdown()
    checks.finish()


if __name__ == "__main__":
    main()
