#!/usr/bin/env python3
"""Reads from a git checkout of MAAS which endpoints each version has, and writes them as JSON to stdout.

    python3 scripts/maas-endpoints.py /path/to/maas [HEAD] > sandbox/endpoints.json

HEAD (default: master) stands for the version after the newest release. Per minor version an operation counts when every
release of it has the operation. Only facts are kept: paths, names of handlers, methods, operations, versions.
"""

import ast
import json
import re
import subprocess
import sys
from functools import lru_cache

FIRST = (2, 8)
# piston's names for the methods of a handler; its BaseHandler defines all four, MAAS takes away by `= None`.
METHODS = {"read": "GET", "create": "POST", "update": "PUT", "delete": "DELETE"}
URLS = "src/maasserver/urls_api.py"


def git(*words):
    return subprocess.run(["git", "-C", REPO, *words], check=True, capture_output=True, text=True).stdout


@lru_cache(maxsize=None)
def tree_of(blob):
    return ast.parse(git("cat-file", "blob", blob))


@lru_cache(maxsize=None)
def module_of(blob):
    """Its classes by name, and where imported names come from."""
    classes, imports = {}, {}
    for node in tree_of(blob).body:
        if isinstance(node, ast.ClassDef):
            classes[node.name] = node
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                imports[alias.asname or alias.name] = (node.module, alias.name)
    return classes, imports


class Release:
    def __init__(self, rev):
        self.files = {}
        for line in git("ls-tree", "-r", rev, "src/maasserver/", "src/metadataserver/").splitlines():
            meta, path = line.split("\t")
            self.files[path] = meta.split()[2]

    def blob(self, module):
        path = "src/" + module.replace(".", "/")
        return self.files.get(path + ".py") or self.files.get(path + "/__init__.py")

    def find(self, module, name):
        """(module, class) of a name, followed through imports; None for what is not MAAS' own."""
        blob = self.blob(module)
        if blob is None:
            return None
        classes, imports = module_of(blob)
        if name in classes:
            return module, classes[name]
        return self.find(*imports[name]) if name in imports else None

    def members(self, module, node):
        """Names of a class's body: a function with its export, None where it is taken away."""
        found = {}
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                found[item.name] = exported(item)
            elif isinstance(item, ast.Assign):
                nothing = isinstance(item.value, ast.Constant) and item.value.value is None
                for target in item.targets:
                    if isinstance(target, ast.Name):
                        found[target.id] = None if nothing else item.value
        return found

    def lineage(self, module, node):
        """Members of a class and its bases, the nearest first, as Python would look them up."""
        yield self.members(module, node)
        for base in node.bases:
            name = base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")
            parent = self.find(module, name)
            if parent:
                yield from self.lineage(*parent)

    def operations(self, module, node):
        chain = list(self.lineage(module, node))
        look = lambda name: next((level[name] for level in chain if name in level), "inherited")
        ops = {method: None for name, method in METHODS.items() if look(name) is not None}
        for level in chain:
            for name, value in level.items():
                if isinstance(value, tuple) and isinstance(look(name), tuple):
                    ops[" ".join(value)] = None
        return set(ops)

    def endpoints(self):
        tree = tree_of(self.files[URLS])
        handlers = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args:
                if isinstance(node.value.args[0], ast.Name):
                    handlers[node.targets[0].id] = node.value.args[0].id
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            if call.func.id not in ("url", "re_path") or len(call.args) < 2:
                continue
            if not (isinstance(call.args[0], ast.Constant) and isinstance(call.args[1], ast.Name)):
                continue
            view = call.args[1].id
            if view == "describe":
                yield "describe/", "describe", {"GET"}, {"GET"}
            if view not in handlers:
                continue
            path = readable(call.args[0].value)
            place = self.find("maasserver.urls_api", handlers[view])
            if not place:
                raise SystemExit(f"{handlers[view]} is not found")
            own = self.operations(*place)
            anonymous = set()
            for level in self.lineage(*place):
                if "anonymous" in level:
                    named = level["anonymous"]
                    other = self.find(place[0], named.id) if isinstance(named, ast.Name) else None
                    anonymous = self.operations(*other) if other else set()
                    break
            if any(self.is_anonymous(*place)):
                anonymous = own
            yield path, handlers[view], own, anonymous

    def is_anonymous(self, module, node):
        for base in node.bases:
            name = getattr(base, "id", "")
            yield name == "AnonymousOperationsHandler"


def exported(function):
    """(method, op) of a function that is an operation, True for another."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "operation":
            given = {word.arg: word.value for word in decorator.keywords}
            idempotent = given.get("idempotent") or decorator.args[0]
            name = given.get("exported_as") or (decorator.args[1] if len(decorator.args) > 1 else None)
            return ("GET" if idempotent.value else "POST", name.value if name else function.name)
    return True


def readable(pattern):
    """machines/{system_id}/ of a regular expression."""
    path = ""
    rest = pattern.removeprefix("^").removesuffix("$")
    while (at := rest.find("(?P<")) >= 0:
        depth = 0
        for end in range(at, len(rest)):
            depth += {"(": 1, ")": -1}.get(rest[end], 0)
            if depth == 0:
                break
        path += rest[:at] + "{" + rest[at + 4 : rest.index(">", at)] + "}"
        rest = rest[end + 1 :]
    path = (path + rest).replace("[s]?", "").replace("\\.", ".")
    # "/?" and "/*/" at the end: with one slash, among others.
    path = re.sub(r"/(\?|\*/)$", "/", path)
    if re.search(r"[\\^$()\[\]?*+|]", path):
        raise SystemExit(f"{pattern} is read as {path}")
    return path


def spans(versions, every):
    """2.8-3.8, or several such, of a set of versions."""
    parts, run = [], []
    for version in every + [None]:
        if version in versions:
            run.append(version)
        elif run:
            parts.append(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}")
            run = []
    return " ".join(parts)


def main():
    head = sys.argv[2] if len(sys.argv) > 2 else "master"
    releases = {}
    for tag in git("tag").split():
        found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", tag)
        if found and (int(found[1]), int(found[2])) >= FIRST:
            releases.setdefault((int(found[1]), int(found[2])), []).append((int(found[3]), tag))
    newest = max(releases)
    releases[(newest[0], newest[1] + 1)] = [(0, head)]
    every = [f"{major}.{minor}" for major, minor in sorted(releases)]
    seen, newest_form, sources = {}, {}, {}
    for key in sorted(releases):
        version = f"{key[0]}.{key[1]}"
        tags = [tag for _, tag in sorted(releases[key])]
        commit = git("rev-parse", "--short=12", head).strip()
        sources[version] = f"{commit}" if tags == [head] else f"{tags[0]} … {tags[-1]}"
        common = None
        for tag in tags:
            have = set()
            for path, handler, own, anonymous in Release(tag).endpoints():
                # Names of placeholders have changed; the newest are kept.
                shape = re.sub(r"{\w+}", "{}", path)
                newest_form[shape] = (path, handler)
                have |= {(shape, "operations", op) for op in own}
                have |= {(shape, "anonymous", op) for op in anonymous}
            common = have if common is None else common & have
        for place in common:
            seen.setdefault(place, set()).add(version)
    endpoints = {}
    for (shape, kind, op), versions in sorted(seen.items()):
        path, handler = newest_form[shape]
        entry = endpoints.setdefault(path, {"handler": handler})
        entry.setdefault(kind, {})[op] = spans(versions, every)
    for entry in endpoints.values():
        entry.setdefault("operations", {})
    json.dump({"sources": sources, "endpoints": endpoints}, sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    print()


REPO = sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)
main()
