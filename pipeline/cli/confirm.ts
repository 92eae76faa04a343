import { createInterface } from 'node:readline';
import type { Event } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { type Paint, paint, wantsColor, widthOfStream } from '../core/text/paint.ts';
import type { Session } from './session.ts';

/** The terminal on which a person may be asked. */
export interface Terminal {
  /** Whether somebody can answer. */
  interactive: boolean;
  /** For what is shown there. */
  paint: Paint;
  /** Shows the text and reads one line; rejects with the signal's reason when interrupted. */
  ask(text: string, signal: AbortSignal): Promise<string>;
}

/** Asks on stderr and reads stdin. In CI nobody answers, whatever the streams are. */
export function terminal({ env, emit }: Pick<Session, 'env' | 'emit'>): Terminal {
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true && !env.CI;
  return {
    interactive,
    paint: interactive
      ? paint(wantsColor(process.stderr, env), widthOfStream(process.stderr))
      : paint(false, widthOfStream(process.stderr)),
    ask: async (text, signal) => {
      // Live lines would be drawn over the question.
      emit({ type: 'terminal', taken: true });
      try {
        return await answered(text, signal);
      } finally {
        emit({ type: 'terminal', taken: false });
      }
    },
  };
}

function answered(text: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    const stop = () => {
      reject(interrupted(signal));
      asking.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    // The terminal is in raw mode meanwhile, where Ctrl-C is only a character.
    asking.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    asking.question(text, (answer) => {
      resolve(answer.trim());
      asking.close();
    });
    // Also by Ctrl-D, which answers nothing.
    asking.on('close', () => {
      signal.removeEventListener('abort', stop);
      resolve('');
    });
  });
}

/** Text of several lines as a notice: the first is its message. */
export function noticeOf(text: string): Extract<Event, { type: 'notice' }> {
  const [message = '', ...lines] = text.split('\n');
  return {
    type: 'notice',
    level: 'info',
    message,
    ...(lines.length > 0 ? { detail: lines.join('\n') } : {}),
  };
}

/**
 * Asks before something that harms; `shown` says what will be touched.
 * @throws Fault USAGE where nobody can be asked, or the answer is not yes
 */
export async function confirm(
  shown: string,
  { yes, signal, io }: { yes: boolean; signal: AbortSignal; io: Terminal },
): Promise<void> {
  if (yes) return;
  if (!io.interactive)
    throw new Fault('USAGE', 'Nothing was done: there is no terminal to ask', {
      hint: 'Look at what would be changed, and run it with --yes.',
      detail: shown,
    });
  const answer = await io.ask(`${shown}\nContinue? [y/N] `, signal);
  if (!/^y(?:es)?$/i.test(answer)) throw new Fault('USAGE', 'Nothing was done: not confirmed');
}

/** Asks for each machine in turn to do something at it; without a terminal the requests are only printed, in order. */
export async function askByHand(
  requests: readonly string[],
  {
    io,
    prompt,
    signal,
    print,
  }: { io: Terminal; prompt: boolean; signal: AbortSignal; print: (text: string) => void },
): Promise<void> {
  if (requests.length === 0) return;
  if (!prompt || !io.interactive) {
    print(
      [
        'Manual power; press these power buttons in this order:',
        ...requests.map((text, at) => `  ${at + 1}. ${text}`),
      ].join('\n'),
    );
    return;
  }
  for (const [at, text] of requests.entries())
    await io.ask(`Manual power ${at + 1} of ${requests.length}: ${text}. Enter when done: `, signal);
}
