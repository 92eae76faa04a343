import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startedKernel } from '../../../pipeline/maas/acceptance/kernel.ts';
import { checkKeys } from '../../../pipeline/maas/acceptance/keys.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const OURS = 'ssh-ed25519 AAAAours';

function keyFile(publicHalf = `${OURS} me@desk\n`): string {
  const path = join(dir, 'id');
  writeFileSync(path, 'private', { mode: 0o600 });
  writeFileSync(`${path}.pub`, publicHalf);
  return path;
}

const check = (answer: unknown, file: string | null) =>
  checkKeys({ get: async () => answer } as unknown as MaasClient, file);

describe('the SSH keys of the MAAS user who deploys', () => {
  test('have ours among them, whatever its comment', async () => {
    const keys = [{ key: 'ssh-rsa AAAAother x' }, { key: `${OURS}  somebody` }];
    expect(await check(keys, keyFile())).toBe(true);
    expect(await check(keys, keyFile(`  ${OURS}`))).toBe(true);
  });

  test('are not compared with an agent’s', async () => {
    expect(await check([{ key: 'ssh-rsa AAAAother' }], null)).toBe(false);
  });

  test.each([[[]], [null], [{}]])('are none (%j)', async (answer) => {
    await expect(check(answer, null)).rejects.toMatchObject({
      code: 'SSH_DENIED',
      message: expect.stringContaining('has no SSH key'),
    });
  });

  test.each([[[{ key: 'ssh-rsa AAAAours' }]], [[null]], [[{ key: 'ssh-ed25519 AAAAour' }]]])(
    'are others (%j)',
    async (answer) => {
      const file = keyFile();
      await expect(check(answer, file)).rejects.toMatchObject({
        code: 'SSH_DENIED',
        message: `The public key of ${file} is not among the SSH keys of the MAAS user who deploys`,
      });
    },
  );

  test('are of no use without the private half', async () => {
    const file = keyFile();
    rmSync(file);
    await expect(check([{ key: OURS }], file)).rejects.toMatchObject({ code: 'SSH_KEY_UNUSABLE' });
    chmodSync(dir, 0o700);
  });
});

describe('the kernel that an image starts', () => {
  const kernel = (version: string) => ({ version });
  test.each<[object, string | null]>([
    [{}, null],
    [{ boot: {}, kernels: [kernel('5.4')] }, '5.4'],
    [{ boot: {}, kernels: [kernel('5.4'), kernel('5.15')] }, null],
    [{ boot: { defaultKernel: kernel('5.15') }, kernels: [kernel('5.4'), kernel('5.15')] }, '5.15'],
    [{ boot: { defaultKernel: kernel('5.15') }, kernels: [kernel('5.4')] }, '5.15'],
    [{ kernels: [] }, null],
  ])('of %j is %s', (facts, expected) => {
    expect(startedKernel(facts as Parameters<typeof startedKernel>[0])).toBe(expected);
  });
});
