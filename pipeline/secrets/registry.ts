/** The mask that stands where a secret stood. */
const MASK = '***';

// Shorter strings would mask ordinary words; our keys and generated passwords are far longer.
const SHORTEST = 6;

const known = new Set<string>();
let pattern: RegExp | undefined;

/** Every spelling in which a secret may turn up in a URL, a header, JSON or a log. */
function spellings(secret: string): string[] {
  const percent = encodeURIComponent(secret);
  return [
    secret,
    percent,
    percent.toLowerCase(),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
  ];
}

/** Registers a secret once; from then on `redact` masks it in every encoding. Parts of a MAAS key count too. */
export function registerSecret(secret: string | undefined): void {
  if (!secret) return;
  for (const part of [secret, ...secret.split(':')])
    if (part.length >= SHORTEST) for (const spelling of spellings(part)) known.add(spelling);
  pattern = undefined;
}

/** The text without any registered secret. Every sink (log, event, report, error text) writes through this. */
export function redact(text: string): string {
  if (known.size === 0) return text;
  // Longest first, so that a whole key is masked before one of its parts.
  pattern ??= new RegExp(
    [...known]
      .sort((a, b) => b.length - a.length)
      .map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('|'),
    'g',
  );
  return text.replace(pattern, MASK);
}

/** The value with every string inside it redacted; what a JSON sink writes. */
export function redactDeep<T>(value: T): T {
  return known.size === 0 ? value : (JSON.parse(redact(JSON.stringify(value))) as T);
}
