import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { faultOf, folder, load, SHA256, withImage } from './written.ts';

/** The text, the line of the mistake and the message expected. */
const WRONG: [what: string, lines: string[], message: RegExp, accepted: RegExp | null][] = [
  [
    'an unknown key',
    ['plattform: x'],
    /unknown key "plattform".*Did you mean "platform"\?/,
    /release, platform/,
  ],
  ['another case of a key', ['lateCommands: {}'], /Did you mean "late_commands"\?/, /late_commands/],
  [
    'a word that is none of the choices',
    ['pack: gest'],
    /images\.dgx1\.pack: "gest" .*Did you mean "guest"/,
    /guest, packer-maas/,
  ],
  ['a list where a mapping is due', ['vm: [1]'], /vm: \[1\] is not a mapping/, /mapping/],
  [
    'text where a number is due',
    ['vm: { cpus: "4" }'],
    /vm\.cpus: "4" is not a whole number/,
    /whole number/,
  ],
  ['no processor at all', ['vm: { cpus: 0 }'], /vm\.cpus: must be >= 1/, null],
  ['a decimal unit', ['vm: { disk_size: 9GB }'], /disk_size: "9GB"/, /9G or 2048M/],
  ['a size without a unit', ['vm: { memory: 2048 }'], /memory: "2048" is not accepted/, /9G or 2048M/],
  ['a size of half a MiB', ['vm: { memory: 64.5M }'], /memory: "64.5M"/, /whole MiB/],
  ['no time at all', ['vm: { install_timeout: 0m }'], /install_timeout: "0m"/, /more than 0s/],
  ['a mode that is not octal', ['files: [{ source: a, path: /a, mode: "0984" }]'], /mode: "0984"/, /octal/],
  [
    'a relative path in the image',
    ['files: [{ source: a, path: etc/motd }]'],
    /path: "etc\/motd"/,
    /absolute path/,
  ],
  [
    'a path that climbs',
    ['files: [{ source: a, path: /etc/../b }]'],
    /path: "\/etc\/..\/b"/,
    /without \. and \.\./,
  ],
  [
    'one path twice',
    ['files: [{ source: a, path: /a }, { source: b, path: /a }]'],
    /files\[1\]\.path: "\/a" occurs twice/,
    null,
  ],
  [
    'an owner without group',
    ['files: [{ source: a, path: /a, owner: root }]'],
    /owner: "root"/,
    /user:group/,
  ],
  ['a late command without order', ['late_commands: { motd: [a] }'], /the name "motd"/, /50_motd/],
  ['an empty late command', ['late_commands: { 50_motd: [] }'], /50_motd: must not be empty/, null],
  ['a package that apt would remove', ['packages: [htop-]'], /packages\[0\]: "htop-"/, /Debian package/],
  [
    'an unknown placeholder',
    ['resource: { name: "custom/{platfrom}" }'],
    /"\{platfrom\}".*"\{platform\}"/,
    /\{digest\}/,
  ],
  ['a name outside custom/', ['resource: { name: dgx1 }'], /"dgx1" does not begin with custom\//, /custom\//],
  [
    'a second slash',
    ['resource: { name: "custom/{platform}/{date}" }'],
    /"custom\/dgx1\/20260101" has 2 slashes/,
    /custom\/ and a name/,
  ],
  [
    'a name that is too long',
    [`resource: { name: custom/${'a'.repeat(249)} }`],
    /has 256 characters, and MAAS accepts 255/,
    /255/,
  ],
  [
    'a base image without series',
    ['resource: { base_image: focal }'],
    /base_image: "focal"/,
    /ubuntu\/focal/,
  ],
  [
    'a base image of another system',
    ['resource: { base_image: debian/12 }'],
    /base_image: "debian\/12"/,
    /ubuntu/,
  ],
  [
    'an architecture without subarchitecture',
    ['resource: { architecture: amd64 }'],
    /architecture: "amd64"/,
    /amd64\/generic/,
  ],
  ['a target that is not there', ['upload: [lab]'], /there is no target "lab"/, /none is configured/],
];

describe('a mistake is named with its place and what is accepted', () => {
  it.each(WRONG)('%s', async (_, lines, message, accepted) => {
    const fault = await faultOf(withImage(...lines));
    expect(fault).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 3 });
    expect(fault.message).toMatch(message);
    if (accepted) expect(fault.hint).toMatch(accepted);
    expect(fault.where).toMatchObject({ file: 'dgxos-maas.yaml', line: 7 });
    expect(fault.detail).toContain(`7 |     ${lines[0]}`);
  });

  it('a name of 255 characters is not a mistake', async () => {
    await load(withImage(`resource: { name: custom/${'a'.repeat(248)} }`));
  });

  it('puts the caret below the value', async () => {
    const fault = await faultOf(withImage('vm: { boot: dirct }'));
    expect(fault.where).toMatchObject({ line: 7, column: 17 });
    expect(fault.detail).toBe('7 |     vm: { boot: dirct }\n  |                 ^');
  });

  it('names what is missing at the place where it belongs', async () => {
    const fault = await faultOf(
      'images:\n  dgx1:\n    release: dgxos5\n    platform: dgx1\n    version: "1"\n',
    );
    expect(fault.message).toBe('images.dgx1: iso or archive is missing');
    expect(fault.where).toMatchObject({ line: 2, column: 3 });
  });

  it('takes a key without a value for one that is missing, and points at it', async () => {
    const text = withImage().replace(/sha256: "\w+"/, 'sha256:');
    const fault = await faultOf(text);
    expect(fault.message).toBe('images.dgx1.iso: sha256 is missing');
    expect(fault.where).toMatchObject({ line: 6, column: 29 });
  });

  it('does not call a misspelt key missing, too', async () => {
    const fault = await faultOf(withImage().replace('platform:', 'platfrom:'));
    expect(fault.message).toContain('unknown key "platfrom". Did you mean "platform"?');
    expect(fault.detail).not.toContain('missing');
  });

  it('shows every mistake of a file, in its order, the first in the message', async () => {
    const fault = await faultOf(
      withImage('vm: { boot: dirct, cpus: x }', 'packages: {}', 'resource: { name: x }'),
    );
    expect(fault.message).toContain('vm.boot');
    expect(fault.detail?.match(/dgxos-maas\.yaml:\d+:\d+: images\.dgx1\.\S+/g)).toEqual([
      'dgxos-maas.yaml:7:30: images.dgx1.vm.cpus:',
      'dgxos-maas.yaml:8:15: images.dgx1.packages:',
      'dgxos-maas.yaml:9:23: images.dgx1.resource.name:',
    ]);
    expect(fault.detail).toContain('3 more problems:');
  });

  it('a release that the catalogue has not, and a platform of a closed one', async () => {
    expect((await faultOf(withImage().replace('dgxos5', 'dgxos55'))).message).toContain(
      'Did you mean "dgxos5"?',
    );
    const fault = await faultOf(withImage().replace('dgxos5', 'demo'));
    expect(fault.message).toContain('there is no platform of demo "dgx1"');
    expect(fault.hint).toContain('demo1, demo2');
  });

  it('a platform that an open release does not list is left to the ISO', async () => {
    const { config } = await load(withImage().replace('platform: dgx1', 'platform: dgx_z9'));
    expect(config.images.dgx1?.platform).toBe('dgx_z9');
  });

  it('an ISO by a scheme that nothing downloads', async () => {
    expect((await faultOf(withImage().replace('dgx.iso', 'ftp://host/dgx.iso'))).message).toContain(
      '"ftp://host/dgx.iso"',
    );
  });

  it('a target that is not MAAS', async () => {
    const fault = await faultOf(`${withImage()}targets: { lab: { url: "maas.example" } }\n`);
    expect(fault.message).toContain('targets.lab.url');
    expect(fault.hint).toContain('http://maas.example:5240/MAAS');
  });

  it('a key source that is two at once', async () => {
    const fault = await faultOf('targets: { lab: { url: "http://m/MAAS", key: { file: a, profile: b } } }\n');
    expect(fault.message).toContain('exactly one is required');
  });

  it('MAAS_API_KEY in front of two targets that would both get it', async () => {
    const text = 'targets:\n  a: { url: "http://a/MAAS" }\n  b: { url: "http://b/MAAS" }\n';
    expect((await faultOf(text, { env: { MAAS_API_KEY: 'x' } })).message).toContain(
      '2 targets would be sent that key',
    );
    expect(Object.keys((await load(text)).config.targets)).toEqual(['a', 'b']);
  });

  it('an ISO that a variable names wrongly is not also missing from the file', async () => {
    const text = withImage().replace('source: dgx.iso, ', '');
    const fault = await faultOf(text, { env: { DGXOS_MAAS_ISO_DGX1: 'ftp://host/dgx.iso' } });
    expect(fault.message).toBe('DGXOS_MAAS_ISO_DGX1: "ftp://host/dgx.iso" is not accepted');
    expect(fault.detail).toBeUndefined();
  });

  it('a wrong variable is named, not a place', async () => {
    const fault = await faultOf(withImage(), { env: { DGXOS_MAAS_ACCELERATOR: 'kmv' } });
    expect(fault.message).toBe('DGXOS_MAAS_ACCELERATOR: "kmv" is not accepted. Did you mean "kvm"?');
    expect(fault.where).toBeUndefined();
  });
});

