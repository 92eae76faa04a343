"""Asks a MAAS as the maas command does: everything by what describe/ says, with the command's own looks at headers.

Arguments: URL and API key. Reads one JSON object a line ({"on": "machines", "do": "read", "at": [...], "with": {...}}) and
writes one ({"status", "type", "body"}) for each. Ends with a traceback where the command would.
"""

import json
import random
import re
import sys
import time
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from urllib.parse import urlencode, urljoin, urlsplit

import httplib2

BASE = urljoin(sys.argv[1].rstrip("/") + "/", "api/2.0/")
CONSUMER, TOKEN, SECRET = sys.argv[2].split(":")


def signed():
    fields = {
        "oauth_nonce": f"{random.getrandbits(64):x}",
        "oauth_timestamp": f"{int(time.time())}",
        "oauth_version": "1.0",
        "oauth_signature_method": "PLAINTEXT",
        "oauth_consumer_key": CONSUMER,
        "oauth_token": TOKEN,
        "oauth_signature": f"%26{SECRET}",
    }
    return {"authorization": "OAuth " + ", ".join(f'{name}="{value}"' for name, value in fields.items())}


def request(url, method, body=None, headers=None):
    return httplib2.Http().request(url, method, body=body, headers=headers)


def description():
    response, content = request(urljoin(BASE, "describe/"), "GET")
    assert response.status == 200, response
    # Compared letter for letter: a charset behind it ends the login.
    assert response["content-type"] == "application/json", response["content-type"]
    return json.loads(content)


def word(handler):
    """machines of MachinesHandler, node-script-results of NodeScriptResultsHandler."""
    name = re.sub(r"(Handler)$", "", handler)
    name = re.sub(r"([A-Z]*[a-z0-9]+|[A-Z]+(?=[A-Z][a-z]|$))", lambda found: "-" + found[0].lower(), name)
    return name.strip("-")


def commands(described):
    found = {}
    for resource in described["resources"]:
        name = word(resource["name"])
        # argparse takes no word twice.
        assert name not in found, f"{name} is described twice"
        actions = {}
        for handler in (resource["auth"], resource["anon"]):
            for action in handler["actions"] if handler else []:
                actions.setdefault(action["name"].replace("_", "-"), action)
        assert actions, name
        found[name] = (resource["auth"] or resource["anon"], actions)
    return found


def multipart(fields):
    message = MIMEMultipart("form-data")
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            part = MIMEApplication(str(one).encode(), "octet-stream", lambda part: None)
            part.replace_header("content-type", 'text/plain; charset="utf-8"')
            part.add_header("content-disposition", "form-data", name=name)
            del part["mime-version"]
            message.attach(part)
    headers, _, body = message.as_bytes().partition(b"\n\n")
    kind = re.search(rb"(?is)^content-type:\s*(.+?)(?=\n\S|\Z)", headers)[1]
    return body.replace(b"\n", b"\r\n"), re.sub(rb"\s+", b" ", kind).decode()


def ask(described, known, line):
    handler, actions = known[line["on"]]
    action = actions[line["do"]]
    given = line.get("at", [])
    assert len(given) == len(handler["params"]), f"{line['on']} takes {handler['params']}"
    fields = line.get("with", {})
    # From 3.7 on NAME=VALUE is taken only where the action's text has parameters.
    assert not fields or ":param" in action["doc"], f"{line} takes no NAME=VALUE"
    parts = urlsplit(BASE)
    url = f"{parts.scheme}://{parts.netloc}" + handler["path"].format(**dict(zip(handler["params"], given)))
    query = [("op", action["op"])] if action["op"] else []
    body, headers = None, {}
    if action["method"] in ("GET", "DELETE"):
        query += [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    elif fields:
        body, kind = multipart(fields)
        headers = {"content-type": kind, "content-length": str(len(body)), "mime-version": "1.0"}
    url += "?" + urlencode(query) if query else "?"
    response, content = request(url, action["method"], body, {**headers, **signed()})
    # The command looks this header up in every answer, those without content included.
    kind = response["content-type"]
    sent = response.get("x-maas-api-hash")
    assert sent is None or sent == described["hash"], "the command would warn of another API"
    return {"status": response.status, "type": kind, "body": content.decode("utf-8", "replace")}


def main():
    described = description()
    known = commands(described)
    for line in sys.stdin:
        print(json.dumps(ask(described, known, json.loads(line))), flush=True)


main()
