import { setMaxListeners } from 'node:events';
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { json } from '../core/escape/json.ts';
import { forTerminal } from '../core/escape/terminal.ts';
import type { Event } from '../core/events/event.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { redact, redactDeep, registerSecret } from '../core/secrets/registry.ts';
import { paint, wantsColor, widthOfStream } from '../core/text/paint.ts';
import { faultText } from '../report/text/fault-text.ts';
import { plainRenderer, type Renderer, terminalRenderer } from '../report/text/renderer.ts';
import type { Act } from './command.ts';
import type { Session } from './session.ts';

interface GlobalOptions {
  config?: string;
  json?: boolean;
  events?: string;
  verbose?: boolean;
  quiet?: boolean;
}

/** Opens the session of one command, runs the action, closes it, and turns whatever was thrown into an exit code. */
export const act: Act =
  (action) =>
  async (...args) => {
    const command = args.at(-1) as Command;
    const options = command.optsWithGlobals() as GlobalOptions;
    const env = process.env;
    registerSecret(env.MAAS_API_KEY);
    const color = paint(wantsColor(process.stderr, env), widthOfStream(process.stderr));
    const renderer = chooseRenderer(options, env);
    const abort = new AbortController();
    // Everything of a run listens to it; Node 20 warns of more than ten listeners.
    setMaxListeners(0, abort.signal);
    const release = onSignals(abort, renderer);
    let exitCode = 0;
    try {
      const session: Session = {
        emit: openSinks(options, renderer),
        signal: abort.signal,
        json: options.json === true,
        paint: paint(!options.json && wantsColor(process.stdout, env), widthOfStream(process.stdout)),
        env,
        configFile: options.config === undefined ? undefined : resolve(options.config),
        exitCode: 0,
        data(object: unknown, text: string | (() => string), form?: 'document' | 'foreign') {
          const said = () => redact(typeof text === 'function' ? text() : text);
          const written = options.json
            ? json(redactDeep(object), 2)
            : form !== undefined
              ? said()
              : forTerminal(said(), session.paint.on);
          if (written) aboveLive(renderer, () => process.stdout.write(`${written}\n`));
        },
      };
      await action(session, ...(args.slice(0, -1) as never));
      exitCode = session.exitCode;
      renderer.close();
    } catch (error) {
      renderer.close();
      const fault = asFault(error, abort.signal);
      exitCode = fault.exitCode;
      if (options.json) process.stdout.write(`${json(redactDeep({ ok: false, error: fault }), 2)}\n`);
      process.stderr.write(`${faultText(fault, color)}\n`);
      if (fault.code === 'INTERNAL' && options.verbose && error instanceof Error)
        process.stderr.write(`${redact(error.stack ?? '')}\n`);
    } finally {
      release();
    }
    process.exitCode = exitCode;
  };

/** Writes to stdout, which may be the terminal that has live lines, too. */
function aboveLive(renderer: Renderer, write: () => void): void {
  const same = process.stdout.isTTY;
  if (same) renderer.show({ type: 'terminal', taken: true });
  write();
  if (same) renderer.show({ type: 'terminal', taken: false });
}

function asFault(error: unknown, signal: AbortSignal): Fault {
  if (signal.aborted && signal.reason instanceof Fault) return signal.reason;
  if (error instanceof Fault) return error;
  return fromSystemError(error, 'running');
}

function chooseRenderer(options: GlobalOptions, env: NodeJS.ProcessEnv): Renderer {
  if (options.quiet) return { show() {}, close() {} };
  const color = paint(wantsColor(process.stderr, env));
  const verbose = options.verbose === true;
  const live = process.stderr.isTTY && !env.CI && env.TERM !== 'dumb';
  return live
    ? terminalRenderer(process.stderr, color, { verbose })
    : plainRenderer(process.stderr, color, { verbose });
}

/** The renderer, and beside it the NDJSON file of --events: one event a line, with the time it happened. */
function openSinks(options: GlobalOptions, renderer: Renderer): (event: Event) => void {
  if (!options.events) return (event) => renderer.show(event);
  let file: number;
  const descriptor = /^fd:(\d{1,4})$/.exec(options.events);
  try {
    // A pipe without a reader fails at once, it is not waited for.
    const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
    file = descriptor
      ? Number(descriptor[1])
      : openSync(options.events, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o644);
    if (descriptor) fstatSync(file);
  } catch (error) {
    if (
      ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENXIO', 'ENAMETOOLONG', 'ELOOP', 'EBADF'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      throw new Fault('USAGE', `--events ${options.events}: no file can be written there`, {
        hint: 'Name a file in an existing folder.',
        cause: error,
      });
    throw fromSystemError(error, `opening the events file ${options.events}`);
  }
  let broken = false;
  return (event) => {
    if (!broken)
      try {
        writeWhole(file, `${json(redactDeep({ time: new Date().toISOString(), ...event }), 0)}\n`);
      } catch (error) {
        broken = true;
        const { message } = fromSystemError(error, `writing ${options.events}`);
        renderer.show({
          type: 'notice',
          level: 'warning',
          message: `${message}; no more events are written to it`,
        });
      }
    renderer.show(event);
  };
}

/** Writes at once, so that no event is lost when we are killed. A full pipe is waited for, two seconds at most. */
function writeWhole(file: number, text: string): void {
  let rest = Buffer.from(text);
  for (let waits = 0; rest.length > 0; )
    try {
      rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || ++waits > 200) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
}

/** The first signal asks for an orderly end; a second one of the same session ends at once. */
function onSignals(abort: AbortController, renderer: Renderer): () => void {
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const handler = () => {
      const fault =
        signal === 'SIGINT'
          ? new Fault('INTERRUPTED', 'Interrupted')
          : new Fault('TERMINATED', `Ended by ${signal}`);
      if (abort.signal.aborted) {
        renderer.close();
        process.exit(fault.exitCode);
      }
      abort.abort(fault);
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
