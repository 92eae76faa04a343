import { UBUNTU_KEYRING } from '../keyring.ts';
import { path, refused } from '../kinds.ts';
import { absolutePath } from '../paths.ts';
import { type ExampleScope, type Kind, section, setting } from '../setting.ts';
import { NO_SUM, pinned, sha256 } from './pinned.ts';

/** The address at which the release's files are published, for the architecture that it names first. */
const published = ({ release }: ExampleScope) => Object.values(release.archive?.sources ?? {})[0];

/** The path of a keyring, or `none`. */
const keyring: Kind<string, string> = {
  ...path('a path, or none'),
  read: (written, base) => (written === 'none' ? written : absolutePath(written, base)),
};

/** The files that an installation from archives starts from. */
export const ARCHIVE = {
  root: section({
    help: 'A root file system as a tar, such as that of an Ubuntu cloud image.',
    required: true,
    fields: {
      ...pinned('the root', (scope) => published(scope)?.root ?? 'root.tar.xz'),
      sha256: setting({
        kind: sha256,
        default: null,
        help: 'SHA-256 of the whole file.',
        details:
          'It may be left out where a SHA256SUMS with a valid signature lies beside the file. Where there are both, both must agree.',
        example: NO_SUM,
        note: () => 'Put the output of sha256sum here, or the one of a signed SHA256SUMS; zeros never match.',
        inTemplate: () => 'live',
      }),
      keyring: setting({
        kind: keyring,
        default: null,
        defaultText: "Ubuntu's for cloud images, where the package ubuntu-keyring is installed",
        help: 'Keyring for the signature of the SHA256SUMS beside the root, or none.',
        details: 'With a path a valid signature is required; with none the sha256 alone counts.',
        example: UBUNTU_KEYRING,
        inTemplate: () => 'commented',
      }),
    },
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
    inTemplate: () => 'commented',
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
      if (!isPlainUrl(from))
        return [{ ...refused(at, ACCEPTED, 'the key is not the URL of an archive'), at: 'key' as const }];
      // A password may stand in it: it is not repeated.
      return isPlainUrl(to) ? [] : [refused(at, ACCEPTED, 'the mirror is not such a URL')];
    }),
};

/** Whether a URL may stand in a list of apt sources as it is. */
export function isPlainUrl(url: string): boolean {
  return PLAIN_URL.test(url) && URL.canParse(url);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
