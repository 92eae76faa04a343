import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { expectBaseImage } from '../../config/base-image.ts';
import { expectImageName, plainName } from '../../config/image-name.ts';
import type { ResourceConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { identityOf, isFresh } from '../../host/files/identity.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, object, sha256, text } from '../../host/files/shape.ts';
import { headlineOf } from '../../image/checks/judge.ts';
import type { Waiver } from '../../image/checks/waivers.ts';
import { imageArchitecture } from '../../image/facts/architecture.ts';
import { digestOf } from '../../image/read/digest.ts';
import { checkContent } from './content.ts';
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

interface Context {
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
  const looked = validate ? await validated(file, options, context) : await measured(file, context);
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

/** The systems that MAAS accepts in a base image. */
const BASE_SYSTEMS = new Set(['ubuntu', 'centos', 'rhel', 'ol']);

interface InspectedFile {
  size: number;
  sha256: string;
  /** See `KnownFile`; undefined where nobody has read the bytes. */
  identity?: string | undefined;
  baseImage: string | undefined;
  /** Such as arm64/generic. */
  architecture?: string;
}

async function validated(
  file: string,
  options: BareFileOptions,
  { emit, signal, waivers }: Context,
): Promise<InspectedFile> {
  const { validateFile } = await import('../../image/checks/validate-file.ts');
  const { profile, baseImage, architecture } = options;
  const identity = await settledIdentity(file);
  const looking = { profile, baseImage, architecture, waivers: await waivers(), signal, emit };
  const { facts, verdict, sha256, size } = await validateFile(file, looking);
  const failed = verdict.findings.filter(({ status }) => status === 'fail');
  const line = (finding: (typeof failed)[number]) =>
    // Of a waived one also by whom and until when.
    `${finding.number} ${finding.id}: ${finding.status === 'waived' ? finding.found : headlineOf(finding)}`;
  const blockers = failed.filter(({ severity }) => severity === 'blocker');
  if (!verdict.passed)
    throw new Fault(
      'IMAGE_REJECTED',
      `${file} is unfit for MAAS: ${blockers.length} ${blockers.length === 1 ? 'blocker' : 'blockers'} failed`,
      {
        hint: `For reasons and fixes run \`dgxos-maas validate ${file}\`; --no-validate uploads it anyway.`,
        detail: blockers.map(line).join('\n'),
      },
    );
  for (const finding of failed)
    emit({ type: 'notice', level: 'warning', message: line(finding), hint: finding.fix });
  for (const finding of verdict.findings)
    if (finding.waiver)
      emit({
        type: 'notice',
        level: 'info',
        message: line(finding),
      });
  const os = facts.osRelease;
  const fromImage = os && BASE_SYSTEMS.has(os.id) && os.codename ? `${os.id}/${os.codename}` : undefined;
  const own = imageArchitecture(facts);
  return { size, sha256, identity, baseImage: fromImage, ...(own ? { architecture: `${own}/generic` } : {}) };
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

/** Undefined for a file that was written a moment ago: another write might leave the same times. */
async function settledIdentity(file: string): Promise<string | undefined> {
  const facts = await stat(file, { bigint: true });
  return isFresh(facts) ? undefined : identityOf(facts);
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
