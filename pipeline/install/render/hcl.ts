import { Fault } from '../../core/faults/fault.ts';

/** An expression that stands inside a quoted template, such as `var.config_url`. */
export interface Interpolation {
  expression: string;
}

const ESCAPES: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The inside of an HCL2 quoted template: nothing in it is interpolated, no character ends the string. The sign of a
 * template opener becomes a code point escape, which the scanner never takes for an opener; HCL's own doubling
 * (`$${`) is read differently after another `$`.
 */
function quoted(text: string): string {
  return text
    .replace(/["\\\n\r\t]/g, (character) => ESCAPES[character] as string)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]|[$%](?=\{)/g, codePoint);
}

function codePoint(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * Any text as an HCL2 string literal that evaluates to exactly that text. HCL keeps strings in NFC, so a text in
 * another normal form is evaluated to its NFC form.
 */
export function hclString(text: string): string {
  return `"${quoted(text)}"`;
}

/** A quoted template out of literal texts and expressions. */
export function hclTemplate(parts: readonly (string | Interpolation)[]): string {
  // Neighbouring literals are joined first: a `$` at the end of one and a `{` at the start of the next would meet.
  const joined: (string | Interpolation)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return `"${joined.map((part, i) => (typeof part === 'string' ? literal(part, i < joined.length - 1) : `\${${part.expression}}`)).join('')}"`;
}

/** A literal before an expression must not end in `$` or `%`: with the expression's own opener it would read as an escape. */
function literal(text: string, beforeExpression: boolean): string {
  const escaped = quoted(text);
  return beforeExpression ? escaped.replace(/[$%]$/, codePoint) : escaped;
}

/**
 * Text for a field that Packer also runs through Go's text/template (paths, qemuargs, the boot command). Packer renders
 * such a field again and again until it no longer changes, so that no escape can bring a literal `{{` through.
 * @throws Fault CONFIG_INVALID when the text holds `{{`
 */
export function goTemplateText(text: string, what: string): string {
  if (text.includes('{{'))
    throw new Fault(
      'CONFIG_INVALID',
      `${what} contains "{{", which Packer would evaluate as a template: ${text}`,
      {
        hint: 'Rename it: Packer cannot read these two characters literally.',
      },
    );
  return text;
}

/**
 * A path that Packer writes into QEMU's `-drive`, where commas part the options and Packer doubles none.
 * @throws Fault CONFIG_INVALID
 */
export function drivePath(path: string, what: string): string {
  if (path.includes(','))
    throw new Fault(
      'CONFIG_INVALID',
      `${what} contains a comma, which QEMU would treat as the next option: ${path}`,
      {
        hint: 'Use a path without commas.',
      },
    );
  return goTemplateText(path, what);
}
