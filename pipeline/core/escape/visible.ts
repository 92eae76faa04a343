/**
 * Control sequences of terminals (ECMA-48): CSI, the strings (OSC, DCS, SOS, PM, APC) up to their end, and other escapes. No two
 * parts of a pattern take the same character, so that any text is read in linear time.
 */
const SEQUENCES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;

/** Controls that are kept. */
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/**
 * Characters that cannot be seen, or that change the direction of what follows, so that a text reads as another one: Unicode's
 * bidirectional and zero-width formatting, line separators, blank letters and tag characters.
 */
const HIDDEN =
  /\u034f|[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]|[\u{e0000}-\u{e0fff}]/gu;

/**
 * Text from outside (an image, a guest, MAAS, a file) as it can be shown anywhere: without controls, and with what hides
 * spelled out (`\u202e`). Lines and tabs are kept. Each format's escaper, in this folder, begins with it.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(SEQUENCES, '')
    .replaceAll('\r\n', '\n')
    .replace(/\r/g, ' ')
    .replace(CONTROLS, '')
    .replace(HIDDEN, spelled);
}

/** A character by its code point, as JavaScript and JSON write it. */
export function spelled(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}
