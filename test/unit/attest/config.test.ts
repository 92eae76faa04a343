import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { faultText } from '../../../pipeline/report/text/fault-text.ts';
import { faultOf, folder, load } from '../config/written.ts';

const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the keys of the configuration', () => {
  it('are paths from its folder, and none where nothing is said', async () => {
    const cwd = folder();
    const { config } = await load('sign: { key_file: k.pem }\nverify: { public_key: /pub/k.pub }\n', { cwd });
    expect(config.sign).toEqual({ keyFile: join(cwd, 'k.pem') });
    expect(config.verify).toEqual({ publicKey: '/pub/k.pub' });
    expect((await load('images: {}\n')).config).toMatchObject({
      sign: { keyFile: null },
      verify: { publicKey: null },
    });
  });

  it.each([
    ['as a block', `sign:\n  key_file: |\n${pem.replace(/^/gm, '    ')}\n`],
    ['on one line', `sign: { key_file: ${JSON.stringify(pem)} }\n`],
    ['without its frame', `sign: { key: "${pem.split('\n')[1]}" }\n`],
    ['in place of the setting', `sign: "${pem.split('\n')[1]}"\n`],
  ])('refuse the private key itself %s, and repeat nothing of it', async (_, text) => {
    const fault = await faultOf(text);
    expect(fault.exitCode).toBe(3);
    const secret = pem.split('\n')[1]!;
    for (const said of [JSON.stringify(fault), faultText(fault, paint(false))])
      expect(said).not.toContain(secret.slice(0, 20));
  });
});
