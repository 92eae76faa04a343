"""Sends a file as `maas boot-resources create` does, by the library that it uses (httplib2): reads the file once for its sum,
then again in PUTs of 4 MiB, one after the other, with no retry. Up to MAAS 3.6 each request has a connection of its own; with
--keep-alive they share one, as from 3.7 on. What the command does besides (profiles, describe/, its other modules) is left out.

MAAS_API_URL, MAAS_API_KEY and MAAS_API_CACERT say where to; the file is the only argument."""

import argparse
import hashlib
import io
import json
import os
import sys
import time
import uuid
from urllib.parse import urlencode, urljoin

import httplib2

CHUNK = 4 << 20

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--keep-alive", action="store_true")
arguments.add_argument("file")
options = arguments.parse_args()

base = os.environ["MAAS_API_URL"] + "/api/2.0/"
consumer, token, secret = os.environ["MAAS_API_KEY"].split(":")
# The authority that `maas login --cacerts` keeps; undefined: those of httplib2.
authority = os.environ.get("MAAS_API_CACERT")
shared = httplib2.Http(ca_certs=authority) if options.keep_alive else None


def send(method, url, kind, body):
    """One signed request; the content is given as a file, as binary content must be to httplib2."""
    header = {
        "oauth_nonce": uuid.uuid4().hex,
        "oauth_timestamp": str(int(time.time())),
        "oauth_version": "1.0",
        "oauth_signature_method": "PLAINTEXT",
        "oauth_consumer_key": consumer,
        "oauth_token": token,
        "oauth_signature": "%26" + secret,
    }
    headers = {
        "Authorization": "OAuth " + ", ".join(f'{name}="{value}"' for name, value in header.items()),
        "Content-Type": kind,
        "Content-Length": str(len(body)),
    }
    response, content = (shared or httplib2.Http(ca_certs=authority)).request(url, method, body=io.BytesIO(body), headers=headers)
    if response.status // 100 != 2:
        sys.exit(f"{method} {url} was answered by {response.status}")
    return content


def chunks():
    with open(options.file, "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


total, digest = 0, hashlib.sha256()
for chunk in chunks():
    total += len(chunk)
    digest.update(chunk)
form = {
    "name": "custom/peer",
    "title": "custom/peer",
    "architecture": "amd64/generic",
    "base_image": "ubuntu/focal",
    "filetype": "tgz",
    "sha256": digest.hexdigest(),
    "size": total,
}
made = json.loads(
    send("POST", base + "boot-resources/", "application/x-www-form-urlencoded", urlencode(form).encode())
)
[newest, *_] = sorted(made["sets"], reverse=True)
[wanted] = made["sets"][newest]["files"].values()
for chunk in chunks():
    send("PUT", urljoin(base, wanted["upload_uri"]), "application/octet-stream", chunk)
