import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv, type AnySchema } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ImageConfig } from '../../../pipeline/config/types.ts';
import { renderSubiquity } from '../../../pipeline/install/render/subiquity/render.ts';
import { AUTOINSTALL } from './autoinstall-table.ts';
import { subiquityInput } from './subiquity-example.ts';

const dir = mkdtempSync(join(tmpdir(), 'autoinstall-'));
const source = join(dir, 'one');
writeFileSync(source, 'one');

const LINES = 'set -e\ntrue\n\n  echo ü ↯ \u0085 \u2028 end\n';
/** Every setting of an image that changes the answer file, and texts that YAML, a shell or a token could change. */
const IMAGES: Record<string, Partial<ImageConfig>> = {
  'nothing of its own': {},
  'another platform': { platform: 'dgx_gb200' },
  packages: { packages: ['hello', 'htop=2.2.0-2build1', 'g++', 'libstdc++6:amd64'] },
  'many packages': { packages: Array.from({ length: 300 }, (_, i) => `package-${i}`) },
  'a late command as a line': { lateCommands: { '10_a': 'echo "yes" | tee /target/etc/x # : - {a: b}' } },
  'late commands as argv': {
    lateCommands: { '10_a': ['printf', '%s\n', 'a\tb', '- no', '~', '1e3', ''], '20_b': ['true'] },
  },
  'a late command of several lines': {
    lateCommands: { '10_a': LINES },
  },
  files: {
    files: [
      { source, path: '/etc/one', mode: '0644', owner: 'root:root' },
      { source, path: "/etc/o'n e", mode: '4755', owner: '0:0' },
      { source, path: '/etc/apt/sources.list.d/site.list', mode: '0644', owner: 'root:root' },
    ],
  },
  everything: {
    packages: ['hello'],
    files: [{ source, path: '/etc/one', mode: '0644', owner: 'root:root' }],
    lateCommands: { '10_a': 'true', '20_b': ['true'] },
  },
};
const RELEASES = ['dgxos6', 'dgxos7', 'demo-subiquity'];
const CASES = RELEASES.flatMap((release) => Object.keys(IMAGES).map((name) => [release, name] as const));

type Answers = Record<string, unknown> & { storage: { config: Record<string, unknown>[] } };

async function answersOf(release: string, name: string): Promise<Answers> {
  const { httpDir } = await renderSubiquity(await subiquityInput(release, { image: IMAGES[name] as object }));
  return parse(readFileSync(join(httpDir, 'autoinstall.yaml'), 'utf8'));
}

