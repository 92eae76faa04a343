import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SEEDS = join(import.meta.dirname, 'seeds');

export interface Seed {
  name: string;
  content: Buffer;
}

/** The kept inputs of a target: examples to start from, and every input that has failed once. */
export function seedsOf(target: string): Seed[] {
  const dir = join(SEEDS, target);
  return readdirSync(dir)
    .sort()
    .map((name) => ({ name, content: readFileSync(join(dir, name)) }));
}

/** Keeps an input for good. @returns its path */
export function keepSeed(target: string, name: string, content: Buffer): string {
  const dir = join(SEEDS, target);
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** The targets that have seeds. */
export function seededTargets(): string[] {
  return readdirSync(SEEDS).sort();
}
