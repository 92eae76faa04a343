import { readText } from '../../config/yaml/read-text.ts';
import { Source } from '../../config/yaml/source.ts';
import { Fault, type Where } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { fill, Unresolved } from './jinja.ts';

export interface AdminUser {
  username: string;
  email: string;
  /** Registered as a secret; never shown. */
  password: string;
}

/** The settings of MAAS in DeepOps' variables; null where a variable is not set, or has no value here. */
export interface GroupVars {
  /** The file as messages name it. */
  file: string;
  /** maas_adminusers */
  adminUsers: AdminUser[];
  /** maas_dns_domain */
  dnsDomain: string | null;
  /** maas_region_controller */
  regionController: string | null;
  /** maas_region_controller_url */
  regionControllerUrl: string | null;
  /** maas_repo */
  repo: string | null;
  /** Variables that are set, but by an expression that only Ansible can fill in. */
  unresolved: { variable: string; expression: string; why: string; where: Where }[];
  /** Keys of other variables that are there twice; Ansible takes the last and warns. */
  duplicates: { key: string; where: Where }[];
}

export interface GroupVarsOptions {
  /** Facts that Ansible would gather on the host, such as ansible_distribution_version. */
  facts?: Readonly<Record<string, string>>;
}

const FIELDS = {
  dnsDomain: 'maas_dns_domain',
  regionController: 'maas_region_controller',
  regionControllerUrl: 'maas_region_controller_url',
  repo: 'maas_repo',
} as const;

/** Variables that are read here; a doubt about one of them is an error. */
const READ = new Set<string>(['maas_adminusers', ...Object.values(FIELDS)]);

/**
 * Reads DeepOps' MAAS variables from a group_vars file, their `{{ references }}` to each other filled in.
 * @throws Fault CONFIG_NOT_FOUND; CONFIG_SYNTAX; CONFIG_INVALID for a reference in a circle, a user without password,
 * or a value of another kind, with its place
 */
export async function readGroupVars(path: string, options: GroupVarsOptions = {}): Promise<GroupVars> {
  const text = await readText(path);
  if (text.startsWith('$ANSIBLE_VAULT'))
    throw new Fault('CONFIG_INVALID', `${path} is encrypted by Ansible Vault`, {
      hint: `Use a readable copy: ansible-vault view ${path} > FILE`,
    });
  const source = new Source(path, text, { duplicates: 'last' });
  const read = source.duplicates.find(({ top }) => READ.has(top));
  if (read)
    throw new Fault('CONFIG_SYNTAX', `${read.key} occurs twice, and Ansible uses the last`, {
      where: read.where,
      hint: 'Keep only one of them.',
    });
  if (typeof source.data !== 'object' || source.data === null || Array.isArray(source.data))
    throw new Fault('CONFIG_INVALID', `${path} contains no variables`, {
      hint: 'A group_vars file is a mapping: maas_dns_domain: deepops.local',
    });
  return new Variables(path, source, source.data as Record<string, unknown>, options.facts ?? {}).read();
}

class Variables {
  readonly #file: string;
  readonly #source: Source;
  readonly #data: Record<string, unknown>;
  readonly #facts: Readonly<Record<string, string>>;
  readonly #unresolved: GroupVars['unresolved'] = [];

  constructor(
    file: string,
    source: Source,
    data: Record<string, unknown>,
    facts: Readonly<Record<string, string>>,
  ) {
    this.#file = file;
    this.#source = source;
    this.#data = data;
    this.#facts = facts;
  }

  read(): GroupVars {
    const one = (name: string) => this.#resolved([name], this.#data[name]);
    return {
      file: this.#file,
      adminUsers: this.#adminUsers(),
      dnsDomain: one(FIELDS.dnsDomain),
      regionController: one(FIELDS.regionController),
      regionControllerUrl: one(FIELDS.regionControllerUrl),
      repo: one(FIELDS.repo),
      unresolved: this.#unresolved,
      duplicates: this.#source.duplicates.map(({ key, where }) => ({ key, where })),
    };
  }

  #adminUsers(): AdminUser[] {
    const name = 'maas_adminusers';
    const list = this.#data[name];
    if (list === undefined) return [];
    if (!Array.isArray(list))
      throw this.#wrong(
        [name],
        `${name} is not a list`,
        '- { username: admin, email: admin@example.org, password: … }',
      );
    return list.flatMap((item: unknown, index) => {
      const path = [name, index];
      const user = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
      // Before anything else is said of this user.
      if (user.password !== undefined) registerSecret(String(user.password));
      const [username, email, password] = ['username', 'email', 'password'].map((key) => {
        if (user[key] === undefined)
          throw this.#wrong(path, `${name}[${index}]: ${key} is missing`, 'username, email and password');
        return this.#resolved([...path, key], user[key]);
      }) as [string | null, string | null, string | null];
      if (password === null || username === null || email === null) return [];
      registerSecret(password);
      return [{ username, email, password }];
    });
  }

  /** The value with its references filled in; null when there is none, or none that can be had here. */
  #resolved(path: (string | number)[], value: unknown): string | null {
    if (value === undefined) return null;
    const secret = path.at(-1) === 'password';
    try {
      return this.#text(path, value, [String(path[0])]);
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error;
      const where = this.#source.where(path);
      const variable = path.join('.').replace(/\.(\d+)\./, '[$1].');
      const expression = secret ? '***' : error.expression;
      this.#unresolved.push({
        variable,
        expression,
        why: secret ? 'only Ansible can resolve it' : error.message,
        where,
      });
      return null;
    }
  }

  #text(path: (string | number)[], value: unknown, within: readonly string[]): string {
    if (typeof value === 'object')
      throw this.#wrong(
        path,
        `${path.join('.')} is not text`,
        'text, with references such as {{ maas_dns_domain }}',
      );
    const text = typeof value === 'number' ? (this.#source.written(path) ?? String(value)) : String(value);
    if (text.startsWith('$ANSIBLE_VAULT')) throw new Unresolved('!vault', 'it is encrypted by Ansible Vault');
    return fill(text, (name) => {
      if (within.includes(name))
        throw this.#wrong(
          path,
          `${within[0]} refers to itself: ${[...within, name].join(' → ')}`,
          'references that end in text',
        );
      if (Object.hasOwn(this.#data, name)) return this.#text([name], this.#data[name], [...within, name]);
      return this.#facts[name];
    });
  }

  #wrong(path: (string | number)[], message: string, accepted: string): Fault {
    return new Fault('CONFIG_INVALID', message, {
      where: this.#source.where(path),
      hint: `Accepted: ${accepted}.`,
    });
  }
}
