import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { type LoadedSite, loadSite } from '../../../pipeline/maas/site/load.ts';

export const dir = mkdtempSync(join(tmpdir(), 'site-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A public key of the right shape; nobody has its private half. */
export const KEY = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64')}`;

/** Loads a site.yaml of this text. */
export function load(text: string, env: NodeJS.ProcessEnv = {}): Promise<LoadedSite> {
  writeFileSync(join(dir, 'site.yaml'), text);
  return loadSite({ file: 'site.yaml', env, cwd: dir });
}

export const faultOf = (promise: Promise<unknown>): Promise<Fault> =>
  promise.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => (error instanceof Fault ? error : Promise.reject(error)),
  );
