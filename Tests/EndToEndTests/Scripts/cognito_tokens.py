#!/usr/bin/env python3
"""Tokens of a Cognito user pool, made by moto on loopback, in front of `portico serve`.

The pool's issuer is AWS's https URL, its keys are on loopback: issuer and `jwks_uri` are separate
settings. Access and ID tokens are taken by their own authorizers; what was tampered with, comes from
another pool or client, or has expired is not. Keys stay in use when the pool is away. Document 004's
HS256 tokens are taken by their own authorizer alone.
Prints one JSON line per check and ends non-zero when one fails.
"""

import argparse
import base64
import hashlib
import hmac
import json
import logging
import os
import time
import types
from pathlib import Path

import boto3
import moto.cognitoidp.models
import yaml
from moto.server import ThreadedMotoServer

from running import ROOT, Server, free_port
from serving import finish, merged, say

REGION = "eu-west-2"
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION=REGION)


class Pool:
    """A user pool with one client and one user."""

    def __init__(self, port):
        self.cognito = boto3.client(
            "cognito-idp", REGION, endpoint_url=f"http://127.0.0.1:{port}")
        self.id = self.cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"
        self.keys = f"http://127.0.0.1:{port}/{self.id}/.well-known/jwks.json"
        self.client = self.new_client()
        self.cognito.admin_create_user(
            UserPoolId=self.id, Username="ann", TemporaryPassword="Temporary-1")
        self.cognito.admin_set_user_password(
            UserPoolId=self.id, Username="ann", Password="Permanent-1", Permanent=True)

    def new_client(self):
        answer = self.cognito.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
        return answer["UserPoolClient"]["ClientId"]

    def sign_in(self, client=None):
        """An access token and an ID token."""
        result = self.cognito.initiate_auth(
            ClientId=client or self.client, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": "Permanent-1"},
        )["AuthenticationResult"]
        return result["AccessToken"], result["IdToken"]

    def sign_in_two_hours_ago(self):
        module = moto.cognitoidp.models
        real = module.time
        module.time = types.SimpleNamespace(time=lambda: real.time() - 7200)
        try:
            return self.sign_in()
        finally:
            module.time = real


def scheme(issuer, audience):
    return {
        "type": "http", "scheme": "bearer",
        "x-amazon-apigateway-authorizer": {
            "type": "jwt", "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"issuer": issuer, "audience": [audience]},
        },
    }


def document(pool, path):
    """The shipped document with routes that want tokens of the pool and of document 004."""
    api = yaml.safe_load((ROOT / "site/openapi.yaml").read_text())
    of_pool = scheme(pool.issuer, pool.client)
    api["components"]["securitySchemes"].update(
        pool=of_pool, pool_id=of_pool, s4=scheme("document-004", "portico"))
    portfolio = api["paths"]["/portfolio"]["get"]
    for name in ("pool", "pool_id", "s4"):
        route = dict(portfolio, operationId=f"{name}Portfolio", security=[{name: []}])
        api["paths"][f"/{name}/portfolio"] = {"get": route}
    path.write_text(yaml.safe_dump(api, sort_keys=False))
    return str(path)


def settings(pool, folder, authorizers=None):
    """The shipped settings with that document and those authorizers; answers the file."""
    changes = {
        "gateway": {
            "openapi": document(pool, folder / "openapi.yaml"),
            "authorizers": authorizers or {},
            "access_log": {
                "form": "template",
                "template": '{"status":$context.status,"sub":"$context.authorizer.claims.sub",'
                '"use":"$context.authorizer.claims.token_use","path":"$context.path"}',
            },
        }
    }
    whole = merged(yaml.safe_load((ROOT / "portico.yaml").read_text()), changes)
    config = folder / "portico.yaml"
    config.write_text(yaml.safe_dump(whole, sort_keys=False))
    return config


