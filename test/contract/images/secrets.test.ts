import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Bench } from './bench.ts';

/** Every spelling in which a secret could lie somewhere. */
function spellings(key: string): string[] {
  const parts = key.split(':');
  return [key, ...parts].flatMap((part) => [
    part,
    encodeURIComponent(part),
    Buffer.from(part).toString('base64').replace(/=+$/, ''),
    Buffer.from(part).toString('hex'),
  ]);
}

function everythingBelow(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${readFileSync(path, 'latin1')}`)
    .join('\n');
}

const STORMY = ['put:1:reset', 'put:2:lost', 'put:3:500', 'put:4:413', 'put:6:409:0.01', 'get:3:502'];

test('an upload through faults writes the key nowhere: output, state, ledger, arguments', async () => {
  const bench = await Bench.open({ family: '3.5', faults: STORMY });
  try {
    const child = bench.child('state');
    const [out, err] = [text(child.stdout!), text(child.stderr!)];
    const argv = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    const written = [await out, await err, argv, everythingBelow(join(bench.dir, 'state'))].join('\n');
    // The haystack is the right one.
    expect(written).toContain('trying again');
    expect(written).toContain('"did":"completed"');
    for (const secret of spellings(bench.sandbox.apiKey)) expect(written).not.toContain(secret);
  } finally {
    await bench.close();
  }
});

test("a wrong secret: MAAS' answer holds the real one, and nothing of ours does", async () => {
  const bench = await Bench.open({ family: '3.5' });
  try {
    const [consumer, token, secret] = bench.sandbox.apiKey.split(':') as [string, string, string];
    const { parseApiKey } = await import('../../../pipeline/maas/api/api-key.ts');
    const key = parseApiKey(`${consumer}:${token}:${'x'.repeat(32)}`, 'here');
    const error = await bench.upload({ key }).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code: 'MAAS_UNAUTHORIZED', exitCode: 7 });
    const said = JSON.stringify([error, String((error as Error).stack), bench.events]);
    expect(said).not.toContain(secret);
  } finally {
    await bench.close();
  }
});
