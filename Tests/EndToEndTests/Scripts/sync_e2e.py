#!/usr/bin/env python3
"""`portico sync` against a real S3 (SeaweedFS) and CloudFront's API (moto), read back by boto3.

Prints one JSON line per check and ends non-zero when one fails. Exit 77: a server cannot be had.
With --bench N it measures cold and unchanged runs of N files instead and prints the figures.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

try:
    import boto3
    from botocore.config import Config
except ImportError:
    print(json.dumps({"check": "setup", "skipped": "boto3 is not installed"}))
    sys.exit(77)

KEY, SECRET = "PORTICOKEY", "portico-secret-of-the-test"
RESULTS = {"failed": 0}


def say(name, ok, **detail):
    RESULTS["failed"] += not ok
    print(json.dumps({"check": name, "ok": bool(ok), **detail}), flush=True)


def free_port():
    """A port whose partner 10,000 above is free as well: SeaweedFS puts gRPC there."""
    for _ in range(200):
        port = random.randint(12_000, 29_000)
        try:
            for candidate in (port, port + 10_000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", candidate))
            return port
        except OSError:
            continue
    raise RuntimeError("no free port")


def wait_for_port(port, seconds, process):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def tool(name):
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        print(json.dumps({"check": "setup", "skipped": f"{name} is not installed"}))
        sys.exit(77)
    return found


class Servers:
    """SeaweedFS and moto on loopback; ended by their process ids."""

    def __init__(self, out):
        self.out, self.processes = out, []

    def start(self, name, command, port, environment=None):
        log = open(self.out / f"{name}.log", "wb")
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
        )
        self.processes.append(process)
        if not wait_for_port(port, 30, process):
            self.stop()
            print(json.dumps({"check": "setup", "skipped": f"{name} did not start"}))
            sys.exit(77)

    def seaweed(self):
        port = free_port()
        folder = self.out / "seaweed"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        others = ["master.port", "volume.port", "filer.port", "s3.port.iceberg", "s3.port.lance"]
        self.start(
            "seaweed",
            [tool("weed"), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
            + [f"-s3.port={port}", "-webdav=false", "-admin.ui=false"]
            + [f"-{name}={free_port()}" for name in others + ["admin.port"]],
            port,
            {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET},
        )
        url = f"http://127.0.0.1:{port}"
        client = s3_client(url)
        for _ in range(100):
            try:
                client.create_bucket(Bucket="warm")
                client.put_object(Bucket="warm", Key="k", Body=b"x")
                return url, client
            except Exception:
                time.sleep(0.2)
        raise RuntimeError("SeaweedFS takes no objects")

    def moto(self):
        port = free_port()
        self.start("moto", [tool("moto_server"), "-H", "127.0.0.1", "-p", str(port)], port)
        return f"http://127.0.0.1:{port}"

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()


def client_of(service, url, key=KEY, secret=SECRET):
    return boto3.client(
        service, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(
            s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
            response_checksum_validation="when_required", retries={"max_attempts": 2},
        ),
    )


def s3_client(url):
    return client_of("s3", url)


class Site:
    """A bundle made here: files, and the manifest that `portico build` would write."""

    TYPES = {
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "txt": "text/plain; charset=utf-8",
        "xml": "application/xml; charset=utf-8", "png": "image/png", "bin": "application/octet-stream",
    }

    def __init__(self, folder):
        self.folder, self.files, self.cache = Path(folder), {}, {}

    def kind(self, key):
        if key.startswith("assets/"):
            return "asset"
        if key.endswith(".html"):
            return "page"
        return "index" if key.endswith(".xml") else "file"

    def policy(self, key):
        given = self.cache.get(key)
        asset = "public, max-age=31536000, immutable"
        return given or (asset if key.startswith("assets/") else "public, max-age=0, must-revalidate")

    def write(self):
        entries = []
        for key in sorted(self.files):
            data = self.files[key]
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)
            entries.append({
                "key": key, "kind": self.kind(key), "sha256": hashlib.sha256(data).hexdigest(),
                "bytes": len(data), "contentType": self.TYPES[key.rsplit(".", 1)[1]],
                "cacheControl": self.policy(key), "headerGroup": "site", "publish": "raw",
                "encodings": [],
            })
        manifest = {
            "schema": 1, "baseURL": "http://localhost:8080", "coders": {}, "redirects": [],
            "headerGroups": {"site": []}, "spaRoutes": [], "entries": entries,
        }
        place = self.folder / ".portico"
        place.mkdir(parents=True, exist_ok=True)
        (place / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        return self

    def entries(self):
        return json.loads((self.folder / ".portico/manifest.json").read_text())["entries"]


class Tool:
    """Runs `portico sync` and keeps what it used."""

    def __init__(self, binary, out, bundle, url, **environment):
        self.binary, self.out, self.bundle, self.url = binary, out, bundle, url
        self.environment = environment
        (out / "portico.yaml").write_text("sync:\n  region: us-east-1\n")

    def run(self, *flags, bucket="site", as_json=True, url=None, keys=(KEY, SECRET), extra=None):
        environment = {
            "PATH": os.environ.get("PATH", ""), "HOME": str(self.out / "home"),
            "AWS_EC2_METADATA_DISABLED": "true", **self.environment, **(extra or {}),
        }
        if keys:
            environment |= {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
        command = [
            self.binary, "sync", "--bundle", str(self.bundle), "--config",
            str(self.out / "portico.yaml"), "--bucket", bucket, "--endpoint-url", url or self.url,
            *flags, *(["--json"] if as_json else []),
        ]
        with open(self.out / "sync.out", "wb") as out, open(self.out / "sync.err", "wb") as err:
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        text = (self.out / "sync.out").read_text()
        errors = (self.out / "sync.err").read_text()
        answer = json.loads(text) if as_json and text.startswith("{") else {}
        return Run(process.returncode, answer, text, errors, wall, usage)


class Run:
    def __init__(self, code, answer, text, errors, wall, usage):
        self.code, self.answer, self.text, self.errors, self.wall = code, answer, text, errors, wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.mib = usage.ru_maxrss / 1024

    @property
    def sent(self):
        return self.answer.get("result", {}).get("sent")

    def codes(self):
        found = [json.loads(line)["code"] for line in self.errors.splitlines() if line[:1] == "{"]
        return found + [f["code"] for f in self.answer.get("result", {}).get("findings", [])]


def verify(client, bucket, entries, folder, prefix=""):
    """What differs between the bucket and the bundle, by boto3."""
    wrong = []
    for entry in entries:
        found = client.get_object(Bucket=bucket, Key=prefix + entry["key"])
        same = (
            found["Body"].read() == (folder / entry["key"]).read_bytes()
            and found["ContentType"] == entry["contentType"]
            and found.get("CacheControl") == entry["cacheControl"]
        )
        if not same:
            wrong.append(entry["key"])
    return wrong


def small_site(folder):
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(folder)
    site.files = {
        "index.html": b"<h1>front</h1>", "about/index.html": b"<h1>about</h1>",
        "404.html": b"<h1>none</h1>", "robots.txt": b"User-agent: *\n", "sitemap.xml": b"<urlset/>",
        "assets/a.0123.css": b"body{}", "assets/b.0123.js": b"export{}",
        "files/odd a+b~(1)'!*&=;@,$[x].txt": b"odd", "files/\u00e9t\u00e9.txt": b"summer",
        "files/percent%2Fslash.txt": b"percent", "files/empty.txt": b"",
        "files/large.bin": random.Random(1).randbytes(3 << 20),
    }
    site.files |= {f"news/{n}/index.html": b"<p>%d</p>" % n for n in range(40)}
    return site.write()


def check_way(portico, client, site):
    """The life of a site: plan, cold, no-op, edit, touch, fields, drift, prefix."""
    entries = site.entries()
    dry = portico.run("--dry-run")
    listed = client.list_objects_v2(Bucket="site").get("KeyCount", 0)
    planned = dry.answer.get("plan", {}).get("upload", [])
    say("dry run plans all and sends nothing",
        dry.code == 0 and len(planned) == len(entries) and listed == 0,
        errors=dry.errors[:400])
    cold = portico.run()
    wrong = verify(client, "site", entries, site.folder) if cold.code == 0 else ["not sent"]
    say("cold: bytes, Content-Type and Cache-Control arrive", cold.code == 0 and not wrong,
        sent=len(cold.sent or []), wrong=wrong, errors=cold.errors[:400])
    same = portico.run()
    say("unchanged: nothing sent", same.code == 0 and same.sent == [], sent=same.sent,
        ms=round(same.wall * 1000))

    record = client.head_object(Bucket="site", Key=".deploy/manifest.json")
    say("the record is kept from caches", "no-store" in record.get("CacheControl", ""))

    for key in site.files:
        os.utime(site.folder / key, (1, 1))
    touched = portico.run()
    say("touched: nothing sent", touched.code == 0 and touched.sent == [], sent=touched.sent)

    site.files["about/index.html"] = b"<h1>ABOUT</h1>"
    site.write()
    os.utime(site.folder / "about/index.html", (1, 1))
    edit = portico.run()
    wrong = verify(client, "site", site.entries(), site.folder)
    say("an edit of the same size arrives", edit.sent == ["about/index.html"] and not wrong,
        sent=edit.sent, wrong=wrong)

    site.cache["robots.txt"] = "public, max-age=60"
    site.write()
    fields = portico.run()
    head = client.head_object(Bucket="site", Key="robots.txt")
    say("a change of fields alone arrives",
        fields.sent == ["robots.txt"] and head["CacheControl"] == "public, max-age=60"
        and fields.answer["plan"]["upload"][0]["reason"] == "headers", sent=fields.sent)

    client.put_object(Bucket="site", Key="index.html", Body=b"<h1>FRONT</h1>")
    client.put_object(Bucket="site", Key="theirs.txt", Body=b"theirs")
    drift = portico.run()
    wrong = verify(client, "site", site.entries(), site.folder)
    say("drift is mended, others' objects stay",
        drift.sent == ["index.html"] and not wrong
        and drift.answer["plan"]["foreign"] == ["theirs.txt"], sent=drift.sent, wrong=wrong)

    client.delete_object(Bucket="site", Key=".deploy/manifest.json")
    found = portico.run()
    say("without a record what is there is recognised", found.code == 0 and found.sent == []
        and len(found.answer["result"]["recognised"]) == len(entries), sent=found.sent)

    del site.files["news/7/index.html"]
    site.write()
    less = portico.run()
    there = client.head_object(Bucket="site", Key="news/7/index.html")
    say("a removed page is stale and stays", less.code == 0 and less.sent == []
        and less.answer["plan"]["stale"] == ["news/7/index.html"] and there["ContentLength"] > 0)

    below = portico.run("--prefix", "pre/view")
    wrong = verify(client, "site", site.entries(), site.folder, "pre/view/")
    again = portico.run("--prefix", "/pre/view/")
    say("a prefix holds a site of its own", below.code == 0 and not wrong and again.sent == [],
        wrong=wrong)


def check_refusals(portico, site):
    """Each mistake is one diagnostic, exit 1, nothing sent."""
    def refused(name, run, code, exit_code=1):
        say(name, run.code == exit_code and run.codes() == [code], exit=run.code,
            codes=run.codes(), seconds=round(run.wall, 2), text=run.errors[:500])

    refused("wrong secret", portico.run(keys=(KEY, "wrong")), "Y002")
    refused("unknown key", portico.run(keys=("NOBODY", SECRET)), "Y002")
    refused("no credentials", portico.run(keys=None), "Y001")
    refused("missing bucket", portico.run(bucket="no-such-bucket"), "Y004")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    dead = portico.run(url=nobody)
    refused("unreachable endpoint", dead, "Y003")
    refused("endpoint that is no URL", portico.run(url="127.0.0.1:9"), "Y007")
    refused("bucket that is no name", portico.run(bucket="a/b"), "Y007")
    refused("--delete", portico.run("--delete"), "Y011")
    page = portico.run(as_json=False, keys=None)
    say("for a person: code and remedy", page.code == 1 and "[Y001]" in page.errors
        and "help:" in page.errors, text=page.errors[:400])

    (site.folder / "robots.txt").write_bytes(b"edited by hand")
    site.cache["robots.txt"] = "no-cache"
    for entry in (entries := site.entries()):
        if entry["key"] == "robots.txt":
            entry["cacheControl"] = "no-cache"
    manifest = site.folder / ".portico/manifest.json"
    document = json.loads(manifest.read_text())
    document["entries"] = entries
    manifest.write_text(json.dumps(document))
    refused("a file that is not what the manifest says", portico.run(), "B002")
    site.write()


def check_kill(portico, client, out, binary):
    """kill -9 half way: the site's old front page stays, the next run finishes."""
    folder = out / "kill"
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(folder)
    noise = random.Random(2)
    site.files = {f"files/{n}.bin": noise.randbytes(20_000) for n in range(1500)}
    site.files["index.html"] = b"<h1>new</h1>"
    site.write()
    client.create_bucket(Bucket="killed")
    client.put_object(Bucket="killed", Key="index.html", Body=b"<h1>old</h1>")
    environment = {
        "HOME": str(out), "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
        "PATH": os.environ.get("PATH", ""),
    }
    process = subprocess.Popen(
        [binary, "sync", "--bundle", str(folder), "--config", str(out / "portico.yaml"),
         "--bucket", "killed", "--endpoint-url", portico.url], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.6)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    front = client.get_object(Bucket="killed", Key="index.html")["Body"].read()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="killed")
    part = sum(page.get("KeyCount", 0) for page in pages)
    portico.bundle = folder
    rest = portico.run(bucket="killed")
    recognised = len(rest.answer.get("result", {}).get("recognised", []))
    wrong = verify(client, "killed", site.entries(), folder)
    say("killed half way: old front page stays, the rest is sent later",
        rest.code == 0 and not wrong and (part > 1400 or front == b"<h1>old</h1>"),
        there=part, recognised=recognised, sent=len(rest.sent or []), wrong=wrong[:3])
    say("what the killed run sent is not sent again", recognised >= part - 2, recognised=recognised)


