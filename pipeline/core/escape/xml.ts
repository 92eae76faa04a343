import { visible } from './visible.ts';

/** Text as the content of an element of XML 1.0. */
export function content(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text for an attribute in double quotes; XML makes blanks of its lines and tabs anyway. */
export function attribute(text: string): string {
  return content(text)
    .replaceAll('"', '&quot;')
    .replace(/[\t\n]/g, ' ');
}
