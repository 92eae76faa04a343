import { createHash, randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { endpointOf } from '../../../pipeline/config/maas-url.ts';
import { Host } from '../cli/host.ts';
import { readyBench } from './bench.ts';

/** A MAAS with two ready amd64 machines and one uploaded image, and the command on a host of its own. */
async function withImage(form: { name: string; architecture: string; base_image?: string }) {
  const made = await readyBench({ machines: 2 });
  const { sandbox, client } = made;
  const host = new Host({ MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey });
  onTestFinished(() => host.remove());
  const bytes = randomBytes(500);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { sets } = (await client.post('boot-resources/', {
    ...form,
    filetype: 'tgz',
    sha256,
    size: 500,
  })) as {
    sets: Record<string, { files: Record<string, { upload_uri: string }> }>;
  };
  const [file] = Object.values(Object.values(sets)[0]!.files);
  await client.put(endpointOf(file!.upload_uri), { type: 'application/octet-stream', length: 500, bytes });
  return { host, sandbox };
}

test.each([
  [
    'an image of another architecture',
    { name: 'custom/arm', architecture: 'arm64/generic', base_image: 'ubuntu/focal' },
    'is amd64/generic, and custom/arm is for arm64',
  ],
  [
    'an image whose base this MAAS does not have',
    { name: 'custom/late', architecture: 'amd64/generic', base_image: 'ubuntu/noble' },
    'MAAS has not imported its base image ubuntu/noble for amd64',
  ],
])('%s is refused at the preview, and no machine is touched', async (_, form, why) => {
  const { host, sandbox } = await withImage(form);
  const deploy = ['machines', 'deploy', '--all', '--image', form.name, '--force'];
  const shown = await host.run([...deploy, '--dry-run']);
  expect(shown.stdout.match(new RegExp(`no: gpu-00[12] .*${why}`, 'g')), shown.stdout).toHaveLength(2);
  const dry = await host.run(['--json', ...deploy, '--dry-run']);
  expect(dry.json.machines).toMatchObject(Array(2).fill({ do: 'refuse', why: expect.stringContaining(why) }));
  const ran = await host.run(['--json', ...deploy, '--yes']);
  expect(ran).toMatchObject({ code: 7, json: { ok: false } });
  expect(ran.json.machines).toMatchObject(Array(2).fill({ outcome: 'refused', before: 'ready' }));
  expect(sandbox.counts.deploy ?? 0).toBe(0);
  expect(sandbox.counts.allocate ?? 0).toBe(0);
});

test('a name below ubuntu/ that was uploaded is refused at the preview', async () => {
  const { host, sandbox } = await withImage({ name: 'ubuntu/x', architecture: 'amd64/generic' });
  for (const flags of [['--dry-run'], ['--yes']]) {
    const ran = await host.run(['--json', 'machines', 'deploy', '--all', '--image', 'ubuntu/x', ...flags]);
    expect(ran.code, ran.stdout).not.toBe(0);
    expect(ran.json).toMatchObject({ ok: false, error: { hint: expect.stringContaining('custom/x') } });
  }
  expect(sandbox.counts.deploy ?? 0).toBe(0);
});
