#!/usr/bin/env python3
"""Runs the provider of a running Portico with foreign clients: authlib, requests-oauthlib, node-jose.

Each client does the code flow with PKCE, reads userInfo, refreshes, revokes. A peer that is not
installed is skipped by name. One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from checks import Checks

PASSWORD = "seven quiet herons over the weir"
CLIENT = "portico-web"
SCOPE = "openid profile email"
POST_ONLY = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")

JOSE = """
const { createRemoteJWKSet, jwtVerify } = require("jose");
const [issuer, jwks, access, id, client] = process.argv.slice(1);
(async () => {
  const keys = createRemoteJWKSet(new URL(jwks));
  const options = { issuer, algorithms: ["RS256"] };
  const a = await jwtVerify(access, keys, { ...options, audience: "portico-api", typ: "at+jwt" });
  const i = await jwtVerify(id, keys, { ...options, audience: client });
  if (a.payload.sub !== i.payload.sub) throw new Error("two subjects");
  try {
    await jwtVerify(access.slice(0, -6) + "AAAAAA", keys, options);
  } catch { console.log(a.protectedHeader.alg); return; }
  throw new Error("an altered token was accepted");
})().catch((error) => { console.error(error.message); process.exit(1); });
"""


class FirstForm(HTMLParser):
    """Action and hidden fields of the first form of a page."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = values.get("action")
        if tag == "input" and values.get("type") == "hidden":
            self.fields[values["name"]] = values.get("value", "")


class Person:
    """A browser without script on the hosted pages."""

    def __init__(self, origin, name, password=PASSWORD):
        self.origin, self.name, self.password = origin, name, password
        self.session = requests.Session()

    def submit(self, page, **fields):
        form = FirstForm(page.text)
        return self.session.post(
            urljoin(page.url, form.action), data={**form.fields, **fields},
            headers={"Origin": self.origin}, allow_redirects=False, timeout=30)

    def sign_up(self):
        page = self.session.get(f"{self.origin}/signup", timeout=30)
        answer = self.submit(page, username=self.name, password=self.password, email="")
        return answer.status_code == 303

    def authorize(self, url):
        """The address of the callback with the code, signing in where the provider asks."""
        answer = self.session.get(url, allow_redirects=False, timeout=30)
        for _ in range(5):
            target = urljoin(answer.url, answer.headers.get("Location", ""))
            if urlsplit(target).path == "/callback":
                return target
            page = self.session.get(target, allow_redirects=False, timeout=30)
            if page.status_code == 200:
                answer = self.submit(page, username=self.name, password=self.password)
            else:
                answer = page
        raise AssertionError("the provider does not come back")


def discovery(checks, origin):
    answer = requests.get(f"{origin}/.well-known/openid-configuration", timeout=30)
    document = answer.json()
    checks.note("discovery answers with its own issuer", document["issuer"] == origin)
    missing = []
    for name, url in document.items():
        if not (name.endswith("_endpoint") or name == "jwks_uri"):
            continue
        method = "POST" if name in POST_ONLY else "GET"
        status = requests.request(method, url, allow_redirects=False, timeout=30).status_code
        if status in (404, 405) or status >= 500:
            missing.append(f"{name}: {status}")
    checks.note("every endpoint that discovery names answers", not missing, missing=missing)
    return document


