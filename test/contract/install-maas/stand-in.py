#!/usr/bin/python3
"""Every system command that install-maas starts, under one name each: notes the call, and does to a folder what the real
one does to the host. `maas createadmin` asks as the real one does, by getpass and input."""
import getpass
import json
import os
import sys
import time

name, args = os.path.basename(sys.argv[0]), sys.argv[1:]
root = os.environ["PATH"].split(":")[0] + "/../root"


def path(*names):
    return os.path.join(root, *names)


def read(*names):
    try:
        with open(path(*names)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(text, *names):
    os.makedirs(os.path.dirname(path(*names)), exist_ok=True)
    with open(path(*names), "w") as file:
        file.write(text)


def state():
    return json.loads(read("state.json") or '{"packages": ["software-properties-common"], "snaps": {}, "users": {}}')


def save(value):
    write(json.dumps(value), "state.json")


def fail(text, code=1):
    print(text, file=sys.stderr)
    sys.exit(code)


def note(**more):
    with open(path("calls.ndjson"), "a") as file:
        file.write(json.dumps({"argv": [name, *args], "env": sorted(os.environ), **more}) + "\n")


def option(flag):
    return args[args.index(flag) + 1] if flag in args else None


def start_regiond():
    write(str(int(time.time())), "started")


def url():
    return dict(line.split(": ", 1) for line in read("etc/maas/regiond.conf").splitlines()).get("maas_url", "")


def apt_get():
    if args[0] == "install":
        if os.path.exists(path("apt-fails")):
            fail("E: Unable to locate package maas", 100)
        now = state()
        now["packages"].append(args[-1])
        save(now)
        if args[-1] == "maas":
            write("maas_url: http://localhost:5240/MAAS\n", "etc/maas/regiond.conf")
            start_regiond()


def add_apt_repository():
    repository = args[-1]
    line = repository
    if repository.startswith("ppa:"):
        line = f"deb https://ppa.launchpadcontent.net/{repository[4:]}/ubuntu jammy main"
    write(f"# one\n{line}\n", "etc/apt/sources.list.d/added.list")


def dpkg_query():
    if args[-1] not in state()["packages"]:
        fail(f"dpkg-query: no packages found matching {args[-1]}")
    print("install ok installed", end="")


def maas_region():
    if "maas" not in state()["packages"]:
        fail("not found", 127)
    if args[0] == "local_config_set":
        write(f"maas_url: {option('--maas-url')}\n", "etc/maas/regiond.conf")
    else:
        print(url())


def systemctl():
    if args[0] == "restart":
        if os.path.exists(path("restart-fails")):
            fail("Job for maas-regiond.service failed")
        start_regiond()
    else:
        started = read("started")
        assert os.environ["TZ"] == "UTC"
        print(time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(int(started))) if started else "")


def snap():
    now = state()
    if args[0] == "list":
        if args[1] not in now["snaps"]:
            fail(f"error: no matching snaps installed")
        print(f"Name  Version  Rev  Tracking  Publisher  Notes\n{args[1]}  3.5.0  1  3.5/stable  canonical  -")
    else:
        now["snaps"][args[1]] = option("--channel") or "latest"
        save(now)


def maas():
    now = state()
    there = "maas" in now["packages"] or "maas" in now["snaps"]
    if not there:
        fail("not found", 127)
    if args[0] == "init":
        uri = option("--database-uri") or input("Database URI: ")
        now["database"] = uri
        save(now)
        write(f"maas_url: {option('--maas-url')}\n", "etc/maas/regiond.conf")
    elif args[0] == "config" and "--show" in args:
        print("mode=region+rack\nmaas_url=" + url() if "database" in now else "mode=none")
    elif args[0] == "config":
        write(f"maas_url: {option('--maas-url')}\n", "etc/maas/regiond.conf")
    elif args[0] == "apikey":
        if "snaps" in now and now["snaps"] and "database" not in now:
            fail("no database")
        if option("--username") not in now["users"]:
            fail("CommandError: User does not exist.")
        print("theconsumerkey00000:thetokenkey0000000:thetokensecret000000000000000000")
    elif args[0] == "createadmin":
        if "--password" in args:
            fail("the password is in argv")
        password, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
        if password != again:
            fail("CommandError: Passwords do not match")
        now["users"][option("--username")] = {"email": option("--email"), "password": password, "keys": input("Import: ")}
        save(now)


note()
{
    "apt-get": apt_get,
    "add-apt-repository": add_apt_repository,
    "dpkg-query": dpkg_query,
    "maas-region": maas_region,
    "systemctl": systemctl,
    "snap": snap,
    "maas": maas,
    "id": lambda: print(read("uid") or "0"),
}[name]()
