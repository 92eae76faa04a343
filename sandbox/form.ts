import { createHash } from 'node:crypto';
import type { Field } from './body.ts';
import type { SandboxContext } from './context.ts';
import { formErrors, ReplyError, refuse, repr } from './reply.ts';
import { findUploaded } from './resources.ts';
import type { Resource } from './store.ts';
import { isSupported, RESERVED } from './systems.ts';

/** A valid form of POST boot-resources/. */
export interface NewImage {
  name: string;
  architecture: string;
  title: string;
  /** As stored: root-tgz, root-dd, … */
  filetype: string;
  sha256: string;
  size: number;
  baseImage: string;
  keepOld: boolean;
}

/** Upload filetypes and the names they are stored under. */
export const FILETYPES = new Map(
  Object.entries({
    tgz: 'root-tgz',
    tbz: 'root-tbz',
    txz: 'root-txz',
    ddtgz: 'root-dd',
    ddtbz: 'root-dd.tar.bz2',
    ddtxz: 'root-dd.tar.xz',
    ddtar: 'root-dd.tar',
    ddbz2: 'root-dd.bz2',
    ddgz: 'root-dd.gz',
    ddxz: 'root-dd.xz',
    ddraw: 'root-dd.raw',
  }),
);

const REQUIRED = 'This field is required.';
export const LONGEST_NAME = 255;

/** MAAS' BootResourceForm: the cleaned values, or a 400 that names every bad field. */
export function cleanForm(
  world: SandboxContext,
  fields: Record<string, Field>,
): { image: NewImage; content: Buffer | undefined } {
  const errors: Record<string, string[]> = {};
  const take = (name: string) => String(fields[name] ?? '').trim();
  const content = world.traits.inlineContent && Buffer.isBuffer(fields.content) ? fields.content : undefined;
  const check = <T>(name: string, clean: () => T): T | undefined => {
    try {
      return clean();
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      errors[name] = [error.message];
      return undefined;
    }
  };

  const name = check('name', () => cleanName(world, required(take('name'))));
  const architecture = check('architecture', () => cleanArchitecture(world, required(take('architecture'))));
  const filetype = check('filetype', () =>
    cleanFiletype(fields.filetype === undefined ? 'tgz' : take('filetype')),
  );
  const sha256 = content
    ? createHash('sha256').update(content).digest('hex')
    : check('sha256', () => cleanSha256(required(take('sha256'))));
  const size = content ? content.length : check('size', () => cleanSize(required(take('size'))));
  // The limit is that of the row in the database, which up to 3.4 calls the size otherwise than the form does.
  if (world.traits.storage === 'shared' && errors.size?.[0]?.startsWith('Ensure')) {
    errors.total_size = errors.size;
    delete errors.size;
  }
  const baseImage = check('base_image', () =>
    cleanBaseImage(world, take('name'), take('base_image'), findUploaded(world, name, architecture)),
  );

  if (
    name === undefined ||
    architecture === undefined ||
    filetype === undefined ||
    sha256 === undefined ||
    size === undefined ||
    baseImage === undefined
  )
    throw new ReplyError(formErrors(errors));
  const keepOld = !['', 'false', '0'].includes(take('keep_old').toLowerCase());
  return {
    image: { name, architecture, title: take('title'), filetype, sha256, size, baseImage, keepOld },
    content,
  };
}

class Invalid extends Error {}

function required(value: string): string {
  if (value === '') throw new Invalid(REQUIRED);
  return value;
}

function cleanName(world: SandboxContext, given: string): string {
  const { osystems, regionCopies } = world.traits;
  if (given.length > LONGEST_NAME)
    throw new Invalid(`Ensure this value has at most ${LONGEST_NAME} characters (it has ${given.length}).`);
  const parts = given.split('/');
  if (parts.length > 2) refuse(500, 'too many values to unpack (expected 2)');
  const [osystem = '', release] = parts;
  if (release !== undefined && osystem !== 'custom' && !osystems.includes(osystem))
    throw new Invalid(
      `Unsupport operating system ${osystem}, supported operating systems: [${osystems.map(repr).join(', ')}]`,
    );
  const name = osystem === 'custom' && release !== undefined ? release : given;
  if (name === '') {
    // 3.5 looks the resource up by saving it, and its error does not fit the field that is being cleaned.
    if (regionCopies)
      refuse(
        500,
        'The argument `field` must be `None` when the `error` argument contains errors for multiple fields.',
      );
    throw new Invalid('This field cannot be blank.');
  }
  if (osystems.includes(name) || RESERVED.has(name) || /^centos\d\d?$/.test(name))
    throw new Invalid(`${name} is a reserved name`);
  return name;
}

function cleanArchitecture(world: SandboxContext, given: string): string {
  if (world.architectures.includes(given)) return given;
  const choices = world.architectures.length > 0 ? world.architectures : [''];
  throw new Invalid(
    `'${given}' is not a valid architecture.  It should be one of: ${choices.map((choice) => `'${choice}'`).join(', ')}.`,
  );
}

function cleanFiletype(given: string): string {
  const stored = FILETYPES.get(required(given));
  if (!stored) throw new Invalid(`Select a valid choice. ${given} is not one of the available choices.`);
  return stored;
}

/** Any 64 characters pass, capitals too: a sum written so never matches. */
function cleanSha256(given: string): string {
  const bound = given.length < 64 ? 'least' : 'most';
  if (given.length !== 64)
    throw new Invalid(`Ensure this value has at ${bound} 64 characters (it has ${given.length}).`);
  return given;
}

const BIGGEST = 2n ** 63n - 1n;

/** Zero and negative numbers pass; the database's limit is found only when the row is written. */
function cleanSize(given: string): number {
  if (!/^[+-]?\d+(\.0*)?$/.test(given)) throw new Invalid('Enter a whole number.');
  const size = BigInt(given.replace(/\.0*$/, '').replace(/^\+/, ''));
  if (size > BIGGEST) throw new Invalid(`Ensure this value is less than or equal to ${BIGGEST}.`);
  if (size < -BIGGEST - 1n)
    throw new Invalid(`Ensure this value is greater than or equal to ${-BIGGEST - 1n}.`);
  return Number(size);
}

const COMMISSIONING = 'ubuntu/jammy';
const FORMAT = 'a base image must follow the format: <osystem>/<series>';

function cleanBaseImage(
  world: SandboxContext,
  name: string,
  given: string,
  existing: Resource | undefined,
): string {
  const { baseImage, linux } = world.traits;
  if (baseImage === 'absent') return '';
  // An image under a name of its own OS (windows/…) has no base.
  if (name.includes('/') && !name.startsWith('custom/')) return '';
  const parts = (given || (existing?.baseImage ?? '')).toLowerCase().split('/');
  const [osystem, series] = parts;
  if (parts.length !== 2 || osystem === undefined || series === undefined) {
    if (!given && baseImage === 'defaulted') return COMMISSIONING;
    throw new Invalid(FORMAT);
  }
  if (!linux.includes(osystem))
    throw new Invalid('custom images require a valid non-custom OS type base image');
  if (!isSupported(osystem, series)) throw new Invalid('please select a valid base image OS and version');
  return `${osystem}/${series}`;
}
