import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what we learn of a MAAS is kept: $XDG_STATE_HOME/dgxos-maas. Everything in it may be deleted. */
export function stateDir(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'dgxos-maas');
}