def tampered(token):
    """The token with another user in its payload."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["username"] = claims["cognito:username"] = "bob"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


def flipped(token):
    """The token with one bit of its signature turned."""
    middle = len(token) - 40
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1:]


def check_tokens(server, pool, other):
    def ask(token, route="pool"):
        return server.api("GET", f"/{route}/portfolio", token=token)

    access, identity = pool.sign_in()
    answer = ask(access)
    say("an access token of the pool is taken", answer.status == 200, status=answer.status,
        body=answer.body[:200].decode())
    code = ask(identity, "pool_id").status
    say("an ID token of the pool is taken where ID tokens are", code == 200, status=code)
    say("an ID token is no access token", ask(identity).status == 401)
    say("an access token is no ID token", ask(access, "pool_id").status == 401)
    for name, bad in [
        ("a changed payload", tampered(access)), ("a changed signature", flipped(access)),
        ("another pool of the same keys", other.sign_in()[0]),
        ("another client of the pool", pool.sign_in(pool.new_client())[0]),
        ("an expired token", pool.sign_in_two_hours_ago()[0]),
    ]:
        answer = ask(bad)
        challenge = answer.headers.get("www-authenticate", "")
        say(
            f"refused: {name}",
            answer.status == 401 and 'error="invalid_token"' in challenge
            and answer.json()["message"] == "Unauthorized",
            status=answer.status, challenge=challenge)
    answer = ask(None)
    say(
        "refused: no token",
        answer.status == 401 and answer.headers.get("www-authenticate") == "Bearer")
    account = {"username": "ann", "password": "seven green bottles"}
    server.api("POST", "/auth/signup", account)
    own = server.api("POST", "/auth/login", account).json()["token"]
    say("our own token is taken by our own accounts", own and server.api(
        "GET", "/portfolio", token=own).status == 200)
    say("refused: our own token on a route of the pool", ask(own).status == 401)
    code = server.api("GET", "/portfolio", token=access).status
    say("refused: the pool's token on a route of our own accounts", code == 401)
    return access


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def legacy(secret, **claims):
    """A token as document 004's login function signs it."""
    now = int(time.time())
    payload = {"username": "ann", "iat": now, "exp": now + 86_400, **claims}
    signed = ".".join(
        encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, payload))
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encoded(mac)}"


def check_legacy(server, secret):
    def status(token, route="/s4/portfolio"):
        return server.api("GET", route, token=token).status

    say("a token of document 004 is taken by its own authorizer", status(legacy(secret)) == 200)
    say("refused: one of another secret", status(legacy(secret[::-1])) == 401)
    say("refused: one that has expired", status(legacy(secret, exp=int(time.time()) - 61)) == 401)
    say("refused: one on a route of our own accounts", status(legacy(secret), "/portfolio") == 401)
    say("refused: one on a route of the pool", status(legacy(secret), "/pool/portfolio") == 401)


def check_examined(server, config):
    """`portico check` examines the authorizers and asks nobody."""
    done = server.run("check", "--config", str(config), "--bundle", str(config.parent))
    say("portico check needs no issuer", done.returncode == 0, text=done.stderr[-300:])


def log_lines(server):
    lines = (server.folder / "out.log").read_text().splitlines()
    lines = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in lines if line["path"].endswith("/pool/portfolio")]


def check_log(server, access):
    payload = access.split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]
    end = time.monotonic() + 5
    while not (taken := [line for line in log_lines(server) if line["status"] == 200]):
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    refused = [line for line in log_lines(server) if line["status"] == 401]
    say(
        "the access log has the claims of tokens that were taken, and of no others",
        taken and all(line["sub"] == subject and line["use"] == "access" for line in taken)
        and all(line["sub"] == "-" for line in refused), lines=(taken + refused)[:3])


def check_unconfigured(portico, pool, folder):
    """An issuer of which the settings say nothing ends the start."""
    try:
        with Server(portico, folder / "unconfigured", config=settings(pool, folder)):
            say("S004 without a setting", False)
    except AssertionError as error:
        say("S004 without a setting", "S004" in str(error), text=str(error)[:300])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--portico", required=True)
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    running = True
    try:
        pool, other = Pool(port), Pool(port)
        check_unconfigured(options.portico, pool, folder)
        entry = {"jwks_uri": pool.keys}
        secret = "thirty-two bytes or more of secret"
        (folder / "s4.secret").write_text(secret + "\n")
        config = settings(pool, folder, {
            "pool": dict(entry, profile="cognito-access"),
            "pool_id": dict(entry, profile="cognito-id"),
            "s4": {"profile": "legacy-hs256", "secret_file": str(folder / "s4.secret")},
        })
        with Server(options.portico, folder / "first", config=config) as portico:
            access = check_tokens(portico, pool, other)
            check_log(portico, access)
            check_legacy(portico, secret)
            fresh = pool.sign_in()[0]
            server.stop()
            running = False
            code = portico.api("GET", "/pool/portfolio", token=fresh).status
            say("the keys stay in use when the pool is away", code == 200, status=code)
            say("it drains", portico.stop() == 0)
            check_examined(portico, config)
        with Server(options.portico, folder / "second", config=config) as portico:
            code = portico.api("GET", "/pool/portfolio", token=fresh).status
            say("without keys nothing passes", code == 503, status=code)
            say("and the log says why", "T001" in portico.logs())
    finally:
        if running:
            server.stop()
    finish()


if __name__ == "__main__":
    main()
