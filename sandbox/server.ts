import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accountRoutes } from './account.ts';
import { Authenticator } from './auth.ts';
import { diskRoutes, streamRoutes } from './boot-files.ts';
import { bootResourceRoutes } from './boot-resources.ts';
import type { SandboxContext } from './context.ts';
import { customImageRoutes } from './custom-images.ts';
import { Description, describeRoute } from './describe.ts';
import { SandboxError } from './error.ts';
import { Faults, parseRule } from './faults.ts';
import { keyOf, loadUsers } from './keys.ts';
import { Listener, type Log } from './listener.ts';
import { lockFolder } from './lock.ts';
import { type Control, controlOf } from './machines/control.ts';
import { controlRoutes } from './machines/control-routes.ts';
import { resumeGuests, stopGuests } from './machines/guest-life.ts';
import type { Guests } from './machines/guests.ts';
import { machineRoutes } from './machines/routes.ts';
import { type Timing, timingOf } from './machines/timing.ts';
import { type LoggedRequest, RequestLog } from './requests.ts';
import { routesOfVersion, type VersionedRoute } from './route.ts';
import { freshState } from './seed.ts';
import { usableArchitectures } from './site/import.ts';
import { siteRoutes } from './site/routes.ts';
import { readState, Store } from './store.ts';
import { uploadRoutes } from './uploads.ts';
import { traitsOf } from './versions.ts';

export interface SandboxOptions {
  /** Keeps images, state and keys; made if missing. */
  dir: string;
  /** On 127.0.0.1; 0 or nothing takes a free one. */
  port?: number;
  /** The version of MAAS to play, "2.8" to "3.8"; by default the folder's own, else 3.5. */
  family?: string;
  /** Region controllers; more than one only from 3.5. */
  regions?: number;
  /** Seconds until the other regions have copied a complete file (2). */
  syncSeconds?: number;
  /** Answer as behind MAAS' own nginx, with its limit on bodies. */
  front?: 'nginx';
  /** Rules such as put:3:reset, see faults.ts. */
  faults?: string[];
  /** The administrator's API key in place of the folder's own. */
  key?: string;
  /** false: `apiKey` is the key of a user who is not an administrator. */
  admin?: boolean;
  /** Architectures that images can be made for; [] is a MAAS that has imported nothing. Only for a new folder. */
  architectures?: string[];
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
  /** So many machines are there at least: those that are missing show up as New. */
  machines?: number;
  /** Rules such as gpu-007:deploying, see machines/failures.ts. */
  failures?: string[];
  /** Durations of what machines do, in milliseconds; seconds by default. */
  pace?: Partial<Timing>;
  /** Divides every duration (1). */
  speed?: number;
  /** The ssh servers of deployed machines; without them they have an address where nothing listens. */
  guests?: Guests;
  /** Gets a line for each request, and warnings. */
  log?: Log;
}

export interface Sandbox {
  /** http://127.0.0.1:PORT/MAAS */
  url: string;
  apiKey: string;
  /** The key of the user who is not an administrator. */
  userKey: string;
  /** The file (mode 0600) that holds `apiKey`. */
  keyFile: string;
  /** The login for the v3 API of 3.8, which takes no API key. */
  login: { username: string; password: string };
  /** Such as "3.5". */
  family: string;
  /** Acts on the machines themselves: enlists them, presses their buttons, lets them fail, puts the clock forward. */
  control: Control;
  /** Requests by method ("PUT"), by kind ("chunk", "create", …), and `total`. */
  counts: Record<string, number>;
  requests: LoggedRequest[];
  /** @throws SandboxError USAGE when the rule makes no sense. */
  addFault(rule: string): void;
  /** Takes back every rule, so that a test can look at what has come of them. */
  clearFaults(): void;
  /** Stops listening, cuts every connection and gives the folder free. */
  close(): Promise<void>;
}