def check_edge(portico, cloudfront, distribution, site):
    """One invalidation per deploy that changes stable URLs."""
    def count():
        found = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"]
        return [item["Id"] for item in found.get("Items", [])]

    flags = ("--distribution", distribution)
    first = portico.run(*flags, bucket="edge")
    say("a first deploy invalidates nothing", first.code == 0 and count() == [],
        errors=first.errors[:400])
    site.files["about/index.html"] = b"<h1>about it</h1>"
    site.files["new/index.html"] = b"<h1>new</h1>"
    site.files["files/a b.txt"] = b"new"
    site.write()
    edit = portico.run(*flags, bucket="edge")
    result = edit.answer.get("result", {}).get("invalidation", {})
    ids = count()
    stored = []
    if ids:
        batch = cloudfront.get_invalidation(DistributionId=distribution, Id=ids[0])
        stored = sorted(batch["Invalidation"]["InvalidationBatch"]["Paths"]["Items"])
    expected = ["/about", "/about/", "/about/index.html"]
    say("an edit invalidates its addresses, a new page none",
        edit.code == 0 and result.get("paths") == expected and stored == expected
        and ids == [result.get("id")], paths=stored, errors=edit.errors[:400])
    same = portico.run(*flags, bucket="edge")
    say("unchanged: no invalidation", same.code == 0 and len(count()) == 1)
    for number in range(40):
        key = f"news/{number}/index.html"
        if key in site.files:
            site.files[key] = b"<p>changed</p>"
    site.write()
    wide = portico.run(*flags, bucket="edge")
    paths = wide.answer.get("result", {}).get("invalidation", {}).get("paths")
    say("many edits become a wildcard", paths == ["/news/*"], paths=paths)
    site.files["404.html"] = b"<h1>nothing</h1>"
    site.write()
    failed = portico.run("--distribution", "ENOSUCH", bucket="edge")
    say("a failed invalidation is exit 2", failed.code == 2 and failed.codes() == ["Y015"],
        exit=failed.code, codes=failed.codes(), text=failed.errors[:300])
    mended = portico.run(*flags, bucket="edge")
    say("and is made up for by the next run", mended.code == 0 and mended.sent == []
        and mended.answer["result"].get("invalidation", {}).get("paths") == ["/404.html"])


