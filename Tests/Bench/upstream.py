"""A fast upstream of 1 KB, and the routes of the bench that stand before it."""

from measure import free_port, make_project, nginx

BODY = "measured" * 128


def route(name, uri, secured):
    security = "[{ token: [] }]" if secured else "[]"
    return f"""  /bench/{name}:
    get:
      operationId: bench{name.capitalize()}
      summary: Measured
      tags: [market]
      security: {security}
      responses:
        "200":
          description: A fixed answer
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        uri: {uri}
        payloadFormatVersion: "1.0"
"""


def start(folder):
    """An nginx that answers from memory, beside the load on the second core."""
    port = free_port()
    server = nginx(folder, port, f"""
      server {{ listen 127.0.0.1:{port}; default_type text/plain;
        location / {{ add_header Cache-Control "public, max-age=3600"; return 200 "{BODY}"; }}
      }}""", name="upstream", cores="1")
    return server, port


def project(folder, portico, upstream):
    """A project with a route that passes all on and one that asks for a token and is cached."""
    address = f"http://127.0.0.1:{upstream}"

    def edit(files):
        routes = route("proxied", f"{address}/proxied", False) + route(
            "cached", f"{address}/cached", True)
        files["site/openapi.yaml"] = files["site/openapi.yaml"].replace(
            "\npaths:\n", "\npaths:\n" + routes, 1)
        files["portico.yaml"] = files["portico.yaml"].replace(
            "    routes:\n", "    routes:\n"
            "      GET /bench/cached: { rate_per_second: 1000000, burst: 10000000 }\n", 1).replace(
            "  access_log:\n",
            "  cache:\n    routes:\n      GET /bench/cached: { key_identity: true }\n"
            "      GET /bench/proxied: { mode: off }\n  access_log:\n", 1)

    return make_project(folder, portico, edit)
