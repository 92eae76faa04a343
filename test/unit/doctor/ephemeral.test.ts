import { expect, it } from 'vitest';
import type { EphemeralSource } from '../../../pipeline/config/settings/ephemeral.ts';
import { examineEphemerals } from '../../../pipeline/doctor/rehearsal.ts';

const none = { series: null, subarch: null, version: null };
const mirror = { from: 'mirror', mirror: 'http://mirror.example/stable', ...none } as const;
const here = import.meta.filename;

const examine = (ephemeral: EphemeralSource | null, rehearse = false) =>
  examineEphemerals({
    rehearsal: { ephemeral },
    images: { a: { rehearsal: { ephemeral } } },
    nightly: { rehearse },
  } as unknown as Parameters<typeof examineEphemerals>[0]);

it.each<[string, EphemeralSource | null, object[]]>([
  ['none', null, []],
  ['files', { kernel: here, initrd: here, squashfs: here }, [{ status: 'ok', found: here }]],
  [
    'a file that is not there',
    { kernel: here, initrd: '/nowhere', squashfs: here },
    [{ status: 'optional', found: expect.stringContaining('/nowhere') }],
  ],
  [
    'an unsigned mirror',
    { ...mirror, keyring: 'none' },
    [{ status: 'ok', found: expect.stringContaining('http://mirror.example/stable, fetched') }],
  ],
  ['a mirror with a keyring', { ...mirror, keyring: here }, [{ status: 'ok' }]],
  [
    'a mirror whose keyring is not there',
    { ...mirror, keyring: '/nowhere.gpg' },
    [{ status: 'optional', found: expect.stringContaining('/nowhere.gpg') }],
  ],
  [
    'a MAAS',
    { from: 'maas', target: 'lab', ...none },
    [{ status: 'ok', found: expect.stringContaining('lab') }],
  ],
])('%s', async (_, source, findings) => {
  expect(await examine(source)).toEqual(
    findings.map((one) => expect.objectContaining({ tool: 'ephemeral', neededFor: 'rehearse', ...one })),
  );
});

it('one that a night needs is missing', async () => {
  expect(await examine({ ...mirror, keyring: '/nowhere.gpg' }, true)).toMatchObject([{ status: 'missing' }]);
});
