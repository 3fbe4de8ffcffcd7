"""A route with an RS256 token, a throttle and a cached answer, beside HAProxy's `jwt_verify`."""

import base64
import tempfile
import urllib.request
import json

import upstream
from measure import (Missing, Server, ask, compared, free_port, program, serve, side_by_side,
                     sign_in, wait_for, wrk)

CONFIG = """
global
  nbthread 1
  maxconn 4096
cache answers
  total-max-size 16
  max-object-size 100000
  max-age 3600
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
  http-reuse always
backend rates
  stick-table type ip size 10k expire 60s store http_req_rate(1s)
frontend edge
  bind 127.0.0.1:{port}
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.bearer),jwt_payload_query('$.iss')
  http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless {{ var(txn.alg) -m str RS256 }}
  http-request deny deny_status 401 unless {{ var(txn.iss) -m str {issuer} }}
  http-request deny deny_status 401 if {{ var(txn.exp),sub(txn.now) -m int lt 0 }}
  http-request deny deny_status 401 unless {{ var(txn.bearer),jwt_verify(txn.alg,"{key}") 1 }}
  http-request track-sc0 src table rates
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 1000000 }}
  http-request del-header Authorization
  http-request cache-use answers
  http-response cache-store answers
  default_backend upstream
backend upstream
  server one 127.0.0.1:{upstream}
"""


def public_key(port, token):
    """The key that signed the token, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    def decoded(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    kid = json.loads(decoded(token.split(".")[0]))["kid"]
    with urllib.request.urlopen(f"http://localhost:{port}/.well-known/jwks.json") as answer:
        key = next(key for key in json.load(answer)["keys"] if key["kid"] == kid)
    numbers = RSAPublicNumbers(*(int.from_bytes(decoded(key[part])) for part in ("e", "n")))
    return numbers.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    origin, upstream_port = upstream.start(folder)
    with origin:
        ours, port, _ = serve(portico, upstream.project(folder, portico, upstream_port))
        servers = {"portico": (ours, port, "/api/v1/bench/cached")}
        try:
            token = sign_in(port, "measurer")
            headers = {"Authorization": f"Bearer {token}"}
            status, answer = ask(port, "GET", "/api/v1/bench/cached", headers=headers)
            assert status == 200 and answer == upstream.BODY, (status, answer)
            try:
                servers["haproxy"] = haproxy(folder, port, token, upstream_port)
            except Missing as missing:
                yield {"what": "haproxy", "skipped": str(missing)}
            loads = {
                who: lambda seconds, server=server, number=number, path=path: wrk(
                    server, f"http://127.0.0.1:{number}{path}",
                    {**headers, "Host": f"localhost:{number}"}, seconds)
                for who, (server, number, path) in servers.items()}
            yield compared("RS256 token, throttle, answer from the cache", side_by_side(loads),
                           "haproxy", 3.0)
        finally:
            for server, _, _ in servers.values():
                server.stop()


def haproxy(folder, port, token, upstream_port):
    path = program("haproxy", "/usr/sbin/haproxy")
    with open(f"{folder}/key.pem", "wb") as file:
        file.write(public_key(port, token))
    payload = token.split(".")[1]
    issuer = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iss"]
    peer = free_port()
    with open(f"{folder}/haproxy.cfg", "w") as file:
        file.write(CONFIG.format(port=peer, key=f"{folder}/key.pem", upstream=upstream_port,
                                 issuer=issuer))
    server = Server([path, "-f", f"{folder}/haproxy.cfg"], log=f"{folder}/haproxy.log")
    end = 50
    while end:
        status, answer = attempt(peer, token)
        if status == 200 and answer == upstream.BODY:
            return server, peer, "/cached"
        end -= 1
    server.stop()
    raise SystemExit(f"haproxy answered {status}:\n" + open(f"{folder}/haproxy.log").read())


def attempt(peer, token):
    import time
    try:
        return ask(peer, "GET", "/cached", headers={"Authorization": f"Bearer {token}"})
    except OSError as error:
        time.sleep(0.1)
        return 0, str(error)
