import { path, refused } from '../kinds.ts';
import { type ExampleScope, type Kind, section, setting } from '../setting.ts';
import { pinned } from './pinned.ts';

/** The address at which the release's files are published, for the architecture that it names first. */
const published = ({ release }: ExampleScope) => Object.values(release.archive?.sources ?? {})[0];

/** The files that an installation from archives starts from. */
export const ARCHIVE = {
  root: section({
    help: 'A root file system as a tar, such as that of an Ubuntu cloud image.',
    required: true,
    fields: pinned('the root', (scope) => published(scope)?.root ?? 'root.tar.xz'),
  }),
  repository: section({
    help: 'A tar of apt sources, keys and preferences that is unpacked over it.',
    required: true,
    fields: pinned(
      "NVIDIA's dgx-repo-files.tgz",
      (scope) => published(scope)?.repository ?? 'repo-files.tgz',
    ),
  }),
  lock: setting({
    kind: path(),
    default: null,
    help: 'Provenance of an earlier build: exactly its packages are installed again.',
    details:
      'NAME.provenance.json or NAME.sig.json. Where an archive no longer has one of them, the build fails and names it.',
    flag: '--locked <file>',
    example: 'h100.provenance.json',
  }),
};

const ACCEPTED = 'a URL such as http://mirror.example/ubuntu, without user, password and query';

/** Letters that neither a shell, nor sed, nor a list of sources reads as anything else. */
const PLAIN_URL = /^https?:\/\/[A-Za-z0-9[][A-Za-z0-9.:_~%+/[\]-]*$/;

/** Mirrors by the beginning of the URLs that they stand for. */
export const mirrors: Kind<Record<string, string>, Record<string, string>> = {
  schema: { type: 'object', additionalProperties: { type: 'string' } },
  accepts: 'a mapping from the URL of an archive to that of its mirror',
  read: (written) => Object.fromEntries(Object.entries(written).map((pair) => pair.map(withoutSlash))),
  write: (value) => value,
  problems: (written, place) =>
    Object.entries(written).flatMap(([from, to]) => {
      const at = [...place, from];
      if (!isPlain(from))
        return [{ ...refused(at, ACCEPTED, 'the key is not the URL of an archive'), at: 'key' as const }];
      // A password may stand in it: it is not repeated.
      return isPlain(to) ? [] : [refused(at, ACCEPTED, 'the mirror is not such a URL')];
    }),
};

function isPlain(url: string): boolean {
  return PLAIN_URL.test(url) && URL.canParse(url);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
