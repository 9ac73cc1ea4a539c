"""An S3 server with one bucket and one user, whose signatures it checks. Prints its address, the user's access key and
secret, and serves until standard input ends."""

import json
import logging
import sys
import urllib.request

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").disabled = True
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
setup = {
    "endpoint_url": url,
    "region_name": "us-east-1",
    "aws_access_key_id": "setup",
    "aws_secret_access_key": "setup",
}
iam = boto3.client("iam", **setup)
iam.create_user(UserName="orion")
allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
iam.put_user_policy(
    UserName="orion",
    PolicyName="blobs",
    PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
)
key = iam.create_access_key(UserName="orion")["AccessKey"]
boto3.client("s3", **setup).create_bucket(Bucket="videos")
# From here on every request must be signed by that user.
request = urllib.request.Request(url + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})
urllib.request.urlopen(request).read()
print(url, key["AccessKeyId"], key["SecretAccessKey"], flush=True)
sys.stdin.read()
