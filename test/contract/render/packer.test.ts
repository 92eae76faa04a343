import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hclString, hclTemplate } from '../../../pipeline/install/render/hcl.ts';
import { mediumVariables } from '../../../pipeline/install/render/medium.ts';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { renderSubiquity } from '../../../pipeline/install/render/subiquity/render.ts';
import type { RenderInput } from '../../../pipeline/install/render/types.ts';
import fc from '../../property.ts';
import { example } from '../../unit/render/example.ts';
import { subiquityInput } from '../../unit/render/subiquity-example.ts';
import { run, runOk } from '../process/run-tool.ts';

const QUIET = { CHECKPOINT_DISABLE: '1' };
const scratch = () => mkdtempSync(join(tmpdir(), 'packer-'));

describe('our literals, as Packer reads them', () => {
  const parts = fc.constantFrom(
    '"',
    '\\',
    '${',
    '%{',
    '$${',
    '$',
    '%',
    '{',
    '}',
    '~}',
    '\n',
    '\r',
    '\t',
    '\u0000',
    '\u0007',
    '\u007f',
    '\u0085',
    '\u2028',
    '\ufeff',
    'é',
    '€',
    '😀',
    'EOF',
    'a',
  );
  const text = fc.oneof(
    fc.array(parts, { maxLength: 10 }).map((list) => list.join('')),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );

  it('is the same text', async () => {
    // One Packer for a thousand texts: it evaluates them as one list.
    const texts = fc.sample(text, 1000).map((sample) => sample.normalize('NFC'));
    const dir = scratch();
    const literals = texts.map(
      (sample, i) =>
        `    ${i % 2 ? hclString(sample) : hclTemplate([sample, { expression: '"|"' }, sample])},`,
    );
    writeFileSync(join(dir, 'texts.pkr.hcl'), `locals {\n  texts = [\n${literals.join('\n')}\n  ]\n}\n`);
    const { stdout } = await runOk(['packer', 'console', dir], {
      env: QUIET,
      input: 'jsonencode(local.texts)\n',
      keep: 10_000_000,
    });
    const line = stdout.split('\n').find((candidate) => candidate.startsWith('['));
    const expected = texts.map((sample, i) => (i % 2 ? sample : `${sample}|${sample}`.normalize('NFC')));
    expect(JSON.parse(line ?? 'null')).toEqual(expected);
  });
});

/** As the build stage gives them. */
function variablesOf({ image, kernel, initrd }: RenderInput, iso: string) {
  return {
    ...mediumVariables(
      image.vm.boot === 'typed' ? { iso, kernel: null, initrd: null } : { iso, kernel, initrd },
    ),
    ...{ install_timeout: '2.5s', headless: 'true' },
  };
}

