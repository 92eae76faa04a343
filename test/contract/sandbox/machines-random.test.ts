import { expect, test } from 'vitest';
import { STATUS, type StatusName, shownStatus } from '../../../sandbox/machines/status.ts';
import fc from '../../property.ts';
import { call } from './client.ts';
import { Handle, still } from './machines.ts';

/** The statuses that MAAS lets a node go to from each status (its NODE_TRANSITIONS). */
const TRANSITIONS: Record<StatusName, string> = {
  NEW: 'COMMISSIONING TESTING MISSING READY RETIRED BROKEN ENTERING_RESCUE_MODE',
  COMMISSIONING: 'FAILED_COMMISSIONING READY RETIRED MISSING NEW BROKEN TESTING',
  FAILED_COMMISSIONING: 'COMMISSIONING MISSING RETIRED BROKEN ENTERING_RESCUE_MODE TESTING',
  READY: 'ENTERING_RESCUE_MODE COMMISSIONING ALLOCATED RESERVED RETIRED MISSING BROKEN TESTING',
  RESERVED: 'READY ALLOCATED RETIRED MISSING BROKEN DISK_ERASING RELEASING ENTERING_RESCUE_MODE TESTING',
  ALLOCATED: 'READY RETIRED MISSING BROKEN DEPLOYING DISK_ERASING RELEASING ENTERING_RESCUE_MODE TESTING',
  RELEASING:
    'NEW ALLOCATED RESERVED DEPLOYED READY BROKEN MISSING FAILED_DEPLOYMENT FAILED_DISK_ERASING FAILED_RELEASING',
  DEPLOYING: 'ALLOCATED MISSING BROKEN FAILED_DEPLOYMENT DEPLOYED READY DISK_ERASING RELEASING',
  FAILED_DEPLOYMENT: 'ALLOCATED MISSING BROKEN READY DISK_ERASING RELEASING ENTERING_RESCUE_MODE TESTING',
  DEPLOYED: 'ALLOCATED MISSING BROKEN READY DISK_ERASING RELEASING ENTERING_RESCUE_MODE TESTING',
  MISSING: 'NEW READY ALLOCATED COMMISSIONING BROKEN ENTERING_RESCUE_MODE TESTING',
  RETIRED: 'NEW READY MISSING BROKEN ENTERING_RESCUE_MODE TESTING',
  BROKEN: 'COMMISSIONING READY DISK_ERASING RELEASING ENTERING_RESCUE_MODE TESTING DEPLOYED',
  FAILED_RELEASING: 'RELEASING DISK_ERASING READY BROKEN TESTING',
  DISK_ERASING: 'BROKEN DISK_ERASING FAILED_DISK_ERASING READY RELEASING',
  FAILED_DISK_ERASING: 'DISK_ERASING RELEASING BROKEN ALLOCATED READY ENTERING_RESCUE_MODE TESTING',
  ENTERING_RESCUE_MODE: 'READY BROKEN DEPLOYED RESCUE_MODE FAILED_ENTERING_RESCUE_MODE EXITING_RESCUE_MODE',
  FAILED_ENTERING_RESCUE_MODE: 'BROKEN ENTERING_RESCUE_MODE EXITING_RESCUE_MODE TESTING',
  RESCUE_MODE: 'BROKEN EXITING_RESCUE_MODE TESTING',
  EXITING_RESCUE_MODE:
    'NEW BROKEN FAILED_COMMISSIONING READY RESERVED ALLOCATED FAILED_DEPLOYMENT DEPLOYED MISSING RETIRED FAILED_RELEASING FAILED_DISK_ERASING RESCUE_MODE FAILED_ENTERING_RESCUE_MODE FAILED_EXITING_RESCUE_MODE FAILED_TESTING',
  FAILED_EXITING_RESCUE_MODE: 'BROKEN EXITING_RESCUE_MODE TESTING',
  TESTING:
    'BROKEN NEW READY RESERVED ALLOCATED DEPLOYED COMMISSIONING FAILED_DEPLOYMENT MISSING RETIRED FAILED_RELEASING FAILED_DISK_ERASING FAILED_ENTERING_RESCUE_MODE FAILED_EXITING_RESCUE_MODE FAILED_TESTING',
  FAILED_TESTING: 'COMMISSIONING BROKEN MISSING ENTERING_RESCUE_MODE TESTING READY DEPLOYED',
};

const allowed = (from: string, to: string) => {
  // Without power, or when a test is aborted, it goes back where it came from, past all rules.
  if (from === 'Entering rescue mode' || `${from} ${to}` === 'Testing Failed commissioning') return true;
  const keys = Object.keys(TRANSITIONS) as StatusName[];
  const named = (shown: string) => keys.find((key) => shownStatus(STATUS[key]) === shown) as StatusName;
  return TRANSITIONS[named(from)].split(' ').includes(named(to));
};

const OPERATIONS = [
  ...['commission', 'commission', 'deploy', 'deploy', 'release', 'release', 'abort', 'test', 'power_on'],
  ...['power_off', 'rescue_mode', 'exit_rescue_mode', 'mark_broken', 'mark_fixed', 'lock', 'unlock'],
  ...['override_failed_testing', 'set_storage_layout'],
];

const RULES = ['power', 'commissioning', 'testing', 'deploying', 'releasing', 'erasing', 'rescue', 'timeout'];

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom(...OPERATIONS), erase: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ wait: fc.constantFrom(200, 1500, 4000, 20_000, 2_000_000) }) },
  { weight: 1, arbitrary: fc.record({ fail: fc.constantFrom(...RULES) }) },
  { weight: 1, arbitrary: fc.constant({ press: true }) },
);

test('in any order of requests a machine goes only where MAAS lets it go, and nothing breaks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('ipmi', 'manual'),
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async (powerType, steps) => {
        const server = await still({ machines: 0 });
        server.control.enlist({ hostname: 'one', powerType });
        const machine = new Handle(server, 'one');
        for (const one of steps) {
          if ('wait' in one) server.control.advance(one.wait);
          else if ('fail' in one) server.control.addFailure(`one:${one.fail}:once`);
          else if ('press' in one) {
            if (server.control.machines()[0]?.waitsFor === 'power-on') server.control.press('one');
          } else {
            const form = {
              storage_layout: 'flat',
              distro_series: 'jammy',
              ...(one.erase ? { erase: true } : {}),
            };
            const answer = await machine.op(one.op, form);
            expect([200, 400, 403, 409], `${one.op}: ${answer.text}`).toContain(answer.status);
          }
        }
        // Left alone it comes to rest, or waits for somebody.
        server.control.advance(3_600_000);
        const moves = (await call(server, 'GET', `events/?op=query&level=DEBUG&limit=1000`)).json.events
          .filter((event: { type: string }) => event.type === 'Node changed status')
          .map((event: { description: string }) => /'(.+)' to '([^']+)'/.exec(event.description)?.slice(1));
        for (const [from, to] of moves) expect(allowed(from, to), `${from} -> ${to}`).toBe(true);
        const [rest] = server.control.machines();
        expect([null, powerType === 'manual' ? 'power-on' : null]).toContain(rest?.waitsFor);
        await server.close();
      },
    ),
    { numRuns: 40 },
  );
});
