import { PackageURL } from 'packageurl-js';
import { describe, expect, it } from 'vitest';
import { debPurl } from '../../../pipeline/image/attest/purl.ts';
import fc from '../../property.ts';

const FOCAL = { id: 'ubuntu', versionId: '20.04', codename: 'focal', name: 'Ubuntu 20.04.6 LTS' };

describe('the package URL of a Debian package', () => {
  it.each([
    ['bash', '5.0-6ubuntu1', 'amd64', 'pkg:deb/ubuntu/bash@5.0-6ubuntu1?arch=amd64&distro=focal'],
    ['dbus', '1:1.2+b1~rc', 'all', 'pkg:deb/ubuntu/dbus@1:1.2%2Bb1~rc?arch=all&distro=focal'],
    ['libstdc++6', '', '', 'pkg:deb/ubuntu/libstdc%2B%2B6?distro=focal'],
  ])('%s %s %s', (name, version, arch, purl) => {
    expect(debPurl({ name, version, arch }, FOCAL)).toBe(purl);
  });

  it('takes the version of a system without a codename, and leaves out what is not known', () => {
    const bash = { name: 'bash', version: '5', arch: 'amd64' };
    expect(debPurl(bash, { ...FOCAL, codename: '' })).toContain('distro=20.04');
    expect(debPurl(bash, null)).toBe('pkg:deb/bash@5?arch=amd64');
    expect(debPurl({ ...bash, arch: '' }, null)).toBe('pkg:deb/bash@5');
  });

  it('is read back by the reference implementation, whatever the parts are', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((s) => s.toWellFormed());
    // The reference trims and splits around slashes, and folds the case of names.
    const part = text.filter((s) => s === s.trim() && !s.includes('/') && s === s.toLowerCase());
    fc.assert(
      fc.property(part, part, part, part, (name, version, arch, codename) => {
        const purl = debPurl({ name, version, arch }, { ...FOCAL, codename });
        expect(purl).toMatch(/^pkg:deb\/ubuntu\/[\w.~:%-]+@[\w.~:%-]+\?arch=[\w.~:%-]+&distro=[\w.~:%-]+$/);
        const read = PackageURL.fromString(purl);
        expect({ ...read, qualifiers: { ...read.qualifiers } }).toMatchObject({
          type: 'deb',
          namespace: 'ubuntu',
          name,
          version,
          qualifiers: { arch, distro: codename },
        });
      }),
    );
  });
});
