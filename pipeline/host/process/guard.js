// Stands between dgxos-maas and a tool such as Packer, as leader of its process group. When our pipe to it closes
// without a word (kill -9 of dgxos-maas), or it gets a signal itself, it ends the whole group, so that no VM survives its parent.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';

const GRACE_MS = Number(process.env.DGXOS_MAAS_GUARD_GRACE_MS ?? 8000);
const [command, ...args] = process.argv.slice(2);
delete process.env.DGXOS_MAAS_GUARD_GRACE_MS;

let ending = false;

function endGroup() {
  if (ending) return;
  ending = true;
  try {
    process.kill(-process.pid, 'SIGINT');
  } catch {}
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), GRACE_MS);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, endGroup);

const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

process.stdin.on('end', endGroup).on('error', endGroup).resume();

child.on('error', (error) => {
  // By a pipe of its own: a tool may end with 127 itself, as a shell does.
  writeSync(3, String(error.code));
  process.exit(127);
});
child.on('exit', (code, signal) => {
  // A tool that died may leave children of its own behind; nobody else would end them.
  if (signal || ending) {
    process.stdout.write('', () => process.kill(-process.pid, 'SIGKILL'));
    return;
  }
  process.exit(code ?? 1);
});
