import { Fault } from '../../pipeline/core/faults/fault.ts';
import { failed, type Host } from './host.ts';
import type { Admin } from './wanted.ts';

/**
 * Creates the administrators that MAAS does not have. The role gives `--password` in argv, where every user of the host
 * can read it; without it the command asks, and without a terminal it takes the answers from stdin.
 */
export async function createAdmins(host: Host, admins: Admin[]): Promise<void> {
  for (const admin of admins) {
    const title = `administrator ${admin.username}`;
    if (await exists(host, admin.username)) {
      host.already(title);
      continue;
    }
    const { password } = admin;
    if (password === undefined) throw noPassword(admin.username);
    // Asked: password, password again, SSH keys to import (none: those are the site's affair).
    await host.change(title, ['maas', 'createadmin', '--username', admin.username, '--email', admin.email], {
      input: `${password}\n${password}\n\n`,
      timeout: '5m',
    });
  }
}

/**
 * Finds before a long installation what would only fail after it.
 * @throws Fault CONFIG_INVALID for a new administrator without a password
 */
export async function mustHavePasswords(host: Host, admins: Admin[]): Promise<void> {
  for (const { username, password } of admins)
    if (password === undefined && (await keysOf(host, username)).exitCode !== 0) throw noPassword(username);
}

function noPassword(username: string): Fault {
  return new Fault('CONFIG_INVALID', `There is no password for administrator ${username}`, {
    hint: 'Use --passwords FILE (lines NAME:PASSWORD), or MAAS_ADMIN_PASSWORD if there is one administrator.',
  });
}

/** `apikey` changes nothing, and succeeds for a user that exists. It prints the keys: its stdout is never shown. */
async function keysOf(host: Host, username: string) {
  const argv = ['maas', 'apikey', '--username', username];
  const { exitCode, stderr } = await host.look(argv);
  return { argv, exitCode, stderr };
}

async function exists(host: Host, username: string): Promise<boolean> {
  const { argv, exitCode, stderr } = await keysOf(host, username);
  if (exitCode === 0) return true;
  if (/User does not exist/.test(stderr) || host.dryRun) return false;
  throw failed(argv, { exitCode, stderr });
}
