"""Sign-ins through `POST /auth/login`: what scrypt's strength leaves of two cores."""

import tempfile

from measure import PASSWORD, make_project, serve, sign_in
from orders import unbounded
from scripted import load, median_of, request

CLIENTS = 8


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    server, port, _ = serve(portico, make_project(folder, portico, unbounded), cores="0,1",
                            threads=2)
    with server:
        names = [f"visitor{index}" for index in range(CLIENTS)]
        for name in names:
            sign_in(port, name)
        requests = [request(port, "POST", "/api/v1/auth/login",
                            body={"username": name, "password": PASSWORD}) for name in names]
        figure = median_of(1, lambda: load(server, port, requests, folder, 10, CLIENTS, "0,1"))
        yield {"what": f"sign-ins, {CLIENTS} clients, two cores", "portico": figure}
