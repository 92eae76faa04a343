import { appendFile, chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Config } from '../../../pipeline/config/types.ts';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { pack } from '../../../pipeline/stages/pack.ts';
import { preflight } from '../../../pipeline/stages/preflight.ts';
import type { RunRequest } from '../../../pipeline/stages/run/runner.ts';
import { STAGES } from '../../../pipeline/stages/table.ts';
import type { StageContext } from '../../../pipeline/stages/types.ts';
import { counted, resolved } from '../../../pipeline/workspace/fingerprint.ts';
import { dgxos5, image } from '../../unit/render/example.ts';
import { cli } from '../config/cli.ts';
import { built, folder, rootTar } from './attested.ts';

/** The inputs of the stage, with the key that the configuration names. */
async function inputsWith(keyFile: string | null, events: Event[] = []) {
  const declared = await pack.inputs({
    config: { sign: { keyFile } } as Config,
    image,
    release: dgxos5,
    output: () => ({ buildId: 'b', root: {}, origin: {} }),
    emit: (event: Event) => events.push(event),
    env: {},
  } as unknown as StageContext<'pack'>);
  return counted(declared);
}

it('packing is done again when another key signs, and the record holds nothing of the key', async () => {
  const dir = await folder();
  for (const name of ['a', 'b']) await cli(dir, ['keygen', '--out', name]);
  await chmod(join(dir, 'a'), 0o644);
  const events: Event[] = [];
  const [none, a, b] = [
    await inputsWith(null),
    await inputsWith(join(dir, 'a'), events),
    await inputsWith(join(dir, 'b')),
  ];
  expect(none.signingKey).toBeNull();
  expect(a.signingKey).toMatch(/^[0-9a-f]{64}$/);
  expect(b.signingKey).not.toBe(a.signingKey);
  // Deciding is asked often; packing warns once.
  expect(events).toEqual([]);
  const secret = (await readFile(join(dir, 'a'), 'utf8')).split('\n')[1]!;
  expect(JSON.stringify(a)).not.toContain(secret);
});

it('a signing key that cannot be used is found before the build, and only where something is packed', async () => {
  const until = (stage: 'render' | 'pack') =>
    preflight({
      config: { sign: { keyFile: '/nowhere/key' } } as Config,
      image,
      stages: STAGES,
      selection: { until: stage },
      env: {},
    } as unknown as RunRequest);
  await expect(until('pack')).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID', exitCode: 3 });
  await until('render');
});

it('an artifact packed with a key is signed for `verify`, and not when a byte of it changes', async () => {
  const dir = await folder();
  await cli(dir, ['keygen', '--out', 'key']);
  const root = await rootTar(dir);
  const io = { dir, emit: () => {}, signal: new AbortController().signal, env: {} };
  const declared = await pack.inputs({
    config: { sign: { keyFile: join(dir, 'key') } } as Config,
    image,
    release: dgxos5,
    output: () => built(root),
    ...io,
  } as unknown as StageContext<'pack'>);
  const { data, files, summary } = await pack.run(resolved(declared), io);
  expect(summary).toContain('signed');
  expect(files).toContain(join(dir, `${image.name}.sig.json`));
  const verify = () => cli(dir, ['verify', data.artifact.path, '--key', 'key.pub', '--require-signature']);
  expect((await verify()).code).toBe(0);
  await appendFile(data.artifact.path, 'x');
  expect((await verify()).code).toBe(6);
});
