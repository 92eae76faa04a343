import { dirname, relative, resolve } from 'node:path';
import { dotted, type LocatedProblem, type Path, type Problem, toFault } from '../../config/yaml/problem.ts';
import { prune } from '../../config/yaml/prune.ts';
import { dataAsWritten, schemaProblems } from '../../config/yaml/schema.ts';
import { Source } from '../../config/yaml/source.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { plainMac } from './mac.ts';
import { architectureOf, knownByBmc, type NewMachine } from './new-machine.ts';
import type { PlacementProblem } from './placement.ts';
import { looksSecret, type Power, powerProblems } from './power-parameters.ts';
import type { PowerType } from './power-types.ts';
import { readSecret, type SecretSource } from './secret-source.ts';

const SCHEMA = 'schema/machines.schema.json';

interface RawPower {
  type?: string;
  parameters?: Record<string, string | boolean | string[]>;
  password?: SecretSource;
  secrets?: Record<string, SecretSource>;
}

interface RawMachine {
  architecture?: string;
  macs?: string[];
  power?: RawPower;
  description?: string;
  domain?: string;
  pool?: string;
  zone?: string;
  tags?: string[];
}

interface RawMachines {
  defaults?: RawMachine;
  machines?: Record<string, RawMachine>;
}

/** A file of machines, read and checked as far as it can be without a server. */
export class MachinesFile {
  readonly #source: Source;
  readonly #written: RawMachines;
  readonly #base: string;

  private constructor(source: Source, written: RawMachines, base: string) {
    this.#source = source;
    this.#written = written;
    this.#base = base;
  }

