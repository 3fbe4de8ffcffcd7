"""Reads {"jwks", "tokens"} from standard input and prints the subjects that joserfc finds in them."""
import json
import sys

from joserfc import jwt
from joserfc.jwk import KeySet

given = json.load(sys.stdin)
keys = KeySet.import_key_set(given["jwks"])
algorithms = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
print(json.dumps([jwt.decode(t, keys, algorithms=algorithms).claims["sub"] for t in given["tokens"]]))
