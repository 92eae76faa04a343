#!/bin/sh
# gitlab-ci-local takes `allow_failure: exit_codes:` for `allow_failure: true` when it chooses its own exit code.
#
# Package: gitlab-ci-local 4.75.1 (npm, August 2026), under Node 26.10.
# Behaviour: a job with `allow_failure: { exit_codes: [77] }` that ends with 75 is shown in red as FAIL, as GitLab would have it, and the
#   command ends with 0 nevertheless; the same job without `allow_failure` makes it end with 1.
# Seen: "allowed 77, ended with 77: 0", "allowed 77, ended with 75: 0", "nothing allowed, ended with 75: 1".
# Why it matters: a script that runs a pipeline locally before a push, and looks at the exit code, passes what GitLab fails.
#   `exit_codes` is used where one code means "nothing to do", which is just where another one must count.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
# It needs Node 22 or newer.
npm install --silent --no-audit --no-fund gitlab-ci-local@4.75.1 node@26.10.0 >/dev/null
PATH="$dir/node_modules/.bin:$PATH"
mkdir project
cd project
git init -q
cat >.gitlab-ci.yml <<'YAML'
allowed:
  script: ['exit 77']
  allow_failure: { exit_codes: [77] }
other:
  script: ['exit 75']
  allow_failure: { exit_codes: [77] }
plain:
  script: ['exit 75']
YAML
git add .
git -c user.name=n -c user.email=n@example.org commit -qm pipeline
run() {
  code=0
  gitlab-ci-local --force-shell-executor "$1" >log 2>&1 || code=$?
  grep -aq "FAIL\|WARN" log
  echo "$2: $code"
}
echo "gitlab-ci-local $(gitlab-ci-local --version)"
seen=$(
  run allowed 'allowed 77, ended with 77'
  run other 'allowed 77, ended with 75'
  run plain 'nothing allowed, ended with 75'
)
echo "$seen"
[ "$seen" = "allowed 77, ended with 77: 0
allowed 77, ended with 75: 0
nothing allowed, ended with 75: 1" ]
