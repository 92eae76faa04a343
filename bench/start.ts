// The start of the installed command: of the packed file, as `npm install -g` leaves it, under the node that is first on the PATH.
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judged } from './goals.ts';
import { installPacked } from './installed.ts';
import { alternate, describe, measure, say } from './measure.ts';
import { benchOptions } from './options.ts';

const { runs } = benchOptions('0', 11);
const dir = mkdtempSync(join(tmpdir(), 'bench-start-'));
try {
  const installed = installPacked(dir);
  const modules = join(dir, 'lib/node_modules');
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  const bytes = files.reduce((sum, name) => sum + statSync(join(modules, name)).size, 0);
  const packages = files.filter((name) =>
    /^(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+\/package\.json$/.test(name),
  ).length;
  const config = join(dir, 'dgxos-maas.yaml');
  writeFileSync(
    config,
    `images: { one: { release: demo, platform: demo1, version: "1", iso: { source: one.iso, sha256: ${'0'.repeat(64)} } } }
`,
  );
  const command =
    (...args: string[]) =>
    () =>
      measure([installed, ...args]);
  const contestants = {
    node: () => measure(['node', '-e', '0']),
    version: command('--version'),
    help: command('--help'),
    checks: command('checks'),
    validate: command('--config', config, 'config', 'validate'),
  };
  // Node keeps compiled code since 22: the first start of an installation is not that of the others.
  for (const start of Object.values(contestants)) await start();
  const medians = await alternate(runs, contestants);
  say(`Medians of ${runs} runs; ${packages} package, ${(bytes / 1e6).toFixed(1)} MB:`);
  for (const [name, usage] of Object.entries(medians)) say(`  ${name.padEnd(9)} ${describe(usage)}`);
  const { node, version, help, checks, validate } = medians;
  const slowest = Math.max(...[help, checks, validate].map(({ wallS }) => wallS - node.wallS));
  const result = {
    bench: 'start',
    runs,
    versionUserS: version.userS,
    overheadS: slowest,
    packages,
    bytes,
    ...judged({
      'version: user <= 0.06 s': { now: version.userS, most: 0.06, unit: 's' },
      'a command beside node: wall <= 0.2 s': { now: slowest, most: 0.2, unit: 's' },
      'installed <= 12 MB': { now: bytes / 1e6, most: 12, unit: 'MB' },
      'packages <= 60': { now: packages, most: 60 },
    }),
  };
  say(JSON.stringify(result));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
