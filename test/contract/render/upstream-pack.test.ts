import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { example, FIXTURE } from '../../unit/render/example.ts';
import { run, runOk } from '../process/run-tool.ts';

/** packer-maas in a folder whose name needs quoting, and a build's folder. */
async function rendered() {
  const dir = mkdtempSync(join(tmpdir(), 'pack-'));
  const packerMaas = join(dir, "packer maas' $HOME");
  cpSync(FIXTURE, packerMaas, { recursive: true });
  const { packerDir } = await renderBuild(example({ packerMaas, image: { pack: 'packer-maas' } }));
  return { dir, script: join(packerDir, 'upstream-pack'), output: join(dir, 'image.tar.gz') };
}

it("runs packer-maas' own scripts where they look for the disk", async () => {
  const { dir, script, output } = await rendered();
  mkdirSync(join(dir, 'output-qemu'));
  writeFileSync(join(dir, 'output-qemu/packer-qemu'), 'disk');
  const { stdout } = await runOk([script], { cwd: dir, env: { OUTPUT: output } });
  expect(stdout).toContain('setup-nbd qcow2 packer-qemu');
  expect((await runOk(['tar', '-tzf', output])).stdout).toContain('./packer-qemu');
});

it('fails where there is no disk: setup-nbd itself would end in silence', async () => {
  const { dir, script, output } = await rendered();
  const result = await run([script], { cwd: dir, env: { OUTPUT: output } });
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain(`no disk at ${dir}/output-qemu/packer-qemu`);
  expect(existsSync(output)).toBe(false);
});

it('names the file that is missing in the checkout', async () => {
  await expect(
    renderBuild(example({ packerMaas: '/nowhere', image: { pack: 'packer-maas' } })),
  ).rejects.toMatchObject({
    code: 'SUBMODULE_MISSING',
    message: expect.stringContaining('there is no /nowhere;'),
  });
});
