#!/bin/sh
# A BullMQ worker that is paused by `pause(true)` while it is idle takes one more job.
#
# Packages: bullmq 6.7.0 with ioredis 6.0.0 (npm, 2026), redis-server 5:7.0.15 (Debian bookworm, with its updates).
# Behaviour: an idle worker waits in Redis for the next job (BZPOPMIN). `pause()` ends that wait; `pause(true)`, which the documentation
#   describes as the same without waiting for active jobs, leaves it open. `isPaused()` is true, and the job that comes next is
#   processed; the one after it is not.
# Seen: "pause(true): paused true, took first", "pause(): paused true, took nothing".
# Why it matters: `pause(true)` is what one calls at SIGTERM to drain a worker: it returns at once. If the host then goes down as
#   planned, a job of an hour that nobody expected there dies with it. Hand the job back in the processor, or close the worker.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q redis-server redis-tools libjemalloc2 liblzf1 liblua5.1-0 lua-bitop lua-cjson libatomic1 >/dev/null 2>&1
case $(dpkg-deb -f ./redis-server_*.deb Version) in
5:7.0.15*) ;;
*) echo 'another redis-server' >&2 && exit 1 ;;
esac
for package in ./*.deb; do dpkg-deb -x "$package" root; done
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts bullmq@6.7.0 ioredis@6.0.0 >/dev/null
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libjemalloc.so.2')") root/usr/bin/redis-server --port 0 --unixsocket "$dir/redis" \
  --save '' --appendonly no >redis.log &
server=$!
while [ ! -S redis ]; do sleep 0.1; done
cat >pause.mjs <<'JS'
import { Queue, Worker } from 'bullmq';
const connection = { path: 'redis', maxRetriesPerRequest: null };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (const [label, ...args] of [['pause(true)', true], ['pause()']]) {
  const name = `queue-${args.length}`;
  const queue = new Queue(name, { connection });
  const took = [];
  const worker = new Worker(name, async (job) => took.push(job.name), { connection });
  await worker.waitUntilReady();
  await wait(1000);
  await worker.pause(...args);
  const paused = worker.isPaused();
  for (const job of ['first', 'second', 'third']) {
    await queue.add(job, {});
    await wait(500);
  }
  await wait(2000);
  console.log(`${label}: paused ${paused}, took ${took.join(', ') || 'nothing'}`);
  await worker.close(true);
  await queue.close();
}
process.exit(0);
JS
seen=$(node pause.mjs)
echo "$seen"
[ "$seen" = "pause(true): paused true, took first
pause(): paused true, took nothing" ]
