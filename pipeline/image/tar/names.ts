import type { MemberType } from '../facts/collector.ts';

/** Linux takes paths up to this many bytes, and names up to the other; tar ends with an error at longer ones. */
export const MOST_PATH = 4095;
const MOST_NAME = 255;

/** Why tar does not extract a member under its name as written, or null. */
export function nameProblem(name: string, type: MemberType): 'bad-name' | 'absolute' | 'escape' | null {
  // tar takes it for the folder that it extracts to, and ends with an error.
  if (name === '') return 'bad-name';
  if (name.startsWith('/')) return 'absolute';
  if (leadsUp(name)) return 'escape';
  if (type !== 'directory' && /(?:^|\/)\.\/*$/.test(name.slice(-MOST_NAME))) return 'bad-name';
  return tooLong(name) ? 'bad-name' : null;
}

/** Whether one part of a name is "..": tar refuses it, also in the label of a volume. */
export function leadsUp(name: string): boolean {
  return name.includes('..') && name.split('/').includes('..');
}

/** Whether a path is longer than Linux takes it. */
function tooLong(path: string): boolean {
  if (path.length <= MOST_NAME) return false;
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  if (end > MOST_PATH) return true;
  return path
    .slice(0, end)
    .split('/')
    .some((part) => part.length > MOST_NAME);
}

/** A member's name as a path from the root: without `./`, doubled or closing slashes; '' is the root itself. */
export function normalise(name: string): string {
  // Nearly every name is of this form: spare the split.
  if (name.startsWith('./')) name = name.slice(2);
  if (name.endsWith('/')) name = name.slice(0, -1);
  if (
    !name.includes('//') &&
    !name.includes('./') &&
    name !== '.' &&
    !name.endsWith('/') &&
    !name.startsWith('/')
  )
    return name.endsWith('/.') ? name.slice(0, -2) : name;
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Names travel as latin1 so that no byte is lost; this is the form for people. */
export function shown(name: string): string {
  return Buffer.from(name, 'latin1')
    .toString('utf8')
    .replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
