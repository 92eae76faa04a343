import { visible } from '../../core/escape/visible.ts';
import { redact } from '../../core/secrets/registry.ts';

/** Text of a machine or of MAAS, fit to be shown: no control sequences, no registered secret. */
export function printable(text: string): string {
  return redact(visible(text));
}

/** The last lines of a long text. */
export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
