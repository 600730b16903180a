# SPDX-License-Identifier: MIT
"""What boto3 makes of what we print.

    check.py ENDPOINT provider.json role.json policy.json

Makes the provider and the role as the files say, replaces the role's trust
policy by policy.json, and says what IAM then holds, as JSON.
"""

import json
import sys

import boto3


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main(endpoint, provider_file, role_file, policy_file):
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    arn = iam.create_open_id_connect_provider(**load(provider_file))[
        "OpenIDConnectProviderArn"
    ]
    role = iam.create_role(**load(role_file))["Role"]["RoleName"]
    with open(policy_file, encoding="utf-8") as file:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=file.read())
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    print(
        json.dumps(
            {
                "arn": arn,
                "listed": [entry["Arn"] for entry in listed],
                "url": provider["Url"],
                "audiences": provider["ClientIDList"],
                "trust": trust,
            }
        )
    )


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
