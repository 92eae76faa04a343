import type { Fault } from '../faults/fault.ts';

/** Everything that happens in a run. Other modules only emit these; the renderers decide how they are shown. */
export type Event =
  /** `stage` is an id of the table of stages. */
  | { type: 'run-start'; image: string; stages: string[] }
  | { type: 'stage-start'; image: string; stage: string; reason: string }
  /** `fromStore`: by what another builder has put in the store. */
  | { type: 'stage-fresh'; image: string; stage: string; fromStore?: true }
  | { type: 'stage-end'; image: string; stage: string; seconds: number; summary: string }
  | { type: 'stage-failed'; image: string; stage: string; seconds: number; error: Fault }
  /** A measurable advance. `id` names the line that it belongs to (an upload target, a download). */
  | {
      type: 'progress';
      id: string;
      label: string;
      done: number;
      total?: number;
      unit: 'bytes' | 'count';
      note?: string;
    }
  /** The present activity, where nothing can be counted (a VM that boots). */
  | { type: 'activity'; id: string; label: string }
  /** The progress or the activity with that id has ended, well or not. */
  | { type: 'activity-end'; id: string }
  /** Another program has the terminal from here on, or has given it back. */
  | { type: 'terminal'; taken: boolean }
  /** A sentence worth keeping in a plain log. */
  | {
      type: 'notice';
      level: 'info' | 'warning';
      message: string;
      hint?: string;
      /** More lines, shown below the message. */
      detail?: string;
    }
  /** One line of a tool's or a console's output; shown only with --verbose. */
  | { type: 'log'; source: string; line: string }
  /** So many machines are worked on; their states follow, some only when others have ended. */
  | { type: 'machines-start'; count: number }
  /** The status of a machine was seen first, or has changed, or (`end`) is the last that is waited for. */
  | {
      type: 'machine-state';
      /** Host name. */
      machine: string;
      /** As MAAS shows it: "Deploying". */
      state: string;
      note?: string;
      /** Milliseconds that it has been in this state. */
      sinceMs?: number;
      end?: 'ok' | 'failed';
    }
  | { type: 'run-end'; image: string; ok: boolean; seconds: number };

export type Emit = (event: Event) => void;
