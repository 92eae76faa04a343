/** Why a member's name cannot be extracted as written, or null. */
export function unsafe(name: string): 'absolute' | 'escape' | null {
  if (name.startsWith('/')) return 'absolute';
  return name.split('/').includes('..') ? 'escape' : null;
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
