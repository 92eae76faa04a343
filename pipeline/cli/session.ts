import type { Emit } from '../core/events/event.ts';
import type { Paint } from '../core/text/paint.ts';

/** The form of a result. */
interface Write {
  <T extends { ok: boolean }>(object: T, text: string | (() => string), form?: 'document'): void;
  (object: unknown, text: string | (() => string), form: 'foreign'): void;
}

/** The parameters of every command: its output, and the signal that interrupts it. Commands print nothing by themselves. */
export interface Session {
  /** Progress and messages; shown on stderr, written to --events. */
  emit: Emit;
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** True with --json: `data` then writes the object and not the text. */
  json: boolean;
  /** Colours and width of stdout. */
  paint: Paint;
  /**
   * Writes the command's result to stdout: the object with --json, else the text. A document (a file's content, commands for a
   * CI) is written as it is; anything else cannot play with the terminal or the CI that shows it. Every object has `ok`, but
   * one of a foreign form, such as an inventory of Ansible.
   */
  data: Write;
  /** The exit code when nothing is thrown. */
  exitCode: number;
  env: NodeJS.ProcessEnv;
  /** Absolute path given by --config, if any. */
  configFile: string | undefined;
}
