import { describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import {
  type AcquireRequest,
  acquireMachine,
  bootsByEfi,
  usableMachines,
} from '../../../pipeline/maas/acceptance/acquire-machine.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { MaasError } from '../../../pipeline/maas/api/maas-error.ts';

const [NEW, READY, DEPLOYED, RETIRED, DEPLOYING, ALLOCATED, RELEASING] = [0, 4, 6, 7, 9, 10, 12];
const AGENT = 'dgxos-maas-accept-0123456789abcdef';

const raw = (hostname: string, status = READY, more: object = {}) => ({
  system_id: `id-${hostname}`,
  hostname,
  status,
  architecture: 'amd64/generic',
  bios_boot_method: 'uefi',
  tag_names: ['dgx'],
  blockdevice_set: [{ partitions: [{ filesystem: { mount_point: '/boot/efi' } }] }],
  ...more,
});
type Raw = ReturnType<typeof raw>;

const taken = () => new MaasError('MAAS_REFUSED', 'taken', { status: 409 });
const away = () => new Fault('MAAS_UNREACHABLE', 'away');

/** A MAAS that lists these machines, those that follow at the next look, and allocates as it is said. */
function maas(looks: Raw[][], allocate: (systemId: string) => object = (id) => raw(id.slice(3), ALLOCATED)) {
  const asked: string[] = [];
  let look = 0;
  const client = {
    url: 'http://maas:5240/MAAS',
    async get(path: string) {
      if (path.includes('agent_name=')) {
        asked.push('whose');
        return [raw('gpu02', ALLOCATED)];
      }
      return looks[Math.min(look++, looks.length - 1)];
    },
    async post(_path: string, form: { system_id: string }) {
      asked.push(form.system_id);
      return allocate(form.system_id);
    },
    notMaas: (path: string, why: string) => new Fault('MAAS_PROTOCOL', `${path}: ${why}`),
  };
  return { client: client as unknown as MaasClient, asked, looks: () => look };
}

function request(more: Partial<AcquireRequest> = {}) {
  const events: Event[] = [];
  return {
    machines: ['*'],
    tags: [],
    architecture: 'amd64/generic',
    needsEfi: true,
    agentName: AGENT,
    comment: 'x',
    waitS: 5,
    pollMs: 1,
    emit: (event: Event) => void events.push(event),
    signal: new AbortController().signal,
    events,
    ...more,
  };
}

describe('the machine of an acceptance', () => {
  test('is the first that is free', async () => {
    const { client, asked } = maas([[raw('gpu01', DEPLOYED), raw('gpu02'), raw('gpu03')]]);
    const wanted = request({ waitS: 0 });
    expect(await acquireMachine(client, wanted)).toMatchObject({ hostname: 'gpu02', status: 'allocated' });
    expect(asked).toEqual(['id-gpu02']);
    expect(wanted.events).toEqual([]);
  });

  test('is the next one when somebody else was faster', async () => {
    const { client, asked } = maas([[raw('gpu01'), raw('gpu02')]], (id) => {
      if (id === 'id-gpu01') throw taken();
      return raw('gpu02', ALLOCATED);
    });
    expect(await acquireMachine(client, request())).toMatchObject({ hostname: 'gpu02' });
    expect(asked).toEqual(['id-gpu01', 'id-gpu02']);
  });

  test('is looked for under its name when the answer to its allocation is lost', async () => {
    const { client, asked } = maas([[raw('gpu02')]], () => {
      throw away();
    });
    expect(await acquireMachine(client, request())).toMatchObject({ hostname: 'gpu02' });
    expect(asked).toEqual(['id-gpu02', 'whose']);
  });

  test.each<[string, () => Error]>([
    ['a refusal', () => new MaasError('MAAS_REFUSED', 'no', { status: 403 })],
    ['a mistake of the program', () => new TypeError('x')],
  ])('is not asked for again after %s', async (_what, error) => {
    const { client, asked } = maas([[raw('gpu01'), raw('gpu02')]], () => {
      throw error();
    });
    await expect(acquireMachine(client, request())).rejects.toThrow(error().message);
    expect(asked).toEqual(['id-gpu01']);
  });

  test('is not taken by a command that was interrupted meanwhile', async () => {
    const abort = new AbortController();
    const { client, asked } = maas([[raw('gpu01'), raw('gpu02')]], () => {
      abort.abort();
      throw away();
    });
    await expect(acquireMachine(client, request({ signal: abort.signal }))).rejects.toThrow('away');
    expect(asked).toEqual(['id-gpu01']);
  });

  test.each([
    ['deployed', DEPLOYED],
    ['allocated', ALLOCATED],
    ['deploying', DEPLOYING],
    ['releasing', RELEASING],
  ])('is waited for while one is %s, with one message', async (_name, status) => {
    const busy = [raw('gpu01', status, { owner: 'ada' })];
    const { client } = maas([busy, busy, [raw('gpu01')]]);
    const wanted = request();
    expect(await acquireMachine(client, wanted)).toMatchObject({ hostname: 'gpu01' });
    expect(wanted.events).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^waiting for a free machine: gpu01 is .* \(ada\)$/),
      }),
    ]);
  });

  test('is waited for when all that were free are taken just now', async () => {
    let tries = 0;
    const { client } = maas([[raw('gpu01')]], () => {
      if (++tries < 3) throw taken();
      return raw('gpu01', ALLOCATED);
    });
    expect(await acquireMachine(client, request())).toMatchObject({ hostname: 'gpu01' });
  });

  test.each([
    ['new', NEW],
    ['retired', RETIRED],
  ])('is not waited for while all are %s', async (_name, status) => {
    const { client, looks } = maas([[raw('gpu01', status)]]);
    await expect(acquireMachine(client, request({ waitS: 1e6 }))).rejects.toMatchObject({
      code: 'MACHINE_UNAVAILABLE',
      message: expect.stringContaining('gpu01 is '),
    });
    expect(looks()).toBe(1);
  });

  test('is not waited for longer than was said', async () => {
    const { client, looks } = maas([[raw('gpu01', DEPLOYED)]]);
    await expect(acquireMachine(client, request({ waitS: 0 }))).rejects.toMatchObject({
      code: 'MACHINE_UNAVAILABLE',
      hint: expect.stringContaining('It waited for 0 s'),
    });
    expect(looks()).toBe(1);
  });

  test('is not waited for by a command that is interrupted', async () => {
    const { client } = maas([[raw('gpu01', DEPLOYED)]]);
    const wanted = request({ signal: AbortSignal.timeout(50), waitS: 1e6, pollMs: 1e6 });
    await expect(acquireMachine(client, wanted)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('machines that may be used', () => {
  const usable = (machines: Raw[], more: Partial<AcquireRequest> = {}) =>
    usableMachines(maas([machines]).client, request(more)).then((all) => all.map(({ hostname }) => hostname));

  test('have the tags, the architecture and no lock', async () => {
    const machines = [
      raw('gpu01'),
      raw('gpu02', READY, { locked: true }),
      raw('gpu03', READY, { architecture: 'arm64/generic' }),
      raw('gpu04', READY, { architecture: 'amd64/hwe' }),
      raw('gpu05', READY, { tag_names: [] }),
    ];
    expect(await usable(machines, { machines: [], tags: ['dgx'] })).toEqual(['gpu01', 'gpu04']);
    expect(await usable(machines, { machines: ['gpu05', 'gpu01'] })).toEqual(['gpu05', 'gpu01']);
    expect(await usable(machines, { machines: ['gpu05', 'gpu01'], tags: ['dgx'] })).toEqual(['gpu01']);
  });

  test('boot by UEFI where the image does', async () => {
    const bios = raw('gpu01', READY, { bios_boot_method: 'pxe' });
    expect(await usable([bios, raw('gpu02')])).toEqual(['gpu02']);
    expect(await usable([bios, raw('gpu02')], { needsEfi: false })).toEqual(['gpu01', 'gpu02']);
    await expect(usable([bios])).rejects.toMatchObject({ code: 'MACHINE_NO_EFI' });
    expect([{ profile: 'dgx-nbd' }, { profile: 'ubuntu' }].map(bootsByEfi)).toEqual([true, false]);
  });

  test('are never all that there are', async () => {
    await expect(usable([raw('gpu01')], { machines: [], tags: [] })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test.each<[string, Raw[], Partial<AcquireRequest>, string, string]>([
    [
      'no machine of that tag',
      [raw('gpu01')],
      { machines: [], tags: ['a100', 'rack1'] },
      'No amd64 machine of this MAAS is tagged a100 and rack1',
      'dgxos-maas machines list shows',
    ],
    [
      'only others',
      [raw('gpu01', READY, { locked: true }), raw('gpu02', READY, { architecture: 'arm64/generic' })],
      { machines: ['gpu*'], tags: ['dgx'] },
      'No amd64 machine of this MAAS is gpu* tagged dgx',
      'There are others: gpu01 (amd64/generic, locked), gpu02 (arm64/generic).',
    ],
  ])(
    'a selection without machines (%s): the fault names the selection',
    async (_what, machines, more, message, hint) => {
      await expect(usable(machines, more)).rejects.toMatchObject({
        code: 'MACHINE_UNKNOWN',
        message,
        hint: expect.stringContaining(hint),
      });
    },
  );
});
