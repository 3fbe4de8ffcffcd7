"""Prints an access token, an ID token and the key set of moto's Cognito as one JSON object.

moto signs with its own fixed key and AWS's issuer URL; everything happens in this process.
"""
import json
import os

import boto3
import moto
import requests

os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="eu-west-2")


@moto.mock_aws
def main():
    cognito = boto3.client("cognito-idp", "eu-west-2")
    pool = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ann", TemporaryPassword="Temporary-1")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="ann", Password="Permanent-1", Permanent=True
    )
    tokens = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Permanent-1"},
    )["AuthenticationResult"]
    issuer = f"https://cognito-idp.eu-west-2.amazonaws.com/{pool}"
    keys = requests.get(f"{issuer}/.well-known/jwks.json").json()
    print(
        json.dumps(
            {
                "issuer": issuer,
                "client": client,
                "access": tokens["AccessToken"],
                "id": tokens["IdToken"],
                "jwks": keys,
            }
        )
    )


main()
