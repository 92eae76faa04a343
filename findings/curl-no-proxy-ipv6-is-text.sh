#!/bin/sh
# curl compares an IPv6 address with no_proxy as text, and an IPv6 network never matches, though the manual promises both.
#
# Package: curl 7.88.1 (Debian bookworm, with its updates).
# Behaviour: no_proxy=10.0.0.0/8 keeps http://10.1.2.3/ from the proxy (networks are understood since 7.86), but no_proxy=fd00::/8
#   does not keep http://[fd00::1]/ from it; neither does the same address in another spelling, or in brackets. curl has taken the
#   brackets off before it asks whether the host is an IPv6 address, and then recognises one by its brackets.
# Seen: "10.0.0.0/8: direct", "fd00::1: direct", "fd00::/8: proxy", "fd00:0::1: proxy", "[fd00::1]: proxy".
# Why it matters: a host with IPv6 that lists its networks in no_proxy sends requests for them, with their headers, to the proxy,
#   although the same line works for its IPv4 networks.
set -eu

curl --version | head -n 1
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cat >"$work/proxy.py" <<'PY'
import http.server, sys
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_CONNECT(self):
        self.send_response(204 if self.command == "CONNECT" else 200)
        self.end_headers()
    do_GET = do_CONNECT
    def log_message(self, *_):
        with open(sys.argv[1] + "/asked", "a") as asked:
            asked.write("x\n")
server = http.server.HTTPServer(("127.0.0.1", 0), Proxy)
open(sys.argv[1] + "/port", "w").write(str(server.server_address[1]))
server.serve_forever()
PY
python3 "$work/proxy.py" "$work" &
server=$!
while [ ! -s "$work/port" ]; do sleep 0.1; done
port=$(cat "$work/port")

# ask NO_PROXY URL: whether the proxy was asked. What goes directly ends at a closed port of this host.
ask() {
  rm -f "$work/asked"
  env -i PATH="$PATH" http_proxy="http://127.0.0.1:$port" no_proxy="$1" \
    curl -gs -m 5 -o /dev/null --connect-to ::127.0.0.1:9 "$2" || true
  if [ -e "$work/asked" ]; then echo "$1: proxy"; else echo "$1: direct"; fi
}

seen=$(
  ask 10.0.0.0/8 http://10.1.2.3/
  ask fd00::1 'http://[fd00::1]/'
  ask fd00::/8 'http://[fd00::1]/'
  ask fd00:0::1 'http://[fd00::1]/'
  ask '[fd00::1]' 'http://[fd00::1]/'
)
echo "$seen"
[ "$seen" = "10.0.0.0/8: direct
fd00::1: direct
fd00::/8: proxy
fd00:0::1: proxy
[fd00::1]: proxy" ]
