import type { SandboxContext } from '../context.ts';
import { type EventType, LEVELS, levelOf, shownType } from './event-types.ts';
import type { Machine, MachineEvent } from './state.ts';
import { STATUS, type Status, shownStatus } from './status.ts';

/** MAAS' log is endless; this is plenty for 1,000 machines that are deployed twice. */
const KEPT = 60_000;

export interface EventDetails {
  description?: string;
  /** Of a user's request, such as "start commissioning". */
  action?: string;
  user?: string;
  /** Milliseconds since 1970; by default now. */
  at?: number;
}

/** Adds to the machine's event log; what has level INFO or more is its status message from then on. */
export function logEvent(
  world: SandboxContext,
  machine: Machine,
  type: EventType,
  details: EventDetails = {},
): void {
  const { machines } = world.store.state;
  const event: MachineEvent = {
    id: machines.next.event++,
    systemId: machine.systemId,
    at: details.at ?? world.now(),
    type,
    description: details.description ?? '',
    action: details.action ?? '',
    user: details.user ?? '',
  };
  machines.events.push(event);
  if (machines.events.length > KEPT * 1.1) machines.events.splice(0, machines.events.length - KEPT);
  if ((LEVELS[levelOf(type)] as number) >= 20) {
    machine.statusMessage = event.description ? `${shownType(type)} - ${event.description}` : shownType(type);
    machine.statusAction = event.action;
  }
}

/** The request of a user; the description names the user and the comment. */
export function logRequest(
  world: SandboxContext,
  machine: Machine,
  type: EventType,
  { user, action, comment }: { user: string; action: string; comment?: string | undefined },
): void {
  const description = comment ? `(${user}) - ${comment}` : `(${user})`;
  logEvent(world, machine, type, { description, action, user });
}

/** Of these MAAS keeps what was before them as the previous status. */
const PASSING = new Set<Status>([
  STATUS.RESCUE_MODE,
  STATUS.ENTERING_RESCUE_MODE,
  STATUS.FAILED_ENTERING_RESCUE_MODE,
  STATUS.EXITING_RESCUE_MODE,
  STATUS.FAILED_EXITING_RESCUE_MODE,
  STATUS.TESTING,
]);

/** Moves to another status, with its entry in the log. */
export function setStatus(world: SandboxContext, machine: Machine, status: Status, at = world.now()): void {
  if (machine.status === status) return;
  const to = status === STATUS.ALLOCATED ? ` (to ${machine.owner})` : '';
  const description = `From '${shownStatus(machine.status)}' to '${shownStatus(status)}'${to}`;
  if (!PASSING.has(machine.status)) machine.previousStatus = machine.status;
  machine.status = status;
  if (status === STATUS.NEW || status === STATUS.READY) machine.owner = null;
  logEvent(world, machine, 'NODE_CHANGED_STATUS', { description, at });
  world.store.machinesChanged();
}

/** MAAS' mark_failed: the failed status of what was going on, and why. */
export function markFailed(
  world: SandboxContext,
  machine: Machine,
  failed: Status,
  comment: string,
  at: number,
): void {
  logEvent(world, machine, 'REQUEST_NODE_MARK_FAILED_SYSTEM', { description: comment, at });
  setStatus(world, machine, failed, at);
  machine.errorDescription = comment;
  if (failed === STATUS.FAILED_COMMISSIONING) logEvent(world, machine, 'FAILED_COMMISSIONING', { at });
  if (failed === STATUS.FAILED_TESTING) logEvent(world, machine, 'FAILED_TESTING', { at });
}
