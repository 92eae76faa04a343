import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const scripts = join(import.meta.dirname, '../../../scripts');

it('the set-up for the demo installs everything that makes the demo ISO', () => {
  const forDemo = readFileSync(join(scripts, 'apt-packages'), 'utf8').split('[dev]')[0] as string;
  const installed = forDemo.split('\n');
  const needed = JSON.parse(readFileSync(join(scripts, 'demo-packages.json'), 'utf8')) as string[];
  expect(needed.length).toBeGreaterThan(10);
  expect(needed.filter((name) => !installed.includes(name))).toEqual([]);
});
