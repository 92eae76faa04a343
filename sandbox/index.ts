import { directoryGuests } from './guest/guests.ts';
import type { RunTool } from './guest/run-tool.ts';
import { parseTrouble } from './guest/troubles.ts';
import type { Guests } from './machines/guests.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from './server.ts';

export interface OpenOptions extends Omit<SandboxOptions, 'guests'> {
  /** Deployed machines answer ssh on this port, each on an address of its own. */
  ssh?: { dir: string; port: number; troubles: string[]; run: RunTool } | undefined;
  /** In their place: those of the caller. */
  guests?: Guests | undefined;
}

/**
 * Starts a sandbox as the command `dgxos-maas sandbox` does: every option as it was typed.
 * @throws what startSandbox throws; USAGE for a trouble that makes no sense
 */
export function open({ ssh, guests, ...options }: OpenOptions): Promise<Sandbox> {
  const own = ssh && directoryGuests({ ...ssh, troubles: ssh.troubles.map(parseTrouble) });
  return startSandbox({ ...options, guests: guests ?? own });
}
