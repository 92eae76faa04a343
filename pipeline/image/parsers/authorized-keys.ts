const TYPE =
  /^(?:sk-)?(?:ssh-(?:rsa|dss|dsa|ed25519|ed448|xmss)|ecdsa-sha2-nistp(?:256|384|521)|rsa-sha2-(?:256|512))(?:-cert-v0[01])?(?:@openssh\.com)?$/;

/** Characters of a line that are looked at: options and a key of 16384 bits are shorter (sshd's own bound is 8 KiB). */
const MOST_LINE = 64 << 10;

/** Keys of an authorized_keys file, as sshd(8) reads it: comments and lines without a key's type are none. */
export function countKeys(text: string): number {
  let keys = 0;
  for (const raw of text.split('\n')) {
    const line = raw.slice(0, MOST_LINE).trim();
    if (line !== '' && !line.startsWith('#') && hasKey(line)) keys += 1;
  }
  return keys;
}

/** A key's type comes first, or behind the options, which are one word with quoted parts. */
function hasKey(line: string): boolean {
  const first = wordEnd(line, 0);
  if (TYPE.test(line.slice(0, Math.min(first, 80)))) return true;
  let at = first;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  const end = wordEnd(line, at);
  return end - at <= 80 && TYPE.test(line.slice(at, end));
}

function wordEnd(line: string, from: number): number {
  let quoted = false;
  for (let at = from; at < line.length; at += 1) {
    const char = line[at];
    if (char === '\\' && line[at + 1] === '"') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === ' ' || char === '\t')) return at;
  }
  return line.length;
}
