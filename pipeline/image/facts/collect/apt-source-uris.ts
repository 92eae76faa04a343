import type { AptConfig } from '../../parsers/apt-conf.ts';
import type { AptSource } from '../../parsers/apt-sources.ts';
import { authority, hostScope } from '../../parsers/hosts.ts';
import { aptBoolean, strip } from '../../parsers/quote-word.ts';
import { normalise } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';
import type { AptDefect } from './apt.ts';
import { aptPath } from './apt-settings.ts';

type UriDefect = Pick<AptDefect, 'reason' | 'severity'>;

const METHODS = 'usr/lib/apt/methods';

/** Defects of the locations of a source, and of options that let apt trust them without a check. */
export function sourceDefects(source: AptSource, image: { tree: Tree; files: KeptFiles; config: AptConfig }) {
  const found: (UriDefect & { uri: string })[] = [];
  for (const uri of source.uris.slice(0, 50))
    for (const defect of uriDefects(uri, image)) found.push({ uri, ...defect });
  const uri = source.uris[0] ?? '';
  for (const defect of optionDefects(source.options, image.tree)) found.push({ uri, ...defect });
  return found;
}

function uriDefects(
  uri: string,
  image: { tree: Tree; files: KeptFiles; config: AptConfig },
  nested = false,
): UriDefect[] {
  const { tree, files, config } = image;
  const scheme = uri.slice(0, Math.max(uri.indexOf(':'), 0));
  const path = decoded(uri.slice(scheme.length + 1));
  const missing = tree.isDirectory(METHODS) ? !tree.exists(`${METHODS}/${scheme}`) : /[A-Z]/.test(scheme);
  if (missing) return [{ severity: 'blocker', reason: `apt has no method "${scheme.slice(0, 40)}"` }];
  if (scheme === 'cdrom') {
    const mount = aptPath(config, 'Acquire::cdrom::mount');
    return [`${mount}/dists`, `${mount}/.disk`].some((at) => tree.exists(at))
      ? [{ severity: 'warning', reason: `the medium lies in the image, in /${mount}` }]
      : [{ severity: 'blocker', reason: 'cdrom: is on the build machine only' }];
  }
  if (scheme === 'file' || scheme === 'copy')
    return tree.exists(normalise(path.replace(/^\/+/, '')))
      ? [
          {
            severity: 'warning',
            reason: `${scheme}: is a folder of the image: nothing will ever be newer there`,
          },
        ]
      : [{ severity: 'blocker', reason: `${scheme}: is on the build machine only` }];
  if (scheme === 'mirror+file' && !nested) {
    const list = files.text(normalise(path.replace(/^\/+/, '')));
    if (list === null)
      return [{ severity: 'blocker', reason: 'the list of mirrors of a source is not in the image' }];
    return list
      .split('\n', 100)
      .map((line) => strip(line).split(/[ \t]/, 1)[0]!)
      .filter((mirror) => mirror.includes(':'))
      .flatMap((mirror) => uriDefects(mirror.slice(0, 1000), image, true));
  }
  const place = authority(uri);
  if (!place) return [];
  const defects: UriDefect[] = [];
  const scope = hostScope(place.host);
  if (scope === 'build') defects.push({ severity: 'blocker', reason: `${place.host} is the build machine` });
  if (scope === 'private')
    defects.push({
      severity: 'warning',
      reason: `${place.host.slice(0, 80)} is known in some networks only`,
    });
  if (place.password)
    defects.push({ severity: 'major', reason: 'everybody with the image has the password of an archive' });
  return defects;
}

function optionDefects(options: ReadonlyMap<string, string>, tree: Tree): UriDefect[] {
  const defects: UriDefect[] = [];
  const on = (name: string) => aptBoolean(options.get(name) ?? '') === true;
  const off = (name: string) => aptBoolean(options.get(name) ?? '') === false;
  for (const name of ['trusted', 'allow-insecure'])
    if (on(name))
      defects.push({ severity: 'blocker', reason: `apt takes packages that nobody signed, by ${name}=yes` });
  for (const name of ['allow-weak', 'allow-downgrade-to-insecure'])
    if (on(name))
      defects.push({
        severity: 'major',
        reason: `apt takes packages that are not well signed, by ${name}=yes`,
      });
  for (const name of ['check-valid-until', 'check-date'])
    if (off(name))
      defects.push({ severity: 'warning', reason: `apt takes old states of the archive, by ${name}=no` });
  const keys = options.get('signed-by') ?? '';
  if (keys.startsWith('-----BEGIN PGP')) return defects;
  for (const key of keys.split(/[\s,]+/, 20).filter(Boolean)) {
    const name = key.slice(0, 100);
    if (key.startsWith('/')) {
      if (!tree.exists(normalise(key.slice(1))))
        defects.push({
          severity: 'blocker',
          reason: `a source is signed by ${name}, which is not in the image`,
        });
    } else if (!/^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40})!?$/.test(key))
      defects.push({
        severity: 'blocker',
        reason: `apt stops: signed-by ${name} is neither a path nor a fingerprint`,
      });
  }
  return defects;
}

function decoded(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
