import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../host/process/package-root.ts';
import type { Platform } from '../types.ts';
import { catalogueData } from './catalogue-file.ts';

const FILE = 'templates/platforms.yaml';
const SCHEMA = 'templates/platforms.schema.json';

let loaded: ReadonlyMap<string, Platform> | undefined;

/**
 * Every system that an image can be made for, by its name: the one place where its GPUs and switches are written.
 * @throws Fault CONFIG_INVALID when the file does not keep to its schema
 */
export function loadPlatforms(): ReadonlyMap<string, Platform> {
  loaded ??= parsePlatforms(FILE, readFileSync(join(packageRoot(), FILE), 'utf8'));
  return loaded;
}

/** @param file the name that messages show */
export function parsePlatforms(file: string, text: string): ReadonlyMap<string, Platform> {
  const unknown = { architecture: null, gpus: null, nvswitch: false, nvlink5: false, imex: false };
  const rows = Object.entries(
    catalogueData(SCHEMA, file, text) as Record<string, Partial<Platform> & { title: string }>,
  );
  return new Map(rows.map(([name, row]) => [name, { ...unknown, ...row }]));
}
