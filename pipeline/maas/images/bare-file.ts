import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { expectBaseImage } from '../../config/base-image.ts';
import { expectImageName, plainName } from '../../config/image-name.ts';
import type { ResourceConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, object, sha256, text } from '../../host/files/shape.ts';
import type { Waiver } from '../../image/checks/waivers.ts';
import { digestOf } from '../../image/read/digest.ts';
import { checkContent } from './content.ts';
import { type InspectedFile, settledIdentity } from './inspected-file.ts';
import { FILETYPES, filetypeOf } from './request.ts';

/** The options for a file that is not in the configuration. */
export interface BareFileOptions {
  name?: string;
  title?: string;
  /** The default: the image's own, else amd64/generic. */
  architecture?: string;
  baseImage?: string;
  filetype?: string;
  /** False with --no-validate. */
  validate: boolean;
  /** The profile of checks. */
  profile: string;
}

export interface Context {
  emit: Emit;
  signal: AbortSignal;
  /** Of the site; asked for where the file is checked. */
  waivers(): Promise<readonly Waiver[]>;
}

export interface BareFile {
  /** `identity` as `KnownFile` has it. */
  artifact: { path: string; size: number; sha256: string; identity: string | undefined };
  resource: ResourceConfig;
  filetype: string;
  /** Whether its checks have passed. */
  validated: boolean;
}

/**
 * Looks at a file and fills in what was not said: its sum and size, the base image from its os-release, name and type from
 * its own name.
 * @throws Fault IMAGE_REJECTED when a blocker fails or MAAS has no type for such a file, USAGE when something must be said, UPLOAD_MISSING
 */
export async function describeFile(
  path: string,
  options: BareFileOptions,
  context: Context,
): Promise<BareFile> {
  const file = resolve(path);
  const name = await expectFile(path, options);
  const filetype = options.filetype ?? filetypeOf(file);
  const isRoot = filetype in FILETYPES && !filetype.startsWith('dd');
  const validate = options.validate && isRoot;
  if (options.validate && !isRoot)
    context.emit({
      type: 'notice',
      level: 'info',
      message: `${path} is a disk image: its contents are not checked`,
    });
  // Only the checks read it from the image.
  if (!validate && !options.baseImage) throw noBaseImage(path);
  const unsure = await checkContent(file, filetype, context.signal).catch((fault: Fault) => {
    // Without the checks any file may be sent; a wrong file type is a mistake all the same.
    if (options.validate || fault.code !== 'IMAGE_REJECTED') throw fault;
    return fault.message;
  });
  if (unsure !== null) context.emit({ type: 'notice', level: 'warning', message: unsure });
  // The checks are loaded for that alone.
  const looked = validate
    ? await (await import('./validated-file.ts')).validated(file, options, context)
    : await measured(file, context);
  const baseImage = options.baseImage ?? looked.baseImage;
  if (!baseImage) throw noBaseImage(path);
  return {
    artifact: { path: file, size: looked.size, sha256: looked.sha256, identity: looked.identity },
    resource: {
      name,
      title: options.title ?? plainName(name),
      architecture: options.architecture ?? looked.architecture ?? 'amd64/generic',
      baseImage,
    },
    filetype,
    validated: validate,
  };
}

function noBaseImage(path: string): Fault {
  return new Fault('USAGE', `The base image of ${path} is not known`, {
    hint: 'Name the release whose environment MAAS boots to unpack it: that of the image, such as --base-image ubuntu/focal, or a near one.',
  });
}

/**
 * The faults that are found without reading the file: that it is not there, a base image that MAAS cannot have, or the name in MAAS
 * (given, or made of its own).
 * @throws Fault USAGE, UPLOAD_MISSING
 */
export async function expectFile(
  path: string,
  options: Pick<BareFileOptions, 'name' | 'baseImage'>,
): Promise<string> {
  if (options.baseImage !== undefined) expectBaseImage(options.baseImage);
  const file = resolve(path);
  await sizeOf(file);
  const name = options.name ?? stem(file);
  expectImageName(name);
  return name;
}

/** Size and sum: from the manifest that `build` left beside the file, else by reading it. */
async function measured(
  file: string,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<InspectedFile> {
  const size = await sizeOf(file);
  const known = await manifestSum(file, size);
  if (known) return { size, sha256: known, baseImage: undefined };
  const identity = await settledIdentity(file);
  return { ...(await digestOf(file, emit, signal)), identity, baseImage: undefined };
}

const MANIFEST = object({ artifact: object({ file: text, sha256, size: count }) });

/** The sum is only taken on trust until the last chunk: the bytes are hashed on their way. */
async function manifestSum(file: string, size: number): Promise<string | undefined> {
  const manifest = await readJsonOrMiss(join(dirname(file), `${stem(file)}.manifest.json`), MANIFEST);
  const { artifact } = manifest ?? {};
  return artifact?.file === basename(file) && artifact.size === size ? artifact.sha256 : undefined;
}

async function sizeOf(file: string): Promise<number> {
  try {
    const facts = await stat(file);
    if (facts.isFile()) return facts.size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fromSystemError(error, `reading ${file}`);
    throw new Fault('UPLOAD_MISSING', `There is no file ${file}`, { cause: error });
  }
  throw new Fault('USAGE', `${file} is not a regular file`, {
    hint: 'Its size must be known before it is sent.',
  });
}

/** The file's name without folder and type. */
function stem(file: string): string {
  const name = basename(file);
  const ending = Object.values(FILETYPES)
    .flat()
    .filter((one) => name.toLowerCase().endsWith(one))
    .sort((a, b) => b.length - a.length)[0];
  return ending ? name.slice(0, -ending.length) : name;
}
