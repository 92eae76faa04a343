import { compareVersions } from '../parsers/version.ts';

interface DebianVersion {
  epoch: bigint;
  upstream: string;
  revision: string;
}

/** `[epoch:]upstream[-revision]` of deb-version(7): the epoch ends at the first colon, the revision starts after the last hyphen. */
function parts(version: string): DebianVersion {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? [];
  const hyphen = rest.lastIndexOf('-');
  return hyphen < 0
    ? { epoch: BigInt(epoch), upstream: rest, revision: '' }
    : { epoch: BigInt(epoch), upstream: rest.slice(0, hyphen), revision: rest.slice(hyphen + 1) };
}

/** Orders two package versions as `dpkg --compare-versions` does. @returns below, at or above zero */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  if (left.epoch !== right.epoch) return left.epoch < right.epoch ? -1 : 1;
  return compareVersions(left.upstream, right.upstream) || compareVersions(left.revision, right.revision);
}
