import { describe, expect, it } from 'vitest';
import { goodRoot, judged, type Root } from './root.ts';

const TOKEN = '//registry.npmjs.org/:_authToken=npm_abcdefghijklmnop\n';

async function finding(id: string, spoil: (root: Root) => Root) {
  return (await judged(spoil(goodRoot()))).findings.find((f) => f.id === id)!;
}

/** Files that programs write on their own, before anything of one machine is in them. */
describe('a file says something or nothing', () => {
  it.each<[string, string, string, string]>([
    // multipathd 0.9 writes these headers when it starts.
    ['machine-state', 'etc/multipath/wwids', '# Multipath wwids, Version : 1.0\n# Valid WWIDs:\n', 'pass'],
    ['machine-state', 'etc/multipath/bindings', '# Multipath bindings, Version : 1.0\n\n', 'pass'],
    ['machine-state', 'etc/multipath/wwids', '# Valid WWIDs:\n/3600508b4000156d700012000000b0000/\n', 'fail'],
    ['machine-state', 'etc/hostid', '\x01\x02\x03\x04', 'fail'],
    ['leftovers', 'root/.docker/config.json', '{"auths":{},"HttpHeaders":{"User-Agent":"x"}}', 'pass'],
    ['leftovers', 'root/.docker/config.json', '{"auths":{"nvcr.io":{}},"credsStore":"pass"}', 'pass'],
    ['leftovers', 'root/.docker/config.json', '{"auths":{"nvcr.io":{"auth" : "JG9hdXRo"}}}', 'fail'],
    ['leftovers', 'home/u/.docker/config.json', '{"auths":{"a":{"identitytoken":"x"}}}', 'fail'],
    ['leftovers', 'root/.npmrc', 'fund=false\n', 'pass'],
    ['leftovers', 'root/.npmrc', `#${TOKEN}`, 'pass'],
    ['leftovers', 'root/.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n', 'pass'],
    ['leftovers', 'root/.npmrc', `fund=false\n${TOKEN}`, 'fail'],
    ['leftovers', 'usr/etc/npmrc', '_auth = "dXNlcjpwYXNz"\n', 'fail'],
  ])('%s: /%s with %j: %s', async (id, path, text, status) => {
    const found = await finding(id, (r) => r.put(path, text));
    expect(found).toMatchObject({ status });
    if (status === 'fail') expect(found.found).toContain(`/${path}`);
    expect(found.found).not.toMatch(/npm_abc|dXNlcjpw|JG9hdXRo/);
  });
});

describe('modes of system files', () => {
  it.each([
    ['etc', 0o777, 'fail'],
    ['etc/passwd', 0o666, 'fail'],
    ['etc/passwd', 0o664, 'pass'],
    ['curtin/curtin-hooks', 0o777, 'pass'],
    ['root', 0o1777, 'pass'],
  ])('owners: /%s with mode %o: %s', async (path, mode, status) => {
    expect(await finding('owners', (r) => r.change(path, { mode }))).toMatchObject({ status });
  });
});
