import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Whether a process of this host lives. Somebody else's may not be signalled, but lives. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The start of a process: field 22 of /proc/PID/stat. Null: there is no such process, or it cannot be seen. */
export function startTimeOf(pid: number): string | null {
  return fieldsOf(pid)?.[19] ?? null;
}

/** /proc/PID/stat from its third field on. */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** A process so that it cannot be mistaken for a later one with its number, nor for one of another host or container. */
export interface ProcessName {
  pid: number;
  host: string;
  /** See `startOf`. */
  start?: string | null;
  /** The boot of the host and the namespace of process numbers; '' where the system has neither. */
  place?: string;
}

export function thisProcess(): ProcessName {
  return { pid: process.pid, host: hostname(), start: startTimeOf(process.pid), place: place() };
}

/** Whether a process has ended; undefined where this host cannot know. Of an older record only the number is known. */
export function hasEnded({ pid, host, start, place: itsPlace }: ProcessName): boolean | undefined {
  if (host !== hostname()) return undefined;
  if (itsPlace !== undefined) {
    const [boot, space] = itsPlace.split(' ');
    const [ourBoot, ourSpace] = place().split(' ');
    if (boot !== ourBoot) return true;
    if (space !== ourSpace) return undefined;
  }
  if (!alive(pid)) return true;
  const fields = fieldsOf(pid);
  if (fields === undefined) return false;
  const zombie = fields[0] === 'Z' || fields[0] === 'X';
  return zombie || (typeof start === 'string' && fields[19] !== start);
}

function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
