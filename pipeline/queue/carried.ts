import type { Event } from '../core/events/event.ts';
import { CATALOGUE, type FaultCode } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { redactDeep } from '../core/secrets/registry.ts';
import { differenceFrom } from '../host/files/read-json.ts';
import { count, list, object, oneOf, type Shape, text } from '../host/files/shape.ts';

/** Characters of one text that pass through Redis. */
const LONGEST = 2000;
/** Lasting events that a report holds: stages begin and end, and a few say something. */
const MOST_KEPT = 60;
/** Moving lines of a report; older ones are out of date. */
const MOST_LIVE = 20;

/** The advance of a unit as its worker reports it: all that has happened so far, so that who comes later sees it, too. */
export interface Report {
  worker: string;
  /** Counts the tries of the unit; each begins with an empty list. */
  attempt: number;
  /** Lasting events, from the first. */
  kept: Event[];
  /** The state of what moves. */
  live: Event[];
}

const REPORT: Shape<Report> = object({
  worker: text,
  attempt: count,
  kept: list(object({ type: text })),
  live: list(object({ type: text })),
}) as Shape<Report>;

const EVENTS: { [Type in Event['type']]?: Shape<unknown> } = {
  'stage-start': object({ image: text, stage: text, reason: text }),
  'stage-fresh': object({ image: text, stage: text }),
  'stage-end': object({ image: text, stage: text, seconds: count, summary: text }),
  progress: object(
    { id: text, label: text, done: count, unit: oneOf('bytes', 'count') },
    { total: count, note: text },
  ),
  activity: object({ id: text, label: text }),
  'activity-end': object({ id: text }),
  notice: object({ level: oneOf('info', 'warning'), message: text }, { hint: text, detail: text }),
};

/** Collects the events of a run for its reports. */
export class Reporter {
  readonly #worker: string;
  readonly #attempt: number;
  readonly #kept: Event[] = [];
  readonly #live = new Map<string, Event>();

  constructor(worker: string, attempt: number) {
    this.#worker = worker;
    this.#attempt = attempt;
  }

  /** @returns whether the event is one that is reported */
  see(value: unknown): boolean {
    const event = eventOf(value);
    if (!event) return false;
    if (event.type === 'stage-start') this.#live.clear();
    if (event.type === 'activity-end') this.#live.delete(event.id);
    else if (event.type === 'progress' || event.type === 'activity') {
      this.#live.delete(event.id);
      this.#live.set(event.id, event);
      if (this.#live.size > MOST_LIVE) this.#live.delete(this.#live.keys().next().value as string);
    } else if (this.#kept.length < MOST_KEPT || event.type.startsWith('stage-')) this.#kept.push(event);
    return true;
  }

  report(): Report {
    return redactDeep({
      worker: this.#worker,
      attempt: this.#attempt,
      kept: this.#kept,
      live: [...this.#live.values()],
    });
  }
}

/** A report from Redis; undefined for anything else. */
export function reportOf(value: unknown): Report | undefined {
  if (differenceFrom(REPORT, value) !== null) return undefined;
  const report = value as Report;
  const events = (from: unknown[]) => from.flatMap((one) => eventOf(one) ?? []);
  return {
    worker: cut(report.worker),
    attempt: report.attempt,
    kept: events(report.kept.slice(0, 2 * MOST_KEPT)),
    live: events(report.live.slice(0, MOST_LIVE)),
  };
}

/** An event of the kinds that are reported, with texts of a limited length. */
function eventOf(value: unknown): Event | undefined {
  const { type } = (value ?? {}) as { type?: string };
  const shape = type !== undefined && Object.hasOwn(EVENTS, type) ? EVENTS[type as Event['type']] : undefined;
  if (!shape || differenceFrom(shape, value) !== null) return undefined;
  const members = Object.entries(value as object).filter(([name]) => name !== 'time');
  return Object.fromEntries(
    members.map(([name, member]) => [name, typeof member === 'string' ? cut(member) : member]),
  ) as Event;
}

const cut = (said: string) => (said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said);

/** The end of a run that failed, as text for Redis. */
export function faultText(fault: Fault, stage: string | null): string {
  const { code, message, hint, detail } = fault;
  const members = {
    stage,
    code,
    message: cut(message),
    hint: hint && cut(hint),
    detail: detail && cut(detail),
  };
  return JSON.stringify(redactDeep(members));
}

/** The failure that a unit ended with, from its text; one of BullMQ's own has no code. */
export function faultFrom(said: string, image: string): { fault: Fault; stage: string | null } {
  let value: Record<string, unknown> = {};
  try {
    value = Object(JSON.parse(said)) as Record<string, unknown>;
  } catch {
    // Such as "job stalled more than allowable limit".
  }
  const { code, message, hint, detail, stage } = value;
  if (typeof code !== 'string' || !Object.hasOwn(CATALOGUE, code) || typeof message !== 'string')
    return {
      fault: new Fault('UNIT_ABANDONED', `The build of ${image} ended without a result: ${cut(said)}`),
      stage: null,
    };
  return {
    fault: new Fault(code as FaultCode, message, {
      ...(typeof hint === 'string' ? { hint } : {}),
      ...(typeof detail === 'string' ? { detail } : {}),
    }),
    stage: typeof stage === 'string' ? stage : null,
  };
}
