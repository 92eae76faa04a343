import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type * as BullMQ from 'bullmq';
import type { Redis } from 'ioredis';
import { Fault } from '../core/faults/fault.ts';
import { packageRoot } from '../host/process/package-root.ts';

/** BullMQ and the client that it talks to Redis with. */
export interface Engine {
  bullmq: typeof BullMQ;
  Redis: typeof Redis;
}

/** Packages that are installed beside this one where a queue is used. */
const NAMES = ['bullmq', 'ioredis'] as const;

/**
 * Loads BullMQ, which is not part of the installation.
 * @throws Fault PACKAGE_MISSING with the command that installs it
 */
export async function loadEngine(): Promise<Engine> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Fault(
      'PACKAGE_MISSING',
      'A queue needs the packages bullmq and ioredis, which are not installed',
      {
        hint: `Install them beside dgxos-maas: ${installCommand()}`,
        cause: error,
      },
    );
  }
}

/** The command for where this package lies: a clone, the packages of a project, or those of the whole host. */
export function installCommand(root = packageRoot()): string {
  const modules = dirname(root);
  if (basename(modules) !== 'node_modules') return './scripts/setup --modules';
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = NAMES.map((name) => `'${name}@${peerDependencies[name]}'`).join(' ');
  const project = dirname(modules);
  return existsSync(join(project, 'package.json'))
    ? `npm install --prefix '${project}' ${wanted}`
    : `npm install -g ${wanted}`;
}
