import type { FormatFlags } from '../../report/formats/write.ts';
import type { Declare } from '../command.ts';
import { withFormats } from '../format-options.ts';

export const declare: Declare = (program, act) => {
  const config = program.command('config').description('show and check the configuration');

  config
    .command('show')
    .description('print the effective configuration as a dgxos-maas.yaml')
    .option('--origin', 'add the origin of every value: flag, environment, file or default')
    .action(
      act(async (session, options: { origin?: boolean }) => {
        const { loadConfig } = await import('../../config/load.ts');
        const { configAsWritten, originsAsWritten, showConfig } = await import('../../config/show.ts');
        const loaded = await loadConfig({ file: session.configFile, env: session.env, cwd: process.cwd() });
        for (const message of loaded.warnings) session.emit({ type: 'notice', level: 'warning', message });
        const object = {
          ...{ ok: true, file: loaded.config.file, config: configAsWritten(loaded) },
          ...(options.origin ? { origins: originsAsWritten(loaded) } : {}),
        };
        session.data(
          object,
          () => showConfig(loaded, { origin: options.origin === true, cwd: process.cwd() }),
          'document',
        );
      }),
    );

  config
    .command('validate')
    .description('check dgxos-maas.yaml; exit code 3 if it has errors')
    .action(
      act(async (session) => {
        const { loadConfig } = await import('../../config/load.ts');
        const { noConfig } = await import('../../config/find.ts');
        const { assertConsents } = await import('../../config/consent.ts');
        const loaded = await loadConfig({ file: session.configFile, env: session.env, cwd: process.cwd() });
        if (loaded.config.file === null) throw noConfig();
        for (const message of loaded.warnings) session.emit({ type: 'notice', level: 'warning', message });
        const { file } = loaded.config;
        const images = Object.keys(loaded.config.images);
        assertConsents(loaded.consents, images);
        const targets = Object.keys(loaded.config.targets);
        session.data(
          { ok: true, file, images, targets, warnings: loaded.warnings },
          `${file} is valid\n  images: ${images.join(', ') || 'none'}\n  targets: ${targets.join(', ') || 'none'}`,
        );
      }),
    );

  const settings = config
    .command('settings')
    .description('list every setting: accepted values, default, flag and environment variable')
    .action(
      act(async (session, flags: FormatFlags) => {
        const { settingFacts, settingsPage, settingsText } = await import('../../config/reference.ts');
        const { writeReports } = await import('../../report/formats/write.ts');
        const page = { markdown: settingsPage };
        const document = await writeReports('config settings', flags, undefined, page, session.env);
        session.data(
          { ok: true, settings: settingFacts() },
          () => document ?? settingsText(session.paint),
          document === undefined ? undefined : 'document',
        );
      }),
    );
  withFormats(settings, 'config settings');

  config
    .command('schema')
    .description('print the JSON schema of dgxos-maas.yaml, for editors')
    .action(
      act(async (session) => {
        const { configSchema, configSchemaText } = await import('../../config/config-schema.ts');
        session.data({ ok: true, schema: configSchema() }, configSchemaText().trimEnd(), 'document');
      }),
    );
};