def bench(portico, client, out, count, rounds):
    """Cold and unchanged runs over `count` files of 15 KB in the mean, median of the rounds."""
    folder = out / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    site, noise = Site(folder), random.Random(3)
    sizes = [int(noise.lognormvariate(8.723, 1.34)) for _ in range(count)]
    scale = 15_000 * count / max(1, sum(sizes))
    for number, size in enumerate(sizes):
        name = ["assets/{}.js", "news/{}/index.html", "files/{}.bin"][number % 3].format(number)
        site.files[name] = noise.randbytes(max(1, int(size * scale)))
    site.write()
    portico.bundle = folder
    rows = {"cold": [], "unchanged": []}
    for number in range(rounds):
        bucket = f"bench-{number}"
        client.create_bucket(Bucket=bucket)
        cold = portico.run(bucket=bucket)
        same = portico.run(bucket=bucket)
        good = cold.code == 0 and len(cold.sent) == count and same.code == 0 and same.sent == []
        say(f"round {number}", good, errors=(cold.errors + same.errors)[:300])
        rows["cold"].append((cold.wall, cold.cpu, cold.mib))
        rows["unchanged"].append((same.wall, same.cpu, same.mib))
    for name, runs in rows.items():
        middle = [sorted(column)[len(column) // 2] for column in zip(*runs)]
        print(json.dumps({
            "bench": name, "files": count, "bytes": sum(map(len, site.files.values())),
            "wall_s": round(middle[0], 3), "cpu_s": round(middle[1], 3), "rss_mib": round(middle[2], 1),
        }), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portico", required=True, help="the binary")
    parser.add_argument("--out", required=True, help="folder for scratch and logs")
    parser.add_argument("--bundle", help="a bundle made by `portico build`, synced as it is as well")
    parser.add_argument("--bench", type=int, metavar="FILES", help="measure instead of checking")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    out = Path(arguments.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    binary = str(Path(arguments.portico).resolve())
    servers = Servers(out)
    try:
        url, client = servers.seaweed()
        if arguments.bench:
            portico = Tool(binary, out, out / "bench", url)
            bench(portico, client, out, arguments.bench, arguments.rounds)
            return
        for bucket in ("site", "edge"):
            client.create_bucket(Bucket=bucket)
        site = small_site(out / "site")
        portico = Tool(binary, out, site.folder, url)
        check_way(portico, client, site)
        check_refusals(portico, site)
        moto = servers.moto()
        cloudfront = client_of("cloudfront", moto)
        distribution = cloudfront.create_distribution(DistributionConfig={
            "CallerReference": "e2e", "Comment": "", "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{
                "Id": "o", "DomainName": "edge.s3.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        })["Distribution"]["Id"]
        edge = Tool(binary, out, site.folder, url, AWS_ENDPOINT_URL_CLOUDFRONT=moto)
        check_edge(edge, cloudfront, distribution, site)
        check_kill(portico, client, out, binary)
        if arguments.bundle:
            client.create_bucket(Bucket="built")
            built = Tool(binary, out, Path(arguments.bundle).resolve(), url)
            run = built.run(bucket="built")
            entries = Site(built.bundle).entries()
            wrong = verify(client, "built", entries, built.bundle) if run.code == 0 else ["not sent"]
            say("the built site arrives", run.code == 0 and not wrong, files=len(entries), wrong=wrong)
    finally:
        servers.stop()
    sys.exit(1 if RESULTS["failed"] else 0)


if __name__ == "__main__":
    main()
