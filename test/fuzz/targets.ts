import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { judge } from '../../pipeline/image/checks/judge.ts';
import { validateFile } from '../../pipeline/image/checks/validate-file.ts';
import type { ImageFacts } from '../../pipeline/image/facts/facts.ts';
import { createInspector } from '../../pipeline/image/facts/inspector.ts';
import { parseLayout } from '../../pipeline/maas/rehearse/layout-file.ts';
import { parseMachineConfig } from '../../pipeline/maas/rehearse/machine-config.ts';
import { checkGrowth, growthOf } from './growth.ts';
import { PARSERS } from './parsers.ts';

export interface Target {
  /** Takes an input as an attacker could send it. Throws when something comes out that must not. @param scratch a folder to write to */
  run(input: Buffer, scratch: string): Promise<void>;
  /** The form of its inputs, for the mutations. */
  form: 'any' | 'tar' | 'gzip' | 'growth';
}

/** Everything that reads bytes from an image, by the name of its folder of seeds. */
export const TARGETS: Record<string, Target> = {
  tar: { run: readTar, form: 'tar' },
  gzip: { run: readStream, form: 'gzip' },
  growth: { run: (input) => checkGrowth(growthOf(input)), form: 'growth' },
  'layout-file': { run: async (input) => void parseLayout(input.toString(), 'layout.yaml'), form: 'any' },
  'machine-config': { run: async (input) => readMachine(input.toString()), form: 'any' },
  ...Object.fromEntries(
    Object.entries(PARSERS).map(([name, functions]) => [
      name,
      {
        form: 'any' as const,
        async run(input: Buffer) {
          for (const parse of Object.values(functions)) await parse(input);
        },
      },
    ]),
  ),
};

/** Of a machine that can be rehearsed, keys of its MAAS are in nothing that is given to the guest or reported. */
function readMachine(text: string): void {
  const identity = { origin: 'http://10.0.2.2:1', systemId: 'i', images: 'j', hostname: 'h', mac: 'm' };
  const keys = { consumerKey: 'our-consumer', tokenKey: 'our-token', tokenSecret: 'our-secret' };
  const { more, replaced } = parseMachineConfig(text, 'machine.yaml');
  const written = JSON.stringify([more(identity, keys), replaced]);
  if (written.includes('S3cretOfTheNode')) throw new Error('A key of the real MAAS is left');
}

/**
 * Facts do not depend on how the bytes came, and every check can judge them. How far an archive was read that cannot be read
 * to its end does.
 */
async function readTar(tar: Buffer): Promise<void> {
  const facts = await inspect(tar, 64 << 10);
  const chunk = 1 + (tar.reduce((sum, byte) => sum + byte, 0) % 4096);
  const again = await inspect(tar, chunk);
  const same = facts.archive.whole ? JSON.stringify(facts) === JSON.stringify(again) : !again.archive.whole;
  if (!same) throw new Error(`The facts in chunks of ${chunk} bytes differ from those in one of 64 KiB`);
  const verdict = judge(facts, { profile: 'any-ubuntu' });
  if (!facts.archive.whole && verdict.passed)
    throw new Error('An archive that could be read in part only has passed');
}

async function inspect(tar: Buffer, chunk: number): Promise<ImageFacts> {
  const inspector = createInspector();
  for (let at = 0; at < tar.length; at += chunk)
    await new Promise<void>((resolve, reject) =>
      // A copy: the inspector must not keep a chunk beyond its write.
      inspector.write(Buffer.from(tar.subarray(at, at + chunk)), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  inspector.end();
  return inspector.facts();
}

/** No stream is called whole that zlib itself refuses, and all that it holds was read. */
async function readStream(input: Buffer, scratch: string): Promise<void> {
  const file = join(scratch, 'image');
  writeFileSync(file, input);
  const { stream, facts, size, verdict } = await validateFile(file, {
    profile: 'any-ubuntu',
    signal: new AbortController().signal,
  });
  if (size !== input.length) throw new Error(`${size} bytes were read of ${input.length}`);
  if (!stream.whole && verdict.passed) throw new Error('A stream that is not whole has passed');
  if (stream.format !== 'gzip' || !stream.whole) return;
  const { length } = gunzipSync(input);
  if (facts.archive.whole && facts.archive.tarBytes !== length)
    throw new Error(`${facts.archive.tarBytes} bytes were looked at of ${length}`);
}
