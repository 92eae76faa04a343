import type { SandboxContext } from '../context.ts';
import { refuse } from '../reply.ts';
import { setStatus } from './log.ts';
import type { Machine } from './state.ts';
import { STATUS, type Status, type StatusName, shownStatus } from './status.ts';

/** From each status to which others, as MAAS has it in node_status.py; the same from 2.8 to 3.8. */
const TRANSITIONS: Record<StatusName, readonly StatusName[]> = {
  NEW: ['COMMISSIONING', 'TESTING', 'MISSING', 'READY', 'RETIRED', 'BROKEN', 'ENTERING_RESCUE_MODE'],
  COMMISSIONING: ['FAILED_COMMISSIONING', 'READY', 'RETIRED', 'MISSING', 'NEW', 'BROKEN', 'TESTING'],
  FAILED_COMMISSIONING: [
    ...(['COMMISSIONING', 'MISSING', 'RETIRED', 'BROKEN', 'ENTERING_RESCUE_MODE', 'TESTING'] as const),
  ],
  READY: [
    ...(['ENTERING_RESCUE_MODE', 'COMMISSIONING', 'ALLOCATED', 'RESERVED', 'RETIRED', 'MISSING'] as const),
    ...(['BROKEN', 'TESTING'] as const),
  ],
  RESERVED: [
    ...(['READY', 'ALLOCATED', 'RETIRED', 'MISSING', 'BROKEN', 'DISK_ERASING', 'RELEASING'] as const),
    ...(['ENTERING_RESCUE_MODE', 'TESTING'] as const),
  ],
  ALLOCATED: [
    ...(['READY', 'RETIRED', 'MISSING', 'BROKEN', 'DEPLOYING', 'DISK_ERASING', 'RELEASING'] as const),
    ...(['ENTERING_RESCUE_MODE', 'TESTING'] as const),
  ],
  RELEASING: [
    ...(['NEW', 'ALLOCATED', 'RESERVED', 'DEPLOYED', 'READY', 'BROKEN', 'MISSING'] as const),
    ...(['FAILED_DEPLOYMENT', 'FAILED_DISK_ERASING', 'FAILED_RELEASING'] as const),
  ],
  DEPLOYING: [
    ...(['ALLOCATED', 'MISSING', 'BROKEN', 'FAILED_DEPLOYMENT', 'DEPLOYED', 'READY'] as const),
    ...(['DISK_ERASING', 'RELEASING'] as const),
  ],
  FAILED_DEPLOYMENT: [
    ...(['ALLOCATED', 'MISSING', 'BROKEN', 'READY', 'DISK_ERASING', 'RELEASING'] as const),
    ...(['ENTERING_RESCUE_MODE', 'TESTING'] as const),
  ],
  DEPLOYED: [
    ...(['ALLOCATED', 'MISSING', 'BROKEN', 'READY', 'DISK_ERASING', 'RELEASING'] as const),
    ...(['ENTERING_RESCUE_MODE', 'TESTING'] as const),
  ],
  MISSING: ['NEW', 'READY', 'ALLOCATED', 'COMMISSIONING', 'BROKEN', 'ENTERING_RESCUE_MODE', 'TESTING'],
  RETIRED: ['NEW', 'READY', 'MISSING', 'BROKEN', 'ENTERING_RESCUE_MODE', 'TESTING'],
  BROKEN: [
    ...(['COMMISSIONING', 'READY', 'DISK_ERASING', 'RELEASING', 'ENTERING_RESCUE_MODE'] as const),
    ...(['TESTING', 'DEPLOYED'] as const),
  ],
  FAILED_RELEASING: ['RELEASING', 'DISK_ERASING', 'READY', 'BROKEN', 'TESTING'],
  DISK_ERASING: ['BROKEN', 'DISK_ERASING', 'FAILED_DISK_ERASING', 'READY', 'RELEASING'],
  FAILED_DISK_ERASING: [
    ...(['DISK_ERASING', 'RELEASING', 'BROKEN', 'ALLOCATED', 'READY', 'ENTERING_RESCUE_MODE'] as const),
    ...(['TESTING'] as const),
  ],
  ENTERING_RESCUE_MODE: [
    ...(['READY', 'BROKEN', 'DEPLOYED', 'RESCUE_MODE', 'FAILED_ENTERING_RESCUE_MODE'] as const),
    ...(['EXITING_RESCUE_MODE'] as const),
  ],
  FAILED_ENTERING_RESCUE_MODE: ['BROKEN', 'ENTERING_RESCUE_MODE', 'EXITING_RESCUE_MODE', 'TESTING'],
  RESCUE_MODE: ['BROKEN', 'EXITING_RESCUE_MODE', 'TESTING'],
  EXITING_RESCUE_MODE: [
    ...(['NEW', 'BROKEN', 'FAILED_COMMISSIONING', 'READY', 'RESERVED', 'ALLOCATED'] as const),
    ...(['FAILED_DEPLOYMENT', 'DEPLOYED', 'MISSING', 'RETIRED', 'FAILED_RELEASING'] as const),
    ...(['FAILED_DISK_ERASING', 'RESCUE_MODE', 'FAILED_ENTERING_RESCUE_MODE'] as const),
    ...(['FAILED_EXITING_RESCUE_MODE', 'FAILED_TESTING'] as const),
  ],
  FAILED_EXITING_RESCUE_MODE: ['BROKEN', 'EXITING_RESCUE_MODE', 'TESTING'],
  TESTING: [
    ...(['BROKEN', 'NEW', 'READY', 'RESERVED', 'ALLOCATED', 'DEPLOYED', 'COMMISSIONING'] as const),
    ...(['FAILED_DEPLOYMENT', 'MISSING', 'RETIRED', 'FAILED_RELEASING', 'FAILED_DISK_ERASING'] as const),
    ...(['FAILED_ENTERING_RESCUE_MODE', 'FAILED_EXITING_RESCUE_MODE', 'FAILED_TESTING'] as const),
  ],
  FAILED_TESTING: [
    ...(['COMMISSIONING', 'BROKEN', 'MISSING', 'ENTERING_RESCUE_MODE', 'TESTING', 'READY'] as const),
    ...(['DEPLOYED'] as const),
  ],
};

const NEXT = new Map<Status, ReadonlySet<Status>>(
  (Object.entries(TRANSITIONS) as [StatusName, readonly StatusName[]][]).map(([from, to]) => [
    STATUS[from],
    new Set(to.map((name) => STATUS[name])),
  ]),
);

/** Whether MAAS lets a node go from one status to another. */
export const mayBecome = (from: Status, to: Status): boolean => NEXT.get(from)?.has(to) === true;

/** Moves a machine because somebody asked for it. @throws Refused 409 where MAAS has no such way */
export function moveTo(world: SandboxContext, machine: Machine, status: Status): void {
  needWay(machine, status);
  setStatus(world, machine, status);
}

/** The refusal of `moveTo`, before anything else is done. */
export function needWay({ status: from }: Machine, to: Status): void {
  if (from !== to && !mayBecome(from, to))
    refuse(409, `Invalid transition: ${shownStatus(from)} -> ${shownStatus(to)}.`);
}
