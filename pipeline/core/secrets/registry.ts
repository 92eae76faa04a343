/** The mask that stands where a secret stood. */
const MASK = '***';

// Shorter strings would mask ordinary words; our keys and generated passwords are far longer.
const SHORTEST = 6;

const known = new Set<string>();
let pattern: RegExp | undefined;

/** Every spelling in which a secret may turn up in a URL, a header, JSON or a log. */
function spellings(secret: string): string[] {
  const percent = encodeURIComponent(secret.toWellFormed());
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = Buffer.from(secret).toString('hex');
  return [
    secret,
    percent,
    percent.toLowerCase(),
    // A form writes a blank as a plus.
    new URLSearchParams({ s: secret }).toString().slice(2),
    json,
    // JSON within JSON, as an event's text may be.
    JSON.stringify(json).slice(1, -1),
    ...base64Of(secret),
    hex,
    hex.toUpperCase(),
    // A password within a shell command of ours.
    secret.replaceAll("'", "'\\''"),
    secret.replace(/[&<>"]/g, (c) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[c]};`),
  ];
}

/** Base64 of the secret alone, and of what all texts with it in them have in common, wherever in its triple it begins. */
function base64Of(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inside = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = Math.ceil((before * 8) / 6);
    // The last digit holds bits of what follows, unless the secret ends with a triple.
    return text.slice(from, (before + bytes.length) % 3 === 0 ? undefined : -1);
  });
  const whole = bytes.toString('base64').replace(/=+$/, '');
  return [whole, ...inside]
    .filter((text) => text.length >= SHORTEST)
    .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** Registers a secret once; from then on `redact` masks it in every encoding. Parts of a MAAS key count too. */
export function registerSecret(secret: string | undefined): void {
  if (!secret) return;
  for (const part of [secret, ...secret.split(':')])
    if (part.length >= SHORTEST) for (const spelling of spellings(part)) known.add(spelling);
  pattern = undefined;
}

/** User, password or token of a URL: anybody's, so it is masked wherever a URL is shown. */
const CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]{1,2000}@/gi;
/** Headers that authenticate a request. */
const AUTHORIZATION =
  /\b((?:proxy-)?authorization["']?\s{0,9}[:=]\s{0,9}["']?(?:basic|bearer|digest|oauth|token)\s{1,9})[^\r\n"']{1,4000}/gi;

/** Whether a registered secret is in the text, in any encoding that `redact` knows. */
export function holdsSecret(text: string): boolean {
  return known.size > 0 && text.search(masked()) >= 0;
}

/** The length of the longest spelling of a secret; 0 without any. */
export function longestSecret(): number {
  let longest = 0;
  for (const { length } of known) longest = Math.max(longest, length);
  return longest;
}

function masked(): RegExp {
  // Longest first, so that a whole key is masked before one of its parts.
  pattern ??= new RegExp(
    [...known]
      .sort((a, b) => b.length - a.length)
      .map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('|'),
    'g',
  );
  return pattern;
}

/** The text without any registered secret, and without what names itself one. Every sink (log, event, report, error text) writes through this. */
export function redact(text: string): string {
  const plain = text.replace(CREDENTIALS, `$1${MASK}@`).replace(AUTHORIZATION, `$1${MASK}`);
  return known.size === 0 ? plain : plain.replace(masked(), MASK);
}

/**
 * The value with every string inside it redacted, keys too; what a JSON sink writes. What JSON leaves out is left out, and
 * `toJSON` is asked, as JSON.stringify would.
 */
export function redactDeep<T>(value: T): T {
  return walked(value, '') as T;
}

function walked(value: unknown, key: string): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: (key: string) => unknown };
  if (typeof toJSON === 'function') {
    const own = toJSON.call(value, key);
    // An object may answer with itself.
    if (own !== value) return walked(own, key);
  }
  if (Array.isArray(value)) return value.map((entry, at) => walked(entry, String(at)));
  // Object.fromEntries keeps a key such as `__proto__` an ordinary one.
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [redact(name), walked(entry, name)]),
  );
}
