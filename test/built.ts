import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    cli: string;
  }
}

const ROOT = resolve(import.meta.dirname, '..');
const KEPT = join(ROOT, '.built');
/** Folders that are others there, or that no package has. */
const NOT_LINKED = ['bin', 'dist', 'coverage', '.built', '.git'];
const DAY_MS = 86_400_000;

/** Tests start the command thousands of times: once for all it is built as for its package, anew when a source has changed. */
export default function setup(project: TestProject): void {
  // A deliberate fault need not compile, and tests of many faults in one process have them in the sources.
  if (process.env.MUTANTS_STATE !== undefined) return;
  project.provide('cli', join(built(), 'bin/dgxos-maas.js'));
}

/** A folder that is like the clone, with dist/ in the place of the sources. */
function built(): string {
  const final = join(KEPT, digest());
  if (existsSync(final)) return final;
  mkdirSync(KEPT, { recursive: true });
  for (const name of readdirSync(KEPT))
    if (Date.now() - statSync(join(KEPT, name)).mtimeMs > DAY_MS)
      rmSync(join(KEPT, name), { recursive: true, force: true });
  const made = mkdtempSync(join(KEPT, 'making-'));
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), join(made, 'dist')], { stdio: 'pipe' });
  for (const name of readdirSync(ROOT).filter((name) => !NOT_LINKED.includes(name)))
    symlinkSync(join(ROOT, name), join(made, name));
  mkdirSync(join(made, 'bin'));
  for (const name of readdirSync(join(ROOT, 'bin')))
    writeFileSync(join(made, 'bin', name), commandOf(join(ROOT, 'bin', name)), { mode: 0o755 });
  try {
    renameSync(made, final);
  } catch (error) {
    // Another run was quicker.
    if (!existsSync(final)) throw error;
    rmSync(made, { recursive: true });
  }
  return final;
}

/** The sources are there, since what is kept of a run depends on them; they are not run. */
function commandOf(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (!file.endsWith('dgxos-maas.js')) return text;
  const changed = text.replace('const inClone = existsSync(source);', 'const inClone = false;');
  if (changed === text) throw new Error(`${file} does not say how it knows a clone`);
  return changed;
}

/** Of all that decides what is built. */
function digest(): string {
  const files = [
    ...['bin/*.js', 'pipeline/**/*.ts', 'pipeline/**/*.js', 'schema/*.json', 'templates/**/*.json'],
    ...['scripts/build.ts', 'test/built.ts', 'tsconfig*.json', 'package*.json'],
  ];
  const hash = createHash('sha256');
  for (const file of globSync(files, { cwd: ROOT }).sort())
    hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}
