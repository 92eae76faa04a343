import { type CurtinSource, curtinOfWords } from '../config/settings/curtin.ts';
import { REHEARSAL } from '../config/settings/rehearsal.ts';
import { Fault } from '../core/faults/fault.ts';

/** The words of `--curtin`. @throws Fault USAGE with what is accepted */
export function curtinOf(words: readonly string[]): CurtinSource {
  const written = curtinOfWords(words);
  if (written === undefined) throw refused('--curtin', words.join(' '), REHEARSAL.curtin.kind.accepts);
  return REHEARSAL.curtin.kind.read(written, process.cwd());
}

/** The fault for an option's value. */
export function refused(option: string, value: string, accepts: string): Fault {
  return new Fault('USAGE', `${option} "${value}" is not accepted`, { hint: `Accepted: ${accepts}.` });
}
