import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';

/** The three parts of a MAAS API key; the consumer secret is always empty. */
export interface ApiKey {
  consumerKey: string;
  tokenKey: string;
  tokenSecret: string;
}

const PARTS = [
  { name: 'consumer key', length: 18 },
  { name: 'token key', length: 18 },
  { name: 'token secret', length: 32 },
] as const;

const LONGEST = 1000;

const HINT =
  'A MAAS API key is three parts joined by colons (18, 18 and 32 letters and digits), shown in the web interface under your ' +
  'name, API keys, and by `maas apikey --username NAME`.';

/**
 * Parses `consumer:token:secret`; the key and its parts are secrets from then on.
 * @param from where the text came from, for the message; the text itself is never shown
 * @throws Fault API_KEY_INVALID
 */
export function parseApiKey(text: string, from: string): ApiKey {
  const key = text.trim();
  if (key === '') throw invalid(from, 'it is empty');
  // Another file than was meant, perhaps: what is as long as that is not a key, and none of it is shown.
  if (key.length > LONGEST) throw invalid(from, `it has ${key.length} characters`);
  registerSecret(key);
  const parts = key.split(':');
  if (parts.length !== 3)
    throw invalid(from, `it has ${parts.length} ${parts.length === 1 ? 'part' : 'parts'}, not 3`);
  PARTS.forEach(({ name, length }, index) => {
    const part = parts[index] as string;
    if (!/^[A-Za-z0-9]*$/.test(part))
      throw invalid(from, `its ${name} has characters other than letters and digits`);
    if (part.length !== length)
      throw invalid(from, `its ${name} has ${part.length} characters, not ${length}`);
  });
  return {
    consumerKey: parts[0] as string,
    tokenKey: parts[1] as string,
    tokenSecret: parts[2] as string,
  };
}

function invalid(from: string, why: string): Fault {
  return new Fault('API_KEY_INVALID', `The API key ${from} is not valid: ${why}`, { hint: HINT });
}
