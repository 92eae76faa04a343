import { basename } from 'node:path';
import { plain } from '../../core/escape/terminal.ts';
import { bytes } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import type { Finding, Verification } from './verification.ts';

const TITLES: Record<Finding['check'], string> = {
  sums: 'SHA256SUMS',
  provenance: 'provenance',
  manifest: 'manifest',
  sbom: 'SBOM',
  signature: 'signature',
  rehearsal: 'rehearsal',
};

/** The result of a verification, for people. */
export function verificationText(verification: Verification, color: Paint): string {
  const { file, sha256, size, findings } = verification;
  const states: Record<Finding['state'], string> = {
    verified: color.green('verified    '),
    failed: color.red('FAILED      '),
    'not-verified': color.yellow('not verified'),
  };
  const rows = findings.map(({ check, state, said }) =>
    hanging(`  ${states[state]}  ${TITLES[check].padEnd(10)}  `, plain(said), color),
  );
  return [
    hanging(`${color.bold(plain(basename(file)))}  `, `${bytes(size)}  sha256 ${sha256}`, color),
    ...rows,
    conclusion(verification, color),
  ].join('\n');
}

function conclusion({ ok, signed, findings }: Verification, color: Paint): string {
  if (findings.some(({ state }) => state === 'failed'))
    return hanging(
      '',
      'This file does not match its records, or a required record is missing.',
      color,
      color.red,
    );
  if (!ok) return hanging('', 'No record beside this file states its digest.', color, color.red);
  return signed
    ? hanging('', 'This file was signed by the holder of the key.', color, color.green)
    : hanging(
        '',
        'The file and its records match. Who made them is not verified: somebody who can change the file can also change its records.',
        color,
        color.yellow,
      );
}
