import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('login')
    .argument('[url]', 'the MAAS, such as http://maas.example:5240/MAAS (default: MAAS_API_URL)')
    .description(
      'check an API key and store it for this user (mode 0600); the key is read from stdin or a file',
    )
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin', '-')
    .option('--ca-cert <file>', 'PEM file of the CA to trust (default: MAAS_API_CACERT)')
    .action(
      act(async (session, url: string | undefined, options: { apiKeyFile: string; caCert?: string }) => {
        const { logIn } = await import('../../maas/api/log-in.ts');
        const result = await logIn({ url, ...options }, session);
        session.data(
          { ok: true, ...result },
          `Logged in to ${result.url} (MAAS ${result.version}) as ${result.user}${result.admin ? ', an administrator' : ''}; ` +
            `the key is stored in ${result.file}`,
        );
      }),
    );
};