const ajv = new Ajv({ strict: false, allErrors: true });
const accepts = ajv.compile(AUTOINSTALL);
const refusals = (answers: unknown): string[] =>
  accepts(answers)
    ? []
    : (accepts.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

/** Faults of an answer file that subiquity or curtin refuses. */
const FAULTS: Record<string, (answers: Answers) => unknown> = {
  'no version': ({ version: _, ...answers }) => answers,
  'version as text': (answers) => ({ ...answers, version: '1' }),
  'a late command that is a number': (answers) => ({ ...answers, 'late-commands': [['sh', 1]] }),
  'a late command that is a mapping': (answers) => ({ ...answers, 'late-commands': [{ sh: 'true' }] }),
  'an end that there is not': (answers) => ({ ...answers, shutdown: 'halt' }),
  'a fallback that there is not': (answers) => ({ ...answers, apt: { fallback: 'offline' } }),
  'a refresh as text': (answers) => ({ ...answers, 'refresh-installer': { update: 'no' } }),
  'a keyboard without a layout': (answers) => ({ ...answers, keyboard: { variant: '' } }),
  'a network of version 1': (answers) => ({ ...answers, network: { version: 1, ethernets: {} } }),
  'storage as a list': (answers) => ({ ...answers, storage: answers.storage.config }),
  'a password for ssh': (answers) => ({ ...answers, ssh: { 'allow-pw': 'yes' } }),
};
/** Those of a storage action, which subiquity's own schema lets pass. */
const ACTION_FAULTS: Record<string, [index: number, change: object]> = {
  'a flag that there is not': [1, { flag: 'esp' }],
  'a table that there is not': [0, { ptable: 'GPT' }],
  'a disk that is not a device': [0, { path: 'vda' }],
  'a wipe that there is not': [3, { wipe: 'all' }],
  'a size in words': [3, { size: 'rest' }],
  'a file system that there is not': [4, { fstype: 'ext5' }],
  'a key that there is not': [1, { grub: true }],
  'a mount by a relative path': [6, { path: 'boot/efi' }],
  'an action that there is not': [5, { type: 'mounted' }],
};
const withAction = (answers: Answers, [index, change]: [number, object]): Answers => ({
  ...answers,
  storage: {
    ...answers.storage,
    config: answers.storage.config.map((item, i) => (i === index ? { ...item, ...change } : item)),
  },
});

describe('the answer file is one that subiquity accepts', () => {
  it.each(CASES)('of %s with %s', async (release, name) => {
    const answers = await answersOf(release, name);
    expect(refusals(answers)).toEqual([]);
    expect(Object.keys(answers)[0]).toBe('version');
  });

  it("keeps every character of the user's commands", async () => {
    const commands = async (name: string) =>
      ((await answersOf('dgxos7', name))['late-commands'] as string[][])
        .filter((argv) => argv[4]?.startsWith('54_'))
        .map((argv) => argv.slice(5));
    expect(await commands('a late command of several lines')).toEqual([['sh', '-c', LINES]]);
    expect(await commands('late commands as argv')).toEqual([
      ['printf', '%s\n', 'a\tb', '- no', '~', '1e3', ''],
      ['true'],
    ]);
  });

  it.each(Object.keys(FAULTS))('and the table refuses %s', async (fault) => {
    expect(refusals(FAULTS[fault]?.(await answersOf('dgxos7', 'everything')))).not.toEqual([]);
  });

  it.each(Object.keys(ACTION_FAULTS))('and the table refuses %s', async (fault) => {
    const answers = await answersOf('dgxos7', 'everything');
    expect(refusals(withAction(answers, ACTION_FAULTS[fault] as [number, object]))).not.toEqual([]);
  });
});

const subiquity = process.env.SUBIQUITY_CHECKOUT;
if (subiquity)
  describe('by the schema of the checkout that SUBIQUITY_CHECKOUT names', () => {
    const schema = JSON.parse(readFileSync(join(subiquity, 'autoinstall-schema.json'), 'utf8'));
    const real = ajv.compile(schema as AnySchema);

    it.each(CASES)('%s with %s passes', async (release, name) => {
      const answers = await answersOf(release, name);
      expect(real(answers), JSON.stringify(real.errors)).toBe(true);
      // It takes unknown sections; that each of ours is one that it knows shows that the table is right.
      expect(Object.keys(answers).filter((key) => !Object.hasOwn(schema.properties, key))).toEqual([]);
    });

    it.each(Object.keys(FAULTS))('%s does not', async (fault) => {
      expect(real(FAULTS[fault]?.(await answersOf('dgxos7', 'everything')))).toBe(false);
    });
  });

const curtin = process.env.CURTIN_CHECKOUT;
if (curtin) {
  /** The first refusal of curtin's own check, or nothing. subiquity gives it the rest of the disk as a number of bytes. */
  const curtinSays = ({ storage }: Answers): string => {
    const config = storage.config.map((item) => (item.size === -1 ? { ...item, size: 1 << 30 } : item));
    writeFileSync(join(dir, 'storage.json'), JSON.stringify({ version: 1, config }));
    const program = `import json, sys
sys.path.insert(0, sys.argv[1])
from curtin.storage_config import validate_config
try: validate_config(json.load(open(sys.argv[2])))
except ValueError as error: print(error)`;
    return execFileSync('/usr/bin/python3', ['-B', '-c', program, curtin, join(dir, 'storage.json')], {
      encoding: 'utf8',
    });
  };
  describe('by the storage schema of the checkout that CURTIN_CHECKOUT names', () => {
    it.each(RELEASES)('%s passes', async (release) => {
      expect(curtinSays(await answersOf(release, 'everything'))).toBe('');
    });

    it.each(Object.keys(ACTION_FAULTS))('%s does not', async (fault) => {
      const answers = await answersOf('dgxos7', 'everything');
      expect(curtinSays(withAction(answers, ACTION_FAULTS[fault] as [number, object]))).not.toBe('');
    });
  });
}
