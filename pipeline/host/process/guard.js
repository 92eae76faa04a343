// Stands between dgxos-maas and a tool such as Packer, as leader of its process group. When our pipe to it closes
// without a word (kill -9 of dgxos-maas), it ends the whole group, so that no VM survives its parent.
import { spawn } from 'node:child_process';

const GRACE_MS = Number(process.env.DGXOS_MAAS_GUARD_GRACE_MS ?? 8000);
const [command, ...args] = process.argv.slice(2);
delete process.env.DGXOS_MAAS_GUARD_GRACE_MS;

const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
let ending = false;

function endGroup() {
  if (ending) return;
  ending = true;
  try {
    process.kill(-process.pid, 'SIGINT');
  } catch {}
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), GRACE_MS);
}

// The group's signals reach the tool directly; the guard only waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

process.stdin.on('end', endGroup).on('error', endGroup).resume();

child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(error.code === 'ENOENT' ? 127 : 126);
});
child.on('exit', (code, signal) => {
  // A tool that died may leave children of its own behind; nobody else would end them.
  if (signal || ending) {
    process.stdout.write('', () => process.kill(-process.pid, 'SIGKILL'));
    return;
  }
  process.exit(code ?? 1);
});
