// Runs the command in another Node as if it were one process: signals reach it once, its end is waited for and passed
// on, and it ends when the launcher is killed. Plain CommonJS for any Node.
'use strict';
const { readFileSync } = require('fs');

/** Says to the new process that a launcher stands before it. */
const LAUNCHED = 'DGXOS_MAAS_LAUNCHED';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
/** Milliseconds in which the same signal, sent to the whole process group, reaches the command by itself. */
const OWN_COPY_BEFORE = 5000;
const OWN_COPY_AFTER = 50;

/** Hands over to the runtime of the npm package `node`; false when there is none. */
function handOver() {
  let runtime;
  try {
    runtime = require.resolve('node/bin/node');
  } catch (_) {
    return false;
  }
  // Here and not above: few starts hand over, and it takes 3 MB and 5 ms of each.
  const child = require('child_process').spawn(runtime, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { [LAUNCHED]: '1' }),
  });
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (child.connected) child.send({ signal }, () => {});
    });
  child.on('error', (error) => {
    process.stderr.write(`error: ${runtime} cannot be started: ${error.message} [NODE_TOO_OLD]\n`);
    process.exit(4);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // A signal that does not end a Node process.
    setTimeout(() => process.exit(1), 1000);
  });
  return true;
}

/**
 * In the new process: raises what the launcher was sent, and ends with it. A terminal, `timeout` or systemd sends a signal
 * to both, and a second one would be taken for impatience: what came by itself is not raised again.
 */
function obeyLauncher() {
  delete process.env[LAUNCHED];
  const came = {};
  let raising;
  const raise = (signal) => {
    raising = signal;
    process.kill(process.pid, signal);
  };
  // No listener of our own: what has none must do what it does by default, and libraries count the listeners.
  const { emit } = process;
  process.emit = function (name, ...rest) {
    if (raising === name) raising = undefined;
    else if (SIGNALS.includes(name)) came[name] = Date.now();
    return emit.call(this, name, ...rest);
  };
  process.on('message', ({ signal }) => {
    const since = Date.now() - OWN_COPY_BEFORE;
    setTimeout(() => {
      if (!(came[signal] >= since)) raise(signal);
    }, OWN_COPY_AFTER);
  });
  process.once('disconnect', () => raise('SIGTERM'));
  process.channel.unref();
}

/**
 * npx and `npm run` end by a signal without their command: they pass it to the shell in between only. Where one of them is
 * above us, its end is a SIGTERM.
 */
function endWithNpm() {
  const above = npmAbove();
  if (above.length === 0) return;
  const timer = setInterval(() => {
    if (above.join() === ancestors(above.length).join()) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  timer.unref();
}

/** The processes above us up to npm; none when npm is neither our parent nor our shell's. */
function npmAbove() {
  const [parent, next] = ancestors(2);
  for (const pids of [[parent], [parent, next]]) {
    const last = pids[pids.length - 1];
    if (last && /^np[mx] /.test(read(`/proc/${last}/cmdline`))) return pids;
  }
  return [];
}

function ancestors(count) {
  const pids = [];
  for (let pid = process.ppid; pids.length < count; ) {
    pids.push(pid);
    const match = /\) \S (\d+)/.exec(read(`/proc/${pid}/stat`));
    pid = match ? Number(match[1]) : 0;
  }
  return pids;
}

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch (_) {
    return '';
  }
}

module.exports = { endWithNpm, handOver, obeyLauncher, LAUNCHED };
