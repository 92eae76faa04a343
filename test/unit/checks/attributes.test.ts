import { describe, expect, it } from 'vitest';
import { goodRoot, judged, NET_RAW, type Root } from './root.ts';

async function attributes(spoil: (root: Root) => unknown) {
  const root = goodRoot();
  spoil(root);
  return (await judged(root)).findings.find((f) => f.id === 'attributes')!;
}
const capability = (hex: string) => ({
  pax: { 'SCHILY.xattr.security.capability': Buffer.from(hex, 'hex') },
});
// system.posix_acl_access of `setfacl -m g:adm:rx`.
const ACL = Buffer.from(
  '0200000001000700ffffffff04000500ffffffff080005000400000010000700ffffffff20000500ffffffff',
  'hex',
);

describe('attributes', () => {
  it.each([
    // The output of `getcap -n`, and the privileges on the machine.
    ['version 3 with root id 0', '010000030020000000000000000000000000000000000000', null],
    [
      'version 3 with another root id',
      '0100000300200000000000000000000000000000a0860100',
      /cap_net_raw=ep \[rootid=100000\].*another user namespace/,
    ],
    ['version 1, which the kernel refuses', '010000010020000000000000', /0x010000010020/],
    ['a flag that the kernel refuses', 'ff00000200200000000000000000000000000000', /0xff000002/],
    ['nothing at all', '0100000200000000000000000000000000000000', /: =: damaged, or of no effect/],
  ])('a capability of %s', async (_how, hex, found) => {
    const finding = await attributes((r) => r.change('usr/bin/ping', capability(hex)));
    if (found === null) expect(finding).toMatchObject({ status: 'pass' });
    else {
      expect(finding).toMatchObject({ status: 'fail', severity: 'major' });
      expect(finding.found).toMatch(found);
      expect(finding.items?.map((i) => i.subject)).toEqual(['/usr/bin/ping']);
    }
  });

  it('finds lost capabilities whatever else has some, and whatever ACLs there are', async () => {
    const finding = await attributes((r) =>
      r
        .change('usr/bin/ping', { pax: {} })
        .put('usr/bin/mtr-packet', 'x', { mode: 0o755 })
        .put('usr/bin/fping', 'x', { mode: 0o4755 })
        .put('usr/bin/arping', 'x', { mode: 0o755 })
        .put('usr/bin/other', 'x', { pax: { 'SCHILY.xattr.security.capability': NET_RAW } })
        .put('x', 'x', { pax: { 'SCHILY.acl.access': 'user::rw-\nuser:alice:rw-\n' } })
        .package('mtr-tiny')
        .package('fping'),
    );
    expect(finding.items?.map((i) => [i.subject, i.severity])).toEqual([
      ['/usr/bin/ping', 'major'],
      ['/usr/bin/mtr-packet', 'major'],
      ['acls', 'warning'],
    ]);
  });

  it.each([
    ['as an attribute', { 'SCHILY.xattr.system.posix_acl_access': ACL }],
    [
      'both ways',
      { 'SCHILY.xattr.system.posix_acl_access': ACL, 'SCHILY.acl.access': 'user::rwx\ngroup:adm:r-x\n' },
    ],
    ['that says no more than the mode', { 'SCHILY.acl.access': 'user::rwx,group::r-x,other::r-x' }],
  ])('finds nothing wrong with an ACL %s', async (_how, pax) => {
    expect(await attributes((r) => r.put('x', 'x', { pax }))).toMatchObject({ status: 'pass' });
  });

  it('finds nothing wrong with the journal’s ACLs, which are set at every boot', async () => {
    const pax = {
      'SCHILY.acl.access': 'user::rwx\ngroup:adm:r-x\n',
      'SCHILY.acl.default': 'group:adm:r-x\n',
    };
    expect(await attributes((r) => r.dir('var/log/journal', { pax }))).toMatchObject({ status: 'pass' });
  });

  it('finds an ACL for new members of a folder that is written as text only', async () => {
    const finding = await attributes((r) => r.dir('srv', { pax: { 'SCHILY.acl.default': 'user::rwx\n' } }));
    expect(finding.found).toMatch(/text only: \/srv/);
  });
});