it('an image with nothing but its name is not passed over', async () => {
  const fault = await faultOf('images:\n  dgx1:\n');
  expect(fault).toMatchObject({ code: 'CONFIG_INVALID', where: { line: 2 } });
  expect(fault.message).toContain('images.dgx1: release is missing');
});

describe('texts that are not YAML', () => {
  it.each([
    ['an open bracket', 'images: [1\n', /Invalid YAML/, 2],
    ['an open quote', 'images: "x\n', /Not closed/, 2],
    ['a tab', 'images:\n\tdgx1: 1\n', /indented with a tab/, 2],
    ['a key twice', 'workspace: a\nworkspace: b\n', /occurs twice/, 2],
    ['a second document', 'workspace: a\n---\nb: 1\n', /second document/, 2],
    ['an alias of nothing', 'workspace: a\ncache: *b\n', /no anchor &b/, 2],
    ['an alias inside what it names', 'workspace: a\nimages: &i {a: *i}\n', /is inside the value/, 2],
    ['a key that is a list', '[a]: 1\n', /Invalid YAML/, 1],
  ])('%s', async (_, text, message, line) => {
    const fault = await faultOf(text);
    expect(fault).toMatchObject({ code: 'CONFIG_SYNTAX', exitCode: 3, where: { line } });
    expect(fault.message).toMatch(message);
  });

  it('aliases that would grow without end', async () => {
    const levels = [...'abcdefghij'].map((name, i, all) => {
      const inner =
        i === 0
          ? '[x]'
          : `[${Array(10)
              .fill(`*${all[i - 1]}`)
              .join(', ')}]`;
      return `${name}: &${name} ${inner}`;
    });
    expect(await faultOf(`${levels.join('\n')}\n`)).toMatchObject({ code: 'CONFIG_SYNTAX' });
  });

  it('a file that is text or a list only', async () => {
    expect((await faultOf('hello\n')).message).toContain('The file: "hello" is not a mapping');
    expect((await faultOf('- a\n')).message).toContain('is not a mapping');
  });

  it('bytes that are not UTF-8', async () => {
    const { writeFileSync } = await import('node:fs');
    const { join } = await import('node:path');
    const cwd = folder();
    writeFileSync(join(cwd, 'dgxos-maas.yaml'), Buffer.from([0xff, 0xfe, 0x41]));
    await expect(loadConfig({ env: {}, cwd })).rejects.toMatchObject({ code: 'CONFIG_SYNTAX' });
  });

  it('nothing at all is a configuration without images', async () => {
    expect((await load('# nothing yet\n')).config.images).toEqual({});
  });
});

it('one image can be made from another by a merge, and mistakes in it are found where they stand', async () => {
  const text = `images:\n  a: &a { release: dgxos5, platform: dgx1, version: "1", iso: { source: i, sha256: "${SHA256}" } }\n  b: { <<: *a, platform: dgx2 }\n`;
  const { config } = await load(text);
  expect(config.images.b).toMatchObject({ platform: 'dgx2', version: '1' });
  expect((await faultOf(text.replace('version: "1"', 'version: "/"'))).where).toMatchObject({ line: 2 });
});