def with_authlib(checks, document, person, redirect):
    try:
        from authlib.common.security import generate_token
        from authlib.integrations.requests_client import OAuth2Session
        from joserfc import jwt
        from joserfc.jwk import KeySet
    except ImportError:
        return checks.note("authlib", True, skipped="authlib is not installed")
    client = OAuth2Session(
        CLIENT, scope=SCOPE, redirect_uri=redirect, code_challenge_method="S256",
        token_endpoint_auth_method="none")
    verifier, nonce = generate_token(64), generate_token(20)
    url, state = client.create_authorization_url(
        document["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    back = person.authorize(url)
    query = parse_qs(urlsplit(back).query)
    checks.note("authlib: state and issuer come back",
                query["state"] == [state] and query["iss"] == [document["issuer"]])
    token = client.fetch_token(
        document["token_endpoint"], authorization_response=back, code_verifier=verifier)
    checks.note("authlib: tokens", token["token_type"] == "Bearer" and "refresh_token" in token)
    keys = KeySet.import_key_set(requests.get(document["jwks_uri"], timeout=30).json())
    identity = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": document["issuer"]},
        aud={"essential": True, "value": CLIENT}, nonce={"essential": True, "value": nonce},
        exp={"essential": True}).validate(identity)
    checks.note("authlib: ID token verifies", identity["cognito:username"] == person.name)
    info = client.get(document["userinfo_endpoint"], timeout=30).json()
    checks.note("authlib: userInfo", info["sub"] == identity["sub"])
    first = token["refresh_token"]
    renewed = client.refresh_token(document["token_endpoint"], refresh_token=first)
    checks.note("authlib: refresh rotates", renewed["refresh_token"] != first)
    again = client.refresh_token(document["token_endpoint"], refresh_token=first)
    checks.note("authlib: the retry gets the same successor",
                again["refresh_token"] == renewed["refresh_token"])
    gone = client.revoke_token(
        document["revocation_endpoint"], token=again["refresh_token"],
        token_type_hint="refresh_token")
    checks.note("authlib: revocation", gone.status_code == 200)
    dead = requests.get(document["userinfo_endpoint"], timeout=30,
                        headers={"Authorization": f"Bearer {again['access_token']}"})
    checks.note("authlib: the access token is dead at once", dead.status_code == 401)
    return None


def with_requests_oauthlib(checks, document, person, redirect):
    try:
        from requests_oauthlib import OAuth2Session
    except ImportError:
        return checks.note("requests-oauthlib", True, skipped="requests-oauthlib is not installed")
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    client = OAuth2Session(CLIENT, redirect_uri=redirect, scope=SCOPE.split(), pkce="S256")
    url, _ = client.authorization_url(document["authorization_endpoint"])
    back = person.authorize(url)
    token = client.fetch_token(
        document["token_endpoint"], authorization_response=back, include_client_id=True)
    checks.note("requests-oauthlib: tokens", set(token["scope"]) == set(SCOPE.split()))
    info = client.get(document["userinfo_endpoint"], timeout=30)
    checks.note("requests-oauthlib: userInfo", info.json()["username"] == person.name)
    renewed = client.refresh_token(
        document["token_endpoint"], client_id=CLIENT, refresh_token=token["refresh_token"])
    checks.note("requests-oauthlib: refresh", renewed["access_token"] != token["access_token"])
    replay = requests.post(document["token_endpoint"], timeout=30, data={
        "grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": redirect,
        "code": parse_qs(urlsplit(back).query)["code"][0], "code_verifier": client._code_verifier})
    checks.note("a replayed code is refused", replay.json()["error"] == "invalid_grant")
    dead = requests.get(document["userinfo_endpoint"], timeout=30,
                        headers={"Authorization": f"Bearer {token['access_token']}"})
    checks.note("a replayed code takes its tokens back", dead.status_code == 401)
    return None


def with_node_jose(checks, document, person, redirect):
    node = shutil.which("node") or shutil.which("nodejs")
    if not node or not os.path.isdir("/usr/share/nodejs/jose"):
        return checks.note("node-jose", True, skipped="node-jose is not installed")
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(
        hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    request = requests.Request("GET", document["authorization_endpoint"], params={
        "response_type": "code", "client_id": CLIENT, "redirect_uri": redirect, "scope": SCOPE,
        "state": "s", "code_challenge": challenge, "code_challenge_method": "S256"}).prepare()
    code = parse_qs(urlsplit(person.authorize(request.url)).query)["code"][0]
    token = requests.post(document["token_endpoint"], timeout=30, data={
        "grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": redirect,
        "code": code, "code_verifier": verifier}).json()
    run = subprocess.run(
        [node, "-e", JOSE, document["issuer"], document["jwks_uri"], token["access_token"],
         token["id_token"], CLIENT],
        env={**os.environ, "NODE_PATH": "/usr/share/nodejs"}, capture_output=True, text=True,
        timeout=60, check=False)
    checks.note("node-jose verifies both tokens", run.returncode == 0,
                said=(run.stdout + run.stderr).strip()[:200])
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--origin", default="http://localhost:8080")
    options = parser.parse_args()
    checks = Checks()
    redirect = f"{options.origin}/callback"
    document = discovery(checks, options.origin)
    person = Person(options.origin, f"flow-{secrets.token_hex(4)}")
    checks.note("sign-up on the hosted page", person.sign_up())
    for run in (with_authlib, with_requests_oauthlib, with_node_jose):
        try:
            run(checks, document, person, redirect)
        except Exception as error:  # told as a failed check; the next client still runs
            checks.note(run.__name__, False, error=f"{type(error).__name__}: {error}"[:300])
    page = person.session.get(f"{options.origin}/logout", timeout=30)
    out = person.submit(page)
    checks.note("sign-out on the hosted page", out.status_code == 200 and "signed out" in out.text)
    checks.finish()


if __name__ == "__main__":
    main()
