import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('keygen')
    .description('create an Ed25519 key pair for signing images')
    .requiredOption('--out <file>', 'the private key; the public key is written to <file>.pub')
    .addHelpText('after', '\nWith DGXOS_MAAS_SIGNING_PASSPHRASE set, the private key is encrypted with it.')
    .action(
      act(async (session, { out }: { out: string }) => {
        const { resolve } = await import('node:path');
        const { writeKeyPair } = await import('../../image/attest/write-key-pair.ts');
        const { PASSPHRASE } = await import('../../image/attest/signing-key.ts');
        const { registerSecret } = await import('../../core/secrets/registry.ts');
        const passphrase = session.env[PASSPHRASE] || undefined;
        registerSecret(passphrase);
        const { prepareOutput } = await import('../../host/files/output.ts');
        await prepareOutput(out, '--out', 0o700);
        const made = await writeKeyPair(resolve(out), passphrase);
        session.data({ ok: true, encrypted: passphrase !== undefined, ...made }, () =>
          [
            `${made.keyFile}  private key${passphrase ? ', encrypted' : ''}: keep it secret; set sign.key_file to it`,
            `${made.publicKey}  public key: for everybody who verifies images; set verify.public_key to it`,
            `key ${made.keyId}`,
          ].join('\n'),
        );
      }),
    );
};
