#!/bin/sh
# yaml (npm), asked for YAML 1.1, writes "=" and "<<" without quotes: PyYAML refuses the whole document.
#
# Packages: yaml 2.9.1 (npm), python3-yaml 6.0-3+b2 (Debian 12; PyYAML 6.0).
# Behaviour: stringify(value, { version: '1.1' }) quotes `no` and `12:30:45`, which YAML 1.1 reads as a truth value and a number, but not `=` and
#   `<<`. PyYAML takes these for the types !!value and !!merge, for which its safe loader has no constructor. NEL (U+0085) is written as it is,
#   and PyYAML ends a line there, so the text changes. yaml itself reads all of them back as they were.
# Seen: "quoted: the same", "value: could not determine a constructor for the tag 'tag:yaml.org,2002:value'", the same with merge, "line: ['one two']".
# Why it matters: cloud-init, curtin and subiquity read their configurations with PyYAML. One argument "=" of a command, as in
#   [test, a, =, b], makes an unattended installer refuse its file, and every check by the library that wrote it passes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund yaml@2.9.1 >/dev/null
cat > write.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
const options = { version: '1.1' };
const texts = { quoted: ['no', '12:30:45'], value: ['test', 'a', '=', 'b'], merge: ['<<'], line: ['one\u0085two'] };
for (const [name, list] of Object.entries(texts)) {
  const text = stringify(list, options);
  const again = JSON.stringify(parse(text, options)) === JSON.stringify(list);
  console.log(`${name}: yaml writes ${JSON.stringify(text)}; yaml reads it back: ${again}`);
  writeFileSync(`${name}.yaml`, text);
  writeFileSync(`${name}.json`, JSON.stringify(list));
}
JS
node write.mjs
cat > read.py <<'PY'
import json, sys, yaml
print('PyYAML', yaml.__version__)
seen = {}
for name in ('quoted', 'value', 'merge', 'line'):
    want = json.load(open(f'{name}.json'))
    try:
        got = yaml.safe_load(open(f'{name}.yaml', encoding='utf-8', newline=''))
        seen[name] = 'the same' if got == want else f'{got!r}'
    except yaml.YAMLError as error:
        seen[name] = str(error).splitlines()[0]
    print(f'{name}: PyYAML reads {seen[name]}')
expected = {
    'quoted': 'the same',
    'value': "could not determine a constructor for the tag 'tag:yaml.org,2002:value'",
    'merge': "could not determine a constructor for the tag 'tag:yaml.org,2002:merge'",
    'line': "['one two']",
}
sys.exit(0 if seen == expected else 1)
PY
/usr/bin/python3 read.py