/**
 * Starts a server that answers as MAAS' API does, for tests and demonstrations.
 * @throws SandboxError USAGE, PORT_TAKEN, WORKSPACE_LOCKED (another sandbox has the folder), WORKSPACE_CORRUPT
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(options.dir);
  try {
    return await start(options, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function start(options: SandboxOptions, unlock: () => Promise<void>): Promise<Sandbox> {
  const world = await makeWorld(options);
  const { routes, description } = offersFor(world);
  const kinds = routes.flatMap((route) => Object.values(route.operations).map((operation) => operation.kind));
  const faults = new Faults();
  for (const rule of options.faults ?? []) faults.add(parseRule(rule, kinds));
  const control = controlOf(world);
  for (const rule of options.failures ?? []) control.addFailure(rule);
  const missing = (options.machines ?? 0) - world.store.state.machines.machines.length;
  if (missing > 0) control.enlist(missing);
  const log = new RequestLog();
  // The machines' clock may be put forward; that of the callers never is.
  const authenticator = new Authenticator([world.users.admin, world.users.user], options.now ?? Date.now);
  const listener = new Listener({
    world,
    routes,
    hash: description.hash,
    faults,
    log,
    authenticator,
    front: options.front,
    report: options.log,
  });
  const port = await listener.listen(options.port ?? 0);
  world.url = `http://127.0.0.1:${port}/MAAS`;
  resumeGuests(world);

  const who = options.admin === false ? 'user' : 'admin';
  return {
    url: world.url,
    apiKey: keyOf(world.users[who]),
    userKey: keyOf(world.users.user),
    keyFile: world.users.files[who],
    login: { username: world.users[who].username, password: world.users[who].password },
    family: world.traits.version,
    control,
    counts: log.counts,
    requests: log.requests,
    addFault: (rule) => faults.add(parseRule(rule, kinds)),
    clearFaults: () => faults.clear(),
    close: once(async () => {
      await listener.close();
      await stopGuests(world);
      await world.store.flush();
      await unlock();
    }),
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** Every URL that this version has; a new group of endpoints is one more table here. */
function offersFor({ traits }: SandboxContext): { routes: VersionedRoute[]; description: Description } {
  const api = [...bootResourceRoutes, ...uploadRoutes, ...siteRoutes, ...machineRoutes, ...accountRoutes];
  const others = [
    describeRoute(() => description),
    ...(traits.customImages ? customImageRoutes : []),
    ...(traits.regionCopies ? diskRoutes : streamRoutes),
    ...controlRoutes,
  ];
  const offers = routesOfVersion(api, traits.version);
  const description = new Description(offers);
  return { routes: [...offers, ...routesOfVersion(others, traits.version)], description };
}

async function makeWorld(options: SandboxOptions): Promise<SandboxContext> {
  const kept = readState(options.dir)?.version;
  const family = options.family ?? kept ?? '3.5';
  if (kept && kept !== family)
    throw new SandboxError('USAGE', `${options.dir} holds a sandbox of MAAS ${kept}, not ${family}`, {
      hint: 'The versions keep their images differently: give another folder by --dir.',
    });
  const traits = traitsOf(family);
  const regions = options.regions ?? 1;
  if (!Number.isInteger(regions) || regions < 1 || (regions > 1 && !traits.regionCopies))
    throw new SandboxError('USAGE', `A sandbox of MAAS ${family} cannot have ${regions} regions`, {
      hint: 'One is always possible; more only from MAAS 3.5, where each has its own copy of an image.',
    });
  const spool = join(options.dir, 'spool');
  // Files that a killed server was receiving.
  rmSync(spool, { recursive: true, force: true });
  mkdirSync(spool);
  const store = await Store.open(options.dir, () =>
    freshState(family, options.architectures ?? ['amd64/generic', 'arm64/generic']),
  );
  return {
    traits,
    store,
    users: loadUsers(options.dir, options.key),
    regions,
    syncMs: (options.syncSeconds ?? 2) * 1000,
    architectures: usableArchitectures(store.state.resources),
    now: () => (options.now ?? Date.now)() + store.state.machines.skew,
    spool,
    changes: new Map(),
    arrivals: 0,
    failures: [],
    pace: timingOf(options.pace, options.speed),
    guests: options.guests,
    url: '',
  };
}
