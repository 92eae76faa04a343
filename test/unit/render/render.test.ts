import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderBuild, renderSources } from '../../../pipeline/install/render/render.ts';
import type { RenderInput } from '../../../pipeline/install/render/types.ts';
import { example } from './example.ts';

async function hclOf(input: RenderInput): Promise<string> {
  return readFileSync(join((await renderBuild(input)).packerDir, 'source.pkr.hcl'), 'utf8');
}

describe('renderBuild', () => {
  it('writes the same bytes for the same input', async () => {
    const one = await renderBuild(example());
    const two = await renderBuild(example());
    expect(two.files).toEqual(one.files);
    expect(one.files.map((file) => file.path)).toEqual([
      'http/curtin.yaml',
      'http/files/0',
      'packer/hand-over.sh',
      'packer/source.pkr.hcl',
    ]);
  });

  it('leaves nothing of an earlier render', async () => {
    const input = example();
    mkdirSync(input.dir, { recursive: true });
    writeFileSync(join(input.dir, 'old.pkr.hcl'), 'broken');
    expect((await renderBuild(input)).files.map((file) => file.path)).not.toContain('old.pkr.hcl');
  });

  it('boots the kernel directly with the parameters that upstream types and those of the ISO', async () => {
    const hcl = await hclOf(example());
    expect(hcl).toContain('["-kernel", "${var.kernel}"]');
    expect(hcl).toContain('["-initrd", "${var.initrd}"]');
    expect(hcl).toContain(
      '["-append", "force-curtin=${var.config_url} force-platform=dgx1 force-bootdisk=vda fixture-parameter no-mlnx-fw-update boot=live console=tty0 console=ttyS0,115200n8"]',
    );
    expect(hcl).toMatch(/disable_vnc\s*= true/);
    expect(hcl).toMatch(/boot_command = \[\]/);
  });

  it("types upstream's keys, with the platform and the address of the configuration put in", async () => {
    const hcl = await hclOf(example({ vm: { boot: 'typed' }, kernel: null, initrd: null }));
    expect(hcl).toContain(
      '"<down>e<end> ",\n    "force-curtin=${var.config_url} ",\n    "force-platform=dgx1 ",',
    );
    expect(hcl).toMatch(/variable "boot_wait" \{[^}]*default\s*= "5s"/);
    expect(hcl).toMatch(/variable "boot_key_interval" \{[^}]*default\s*= "100ms"/);
    expect(hcl).not.toContain('-kernel');
    expect(hcl).not.toContain('{{user');
  });

  it('types slower when asked to', async () => {
    const hcl = await hclOf(example({ vm: { boot: 'typed' }, pace: { bootWaitS: 12, keyIntervalMs: 300 } }));
    expect(hcl).toMatch(/variable "boot_wait" \{[^}]*default\s*= "12s"/);
    expect(hcl).toMatch(/variable "boot_key_interval" \{[^}]*default\s*= "300ms"/);
  });

  it.each([
    ['kvm', '2700s'],
    ['tcg', '10800s'],
  ] as const)(
    'has a time limit of its own for `packer build` by hand, with %s %s',
    async (accelerator, limit) => {
      const vm = { installTimeoutS: 60, headless: false };
      const hcl = await hclOf(example({ accelerator, vm }));
      expect(hcl).toMatch(new RegExp(`variable "install_timeout" \\{[^}]*default\\s*= "${limit}"`));
      expect(hcl).toMatch(/ssh_timeout\s*= var\.install_timeout/);
      expect(hcl).toMatch(/variable "headless" \{[^}]*default\s*= true/);
      expect(hcl).not.toContain('60s');
      expect(hcl).toEqual(await hclOf(example({ accelerator })));
    },
  );

  it('opens nothing but loopback and carries no password', async () => {
    const rendered = await renderBuild(example());
    const hcl = readFileSync(join(rendered.packerDir, 'source.pkr.hcl'), 'utf8');
    expect(hcl).toContain('hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22');
    expect(hcl).toMatch(/vnc_bind_address\s*= "127\.0\.0\.1"/);
    expect(hcl).toMatch(/http_bind_address\s*= "127\.0\.0\.1"/);
    expect(hcl).toMatch(/ssh_password\s*= var\.ssh_password/);
    expect(hcl).not.toMatch(/0\.0\.0\.0|stdio|"root:root"/);
    expect(readFileSync(join(rendered.httpDir, 'curtin.yaml'), 'utf8')).not.toContain('root:root');
  });

  it('gives the guest a second disk to hand its root over', async () => {
    const hcl = await hclOf(example());
    expect(hcl).toMatch(/format\s*= "raw"/);
    expect(hcl).toContain('disk_additional_size = ["12288M"]');
    expect(hcl).toContain('script = "${path.root}/hand-over.sh"');
  });

  it("leaves the disk to packer-maas' scripts when they shall pack", async () => {
    const rendered = await renderBuild(example({ image: { pack: 'packer-maas' } }));
    const hcl = readFileSync(join(rendered.packerDir, 'source.pkr.hcl'), 'utf8');
    expect(hcl).toMatch(/format\s*= "qcow2"/);
    expect(hcl).not.toMatch(/disk_additional_size|provisioner/);
    expect(rendered.files.map((file) => file.path)).toContain('packer/upstream-pack');
  });

  it('declares the plugin only to a Packer that knows plugins', async () => {
    const paths = async (packerVersion: string) =>
      (await renderBuild(example({ packerVersion }))).files.map((file) => file.path);
    expect(await paths('1.6.6')).not.toContain('packer/plugins.pkr.hcl');
    expect(await paths('1.11.2')).toContain('packer/plugins.pkr.hcl');
  });

  it.each([
    ['a platform with a space', { image: { platform: 'dgx 1' } }],
    ['a platform with a template', { image: { platform: '{{x}}' } }],
    ['a kernel in a folder with a template', { kernel: '/{{x}}/kernel' }],
    [
      'a file that is not there',
      { image: { files: [{ source: '/nowhere/x', path: '/etc/x', mode: '0644', owner: 'root:root' }] } },
    ],
  ])('refuses %s', async (_, change) => {
    await expect(renderBuild(example(change))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('renderSources', () => {
  const paths = async (input: RenderInput) => (await renderSources(input)).map((source) => source.path);

  it('names templates, hook and the files of the checkout', async () => {
    expect(await paths(example())).toEqual(
      expect.arrayContaining([
        'templates/hcl/source.pkr.hcl.eta',
        'templates/curtin/hygiene.yaml',
        'packer-maas/dgxos5/dgxos5.json',
        'packer-maas/dgxos5/http/curtin.yaml',
        '/curtin/curtin-hooks',
      ]),
    );
  });

  it('counts the pack scripts only where they are run', async () => {
    expect(await paths(example())).not.toContain('packer-maas/scripts/tar-root');
    expect(await paths(example({ image: { pack: 'packer-maas' } }))).toContain(
      'packer-maas/scripts/tar-root',
    );
  });

  it("changes with a user's file", async () => {
    const input = example();
    const source = join(dirname(input.dir), 'motd');
    input.image.files = [{ source, path: '/etc/motd', mode: '0644', owner: 'root:root' }];
    writeFileSync(source, 'one');
    const before = await renderSources(input);
    writeFileSync(source, 'two');
    expect(await renderSources(input)).not.toEqual(before);
  });
});
