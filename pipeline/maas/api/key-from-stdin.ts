import { createInterface } from 'node:readline';
import { addAbortSignal, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { interrupted } from '../../core/faults/interrupted.ts';

/**
 * All of stdin; at a terminal one line, which is asked for and not shown.
 * @throws Fault INTERRUPTED, TERMINATED
 */
export async function keyFromStdin(signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY) return askHidden('API key: ', signal);
  try {
    return await text(addAbortSignal(signal, process.stdin));
  } catch (error) {
    throw signal.aborted ? interrupted(signal) : error;
  }
}

function askHidden(question: string, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  // From here on the terminal shows nothing of what is typed; asked before, it would show a key that is pasted at once.
  process.stderr.write(question);
  return new Promise<string>((resolve, reject) => {
    const stop = () => {
      reject(interrupted(signal));
      asking.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    // The terminal is in raw mode meanwhile, where Ctrl-C is only a character.
    asking.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    asking.once('line', (line) => {
      resolve(line);
      asking.close();
    });
    // Also by Ctrl-D, which answers nothing.
    asking.once('close', () => {
      signal.removeEventListener('abort', stop);
      process.stderr.write('\n');
      resolve('');
    });
  });
}
