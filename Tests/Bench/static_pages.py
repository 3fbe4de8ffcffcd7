"""Static pages of 1 KB and 10 KB, bare and with a browser's fields, beside nginx."""

import tempfile

from measure import (BROWSER_HEADERS, ROOT, Missing, compared, free_port, make_project, nginx, serve,
                     side_by_side, wrk)

SIZES = (("1 KB", "one", 860), ("10 KB", "ten", 10_000))


def pages(project_files):
    """Pages that are all text, so that their size is known."""
    for _, name, size in SIZES:
        words = "measure "
        project_files[f"site/pages/{name}.html"] = (
            f"---\ntitle: {name}\n---\n<!doctype html><html lang=en><head><title>{name}</title>"
            f"</head><body><main><h1>{name}</h1><p>{words * (size // len(words))}</p></main></body>"
            "</html>")


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    project = make_project(folder, portico, pages)
    ours, port, _ = serve(portico, project)
    servers = {"portico": (ours, port, "")}
    try:
        peer = free_port()
        servers["nginx"] = (nginx(folder, peer, f"""
          open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;
          server {{ listen 127.0.0.1:{peer}; root {project}/dist;
            add_header Content-Security-Policy "default-src 'none'" always;
            add_header X-Content-Type-Options nosniff always;
            add_header X-Frame-Options DENY always;
            add_header Referrer-Policy strict-origin-when-cross-origin always; }}"""),
            peer, "index.html")
    except Missing as missing:
        yield {"what": "nginx", "skipped": str(missing)}
    try:
        for size, name, _ in SIZES:
            for kind, headers in (("a browser's fields", BROWSER_HEADERS), ("bare", {})):
                loads = {
                    who: lambda seconds, server=server, number=number, file=file: wrk(
                        server, f"http://127.0.0.1:{number}/{name}/{file}",
                        {**headers, "Host": f"localhost:{number}"}, seconds)
                    for who, (server, number, file) in servers.items()}
                yield compared(f"static {size}, {kind}", side_by_side(loads), "nginx", 1.2)
        yield {"what": "resident after the static load", "MiB": round(ours.memory())}
    finally:
        for server, _, _ in servers.values():
            server.stop()
