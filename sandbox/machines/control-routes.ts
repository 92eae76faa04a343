import type { SandboxContext } from '../context.ts';
import { SandboxError } from '../error.ts';
import { keyOf } from '../keys.ts';
import { json, nothing, type Reply, ReplyError, refuse, text } from '../reply.ts';
import type { Call, Route } from '../route.ts';
import { controlOf } from './control.ts';
import type { MachineDescription } from './hardware.ts';

/** For curl the key alone will do. */
function byKey({ users }: SandboxContext, headers: Call['headers']) {
  const [, key] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
  return [users.admin, users.user].find((user) => keyOf(user) === key);
}

/** The same over HTTP, beside MAAS' own paths and with its administrator's key. */
export const controlRoutes: Route[] = [
  {
    authenticate: byKey,
    path: '/sandbox/machines/',
    operations: {
      GET: {
        kind: 'sandbox-machines',
        admin: true,
        run: ({ world }) => json(200, controlOf(world).machines()),
      },
      POST: { kind: 'sandbox-enlist', admin: true, run: guarded(enlistBy) },
    },
  },
  {
    authenticate: byKey,
    path: '/sandbox/machines/{id}/press/',
    operations: {
      POST: {
        kind: 'sandbox-press',
        admin: true,
        run: guarded(({ world, at }) => {
          controlOf(world).press(at.id as string);
          return nothing(204);
        }),
      },
    },
  },
  {
    authenticate: byKey,
    path: '/sandbox/failures/',
    operations: {
      GET: {
        kind: 'sandbox-failures',
        admin: true,
        run: ({ world }) =>
          json(
            200,
            world.failures.map((failure) => failure.rule),
          ),
      },
      POST: { kind: 'sandbox-fail', admin: true, run: guarded(addFailures) },
      DELETE: {
        kind: 'sandbox-heal',
        admin: true,
        run: ({ world }) => {
          controlOf(world).clearFailures();
          return nothing(204);
        },
      },
    },
  },
  {
    authenticate: byKey,
    path: '/sandbox/clock/',
    operations: {
      GET: { kind: 'sandbox-clock', admin: true, run: ({ world }) => json(200, { now: world.now() }) },
      POST: { kind: 'sandbox-advance', admin: true, run: guarded(advanceBy) },
    },
  },
];

/** A SandboxError is the caller's mistake here: 400 with its message. */
function guarded(run: (call: Call) => Promise<Reply> | Reply): (call: Call) => Promise<Reply> {
  return async (call) => {
    try {
      return await run(call);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      throw new ReplyError(text(400, error.message));
    }
  };
}

/** @throws Refused with what is accepted: a name that is misspelt would be passed over without a word */
async function valuesOf({ body }: Call, accepted: readonly string[]): Promise<Map<string, string[]>> {
  const values = await body.values();
  for (const name of values.keys())
    if (!accepted.includes(name)) refuse(400, `There is no ${name} here. Accepted: ${accepted.join(', ')}.`);
  return values;
}

const MACHINE = [
  ...['count', 'hostname', 'architecture', 'macs', 'powerType', 'cpuCount', 'memory', 'disks', 'bios'],
  ...['vendor', 'product'],
];

async function enlistBy(call: Call): Promise<Reply> {
  const { world } = call;
  const values = await valuesOf(call, MACHINE);
  const one = (name: string) => values.get(name)?.at(-1);
  const number = (name: string) => (one(name) === undefined ? undefined : Number(one(name)));
  const count = number('count');
  if (count !== undefined) {
    if (!Number.isInteger(count) || count < 1 || count > 10_000)
      refuse(400, 'count is a number from 1 to 10000.');
    return json(201, controlOf(world).enlist(count));
  }
  const described = {
    hostname: one('hostname'),
    architecture: one('architecture'),
    macs: values.get('macs'),
    powerType: one('powerType'),
    cpuCount: number('cpuCount'),
    memory: number('memory'),
    disks: values.get('disks')?.map(Number),
    bios: one('bios') as MachineDescription['bios'],
    vendor: one('vendor'),
    product: one('product'),
  };
  const given = Object.fromEntries(Object.entries(described).filter(([, value]) => value !== undefined));
  return json(201, controlOf(world).enlist(given as MachineDescription));
}

async function addFailures(call: Call): Promise<Reply> {
  for (const rule of (await valuesOf(call, ['rule'])).get('rule') ?? [])
    controlOf(call.world).addFailure(rule);
  return nothing(204);
}

async function advanceBy(call: Call): Promise<Reply> {
  const { world } = call;
  const seconds = Number((await valuesOf(call, ['seconds'])).get('seconds')?.at(-1));
  if (!(seconds >= 0)) refuse(400, 'seconds is a number that is not negative.');
  controlOf(world).advance(seconds * 1000);
  return json(200, { now: world.now() });
}
