import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HOSTILE } from './hostile-images.ts';

const HERE = import.meta.dirname;
/** MB of the packed program before it reads anything; this process loads TypeScript, which costs more. */
const PROGRAM = 75;

/** Runs a mode of memory-child.ts; the most memory that it ever had, in MB, and what it found. */
async function child(
  mode: string,
): Promise<{ base: number; rss: number; members: number; problems: string[]; tarBytes: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(HERE, 'memory-child.ts'), mode], {
    timeout: 110_000,
  });
  return JSON.parse(stdout);
}

/** What the packed program would have had. For the million members it was 107 MB when it was asked itself (November 2026). */
const ofTheProgram = ({ base, rss }: { base: number; rss: number }) => rss - base + PROGRAM;

describe('memory stays below 150 MB', () => {
  it('for 2 GB of tar', async () => {
    const result = await child('large');
    expect(result).toMatchObject({ problems: [], members: 2000 });
    expect(result.tarBytes).toBeGreaterThan(2e9);
    expect(ofTheProgram(result), JSON.stringify(result)).toBeLessThan(150);
  });

  it('for a tgz', async () => {
    const result = await child('gzip');
    expect(result.problems).toEqual([]);
    expect(ofTheProgram(result), JSON.stringify(result)).toBeLessThan(150);
  });

  it('for nearly the million members that are read at most', async () => {
    const result = await child('many');
    expect(result).toMatchObject({ problems: [], members: 990_000 });
    expect(ofTheProgram(result), JSON.stringify(result)).toBeLessThan(150);
  });

  it('for a bomb, whose unpacking is stopped', async () => {
    const result = await child('bomb');
    expect(result.problems.join()).toMatch(/decompression bomb/);
    expect(ofTheProgram(result), JSON.stringify(result)).toBeLessThan(150);
  });

  // A million of each is not needed: what is kept of an image has one budget, and these go beyond it.
  it.each(Object.keys(HOSTILE))(
    'for an image of %s',
    async (kind) => {
      const result = await child(kind);
      expect(ofTheProgram(result), JSON.stringify(result)).toBeLessThan(150);
    },
    120_000,
  );
});
