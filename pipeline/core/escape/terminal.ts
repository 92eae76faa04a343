import { visible } from './visible.ts';

/** Text from outside as a part of a line of ours: whatever it says, it makes no second line. */
export function plain(text: string): string {
  return visible(text).replaceAll('\n', '\\n');
}

/** The colours of report/paint.ts, the only sequences that we write ourselves. */
const OURS = /(\x1b\[(?:1|2|22|31|32|33|36|39)m)/;

/**
 * Whole lines of ours, as everything is written to a terminal or to the log of a CI: no sequence but our own colours, and no
 * line that the CI's runner would obey.
 * @param color whether colours are in it; without, those of foreign text go too
 */
export function forTerminal(text: string, color: boolean): string {
  const parts = color ? text.split(OURS) : [text];
  const clean = parts.map((part, at) => (at % 2 === 1 ? part : visible(part))).join('');
  return clean.split('\n').map(inert).join('\n');
}

/**
 * GitHub's runner obeys `::command::` after blanks, and its older form `##[command]` anywhere in a line; that of Azure obeys
 * `##vso[`. (actions/runner, ActionCommand.cs)
 */
function inert(line: string): string {
  return line
    .replace(/^((?:\s|\x1b\[\d+m)*):(?=:.*::)/, '$1:\\')
    .replace(/#(?=#(?:\[|vso\[|teamcity\[))/gi, '#\\');
}
