import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AcceptanceConfig, ImageConfig, Release } from '../../../pipeline/config/types.ts';
import { checkAcceptance, checkMachines } from '../../../pipeline/maas/acceptance/preflight.ts';
import type { ChosenTarget } from '../../../pipeline/maas/images/choose-targets.ts';

const config = (more: object, keyFile: string | null = null) =>
  ({ machines: [], tags: [], checksFile: null, ssh: { keyFile }, ...more }) as unknown as AcceptanceConfig;

describe('before a build, an acceptance', () => {
  test.each<[string, object, string | null, string]>([
    ['no machine and no tag', {}, null, 'USAGE'],
    ['a machine, and a key that is not there', { machines: ['gpu01'] }, '/none', 'SSH_KEY_UNUSABLE'],
    ['a tag, and a key that is not there', { tags: ['dgx'] }, '/none', 'SSH_KEY_UNUSABLE'],
    ['checks that are not there', { tags: ['dgx'], checksFile: '/none' }, '/none', 'CONFIG_NOT_FOUND'],
  ])('with %s is refused', async (_what, more, keyFile, code) => {
    await expect(checkAcceptance(config(more, keyFile))).rejects.toMatchObject({ code });
  });

  test('on a MAAS that refuses us is refused, and one that is away is left for later', async () => {
    const looked = async (status: number) => {
      const server = createServer((_, answer) => void answer.writeHead(status).end('x')).listen(
        0,
        '127.0.0.1',
      );
      onTestFinished(() => void server.closeAllConnections());
      onTestFinished(() => void server.close());
      await new Promise((ready) => server.once('listening', ready));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/MAAS`;
      const key = { consumerKey: 'a', tokenKey: 'b', tokenSecret: 'c' };
      const target = { target: { name: 'lab', url, caCert: null }, key } as unknown as ChosenTarget;
      return checkMachines([target], {
        image: {
          acceptance: config({ tags: ['dgx'] }),
          resource: { architecture: 'amd64/generic' },
        } as unknown as ImageConfig,
        release: { profile: 'dgxos5' } as Release,
        signal: new AbortController().signal,
      });
    };
    await expect(looked(401)).rejects.toMatchObject({ exitCode: 7 });
    await looked(503);
  });
});
