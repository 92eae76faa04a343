import { SETTINGS } from '../../config/settings/table.ts';
import { EXIT } from '../../core/faults/catalogue.ts';
import type { Declare } from '../command.ts';
import type { Session } from '../session.ts';
import { settingOption } from '../setting-options.ts';

interface Flags {
  key?: string;
  requireSignature?: boolean;
}

export const declare: Declare = (program, act) => {
  program
    .command('verify')
    .argument('<file>', 'the image file; its records must be beside it')
    .description('check an image against its SHA256SUMS, manifest, SBOM, provenance and signature, offline')
    .addOption(settingOption(SETTINGS.verify.fields.public_key))
    .option('--require-signature', 'fail if there is no valid signature')
    .action(act(verify));
};

async function verify(session: Session, file: string, flags: Flags): Promise<void> {
  const [{ verifyFile }, { loadPublicKey }, { verificationText }] = await Promise.all([
    import('../../image/attest/verify.ts'),
    import('../../image/attest/signing-key.ts'),
    import('../../image/attest/verify-text.ts'),
  ]);
  const key = flags.key ?? (await configuredKey(session));
  const result = await verifyFile(file, {
    publicKey: key === null ? null : await loadPublicKey(key),
    requireSignature: flags.requireSignature === true,
    emit: session.emit,
    signal: session.signal,
  });
  session.data(result, () => verificationText(result, session.paint));
  if (!result.ok) session.exitCode = EXIT.validation;
}

async function configuredKey({ configFile, env }: Session): Promise<string | null> {
  const { loadConfig } = await import('../../config/load.ts');
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  return config.verify.publicKey;
}
