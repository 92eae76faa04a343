import { Fault } from '../core/faults/fault.ts';

/** The problem of a name for an uploaded image, and a name that would be accepted. */
export interface NameProblem {
  message: string;
  /** Such as custom/dgx1-5.0. */
  better: string;
}

/** MAAS' own operating systems, 2.8 to 3.8 (OperatingSystemRegistry): an upload may be named below them. */
const SYSTEMS = [
  ...['ubuntu', 'ubuntu-core', 'bootloader', 'centos', 'rhel', 'windows', 'suse', 'esxi'],
  ...['caringo', 'ol', 'onie'],
];

/**
 * Names that MAAS reserves where its boot source offers them: systems, CentOS versions and Ubuntu's series since the first that MAAS
 * deploys. It compares letter by letter, so other spellings pass.
 */
const RESERVED = new Set([
  ...[...SYSTEMS, 'custom'],
  ...[
    'trusty',
    'utopic',
    'vivid',
    'wily',
    'xenial',
    'yakkety',
    'zesty',
    'artful',
    'bionic',
    'cosmic',
    'disco',
  ],
  ...['eoan', 'focal', 'groovy', 'hirsute', 'impish', 'jammy', 'kinetic', 'lunar', 'mantic', 'noble'],
  ...['oracular', 'plucky', 'questing', 'resolute'],
]);

/** BootResource.name of every version. */
const LONGEST = 255;
/** A name that passes unchanged through MAAS' product names (split at colons), its choices (asterisks go) and curtin's URLs. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._+~-]*$/;

/**
 * Judges a name, with or without `custom/`, before anything is sent: MAAS takes some that it can never deploy, and fails on others.
 * @returns undefined for a name that MAAS takes and deploys
 */
export function nameProblem(name: string): NameProblem | undefined {
  const parts = name.split('/');
  const wrong = (message: string): NameProblem => ({ message, better: better(parts) });
  if (name.trim() === '') return wrong('An image needs a name');
  if (parts.length > 2)
    return wrong(`"${name}" has ${parts.length - 1} slashes, and MAAS fails on more than one`);
  const plain = parts.at(-1) as string;
  if (plain === '') return wrong(`"${name}" ends with a slash, so MAAS reads an empty name`);
  if (parts.length === 2) {
    const below = belowSystem(parts[0] as string, name);
    if (below) return wrong(below);
  }
  if (!PLAIN.test(plain))
    return wrong(
      `"${name}" is not a name that MAAS can deploy: use letters, digits and . _ + ~ -, and begin with a letter or digit`,
    );
  if (name.length > LONGEST)
    return wrong(`The name has ${name.length} characters, and MAAS accepts ${LONGEST}`);
  if (RESERVED.has(plain) || /^centos\d\d?$/.test(plain))
    return wrong(`MAAS reserves the name "${plain}" for its own images`);
  return undefined;
}

/** Why a name below another system than `custom` is not for an upload of ours. */
function belowSystem(system: string, name: string): string | undefined {
  if (system === 'custom') return undefined;
  const lower = system.toLowerCase();
  if (lower === 'custom') return `"${name}": MAAS accepts "custom/" only in lower case`;
  if (lower === 'ubuntu')
    return `"${name}" is a name for Ubuntu's own images: MAAS accepts the upload, looks for Ubuntu's kernel for it, and never deploys it`;
  if (SYSTEMS.includes(lower))
    return `"${name}" is for images of ${lower} itself: MAAS accepts the upload and deploys it by the rules of ${lower}, not as an Ubuntu image`;
  return `"${name}": MAAS has no operating system "${system}"`;
}

function better(parts: readonly string[]): string {
  const last = parts.findLast((part) => part.trim() !== '' && part.toLowerCase() !== 'custom') ?? 'dgx1-5.0';
  const plain = last
    .trim()
    .replace(/[^A-Za-z0-9._+~-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 200);
  const free = plain !== '' && !RESERVED.has(plain) && !/^centos\d\d?$/.test(plain);
  return `custom/${free ? plain : `${plain || 'dgx'}-1`}`;
}

/** @param option the flag or key to correct, for the hint. @throws Fault USAGE */
export function expectImageName(name: string, option = '--name'): void {
  const problem = nameProblem(name);
  if (problem)
    throw new Fault('USAGE', problem.message, { hint: `For example ${option} ${problem.better}.` });
}

/** The name as MAAS stores it: `custom/` is only said when uploading. */
export function plainName(name: string): string {
  return name.replace(/^custom\//, '');
}

/** The name as it is given when uploading. */
export function fullName(name: string): string {
  return name.includes('/') ? name : `custom/${name}`;
}
