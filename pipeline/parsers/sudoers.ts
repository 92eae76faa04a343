import { type NumberedLine, significantLines } from './lines.ts';

/** Rules of sudoers(5) that ask for no password: the tag NOPASSWD, or `Defaults !authenticate`. */
export function passwordlessRules(text: string): NumberedLine[] {
  return significantLines(text, { continued: true }).filter(({ text: rule }) => {
    const said = rule.replace(/\s#.*$/, '');
    return /\bNOPASSWD\s*:/.test(said) || /^Defaults\b.*!\s*authenticate\b/.test(said);
  });
}
