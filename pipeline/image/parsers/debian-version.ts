import { compareNumbers, compareVersions } from './version.ts';

interface DebianVersion {
  epoch: string;
  upstream: string;
  revision: string;
}

/** `[epoch:]upstream[-revision]` of deb-version(7): the epoch ends at the first colon, the revision starts after the last hyphen. */
function parts(version: string): DebianVersion {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? [];
  const hyphen = rest.lastIndexOf('-');
  return hyphen === -1
    ? { epoch: epoch, upstream: rest, revision: '' }
    : { epoch: epoch, upstream: rest.slice(0, hyphen), revision: rest.slice(hyphen + 1) };
}

/** Orders two package versions as `dpkg --compare-versions` does. @returns below, at or above zero */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareVersions(left.upstream, right.upstream) ||
    compareVersions(left.revision, right.revision)
  );
}
