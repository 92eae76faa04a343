import { visible } from './visible.ts';

/**
 * Text of a message of SARIF. What an image says must not become a link: `[text](target)` is one.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html section 3.11.6
 */
export function message(text: string): string {
  return visible(text).replace(/[[\]\\]/g, (c) => `\\${c}`);
}
