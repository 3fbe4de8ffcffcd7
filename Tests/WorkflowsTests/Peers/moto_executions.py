"""Runs state machines on moto's interpreter and prints what became of each, as one JSON object.

Usage: moto_executions.py FILE...   (cases with `definition` and `input`)
"""

import json
import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT = probe.getsockname()[1]
# Tasks of the interpreter call the server itself, at the port that is named here.
os.environ["MOTO_PORT"] = str(PORT)
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")

import boto3  # noqa: E402  (the keys have to be there first)
from moto.server import ThreadedMotoServer  # noqa: E402

ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


def run(client, name, case):
    machine = client.create_state_machine(
        name=name, definition=json.dumps(case["definition"]),
        roleArn="arn:aws:iam::123456789012:role/peer")
    execution = client.start_execution(
        stateMachineArn=machine["stateMachineArn"], name="case", input=json.dumps(case["input"]))
    arn = execution["executionArn"]
    deadline = time.monotonic() + 20
    while True:
        described = client.describe_execution(executionArn=arn)
        if described["status"] in ENDED or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    events = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    return {
        "status": described["status"],
        "output": json.loads(described["output"]) if "output" in described else None,
        "error": described.get("error"),
        "states": [
            e["stateEnteredEventDetails"]["name"] for e in events
            if e["type"].endswith("StateEntered")],
        "types": [e["type"] for e in events],
    }


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=PORT, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{PORT}"
    config = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{url}/moto-api/config", data=config, method="POST"))
    client = boto3.client("stepfunctions", endpoint_url=url)
    boto3.client("dynamodb", endpoint_url=url).create_table(
        TableName="TransactionTable", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}])
    results = {}
    for path in map(Path, sys.argv[1:]):
        try:
            results[path.name] = run(client, path.stem, json.loads(path.read_text()))
        except Exception as error:  # The peer's failure is a finding too.
            results[path.name] = {"refused": f"{type(error).__name__}: {error}"[:500]}
    server.stop()
    print(json.dumps(results))


main()
