import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../../pipeline/config/load.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';

export const SHA256 = 'ab'.repeat(32);

/** A folder that goes when the test ends. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dgxos-maas-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Loads a configuration with this text, from a folder of its own and with an environment of its own. */
export async function load(text: string, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  const cwd = options.cwd ?? folder();
  writeFileSync(join(cwd, 'dgxos-maas.yaml'), text);
  return loadConfig({ env: {}, ...options, cwd });
}

/** The fault that this text leads to. */
export async function faultOf(text: string, options: Partial<LoadOptions> = {}): Promise<Fault> {
  try {
    await load(text, options);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('It was loaded without a fault');
}

/** An image that is valid, with more lines at its end. */
export function withImage(...lines: string[]): string {
  return [
    'images:',
    '  dgx1:',
    '    release: dgxos5',
    '    platform: dgx1',
    '    version: "5.0"',
    `    iso: { source: dgx.iso, sha256: "${SHA256}" }`,
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** The file that `init` writes, with every commented setting taken in; sentences stay comments. */
export function uncommented(text: string): string {
  return text.replace(/^( *)# ( *(?:- )?[a-z0-9_]+:.*)$/gm, '$1$2');
}