  /** @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX, MACHINES_FILE_INVALID with every problem and its place */
  static async read(path: string, cwd: string): Promise<MachinesFile> {
    const file = resolve(cwd, path);
    const shown = relative(cwd, file);
    let text: string;
    try {
      text = await readBoundedText(file);
    } catch (error) {
      throw new Fault('CONFIG_NOT_FOUND', `${path} cannot be read: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    const source = new Source(shown.startsWith('..') ? file : shown, text, { named: 'machines' });
    const data = dataAsWritten(SCHEMA, source);
    const secrets = secretProblems(data);
    const shape = schemaProblems(SCHEMA, data).filter(
      ({ path: at }) => !secrets.some((secret) => dotted(at).startsWith(dotted(secret.path))),
    );
    const written = prune(data, [...secrets, ...shape]) as RawMachines;
    const machines = new MachinesFile(source, written, dirname(file));
    const problems = [...secrets, ...shape, ...macProblems(written), ...machines.#addressProblems()];
    if (problems.length > 0) throw invalid(source, problems);
    return machines;
  }

  /** Whether any machine has power, so that the server's types are needed. */
  get hasPower(): boolean {
    return Object.keys(this.#machines).some((hostname) => this.#power(hostname).type !== undefined);
  }

  get #machines(): Record<string, RawMachine> {
    return this.#written.machines ?? {};
  }

  /** The power parameters of a machine, which override the defaults; another type takes no parameters from them. */
  #power(hostname: string): RawPower {
    const own = this.#machines[hostname]?.power ?? {};
    const general = this.#written.defaults?.power ?? {};
    if (own.type !== undefined && own.type !== general.type) return own;
    return {
      ...general,
      ...own,
      parameters: { ...general.parameters, ...own.parameters },
      secrets: { ...general.secrets, ...own.secrets },
    };
  }

  /** MAAS knows a machine by an address, or by its BMC when that is one of IPMI. */
  #addressProblems(): Problem[] {
    return Object.entries(this.#machines).flatMap(([hostname, { macs = [] }]): Problem[] =>
      macs.length > 0 || knownByBmc(this.#power(hostname).type)
        ? []
        : [
            {
              path: ['machines', hostname, 'macs'],
              at: 'key',
              message: `machines.${hostname}: macs is missing`,
              accepts: 'the MAC address that it boots from; only a machine with power type ipmi needs none',
            },
          ],
    );
  }

  /**
   * The machines, with passwords read and power checked against the server's types.
   * @throws Fault MACHINES_FILE_INVALID, also for a password that cannot be read
   */
  async machines(types: readonly PowerType[], env: NodeJS.ProcessEnv): Promise<NewMachine[]> {
    const problems: Problem[] = [];
    const machines: NewMachine[] = [];
    for (const [hostname, own] of Object.entries(this.#machines)) {
      const power = await this.#resolvePower(hostname, env, problems);
      if (power) problems.push(...this.#powerProblems(hostname, types, power));
      const { defaults = {} } = this.#written;
      const { architecture, description, domain, pool, zone } = { ...defaults, ...own };
      machines.push({
        hostname,
        architecture: architectureOf(architecture, own.macs ?? []),
        macs: (own.macs ?? []).map(plainMac),
        power,
        ...(description ? { description } : {}),
        ...(domain ? { domain } : {}),
        ...(pool ? { pool } : {}),
        ...(zone ? { zone } : {}),
        tags: [...new Set([...(defaults.tags ?? []), ...(own.tags ?? [])])],
      });
    }
    if (problems.length > 0) throw invalid(this.#source, firstAtEachPath(problems));
    return machines;
  }

  /** The names in this file that MAAS does not know, with the position of each. */
  refuse(problems: readonly PlacementProblem[]): Fault {
    const placed = problems.map(({ hostname, key, name, message, accepts, suggestion }): Problem => {
      const own = this.#machines[hostname]?.[key];
      const section = own === undefined || (key === 'tags' && !own.includes(name)) ? undefined : hostname;
      const base: Path = section === undefined ? ['defaults', key] : ['machines', section, key];
      const tags = section === undefined ? this.#written.defaults?.tags : this.#machines[section]?.tags;
      const path: Path = key === 'tags' ? [...base, tags?.indexOf(name) ?? 0] : base;
      return { path, at: 'value', message: `${dotted(path)}: ${message}`, accepts, suggestion };
    });
    return invalid(this.#source, firstAtEachPath(placed));
  }

  /** A secret that cannot be read is one more of the problems, and stands in as something that no server sees. */
  async #resolvePower(
    hostname: string,
    env: NodeJS.ProcessEnv,
    problems: Problem[],
  ): Promise<(Power & { type: string }) | null> {
    const { type, parameters = {}, password, secrets = {} } = this.#power(hostname);
    if (type === undefined) return null;
    const read = async (source: SecretSource, place: Path, what: string): Promise<string> => {
      const from = 'file' in source ? { file: resolve(this.#base, source.file) } : source;
      try {
        return await readSecret(from, env, what);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const written = place.reduce<unknown>(
          (value, step) => (value as Record<string, unknown> | undefined)?.[step],
          this.#machines[hostname]?.power,
        );
        const path = [...(written ? ['machines', hostname, 'power'] : ['defaults', 'power']), ...place];
        problems.push({
          path,
          at: 'value',
          message: `${dotted(path)}: ${error.message}`,
          accepts: 'a variable that is set for this command, or a file',
        });
        return UNREAD;
      }
    };
    const more: Record<string, string> = Object.create(null);
    for (const [name, source] of Object.entries(secrets))
      more[name] = await read(source, ['secrets', name], name);
    return {
      type,
      parameters: Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [
          name,
          Array.isArray(value) ? value : String(value),
        ]),
      ),
      ...(password ? { password: await read(password, ['password'], 'The password') } : {}),
      secrets: more,
    };
  }

  #powerProblems(hostname: string, types: readonly PowerType[], power: Power): Problem[] {
    const ownPower = this.#machines[hostname]?.power;
    const general = this.#written.defaults?.power;
    return powerProblems(types, power).map(({ name, message, accepts, suggestion }) => {
      const own: Path = ['machines', hostname, 'power'];
      const inGeneral = name
        ? ownPower?.parameters?.[name] === undefined && general?.parameters?.[name] !== undefined
        : ownPower?.type === undefined && general?.type !== undefined;
      const base: Path = inGeneral ? ['defaults', 'power'] : own;
      const known = (inGeneral ? general : ownPower)?.parameters?.[name] !== undefined;
      return {
        path: name ? (known ? [...base, 'parameters', name] : base) : [...base, 'type'],
        at: name && !suggestion && known ? ('value' as const) : ('key' as const),
        message: `${inGeneral ? 'defaults' : `machines.${hostname}`}: ${message}`,
        ...(accepts ? { accepts } : {}),
        ...(suggestion ? { suggestion } : {}),
      };
    });
  }
}

function invalid(source: Source, problems: readonly Problem[]): Fault {
  const placed: LocatedProblem[] = problems.map((problem) => source.place(problem));
  return toFault('MACHINES_FILE_INVALID', placed);
}

/** A problem of `defaults` is reported once for all machines. */
function firstAtEachPath(problems: readonly Problem[]): Problem[] {
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    const key = `${dotted(problem.path)} ${problem.message}`;
    if (!first.has(key)) first.set(key, problem);
  }
  return [...first.values()];
}

const UNREAD = '(unread)';

const SECRET_FORM = '{ environment: VARIABLE } or { file: PATH } under password: or secrets:';

/** Passwords that somebody wrote down; found, and made secrets, before anything else can be said of the file. */
function secretProblems(data: unknown): Problem[] {
  const found: Problem[] = [];
  const refuse = (path: Path, value: unknown) => {
    registerSecret(String(value));
    found.push({
      path,
      at: 'key',
      message: `${dotted(path)}: this file must not contain a password`,
      accepts: SECRET_FORM,
    });
  };
  const look = (power: unknown, path: Path) => {
    const { parameters, password, secrets } = (power ?? {}) as Record<string, unknown>;
    if (isScalar(password)) refuse([...path, 'password'], password);
    for (const [group, held] of [
      ['parameters', parameters],
      ['secrets', secrets],
    ] as const)
      for (const [name, value] of Object.entries(typeof held === 'object' ? (held ?? {}) : {}))
        if (isScalar(value) && (group === 'secrets' || looksSecret(name)))
          refuse([...path, group, name], value);
  };
  const { defaults, machines } = (data ?? {}) as Record<string, unknown>;
  look((defaults as RawMachine | undefined)?.power, ['defaults', 'power']);
  for (const [hostname, machine] of Object.entries(typeof machines === 'object' ? (machines ?? {}) : {}))
    look((machine as RawMachine | null)?.power, ['machines', hostname, 'power']);
  return found;
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** An address that two machines have. */
function macProblems(written: RawMachines): Problem[] {
  const owners = new Map<string, string>();
  return Object.entries(written.machines ?? {}).flatMap(([hostname, machine]) =>
    (machine.macs ?? []).flatMap((mac, index): Problem[] => {
      const owner = owners.get(plainMac(mac));
      owners.set(plainMac(mac), owner ?? hostname);
      if (owner === undefined) return [];
      const path: Path = ['machines', hostname, 'macs', index];
      return [
        {
          path,
          at: 'value',
          message: `${dotted(path)}: ${mac} belongs to ${owner === hostname ? 'this machine twice' : `${owner} already`}`,
          accepts: 'an address that no other machine has',
        },
      ];
    }),
  );
}
