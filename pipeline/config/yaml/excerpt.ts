import type { Where } from '../../core/faults/fault.ts';
import { rowsOf } from '../setting.ts';
import { TARGET } from '../settings/target.ts';
import type { Path } from './problem.ts';

const MASK = '***';
/** The settings of a target whose values are fit to be shown. */
const SHOWN = new Set(rowsOf(TARGET).flatMap(([name, row]) => ('isPublic' in row ? [name] : [])));

/** Whether the value at this path may be a credential that somebody wrote in the wrong place. */
export function holdsSecret(path: Path): boolean {
  // Somebody may paste a private key itself where its path belongs.
  if (path[0] === 'sign' || path.at(-1) === 'key_file') return true;
  // The same where a public key belongs, and a password where it says where one is.
  if (path[0] === 'ssh_keys' || path.some((step) => /passw/i.test(String(step)))) return true;
  return path[0] === 'targets' && path.length >= 3 && !SHOWN.has(String(path[2]));
}

/** A line that a person wrote is shorter; a longer one fits no screen, and each problem in it would copy it. */
const LONGEST = 500;

/** The source line with a caret below its column; what may be a credential is masked. */
export function excerpt(lines: readonly string[], where: Where, secret: boolean): string {
  const line = lines[where.line - 1] ?? '';
  const number = String(where.line);
  if (line.length > LONGEST) return `${number} | (a line of ${line.length} characters)`;
  const caret = line.slice(0, where.column - 1).replace(/[^\t]/g, ' ');
  return `${number} | ${masked(line, where.column, secret)}\n${' '.repeat(number.length)} | ${caret}^`;
}

function masked(line: string, column: number, secret: boolean): string {
  if (!secret) return conceal(line);
  // The caret stands at a key (mask what follows its colon) or at the value itself.
  const rest = line.slice(column - 1);
  const key = /^["']?[\w-]+["']?\s*:(?=\s|$)/.exec(rest)?.[0] ?? '';
  if (namesLocation(line.slice(0, column - 1) + key, rest.slice(key.length))) return line;
  const hidden = rest.length > key.length ? `${key ? ' ' : ''}${MASK}` : '';
  return conceal(line.slice(0, column - 1)) + key + hidden;
}

/** A file's path or a variable's name, where one belongs: says where a secret is, and is none. */
function namesLocation(before: string, after: string): boolean {
  const value = after.trim();
  if (/(?:^|[\s{-])(?:file|key_file|public_key)["']?\s*:\s*$/.test(before))
    return /^["']?(?:~?\/|\.{0,2}\/)?(?:[\w.-]{1,64}\/)*[\w-]{1,64}(?:\.[a-z]{2,8}){1,2}["']?$/.test(value);
  return (
    /(?:^|[\s{-])environment["']?\s*:\s*$/.test(before) &&
    /^["']?[A-Z]{2,20}(?:_[A-Z]{2,20}){1,5}["']?$/.test(value)
  );
}

/** Masks what stands after a name that speaks of a secret, and user and password of a URL. */
function conceal(text: string): string {
  return text
    .replace(/(\b\w*(?:key|token|secret|pass)\w*["']?\s*[:=]\s*)\S.*$/i, `$1${MASK}`)
    .replace(/(:\/\/)[^/\s]*@/g, `$1${MASK}@`);
}
