import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkKeys } from '../../../pipeline/maas/acceptance/keys.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { keyPair } from '../ssh/key-pair.ts';

const pair = (passphrase?: string) =>
  keyPair(passphrase ? { passphrase, cipher: 'aes256-ctr', rounds: 2 } : undefined);
const maasWith = (key: string) => ({ get: async () => [{ id: 1, key }] }) as unknown as MaasClient;
function keyFile(content: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'key-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'id'), content, { mode: 0o600 });
  return join(dir, 'id');
}

it('a private key without its .pub is compared with the keys that MAAS knows', async () => {
  const keys = pair();
  const file = keyFile(keys.private);
  expect(await checkKeys(maasWith(`${keys.public} a comment`), file)).toBe(true);
  await expect(checkKeys(maasWith(pair().public), file)).rejects.toMatchObject({
    code: 'SSH_DENIED',
    message: expect.stringContaining('is not among'),
  });
});

it('of one that only an agent can open nothing is certain', async () => {
  expect(await checkKeys(maasWith(pair().public), keyFile(pair('a word').private))).toBe(false);
});
