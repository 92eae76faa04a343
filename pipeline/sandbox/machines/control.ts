import { Fault } from '../../errors/fault.ts';
import { keyOf } from '../keys.ts';
import { json, nothing, Refused, type Reply, refuse, text } from '../reply.ts';
import type { Call, Route } from '../route.ts';
import type { World } from '../world.ts';
import { advance } from './advance.ts';
import { enlist } from './enlist.ts';
import { parseFailure } from './failures.ts';
import type { MachineDescription } from './hardware.ts';
import { pressButton } from './power.ts';
import type { Machine } from './state.ts';

/** What a machine of the sandbox is besides what MAAS knows of it. */
export interface RealMachine {
  systemId: string;
  hostname: string;
  /** Whether it has power. */
  powered: boolean;
  /** What has to happen before it goes on: `power-on` is a press of its button. */
  waitsFor: 'power-on' | 'guest' | 'timeout' | null;
  address: string | null;
  /** Where its guest answers ssh. */
  port: number | null;
}

/** What acts on the machines themselves, which no MAAS could do. */
export interface Control {
  /** A machine, or so many, boot from the network for the first time and show up as New. */
  enlist(described?: MachineDescription | number): RealMachine[];
  /** A human presses the power button of the machine with this host name or system id. @throws Fault USAGE when it waits for nothing */
  press(machine: string): void;
  /** Lets what fits the rule fail from now on, see failures.ts. @throws Fault USAGE */
  addFailure(rule: string): void;
  clearFailures(): void;
  /** Puts the clock forward, in milliseconds; everything due until then happens. */
  advance(ms: number): void;
  machines(): RealMachine[];
}

export function controlOf(world: World): Control {
  const state = () => world.store.state.machines;
  return {
    enlist(described = {}) {
      const each =
        typeof described === 'number' ? Array.from({ length: described }, () => ({})) : [described];
      const machines = each.map((one: MachineDescription) =>
        enlist(world, typeof described === 'number' ? { hostname: nextName(world), ...one } : one),
      );
      return machines.map(showReal);
    },
    press(name) {
      advance(world);
      const machine = find(world, name);
      if (!pressButton(world, machine))
        throw new Fault('USAGE', `Nothing waits for the power button of ${machine.hostname}`);
    },
    addFailure(rule) {
      world.failures.push(parseFailure(rule));
    },
    clearFailures() {
      world.failures.length = 0;
    },
    advance(ms) {
      state().skew += ms;
      advance(world);
      world.store.machinesChanged();
    },
    machines() {
      advance(world);
      return state().machines.map(showReal);
    },
  };
}

/** gpu-001, gpu-002, … */
function nextName(world: World): string {
  const { machines } = world.store.state.machines;
  for (let number = machines.length + 1; ; number++) {
    const name = `gpu-${String(number).padStart(3, '0')}`;
    if (!machines.some((machine) => machine.hostname === name)) return name;
  }
}

function find(world: World, name: string): Machine {
  const found = world.store.state.machines.machines.find(
    (machine) => machine.hostname === name || machine.systemId === name,
  );
  if (!found) throw new Fault('USAGE', `The sandbox has no machine ${JSON.stringify(name)}`);
  return found;
}

const showReal = (machine: Machine): RealMachine => ({
  systemId: machine.systemId,
  hostname: machine.hostname,
  powered: machine.powered,
  waitsFor: machine.run?.waitsFor ?? null,
  address: machine.address,
  port: machine.guestPort,
});

/** For curl the key alone will do. */
function byKey({ users }: World, headers: Call['headers']) {
  const [, key] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
  return [users.admin, users.user].find((user) => keyOf(user) === key);
}

/** The same over HTTP, beside MAAS' own paths and with its administrator's key. */
export const controlRoutes: Route[] = [
  {
    handler: 'sandbox',
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
    handler: 'sandbox',
    authenticate: byKey,
    path: '/sandbox/machines/{id}/press/',
    operations: {
      POST: {
        kind: 'sandbox-press',
        admin: true,
        run: guarded(({ world, at }) => {
          controlOf(world).press(decodeURIComponent(at.id as string));
          return nothing(204);
        }),
      },
    },
  },
  {
    handler: 'sandbox',
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
    handler: 'sandbox',
    authenticate: byKey,
    path: '/sandbox/clock/',
    operations: {
      GET: { kind: 'sandbox-clock', admin: true, run: ({ world }) => json(200, { now: world.now() }) },
      POST: { kind: 'sandbox-advance', admin: true, run: guarded(advanceBy) },
    },
  },
];

/** A Fault is the caller's mistake here: 400 with its message. */
function guarded(run: (call: Call) => Promise<Reply> | Reply): (call: Call) => Promise<Reply> {
  return async (call) => {
    try {
      return await run(call);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Refused(text(400, error.message));
    }
  };
}

async function enlistBy({ world, body }: Call): Promise<Reply> {
  const values = await body.values();
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

async function addFailures({ world, body }: Call): Promise<Reply> {
  for (const rule of (await body.values()).get('rule') ?? []) controlOf(world).addFailure(rule);
  return nothing(204);
}

async function advanceBy({ world, body }: Call): Promise<Reply> {
  const seconds = Number((await body.values()).get('seconds')?.at(-1));
  if (!(seconds >= 0)) refuse(400, 'seconds is a number that is not negative.');
  controlOf(world).advance(seconds * 1000);
  return json(200, { now: world.now() });
}
