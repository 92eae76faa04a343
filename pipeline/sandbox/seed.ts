import { createHash } from 'node:crypto';
import { freshMachines } from './machines/state.ts';
import { freshSite } from './site/state.ts';
import { type Resource, type State, SYNCED } from './store.ts';

const SERIES = ['focal', 'jammy'];
const PARTS = [
  ['boot-kernel', 14_000_000],
  ['boot-initrd', 120_000_000],
  ['squashfs', 400_000_000],
] as const;

/** A MAAS that has imported Ubuntu for these architectures; the bytes themselves are not there. */
export function freshState(version: string, architectures: string[]): State {
  let file = 1;
  const resources: Resource[] = [];
  for (const series of SERIES)
    for (const architecture of architectures)
      resources.push({
        id: resources.length + 1,
        type: SYNCED,
        name: `ubuntu/${series}`,
        architecture,
        title: '',
        baseImage: '',
        lastDeployed: null,
        sets: [
          {
            version: '20260801',
            label: 'stable',
            files: PARTS.map(([filename, size]) => ({
              id: file++,
              filename,
              filetype: filename,
              sha256: createHash('sha256').update(`${series} ${architecture} ${filename}`).digest('hex'),
              size,
              blob: `synced-${series}`,
              received: size,
              receivedAt: 0,
            })),
          },
        ],
      });
  return {
    format: 1,
    version,
    nextResource: resources.length + 1,
    nextFile: file,
    importing: false,
    resources,
    site: freshSite(),
    machines: freshMachines(),
  };
}