describe('the rendered directory', () => {
  const variants: [string, RenderInput][] = [
    ['direct boot', example()],
    ['typed boot', example({ vm: { boot: 'typed' } })],
    ['KVM', example({ accelerator: 'kvm' })],
    ["packer-maas' own packing", example({ image: { pack: 'packer-maas' } })],
    [
      'names with everything in them',
      example({
        image: { name: 'a"b' },
        kernel: '/a "b" ${c} %{d} \\ é/kernel',
        iso: { path: '/ä b#?%41.iso', sha256: 'b'.repeat(64) },
      }),
    ],
  ];

  it.each(variants)('passes validate and fmt: %s', async (_, input) => {
    // Packer looks for the medium when it validates.
    const iso = { ...input.iso, path: join(scratch(), input.iso.path.slice(1).replace('/', '')) };
    const { packerDir } = await renderBuild({ ...input, iso });
    const validated = (variables: Record<string, string>) =>
      run(
        [
          ...['packer', 'validate'],
          ...Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`),
          packerDir,
        ],
        { env: QUIET },
      );
    const variables = variablesOf(input, iso.path);
    const validate = await validated(variables);
    expect(validate.stdout + validate.stderr).toBe('');
    const fmt = await run(['packer', 'fmt', '-check', '-diff', packerDir], { env: QUIET });
    expect(fmt.stdout + fmt.stderr).toBe('');
    expect([validate.exitCode, fmt.exitCode]).toEqual([0, 0]);
    // By hand nobody has to give a time limit.
    const { install_timeout, headless, ...medium } = variables;
    expect((await validated(medium)).exitCode).toBe(0);
    const wrong = await validated({
      ...medium,
      headless,
      install_timeout: install_timeout.replace('s', 'x'),
    });
    expect([wrong.exitCode, wrong.stdout + wrong.stderr]).toEqual([1, expect.stringContaining('2.5x')]);
  });

  it.each([
    ['amd64', '1.6.6'],
    ['arm64', '1.6.6'],
  ] as const)('of subiquity passes validate and fmt: %s', async (architecture, packerVersion) => {
    const dir = scratch();
    const input = await subiquityInput('dgxos7', {
      architecture,
      packerVersion,
      image: { platform: 'dgx_b200' },
    });
    const { packerDir } = await renderSubiquity(input);
    const { kernel, initrd } = input;
    const variables = {
      ...mediumVariables({ iso: join(dir, 'a b.iso'), kernel, initrd }),
      ...{ efi_code: join(dir, 'code.fd'), efi_vars: join(dir, 'vars.fd') },
    };
    const words = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
    const validate = await run(['packer', 'validate', ...words, packerDir], { env: QUIET });
    expect(validate.stdout + validate.stderr).toBe('');
    const fmt = await run(['packer', 'fmt', '-check', '-diff', packerDir], { env: QUIET });
    expect(fmt.stdout + fmt.stderr).toBe('');
    expect([validate.exitCode, fmt.exitCode]).toEqual([0, 0]);
  });

  it('has shell scripts that a shell can read', async () => {
    const guest = await renderBuild(example());
    await runOk(['sh', '-n', join(guest.packerDir, 'hand-over.sh')]);
    const upstream = await renderBuild(example({ image: { pack: 'packer-maas' } }));
    await runOk(['bash', '-n', join(upstream.packerDir, 'upstream-pack')]);
  });
});

describe('the QEMU that Packer starts', () => {
  /** Builds with a stand-in for QEMU that notes its arguments, then does what `then` says. */
  async function started(
    change: Parameters<typeof example>[0],
    then = 'exec sleep 3',
    timeoutMs = 6000,
  ): Promise<{ argv: string[]; said: string }> {
    const dir = scratch();
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'qemu-system-x86_64'),
      `#!/bin/sh
[ "$1" = -version ] && { echo "QEMU emulator version 7.2.0"; exit 0; }
printf '%s\\0' "$@" > '${dir}/argv'
${then}
`,
    );
    chmodSync(join(bin, 'qemu-system-x86_64'), 0o755);
    const iso = join(dir, 'a b#%41 é.iso');
    writeFileSync(iso, 'medium');
    const input = example({
      ...change,
      iso: { path: iso, sha256: createHash('sha256').update('medium').digest('hex') },
    });
    const { packerDir } = await renderBuild(input);
    const variables = {
      ...variablesOf(input, iso),
      output_directory: join(dir, 'output-qemu'),
      console_log: join(dir, 'console.log'),
      config_url: 'http://10.0.2.2:1234/curtin.yaml',
    };
    const { stdout, stderr } = await run(
      [
        'packer',
        'build',
        '-color=false',
        ...Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`),
        packerDir,
      ],
      {
        env: {
          ...QUIET,
          PATH: `${bin}:${process.env.PATH}`,
          PACKER_CACHE_DIR: join(dir, 'cache'),
          PKR_VAR_ssh_password: 'not-in-any-argv',
          PACKER_LOG: '1',
        },
        cwd: dir,
        timeoutMs,
      },
    );
    if (!existsSync(join(dir, 'argv'))) throw new Error(stdout + stderr);
    const argv = readFileSync(join(dir, 'argv'), 'utf8').split('\0');
    return { argv, said: stdout + stderr };
  }
  const valuesOf = (argv: string[], flag: string) =>
    argv.flatMap((word, i) => (argv[i - 1] === flag ? [word] : []));

  it('boots the kernel with its parameters, forwards ssh on loopback only, and has both disks', async () => {
    const { argv, said } = await started({});
    expect(valuesOf(argv, '-netdev')).toEqual([
      expect.stringMatching(/^user,id=user\.0,hostfwd=tcp:127\.0\.0\.1:\d+-:22$/),
    ]);
    expect(valuesOf(argv, '-vnc')).toEqual(['none']);
    expect(valuesOf(argv, '-kernel')).toEqual(['/boot files/kernel']);
    expect(valuesOf(argv, '-append')[0]).toMatch(
      /^force-curtin=http:\/\/10\.0\.2\.2:1234\/curtin\.yaml force-platform=dgx1 /,
    );
    expect(valuesOf(argv, '-machine')).toEqual(['type=pc,accel=tcg']);
    expect(valuesOf(argv, '-cpu')).toEqual([expect.stringMatching(/^qemu64,/)]);
    expect(valuesOf(argv, '-m')).toEqual(['3072M']);
    expect(valuesOf(argv, '-smbios')).toEqual(['type=0,uefi=on']);
    expect(valuesOf(argv, '-serial')).toEqual([expect.stringMatching(/^file:.*console\.log$/)]);
    const drives = valuesOf(argv, '-drive');
    expect(drives.map((drive) => drive.match(/packer-qemu(-1)?(?=,)|\.iso(?=,media=cdrom)/)?.[0])).toEqual([
      'packer-qemu',
      'packer-qemu-1',
      '.iso',
    ]);
    expect(drives[2]).toContain('a b#%41 é.iso');
    expect(argv.join(' ')).not.toContain('not-in-any-argv');
    expect(said).not.toContain('not-in-any-argv');
    // Nothing is typed: no waiting for a screen.
    expect(said).not.toMatch(/Waiting .* for boot|Connecting to VM via VNC/);
  });

  it('types where the boot is typed', async () => {
    // The real QEMU: Packer sets the password of the screen by its QMP socket before it connects.
    const { argv, said } = await started(
      { vm: { boot: 'typed' }, pace: { bootWaitS: 1, keyIntervalMs: 50 } },
      'exec /usr/bin/qemu-system-x86_64 "$@"',
      20_000,
    );
    expect(argv).not.toContain('-kernel');
    expect(valuesOf(argv, '-vnc')).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+,password$/)]);
    expect(said).toContain('Waiting 1s for boot');
    expect(said).toContain('Connecting to VM via VNC (127.0.0.1:');
    expect(said).toContain('Connected to VNC desktop');
    expect(said).not.toMatch(/Error (opening|connecting)/);
  });
});
