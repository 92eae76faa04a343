import { setTimeout as sleep } from 'node:timers/promises';
import { dotted, type Path } from '../../config/yaml/problem.ts';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import type { MaasClient } from '../api/client.ts';
import { MaasError } from '../api/maas-error.ts';
import type { ApplyContext, Change } from './change.ts';
import { Ids } from './ids.ts';
import type { Plan } from './plan.ts';

export interface ApplyOptions {
  client: MaasClient;
  emit: Emit;
  signal: AbortSignal;
  /** Waits; for tests with a clock of their own. */
  pause?: (seconds: number) => Promise<void>;
  now?: () => number;
}

interface Progress {
  done: number;
  all: number;
  find: Plan['find'];
}

/**
 * Makes the changes of a plan, one after the other, and stops at the first that MAAS refuses. Changes that were made are kept: the next
 * plan holds the rest.
 * @throws Fault of the change that failed
 */
export function applyPlan(plan: Plan, options: ApplyOptions): Promise<void> {
  return underWay(options.emit, 'site', () => apply(plan, options));
}

async function apply({ changes, current, find }: Plan, options: ApplyOptions): Promise<void> {
  const { client, emit, signal } = options;
  const work: ApplyContext = {
    client,
    emit,
    signal,
    ids: new Ids(current),
    pause: options.pause ?? (async (seconds) => void (await sleep(seconds * 1000, undefined, { signal }))),
    now: options.now ?? (() => performance.now()),
  };
  for (const [done, change] of changes.entries()) {
    const report = (count: number) =>
      emit({
        type: 'progress',
        id: 'site',
        label: 'site',
        done: count,
        total: changes.length,
        unit: 'count',
        note: change.name,
      });
    report(done);
    try {
      signal.throwIfAborted();
      await change.run(work);
    } catch (error) {
      if (signal.aborted) {
        emit({
          type: 'notice',
          level: 'warning',
          message: `Interrupted; ${done} of ${changes.length} changes were made`,
          hint: 'Run the same command again for the rest; MAAS continues an import that was started.',
        });
        throw interrupted(signal);
      }
      throw atChange(error, change, { done, all: changes.length, find });
    }
    report(done + 1);
  }
}

/** The fault with the change that it stopped, the line of that change in the file, and how many changes were made. */
function atChange(error: unknown, change: Change, { done, all, find }: Progress): unknown {
  if (!(error instanceof Fault)) return error;
  const made = done ? `${done} of ${all} changes were made; run it again for the rest.` : '';
  const refused = error instanceof MaasError && error.status === 400;
  // The message of MAAS on a form is meant for its author; its fields often repeat it.
  const said = refused && error.row === undefined ? error.detail : undefined;
  const lines = said?.split('\n').map((line) => /^(?:(\w+): )?(.*)$/.exec(line)) ?? [];
  const messages = new Set(lines.map((line) => line?.[2] ?? ''));
  const place = refused ? find(pathOf(change, lines[0]?.[1])) : undefined;
  const what = place ? `${dotted(place.path)} (${change.name})` : change.name;
  const hint = said ? 'Change it in the file, or remove the obstacle in MAAS, and run it again.' : error.hint;
  return new Fault(
    error.code,
    `${what}: ${said ? `MAAS reports: ${[...messages].join('; ')}` : error.message}`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(place ? { where: place.where } : {}),
      ...(made || error.detail
        ? { detail: [said ? '' : error.detail, made].filter(Boolean).join('\n') }
        : {}),
      cause: error,
    },
  );
}

/** The key in the file that gives a field of MAAS; most have the same name. */
function pathOf({ path, keys = {} }: Change, field: string | undefined): Path {
  if (!path) return [];
  if (field === undefined) return Object.values(keys).length === 1 ? (Object.values(keys)[0] as Path) : path;
  return Object.hasOwn(keys, field) ? (keys[field] as Path) : [...path, field];
}
