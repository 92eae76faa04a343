import { numberedLines } from './lines.ts';

const GENERIC_KERNEL = /\blinux-(?:image-|headers-)?(?:generic|virtual)(?:-hwe-[0-9.]+(?:-edge)?)?\b/g;

/**
 * Ubuntu's generic kernels that a script would install: named on a line, comments aside, that also speaks of installing or of a
 * kernel package. Continued lines count as one.
 */
export function genericKernels(script: string): { line: number; text: string; packages: string[] }[] {
  const found: { line: number; text: string; packages: string[] }[] = [];
  // A docstring says, it does not do; its line breaks are kept, for the line numbers.
  const code = script.replace(/(^|\n)([ \t]*)("""|''')[\s\S]*?\3/g, (said) => said.replace(/[^\n]/g, ''));
  for (const { line, text } of numberedLines(code, { continued: true })) {
    const said = text.replace(/(^|\s)#.*$/, '').trim();
    if (
      /\b(remove|purge|autoremove|hold|dpkg-divert|echo|printf|log)\b/.test(said) &&
      !/\binstall\b/.test(said)
    )
      continue;
    if (!/install|kernel|package/i.test(said)) continue;
    const packages = said.match(GENERIC_KERNEL);
    if (packages) found.push({ line, text: said, packages: [...new Set(packages)] });
  }
  return found;
}
