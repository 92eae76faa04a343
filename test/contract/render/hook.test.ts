import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../../../pipeline/process/run.ts';

const HOOK = fileURLToPath(new URL('../../../templates/hooks/curtin-hooks', import.meta.url));

function put(root: string, path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

interface Kernel {
  version: string;
  /** Package that owns it; null: none does. */
  owner?: string | null;
  modules?: string[];
  indexed?: boolean;
}

/** Runs the hook as curtin does, with stand-ins for the three names of curtin's that it uses. */
async function hook(kernels: Kernel[], config: object = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'hook-'));
  const target = join(dir, 'target');
  for (const { version, owner = `linux-image-${version}`, modules = [], indexed = true } of kernels) {
    put(target, `boot/vmlinuz-${version}`);
    for (const module of modules) put(target, `lib/modules/${version}/${module}`);
    if (indexed) put(target, `lib/modules/${version}/modules.dep`);
    if (owner) put(target, `var/lib/dpkg/info/${owner}.list`, `/.\n/boot\n/boot/vmlinuz-${version}\n`);
  }
  put(target, 'curtin/other');
  cpSync(HOOK, join(target, 'curtin/curtin-hooks'));
  chmodSync(join(target, 'curtin/curtin-hooks'), 0o755);
  put(dir, 'config.json', JSON.stringify({ apt: { kept: true }, ...config }));
  put(dir, 'python/curtin/__init__.py');
  put(dir, 'python/curtin/commands/__init__.py');
  put(
    dir,
    'python/curtin/util.py',
    `import os\ndef load_command_environment():\n    return {"target": os.environ["TARGET_MOUNT_POINT"], "config": os.environ["CONFIG"]}\n`,
  );
  put(
    dir,
    'python/curtin/config.py',
    'import json\ndef load_command_config(args, state):\n    return json.load(open(state["config"]))\n',
  );
  put(
    dir,
    'python/curtin/commands/curthooks.py',
    `import json\ndef builtin_curthooks(cfg, target, state):\n    json.dump([cfg, target, state], open("${dir}/called.json", "w"))\n`,
  );
  const result = await run([join(target, 'curtin/curtin-hooks')], {
    env: {
      PYTHONPATH: join(dir, 'python'),
      TARGET_MOUNT_POINT: target,
      CONFIG: join(dir, 'config.json'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const called = existsSync(join(dir, 'called.json'))
    ? JSON.parse(readFileSync(join(dir, 'called.json'), 'utf8'))
    : undefined;
  return { result, target, called };
}

const packageOf = async (kernels: Kernel[]) => (await hook(kernels)).called?.[0].kernel.package;

describe('curtin-hooks', () => {
  it("calls curtin's built-in hook with the image's own kernel, and nothing else changed", async () => {
    const { result, target, called } = await hook([{ version: '5.4.0-52-generic' }], {
      kernel: { 'fallback-package': 'linux-generic' },
    });
    expect(result.stderr).toBe('');
    const [config, calledTarget] = called;
    expect(calledTarget).toBe(target);
    expect(config.apt).toEqual({ kept: true });
    // Old curtin reads `package`, new curtin `install`; none may fall back to linux-generic.
    expect(config.kernel).toEqual({
      package: 'linux-image-5.4.0-52-generic',
      'fallback-package': 'linux-image-5.4.0-52-generic',
      mapping: {},
      install: false,
    });
    expect(existsSync(join(target, 'curtin'))).toBe(false);
  });

  it('takes the newest by number, not by letter', async () => {
    expect(
      await packageOf([
        { version: '5.4.0-52-generic' },
        { version: '5.4.0-100-generic' },
        { version: '5.4.0-99-generic' },
      ]),
    ).toBe('linux-image-5.4.0-100-generic');
  });

  it.each([
    ['a module in the tree', { version: '5.4.0-52-generic', modules: ['kernel/drivers/nvidia.ko.zst'] }],
    ['a module made by dkms', { version: '5.4.0-52-generic', modules: ['updates/dkms/nvidia.ko'] }],
    ["NVIDIA's flavour", { version: '5.15.0-1030-nvidia' }],
    ["NVIDIA's flavour with a page size", { version: '5.15.0-1030-nvidia-64k' }],
  ])('prefers the kernel with %s to a newer one', async (_, kernel) => {
    expect(await packageOf([kernel, { version: '6.8.0-10-generic' }])).toBe(`linux-image-${kernel.version}`);
  });

  it('passes over a kernel without modules or without a package', async () => {
    expect(
      await packageOf([
        { version: '6.1.0-9-cloud-amd64', owner: 'linux-image-6.1.0-9-cloud-amd64:amd64' },
        { version: '6.2.0', indexed: false },
        { version: '6.3.0', owner: null },
      ]),
    ).toBe('linux-image-6.1.0-9-cloud-amd64');
  });

  it('fails the deployment of an image without a kernel', async () => {
    const { result, called } = await hook([]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('no installed kernel package found');
    expect(called).toBeUndefined();
  });
});
