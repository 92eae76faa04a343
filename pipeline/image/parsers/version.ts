import { compareText } from '../../core/text/order.ts';
/** Orders versions as dpkg does (deb-version(7), without epochs): numbers by value, `~` before everything, letters before the rest. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? EMPTY, right[i] ?? EMPTY];
    const order = compareNonDigits(x.text, y.text) || compareNumbers(x.number, y.number);
    if (order !== 0) return order;
  }
  return 0;
}

const EMPTY = { text: '', number: '' };

/** Orders digits by their value, however many; in time that their length decides. */
export function compareNumbers(a: string, b: string): number {
  const [x, y] = [withoutZeros(a), withoutZeros(b)];
  return x.length - y.length || compareText(x, y);
}

function withoutZeros(digits: string): string {
  let at = 0;
  while (digits[at] === '0') at += 1;
  return digits.slice(at);
}

/** Text and the number after it, from the front. */
function parts(version: string): { text: string; number: string }[] {
  return [...version.matchAll(/(\D*)(\d*)/g)].map(([, text = '', digits]) => ({
    text,
    number: digits ?? '',
  }));
}

function compareNonDigits(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = weight(a[i]) - weight(b[i]);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function weight(c: string | undefined): number {
  if (c === undefined) return 0;
  if (c === '~') return -1;
  return /[A-Za-z]/.test(c) ? c.charCodeAt(0) : c.charCodeAt(0) + 256;
}
