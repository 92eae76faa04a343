import { BASTION_ACCEPTED, parseBastion } from '../host/ssh/bastion.ts';
import { absolutePath } from './paths.ts';
import type { RawAcceptance } from './raw-config.ts';
import type { TakeValue } from './resolve.ts';
import type { RuleContext } from './rule.ts';
import type { AcceptanceConfig, Origin } from './types.ts';
import { parseDuration } from './units.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

/** Where neither the image nor the file's own `acceptance` says anything. */
export const DEFAULTS: AcceptanceConfig = {
  machines: [],
  tags: [],
  checksFile: null,
  waitS: 1800,
  ssh: { user: 'ubuntu', port: 22, keyFile: null, bastion: null, timeoutS: 900 },
};

/**
 * Fills in one `acceptance`, key by key.
 * @param above what holds where this one says nothing, and where each of its values is from
 */
export function resolveAcceptance(
  written: RawAcceptance = {},
  base: string,
  take: TakeValue,
  above?: { config: AcceptanceConfig; origin: (key: string) => Origin | undefined },
): AcceptanceConfig {
  const { ssh = {} } = written;
  const one = <T>(key: string, name: string, value: T | undefined, fallback: T): T => {
    const origin = value === undefined ? above?.origin(key) : undefined;
    return take(key, name, value, fallback, origin && { value: fallback, origin });
  };
  const seconds = (text: string | undefined) =>
    text === undefined ? undefined : (parseDuration(text) ?? undefined);
  const path = (text: string | undefined) => (text === undefined ? undefined : absolutePath(text, base));
  const rest = above?.config ?? DEFAULTS;
  return {
    machines: one('machines', 'machines', written.machines, rest.machines),
    tags: one('tags', 'tags', written.tags, rest.tags),
    checksFile: one('checksFile', 'checks', path(written.checks), rest.checksFile),
    waitS: one('waitS', 'wait', seconds(written.wait), rest.waitS),
    ssh: {
      user: one('ssh.user', 'ssh.user', ssh.user, rest.ssh.user),
      port: one('ssh.port', 'ssh.port', ssh.port, rest.ssh.port),
      keyFile: one('ssh.keyFile', 'ssh.key_file', path(ssh.key_file), rest.ssh.keyFile),
      bastion: one('ssh.bastion', 'ssh.bastion', ssh.bastion, rest.ssh.bastion),
      timeoutS: one('ssh.timeoutS', 'ssh.timeout', seconds(ssh.timeout), rest.ssh.timeoutS),
    },
  };
}

/** In the file's own `acceptance` and in every image's. */
export function acceptanceIsUsable({ written }: RuleContext): Problem[] {
  const all: [Path, RawAcceptance | undefined][] = [
    [['acceptance'], written.acceptance],
    ...Object.entries(written.images ?? {}).map(([name, image]): [Path, RawAcceptance | undefined] => [
      ['images', name, 'acceptance'],
      image.acceptance,
    ]),
  ];
  return all.flatMap(([path, acceptance]) => [
    ...timeProblem([...path, 'wait'], acceptance?.wait),
    ...timeProblem([...path, 'ssh', 'timeout'], acceptance?.ssh?.timeout),
    ...bastionProblem([...path, 'ssh', 'bastion'], acceptance?.ssh?.bastion),
  ]);
}

function timeProblem(path: Path, text: string | undefined): Problem[] {
  if (text === undefined || (parseDuration(text) ?? 0) > 0) return [];
  return [
    { path, at: 'value', message: `${dotted(path)}: ${quoted(text)} is not usable`, accepts: 'more than 0s' },
  ];
}

function bastionProblem(path: Path, text: string | undefined): Problem[] {
  if (text === undefined || parseBastion(text)) return [];
  return [
    {
      path,
      at: 'value',
      message: `${dotted(path)}: ${quoted(text)} is not accepted`,
      accepts: BASTION_ACCEPTED,
    },
  ];
}
