import { path, refused, text } from '../kinds.ts';
import { mapping } from '../mapping.ts';
import { absolutePath } from '../paths.ts';
import { type Kind, setting } from '../setting.ts';
import type { Path, Problem } from '../yaml/problem.ts';
import { isPlainUrl } from './archive.ts';

/** MAAS' system to install from, as three files of this host. */
export interface EphemeralFiles {
  kernel: string;
  initrd: string;
  squashfs: string;
}

/** The choice among what a mirror or a MAAS has. */
interface Wanted {
  /** Of Ubuntu, such as `jammy`; null: that of the base image. */
  series: string | null;
  /** The kernel, as MAAS names it; null: `ga-NN.04`, which MAAS boots too where a machine asks for none. */
  subarch: string | null;
  /** Null: the newest. */
  version: string | null;
}

export type MirrorEphemeral = Wanted & {
  from: 'mirror';
  /** The URL above `streams/v1/`, without a slash at its end. */
  mirror: string;
  /** A path, or `none`; null: Ubuntu's for images. */
  keyring: string | null;
};

export type MaasEphemeral = Wanted & {
  from: 'maas';
  /** The name of a target; null: the only one. */
  target: string | null;
};

/** The place that MAAS' system to install from is taken from. */
export type EphemeralSource = EphemeralFiles | MirrorEphemeral | MaasEphemeral;

const FILE = 'of the base image, as MAAS has it.';
const optional = { default: null, defaultText: '' };

const EPHEMERAL = {
  kernel: setting({
    kind: path(),
    ...optional,
    help: `The file boot-kernel ${FILE}`,
    example: 'boot-kernel',
  }),
  initrd: setting({
    kind: path(),
    ...optional,
    help: `The file boot-initrd ${FILE}`,
    example: 'boot-initrd',
  }),
  squashfs: setting({ kind: path(), ...optional, help: `The file squashfs ${FILE}`, example: 'squashfs' }),
  mirror: setting({
    kind: text(),
    ...optional,
    help: 'URL of a simplestreams mirror, the folder that has `streams/v1`.',
    example: 'http://images.maas.io/ephemeral-v3/stable',
  }),
  keyring: setting({
    kind: text(),
    default: null,
    defaultText: "Ubuntu's for images, of the package ubuntu-keyring",
    help: "Keyring of the mirror's signature, or none: the index is taken unsigned.",
    example: 'keyring.gpg',
  }),
  maas: setting({
    kind: { ...text(), accepts: 'the name of a target, or nothing', schema: { type: 'string' } },
    ...optional,
    help: 'Name of the target whose imported images are taken; where there is one target alone, it need not be named.',
    example: 'lab',
  }),
  series: setting({
    kind: text(),
    default: null,
    defaultText: 'that of the base image',
    help: 'Series of Ubuntu; needed where the base image is another system, for which MAAS boots the series that it commissions with.',
    example: 'jammy',
  }),
  subarch: setting({
    kind: text(),
    default: null,
    defaultText: 'ga-NN.04 of the series',
    help: 'Kernel, as MAAS names it.',
    example: 'hwe-22.04',
  }),
  version: setting({
    kind: text(),
    default: null,
    defaultText: 'the newest',
    help: 'Version of the image, which pins it.',
    example: '20260801',
  }),
};

type RawEphemeral = Partial<Record<keyof typeof EPHEMERAL, string>>;

const FILES = ['kernel', 'initrd', 'squashfs'] as const;
const CHOICES = ['series', 'subarch', 'version'] as const;
/** A name as MAAS and simplestreams have it, which may be a part of a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const ACCEPTED =
  'kernel=FILE,initrd=FILE,squashfs=FILE, or mirror=URL (with keyring=FILE), or maas=TARGET; the last two with series=, subarch=, version=';

/** Three files, a mirror, or a MAAS. */
export const ephemeral: Kind<RawEphemeral, EphemeralSource> = {
  ...(mapping(EPHEMERAL) as unknown as Kind<RawEphemeral, EphemeralSource>),
  accepts: ACCEPTED,
  read(written, base) {
    const { kernel, initrd, squashfs, mirror, maas, keyring = null } = written;
    if (kernel !== undefined && initrd !== undefined && squashfs !== undefined)
      return {
        kernel: absolutePath(kernel, base),
        initrd: absolutePath(initrd, base),
        squashfs: absolutePath(squashfs, base),
      };
    const { series = null, subarch = null, version = null } = written;
    const wanted = { series, subarch, version };
    if (mirror === undefined) return { from: 'maas', target: maas || null, ...wanted };
    const isPath = keyring !== null && keyring !== 'none';
    return {
      from: 'mirror',
      mirror: withoutIndex(mirror),
      keyring: isPath ? absolutePath(keyring, base) : keyring,
      ...wanted,
    };
  },
  write(value) {
    if (!('from' in value)) return { ...value };
    const { series, subarch, version } = value;
    const place =
      value.from === 'maas'
        ? { maas: value.target ?? '' }
        : { mirror: value.mirror, ...(value.keyring !== null && { keyring: value.keyring }) };
    return {
      ...place,
      ...(series !== null && { series }),
      ...(subarch !== null && { subarch }),
      ...(version !== null && { version }),
    };
  },
  parse(given) {
    const written: RawEphemeral = {};
    for (const part of given.split(',')) {
      const [, name = '', value] = /^([a-z]+)(?:=(.+))?$/s.exec(part) ?? [];
      const word = value ?? (name === 'maas' && part === 'maas' ? '' : undefined);
      if (!Object.hasOwn(EPHEMERAL, name) || Object.hasOwn(written, name) || word === undefined)
        return undefined;
      written[name as keyof RawEphemeral] = word;
    }
    return problemsOf(written, []).length > 0 ? undefined : written;
  },
  problems: problemsOf,
};

/** MAAS' own boot sources may name the index itself. */
function withoutIndex(mirror: string): string {
  return mirror
    .replace(/\/+$/, '')
    .replace(/\/streams\/v1(?:\/index\.s?json)?$/, '')
    .replace(/\/+$/, '');
}

function problemsOf(written: RawEphemeral, at: Path): Problem[] {
  const given = (name: keyof RawEphemeral) => written[name] !== undefined;
  const ways = [FILES.some(given), given('mirror'), given('maas')].filter(Boolean).length;
  if (ways !== 1)
    return [
      refused(at, ACCEPTED, ways === 0 ? 'none of the three ways is there' : 'it names more than one way'),
    ];
  const missing = FILES.filter((name) => !given(name));
  if (missing.length < FILES.length) {
    if (missing.length > 0) return [refused(at, ACCEPTED, `${missing.join(' and ')} missing`)];
    const more = (['keyring', ...CHOICES] as const).filter(given);
    return more.length > 0
      ? [refused([...at, more[0] as string], 'nothing beside the files', `${more[0]} is for mirror and maas`)]
      : [];
  }
  const problems: Problem[] = [];
  if (written.mirror !== undefined && !isPlainUrl(written.mirror))
    problems.push(
      // A password may stand in it: it is not repeated.
      refused(
        [...at, 'mirror'],
        'a URL such as http://images.maas.io/ephemeral-v3/stable, without user, password and query',
        'it is not such a URL',
      ),
    );
  if (given('maas') && given('keyring'))
    problems.push(refused([...at, 'keyring'], 'nothing: MAAS signs no index', 'keyring is for mirror'));
  for (const name of CHOICES)
    if (given(name) && !NAME.test(written[name] as string))
      problems.push(
        refused([...at, name], 'a name of letters, digits, dots and dashes', 'it is not such a name'),
      );
  return problems;
}
