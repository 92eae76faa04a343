import { Fault } from '../core/faults/fault.ts';
import { maasUrl } from './maas-url.ts';

/** The accepted form, for messages. */
export const MAAS_URL_ACCEPTED = 'the http or https URL of a MAAS, such as http://maas.example:5240/MAAS';

/** Why the text is not a MAAS URL; null when it is one. */
export function maasUrlProblem(text: string): { message: string; accepts: string } | null {
  try {
    maasUrl(text);
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // The text before an @ may be a password.
    const message = text.includes('@')
      ? 'a MAAS URL must not contain a user name or password'
      : error.message;
    return { message, accepts: MAAS_URL_ACCEPTED };
  }
}
