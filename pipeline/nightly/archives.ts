import type { ImageConfig, Release } from '../config/types.ts';
import { readBoundedText } from '../host/files/regular.ts';
import { type AptSource, parseAptSources, parseSourcesList } from '../image/parsers/apt-sources.ts';

/** Asked in one night for one image; more would be a list of something else. */
const MOST = 32;

/** The sources that templates/curtin/apt-sources.sh adds while `packages:` are installed, by the architecture's archive. */
const UBUNTU = {
  main: ['http://archive.ubuntu.com/ubuntu', 'http://security.ubuntu.com/ubuntu'],
  ports: ['http://ports.ubuntu.com/ubuntu-ports', 'http://ports.ubuntu.com/ubuntu-ports'],
} as const;

type Known = Pick<ImageConfig, 'packages' | 'files' | 'lateCommands' | 'resource'>;

/**
 * Folders of the Release files of every archive that a build is known to use: of `packages:`, of lists of sources among
 * `files:`, and of lines that `late_commands:` write. What the ISO itself brings is not known before a build.
 */
export async function archivesOf(image: Known, release: Release): Promise<URL[]> {
  const entries: AptSource[] = [];
  for (const { path, source } of image.files)
    if (/^\/etc\/apt\/(sources\.list|sources\.list\.d\/[^/]+\.(list|sources))$/.test(path))
      entries.push(...parseAptSources(await readBoundedText(source).catch(() => ''), path).sources);
  for (const command of Object.values(image.lateCommands))
    entries.push(...linesIn([command].flat().join('\n')));
  if (image.packages.length > 0) entries.push(...ofPackages(image, release));
  const found = new Map<string, URL>();
  for (const { types, uris, suites } of entries)
    if (types.includes('deb'))
      for (const uri of uris)
        for (const suite of suites) {
          const url = folderOf(uri, suite);
          if (url && found.size < MOST) found.set(url.href, url);
        }
  return [...found.values()];
}

function ofPackages({ resource }: Known, { baseImage, ubuntu }: Release): AptSource[] {
  // The demo's root is a Debian below an Ubuntu name: its codename says nothing.
  if (baseImage !== `ubuntu/${ubuntu.codename}` || resource.baseImage !== baseImage) return [];
  const [main, security] = UBUNTU[/^(amd64|i386)\b/.test(resource.architecture) ? 'main' : 'ports'];
  return parseSourcesList(
    [
      `deb ${main} ${ubuntu.codename} main`,
      `deb ${main} ${ubuntu.codename}-updates main`,
      `deb ${security} ${ubuntu.codename}-security main`,
    ].join('\n'),
  ).sources;
}

/** `deb …` up to a quote, a redirection or the end of the command; with variables in it nobody knows what it means. */
function linesIn(commands: string): AptSource[] {
  return commands
    .split(/["'\n>|;&]|\\n/)
    .map((piece) => piece.slice(Math.max(0, piece.indexOf('deb '))).trim())
    .filter((piece) => piece.startsWith('deb ') && !/[$`]/.test(piece))
    .flatMap((piece) => parseSourcesList(piece).sources);
}

/** `URI/dists/SUITE/`, or for a flat archive `URI/PATH/`; undefined for what cannot be asked by HTTP. */
function folderOf(uri: string, suite: string): URL | undefined {
  const base = `${uri.replace(/\/+$/, '')}/`;
  const href = suite.endsWith('/') ? `${base}${suite.replace(/^\/+/, '')}` : `${base}dists/${suite}/`;
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}
