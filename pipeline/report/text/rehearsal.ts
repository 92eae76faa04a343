import { plain } from '../../core/escape/terminal.ts';
import { duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging, padded, widthOf } from '../../core/text/width.ts';
import { countsPhrase } from '../../image/checks/phrases.ts';
import { ephemeralPhrase } from '../../maas/rehearse/ephemeral.ts';
import { titleOf } from '../../maas/rehearse/label.ts';
import type { Matrix } from '../../maas/rehearse/matrix.ts';
import { type Failure, PHASES, type Rehearsal } from '../../maas/rehearse/types.ts';
import { faultText } from './fault-text.ts';

/** The verdicts on the rehearsals of an image, and of several a table at the end. */
export function rehearsalsText({ results, faults }: Matrix, color: Paint): string {
  // Of an interruption the table says all.
  const said = faults.flatMap(({ fault }) => (fault.hint || fault.detail ? [faultText(fault, color)] : []));
  const texts = [...results.map((one) => rehearsalText(one, color)), ...said];
  if (results.length + faults.length <= 1)
    return texts[0] ?? faults.map(({ fault }) => plain(fault.message)).join('');
  const names = [...results, ...faults].map(titleOf);
  const width = Math.max(...names.map((name) => widthOf(plain(name))));
  const row = (name: string, word: string, rest: string) =>
    hanging(`${padded(plain(name), width)}  ${word}  `, plain(rest), color);
  const table = [
    ...results.map(({ layout, after, until, failure, seconds }) =>
      failure
        ? row(
            titleOf({ layout, after }),
            color.red('failed  '),
            `${failure.phase}: ${failure.cause ?? failure.said}`,
          )
        : row(titleOf({ layout, after }), color.green(until), duration(seconds)),
    ),
    ...faults.map(({ layout, after, fault }) =>
      row(titleOf({ layout, after }), color.yellow('no result'), fault.message),
    ),
  ];
  return [...texts, table.join('\n')].join('\n\n');
}

/** The verdict on a rehearsal: its phases, and of a failure the guest's words, the cause and the end of the log. */
function rehearsalText(result: Rehearsal, color: Paint): string {
  const { artifact, baseImage, curtin, ephemeral, accelerator, seconds, phases } = result;
  const { failure, folder, until, acceptance } = result;
  const lines = [
    `${plain(artifact)} on ${plain(baseImage)}, layout ${plain(titleOf(result))}`,
    `curtin ${plain(curtin)}, ${plain(ephemeralPhrase(ephemeral))}, ${accelerator === 'kvm' ? 'KVM' : 'emulated'}${result.secureBoot ? ', Secure Boot' : ''}`,
    '',
    ...phases.map(({ phase, seconds: took }) => `${phase.padEnd(12)} ${duration(took).padStart(12)}`),
    '',
  ];
  if (failure) {
    lines.push(
      hanging(
        `${color.red(isBooted(failure) ? 'not accepted:' : 'not deployed:')} `,
        plain(`${failure.phase}: ${failure.said}`),
        color,
      ),
    );
    if (failure.error) lines.push(hanging('error: ', plain(failure.error), color));
    if (failure.cause) lines.push(hanging('cause: ', plain(failure.cause), color));
    if (failure.remedy) lines.push(hanging('remedy: ', plain(failure.remedy), color));
    lines.push('', color.dim(`the last lines of ${failure.log.name}:`));
    lines.push(...failure.log.lines.map((line) => `  ${plain(line)}`));
  } else if (until === 'deployed')
    lines.push(`${color.green('deployed')} in ${duration(seconds)}; the first boot was not rehearsed`);
  else
    lines.push(
      `${color.green('accepted')} in ${duration(seconds)}${acceptance ? `; ${countsPhrase(acceptance)}` : ''}`,
    );
  lines.push('', `logs: ${plain(folder)}`);
  return lines.join('\n');
}

/** Whether it happened after the deployment. */
const isBooted = ({ phase }: Failure) => PHASES.indexOf(phase) >= PHASES.indexOf('boot');
