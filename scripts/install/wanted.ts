import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Fault } from '../../pipeline/core/faults/fault.ts';
import { registerSecret } from '../../pipeline/core/secrets/registry.ts';
import { type GroupVars, readGroupVars } from '../../pipeline/maas/site/group-vars.ts';
import type { Arguments } from './arguments.ts';
import type { Host } from './host.ts';

export interface Admin {
  username: string;
  email: string;
  /** Undefined is not a fault while the administrator exists already. */
  password: string | undefined;
}

export interface FromSnap {
  kind: 'snap';
  channel: string;
  /** With its password; undefined: the snap maas-test-db. */
  databaseUri: string | undefined;
}

export interface Wanted {
  from: FromSnap | { kind: 'package'; repository: string };
  url: string;
  admins: Admin[];
}

/**
 * Options before DeepOps' variables before nothing: what a MAAS must have is never guessed.
 * @throws Fault USAGE, CONFIG_INVALID
 */
export async function readWanted(given: Arguments, host: Host): Promise<Wanted> {
  const vars =
    given.groupVars === undefined ? undefined : await readGroupVars(given.groupVars, await facts(host));
  const url = wantedUrl(
    given.url ?? value(vars, 'regionControllerUrl', 'maas_region_controller_url', '--url URL'),
  );
  const from: Wanted['from'] =
    given.snap === undefined
      ? {
          kind: 'package',
          repository: wantedRepository(
            given.repo ?? value(vars, 'repo', 'maas_repo', '--repo ppa:maas/3.5 (or --snap)'),
          ),
        }
      : { kind: 'snap', channel: given.snap, databaseUri: await secretFile(given.databaseUri) };
  return { from, url, admins: await wantedAdmins(given, vars) };
}

/** Ansible's facts on the release, for a maas_repo that has it in a reference. */
async function facts(host: Host): Promise<{ facts: Record<string, string> }> {
  const release = (await host.file('/etc/os-release')) ?? '';
  const of = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? '';
  return {
    facts: {
      ansible_distribution_release: of('VERSION_CODENAME'),
      ansible_distribution_version: of('VERSION_ID'),
    },
  };
}

function value(
  vars: GroupVars | undefined,
  key: 'repo' | 'regionControllerUrl',
  variable: string,
  option: string,
): string {
  const found = vars?.[key];
  if (found) return found;
  const open = vars?.unresolved.find((one) => one.variable === variable);
  if (open)
    throw new Fault(
      'CONFIG_INVALID',
      `${variable} is "${open.expression}", which only Ansible can resolve: ${open.why}`,
      {
        where: open.where,
        hint: `Set it with ${option}.`,
      },
    );
  throw new Fault(
    'USAGE',
    vars ? `${vars.file} does not set ${variable}` : `Neither --group-vars nor ${option} is given`,
    {
      hint: `Use ${option}, or --group-vars FILE with ${variable} in it.`,
    },
  );
}

function wantedUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new Fault('CONFIG_INVALID', 'The URL of the region controller is not an http(s) URL', {
      hint: 'Such as http://192.168.1.1:5240/MAAS, as the machines will reach it.',
    });
  return text;
}

function wantedRepository(text: string): string {
  if (/:\/\/[^/\s]*@/.test(text))
    throw new Fault('CONFIG_INVALID', 'The apt repository has a user or password in its URL', {
      hint: 'It would appear in the process list: put it into /etc/apt/auth.conf.d instead (man apt_auth.conf).',
    });
  if (/^ppa:[\w.+-]+\/[\w.+-]+$/.test(text) || /^deb(\s+\[[^\]]+\])?\s+\S+\s+\S+/.test(text)) return text;
  throw new Fault('CONFIG_INVALID', `"${text}" is not an apt repository`, {
    hint: 'Such as ppa:maas/3.5, or "deb URL SUITE COMPONENT".',
  });
}

async function wantedAdmins(given: Arguments, vars: GroupVars | undefined): Promise<Admin[]> {
  const listed: Admin[] = given.admins.length > 0 ? given.admins.map(named) : (vars?.adminUsers ?? []);
  const open = vars?.unresolved.find((one) => one.variable.startsWith('maas_adminusers'));
  if (given.admins.length === 0 && open)
    throw new Fault('CONFIG_INVALID', `${open.variable} cannot be read: ${open.why}`, {
      where: open.where,
      hint: 'Set the administrators with --admin NAME:EMAIL and their passwords with --passwords FILE.',
    });
  for (const { username } of listed)
    if (!/^[\w.@+-]+$/.test(username) || username.startsWith('-'))
      throw new Fault('CONFIG_INVALID', `"${username}" cannot be the name of a MAAS user`, {
        hint: 'Letters, digits and @ . + - _',
      });
  const passwords = passwordLines(await secretFile(given.passwords));
  const single = listed.length === 1 ? process.env.MAAS_ADMIN_PASSWORD : undefined;
  registerSecret(single);
  return listed.map((admin) => {
    const fromVars = vars?.adminUsers.find((one) => one.username === admin.username)?.password;
    return { ...admin, password: passwords.get(admin.username) ?? single ?? fromVars };
  });
}

function named(text: string): Admin {
  const [, username, email] = /^([^:\s]+):([^:\s]+@[^:\s]+)$/.exec(text) ?? [];
  if (username && email) return { username, email, password: undefined };
  throw new Fault('USAGE', '--admin needs NAME:EMAIL', {
    hint: 'Such as --admin admin:admin@example.org; the password comes from --passwords or MAAS_ADMIN_PASSWORD.',
  });
}

/** Lines NAME:PASSWORD, as `chpasswd` takes them. No message holds a line: it may be a password. */
function passwordLines(content: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const [index, line] of (content ?? '').split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, name, password] = /^([^:]+):(.+)$/.exec(line.replace(/\r$/, '')) ?? [];
    if (!name || !password)
      throw new Fault('CONFIG_INVALID', `Line ${index + 1} of the passwords is not NAME:PASSWORD`);
    registerSecret(password);
    found.set(name, password);
  }
  return found;
}

/** A file that holds a secret, or stdin; one that others may read is refused. */
async function secretFile(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  if (path === '-') return registered(await text(process.stdin));
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Fault('CONFIG_NOT_FOUND', `There is no file ${path}`);
  if (found.mode & 0o077)
    throw new Fault('CONFIG_INVALID', `${path} contains secrets and can be read by other users`, {
      hint: `chmod 600 ${path}`,
    });
  return registered(await readFile(path, 'utf8'));
}

function registered(secret: string): string {
  registerSecret(secret.trim());
  return secret;
}
