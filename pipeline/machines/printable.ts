import { stripVTControlCharacters } from 'node:util';
import { redact } from '../secrets/registry.ts';

/** Text of a machine or of MAAS, fit to be shown: no control sequences, no registered secret. */
export function printable(text: string): string {
  const plain = stripVTControlCharacters(text.replaceAll('\r\n', '\n'));
  return redact(plain.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ''));
}

/** The last lines of a long text. */
export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
