import type { Problem } from '../../../config/yaml/problem.ts';
import { keyIdentity, keyProblem } from '../public-key.ts';
import { type SiteRule, twice, wrong } from './rule.ts';

const ACCEPTED = 'one line of a .pub file, such as ssh-ed25519 AAAA… name@host';

export const sshKeysArePublicKeys: SiteRule = (site) =>
  (site.ssh_keys ?? []).flatMap((item, index): Problem[] => {
    const why = 'key' in item ? keyProblem(item.key) : undefined;
    return why === undefined ? [] : [wrong(['ssh_keys', index, 'key'], why, ACCEPTED)];
  });

export const sshKeysAreUnique: SiteRule = (site) =>
  twice(
    site.ssh_keys,
    ['ssh_keys'],
    'key',
    (item) => ('key' in item ? keyIdentity(item.key) : 'file' in item ? item.file : item.import),
    (index) => ['ssh_keys', index],
  );
