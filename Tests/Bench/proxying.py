"""Passing a request on to a fast upstream, beside nginx's `proxy_pass` with kept connections."""

import tempfile

import upstream
from measure import Missing, ask, compared, free_port, nginx, serve, side_by_side, wrk


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    origin, upstream_port = upstream.start(folder)
    with origin:
        ours, port, _ = serve(portico, upstream.project(folder, portico, upstream_port))
        servers = {"portico": (ours, port, "/api/v1/bench/proxied")}
        try:
            status, answer = ask(port, "GET", "/api/v1/bench/proxied")
            assert status == 200 and answer == upstream.BODY, (status, answer)
            try:
                peer = free_port()
                servers["nginx"] = (nginx(folder, peer, f"""
                  upstream fast {{ server 127.0.0.1:{upstream_port}; keepalive 64;
                    keepalive_requests 100000000; }}
                  server {{ listen 127.0.0.1:{peer}; location / {{ proxy_pass http://fast;
                    proxy_http_version 1.1; proxy_set_header Connection "";
                    proxy_set_header X-Forwarded-For $remote_addr; }} }}"""), peer, "/proxied")
            except Missing as missing:
                yield {"what": "nginx", "skipped": str(missing)}
            loads = {
                who: lambda seconds, server=server, number=number, path=path: wrk(
                    server, f"http://127.0.0.1:{number}{path}", {"Host": f"localhost:{number}"},
                    seconds)
                for who, (server, number, path) in servers.items()}
            yield compared("proxy to an upstream of 1 KB", side_by_side(loads), "nginx", 0.7)
        finally:
            for server, _, _ in servers.values():
                server.stop()
