import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNetplan } from '../../../pipeline/image/parsers/netplan.ts';
import fc from '../../property.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'netplan-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Interfaces that netplan makes files of systemd-networkd for; null when it refuses the file. */
function byNetplan(text: string, name = 'x.yaml'): string[] | null {
  const root = mkdtempSync(join(dir, 'root-'));
  mkdirSync(join(root, 'etc/netplan'), { recursive: true });
  writeFileSync(join(root, 'etc/netplan', name), text, { mode: 0o600 });
  try {
    execFileSync('netplan', ['generate', '--root-dir', root], { stdio: 'ignore' });
  } catch {
    return null;
  }
  const folder = join(root, 'run/systemd/network');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const cards = names
    .map((one) => /^10-netplan-(.+)\.network$/.exec(one)?.[1])
    .filter((one) => one !== undefined);
  return [...new Set(cards)].sort();
}

async function ours(text: string): Promise<string[] | null> {
  const { interfaces, problem } = await readNetplan(text);
  return problem === null ? interfaces.map((one) => one.split('/')[1]!).sort() : null;
}

const NAMED = [
  'network: {ethernets: {ens3: {dhcp4: true}}}',
  'network:\n  version: 2\n  renderer: networkd\n  bridges: {br0: {interfaces: [a], dhcp4: true}}\n  ethernets: {a: {}}',
  'network: {vrfs: {v: {table: 1, interfaces: [a]}}, ethernets: {a: {}}}',
  'network: {vlans: {v: {id: 5, link: a}}, ethernets: {a: {}}}',
  'network: {tunnels: {t: {mode: gre, remote: 1.1.1.1, local: 2.2.2.2, addresses: [10.0.0.1/8]}}}',
  'network: {bonds: {b: {interfaces: [a, c]}}, ethernets: {a: {}, c: {}}}',
  '',
  '# c',
  'network:',
  'network: {}',
  'network: {version: 1}',
  'network: {version: 2, foo: 1}',
  'network: {foos: {}}',
  'network: {renderer: foo}',
  'network: {ethernets: null}',
  'network: {ethernets: {}}',
  'network: []',
  'foo: 1',
  'network: {}\nfoo: 1',
  '[1]',
  'a: [',
  '\tnetwork: {}',
  '---\nnetwork: {ethernets: {a: {dhcp4: true}}}\n---\nx: 1',
  'network: {ethernets: {e: &b {dhcp4: true}, f: *b}}',
];

describe('a file of netplan', () => {
  it.each(NAMED)('configures what `netplan generate` makes files for: %j', async (text) => {
    expect(await ours(`${text}\n`)).toEqual(byNetplan(`${text}\n`));
  });

  it('is read under names with .yaml alone', () => {
    const text = 'network: {ethernets: {ens3: {dhcp4: true}}}\n';
    const read = ['x.yaml', 'x.yml', '.x.yaml', 'x.yaml.bak', 'x y.yaml'].filter(
      (name) => byNetplan(text, name)?.length,
    );
    expect(read).toEqual(['x.yaml', 'x y.yaml']);
  });

  it('does so whatever its frame', async () => {
    const card = fc.constantFrom(
      '{}',
      '{dhcp4: true}',
      '{addresses: [10.0.0.2/24]}',
      '{match: {name: "en*"}, dhcp6: true}',
    );
    // The loopback is left out here, and netplan has it.
    const name = fc.stringMatching(/^[a-z][a-z0-9]{1,4}$/).filter((n) => n !== 'lo');
    const ethernets = fc.dictionary(name, card, { maxKeys: 3, noNullPrototype: true });
    const line = fc.oneof(
      ethernets.map(
        (cards) =>
          `  ethernets: {${Object.entries(cards)
            .map(([k, v]) => `${k}: ${v}`)
            .join(', ')}}`,
      ),
      fc.constantFrom(
        '  version: 2',
        '  renderer: networkd',
        '  version: 3',
        '  openvswitch: {}',
        '  bonds: {}',
        '  x: {}',
        '  # c',
        '',
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(line, { maxLength: 4, selector: (l) => l.split(':')[0] }),
        async (lines) => {
          const text = `network:\n${lines.join('\n')}\n`;
          expect(await ours(text)).toEqual(byNetplan(text));
        },
      ),
      { numRuns: 40 },
    );
  });
});
