import { describe, expect, it } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { publicParameters, publicSource } from '../../../pipeline/image/attest/parameters.ts';
import { image } from '../render/example.ts';

describe('the parameters that provenance publishes', () => {
  it('hold no command, path, credential or target', () => {
    registerSecret('registered-secret');
    const text = JSON.stringify(
      publicParameters({
        ...image,
        iso: { source: 'https://me:hunter22@iso.example/a/b.iso?sig=abc#x', sha256: 'b'.repeat(64) },
        lateCommands: { '50_password': ['sh', '-c', 'echo root:letmein | chpasswd'] },
        files: [{ source: '/home/somebody/site.crt', path: '/etc/site.crt', mode: '0644', owner: '0:0' }],
        packages: ['registered-secret'],
        ...{ upload: ['lab-in-berlin'], acceptance: { ...image.acceptance, machines: ['lab-in-berlin'] } },
      }),
    );
    for (const secret of ['hunter22', 'me:', 'sig=abc', 'letmein', 'somebody', 'registered-secret', 'berlin'])
      expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({
      release: image.release,
      iso: { source: 'https://iso.example/a/b.iso', sha256: 'b'.repeat(64) },
      lateCommands: { '50_password': { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      files: [{ source: 'site.crt', path: '/etc/site.crt' }],
    });
  });

  it('name a local medium by its file', () => {
    expect(publicSource('/home/somebody/DGXOS-5.iso')).toBe('DGXOS-5.iso');
  });
});
