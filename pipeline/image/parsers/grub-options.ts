import { variableChanges } from './shell-variables.ts';

export interface LostOptions {
  file: string;
  line: number;
  text: string;
  why: string;
  /** Whether it only happens where a condition of the file holds. */
  conditional: boolean;
  /** Whether grub-mkconfig, which runs by `sh` and stops at errors, ends there, and the deployment with it. */
  fatal: boolean;
}

export const GRUB_DEFAULTS = '/etc/default/grub';
const OPTIONS = 'GRUB_CMDLINE_LINUX_DEFAULT';
/** Stands for what curtin writes; no shell variable has this name. */
const MARK = '$MAAS_kernel_options';

/**
 * Settings that remove MAAS' kernel options on their way to GRUB's menu. curtin (`replace_grub_cmdline_linux_default`) writes them over the
 * first `GRUB_CMDLINE_LINUX_DEFAULT=` of /etc/default/grub, wherever it stands; grub-mkconfig then sources that file and
 * /etc/default/grub.d/*.cfg in the order of their names, and the last assignment counts.
 * @param main the text of /etc/default/grub; null: there is none, and curtin writes one
 * @param parts the files of grub.d, in order
 */
export function lostKernelOptions(
  main: string | null,
  parts: readonly { file: string; text: string }[],
): LostOptions[] {
  const written = `${OPTIONS}="${MARK}"`;
  const place = main?.match(/GRUB_CMDLINE_LINUX_DEFAULT=.*/);
  const first = place
    ? main!.slice(0, place.index) + written + main!.slice(place.index! + place[0].length)
    : `${main ?? ''}${written}\n`;
  const files = [
    { file: GRUB_DEFAULTS, text: first },
    // curtin moves this one of Ubuntu's cloud images away, and adds to its own without touching the options.
    ...parts.filter((p) => !p.file.endsWith('/50-cloudimg-settings.cfg')),
  ];
  const carriers = new Set<string>([MARK.slice(1)]);
  let lost: LostOptions[] = [];
  for (const { file, text } of files) {
    const { changes, open } = variableChanges(text);
    for (const { name, how, uses, conditional, line, text: said } of changes) {
      if (how === '+=') {
        // Measured with dash, Ubuntu's sh: `NAME+=x` is the name of a command there, and not found.
        if (!conditional)
          lost.push({ file, line, text: said, why: 'sh knows no +=', conditional, fatal: true });
        continue;
      }
      const carries = uses.some((used) => carriers.has(used));
      if (carries) carriers.add(name);
      if (name === OPTIONS && carries) lost = lost.filter((l) => l.fatal);
      if (carries || !carriers.has(name)) continue;
      if (name === OPTIONS) {
        const why = how === 'unset' ? 'unsets it' : 'assigns it anew';
        if (!conditional) lost = lost.filter((l) => l.fatal);
        lost.push({ file, line, text: said, why, conditional, fatal: false });
      }
      if (!conditional) carriers.delete(name);
    }
    if (open !== null)
      lost.push({
        file,
        line: open,
        text: lineOf(text, open),
        why: 'a quote is not closed',
        conditional: false,
        fatal: true,
      });
  }
  const kept = carriers.has(OPTIONS) || carriers.has('GRUB_CMDLINE_LINUX');
  if (kept) return lost.filter((l) => l.conditional || l.fatal);
  if (lost.some((l) => !l.conditional)) return lost;
  const line = first.slice(0, first.indexOf(written)).split('\n').length;
  return [
    ...lost,
    {
      file: GRUB_DEFAULTS,
      line,
      text: lineOf(main ?? '', line),
      why: 'curtin writes over the first place that has the name, and this one is not an assignment',
      conditional: false,
      fatal: false,
    },
  ];
}

function lineOf(text: string, line: number): string {
  return (text.split('\n')[line - 1] ?? '').trim().slice(0, 200);
}
