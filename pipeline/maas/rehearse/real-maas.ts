import { registerSecret } from '../../core/secrets/registry.ts';
import type { NodeKeys } from './types.ts';

/** The keys of a real machine's node, by their texts. */
export type Tokens = ReadonlyMap<string, keyof NodeKeys>;
const TOKEN_NAMES: Readonly<Record<string, keyof NodeKeys>> = {
  consumer_key: 'consumerKey',
  token_key: 'tokenKey',
  token_secret: 'tokenSecret',
};

/** The keys of the machine's node, wherever they stand; each is a secret from here on. */
export function tokensIn(text: string): Tokens {
  const found = new Map<string, keyof NodeKeys>();
  const form =
    /(consumer_key|token_key|token_secret)\\?["']?[ \t]{0,8}[:=][ \t]{0,8}\\?["']?([A-Za-z0-9]{8,128})/g;
  for (const [, name, value] of text.matchAll(form)) {
    registerSecret(value!);
    found.set(value!, TOKEN_NAMES[name!]!);
  }
  return found;
}

const ORIGIN = /https?:\/\/[A-Za-z0-9.:[\]_-]{1,260}/g;

/** The servers of MAAS that the text names: what stands before /MAAS/ in a URL. */
export function originsIn(text: string): Set<string> {
  const found = text.matchAll(/(https?:\/\/[A-Za-z0-9.:[\]_-]{1,260})\/MAAS(?![A-Za-z0-9_-])/g);
  return new Set(Array.from(found, ([, origin]) => origin!));
}

/** The value with keys and servers of the real MAAS replaced in every text of it. */
export function forRehearsal(
  value: unknown,
  replace: { token(name: keyof NodeKeys): string; origin(): string },
  tokens: Tokens,
  origins: ReadonlySet<string>,
): unknown {
  const change = (text: string) =>
    text
      .replace(ORIGIN, (url) => (origins.has(url) ? replace.origin() : url))
      .replace(/[A-Za-z0-9]{8,128}/g, (word) => {
        const name = tokens.get(word);
        return name === undefined ? word : replace.token(name);
      });
  const walk = (one: unknown): unknown => {
    if (typeof one === 'string') return change(one);
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, walk(member)]));
  };
  return walk(value);
}
