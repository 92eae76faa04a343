import { SandboxError } from './error.ts';

/** Faults with their argument's meaning; a status (400-599) is a fault as well, its argument is Retry-After in seconds. */
export const FAULTS = {
  reset: 'connection reset in the middle of the body, nothing stored',
  lost: 'stored, but the connection is cut before the answer',
  'idle-close': 'answered; the kept-alive connection is dead when it is used again',
  stall: 'no answer; the connection is cut after SECONDS, or never',
  late: 'answered in order, but SECONDS (1) later, as by a busy region',
  slow: 'the body is read at BYTES a second',
  'disk-full': 'the disk is full, nothing stored',
  restart: 'connection reset, the server away for SECONDS (1) and back on the same port',
} as const;

export type FaultName = keyof typeof FAULTS | 'status';

export interface Rule {
  text: string;
  /** A method or an operation's kind in lower case, or "*". */
  kind: string;
  which: { nth: number; andLater: boolean } | 'all' | 'last';
  fault: FaultName;
  status: number;
  argument: number | undefined;
  /** Requests of that kind since the rule was made. */
  seen: number;
  fired: number;
}

const METHODS = ['get', 'post', 'put', 'delete'];

const HINT = [
  'A rule is KIND:WHICH:FAULT[:ARGUMENT], such as put:3:reset or chunk:last:503:2.',
  'WHICH: 3 (the third), 3+ (from the third on), * (each), last (the chunk that completes a file).',
  `FAULT: ${Object.keys(FAULTS).join(', ')}, or a status such as 409, 413, 502.`,
].join('\n');

/**
 * Reads a rule.
 * @param kinds the operations' names that may stand first, besides methods.
 * @throws SandboxError USAGE that says what would be accepted.
 */
export function parseRule(text: string, kinds: string[]): Rule {
  const [kind = '', which = '', name = '', argument, ...rest] = text.trim().toLowerCase().split(':');
  const bad = (what: string): never => {
    throw new SandboxError('USAGE', `Fault rule ${JSON.stringify(text)}: ${what}`, { hint: HINT });
  };
  if (rest.length > 0) bad('has too many parts');
  const accepted = ['*', ...METHODS, ...kinds];
  if (!accepted.includes(kind)) bad(`${JSON.stringify(kind)} is not one of ${accepted.join(', ')}`);
  const [, nth, later] = /^([1-9]\d{0,8})(\+?)$/.exec(which) ?? [];
  if (which !== '*' && which !== 'last' && !nth)
    bad(`${JSON.stringify(which)} is neither a number from 1, such as 3 or 3+, nor * or last`);
  const isStatus = /^[45]\d\d$/.test(name);
  if (!isStatus && !Object.hasOwn(FAULTS, name)) bad(`${JSON.stringify(name)} is not a fault`);
  if (argument !== undefined && !/^\d{1,9}(\.\d{1,3})?$/.test(argument))
    bad(`${JSON.stringify(argument)} is not a number`);
  if (name === 'slow' && !Number(argument)) bad('slow needs the bytes a second, such as slow:100000');
  return {
    text: text.trim(),
    kind,
    which: which === '*' ? 'all' : which === 'last' ? 'last' : { nth: Number(nth), andLater: later === '+' },
    fault: isStatus ? 'status' : (name as FaultName),
    status: isStatus ? Number(name) : 0,
    argument: argument === undefined ? undefined : Number(argument),
    seen: 0,
    fired: 0,
  };
}

/** The rules in force; the first that applies to a request is carried out. */
export class Faults {
  readonly #rules: Rule[] = [];

  add(rule: Rule): void {
    this.#rules.push(rule);
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** Counts a request for every rule of its kind and picks the one to carry out. */
  pick(request: { method: string; kind: string; last: boolean }): Rule | undefined {
    let picked: Rule | undefined;
    for (const rule of this.#rules) {
      if (rule.kind !== '*' && rule.kind !== request.kind && rule.kind !== request.method.toLowerCase())
        continue;
      rule.seen += 1;
      if (picked || !applies(rule, request.last)) continue;
      rule.fired += 1;
      picked = rule;
    }
    return picked;
  }
}

/** "last" is carried out once, or a file could never be completed. */
function applies(rule: Rule, last: boolean): boolean {
  if (rule.which === 'all') return true;
  if (rule.which === 'last') return last && rule.fired === 0;
  return rule.which.andLater ? rule.seen >= rule.which.nth : rule.seen === rule.which.nth;
}
