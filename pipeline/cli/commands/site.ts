import type { Command } from 'commander';
import type { Declare } from '../command.ts';
import type { Session } from '../session.ts';

interface TargetFlags {
  to?: string;
  url?: string;
  maasProfile?: string;
  apiKeyFile?: string;
  groupVars?: string;
}

interface FileFlags extends TargetFlags {
  file: string;
}

const target = (command: Command) =>
  command
    .option('--group-vars <file>', "DeepOps' group_vars file, for the URL and the domain of its MAAS")
    .option('--to <target>', 'MAAS target of the configuration (default: the only one)')
    .option('--url <url>', 'URL of a MAAS, instead of a target of the configuration')
    .option('--maas-profile <name>', 'use URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin');

const file = (command: Command) => target(command.option('-f, --file <file>', 'the site file', 'site.yaml'));

export const declare: Declare = (program, act) => {
  const site = program
    .command('site')
    .description('configure a MAAS from a file: settings, keys, boot sources, networks, tags');

  file(site.command('plan'))
    .description('show the differences between the file and the MAAS; change nothing')
    .option('--detailed-exitcode', 'exit code 8 if there are differences')
    .action(
      act(async (session, flags: FileFlags & { detailedExitcode?: boolean }) => {
        const { planObject, planText } = await import('../../maas/site/plan-text.ts');
        const { EXIT } = await import('../../core/faults/catalogue.ts');
        const { plan, client } = await planned(session, flags);
        const object = { ok: true, maas: client.url, changes: planObject(plan.changes) };
        session.data(object, () => planText(plan.changes, session.paint));
        if (flags.detailedExitcode && plan.changes.length) session.exitCode = EXIT.differences;
      }),
    );

  file(site.command('apply'))
    .description('change the MAAS so that it matches the file')
    .option('-y, --yes', 'do not ask')
    .action(
      act(async (session, flags: FileFlags & { yes?: boolean }) => {
        const { countText, planObject, planText } = await import('../../maas/site/plan-text.ts');
        const { confirm, noticeOf, terminal } = await import('../confirm.ts');
        const { applyPlan } = await import('../../maas/site/apply.ts');
        const { plan, client } = await planned(session, flags);
        const { changes } = plan;
        if (changes.length) {
          const { emit, signal } = session;
          const io = terminal(session);
          const shown = planText(changes, io.paint);
          if (flags.yes) emit(noticeOf(shown));
          await confirm(shown, { yes: flags.yes === true, signal, io });
          await applyPlan(plan, { client, emit, signal });
        }
        const done = countText(changes)
          .replace(/ to add/, ' added')
          .replace(/ to change/, ' changed')
          .replace(/ to delete/, ' deleted');
        session.data(
          { ok: true, maas: client.url, changes: planObject(changes) },
          changes.length ? `${client.url}: ${done}.` : planText(changes, session.paint),
        );
      }),
    );

  target(site.command('show'))
    .description('show the settings of the MAAS')
    .action(
      act(async (session, flags: TargetFlags) => {
        const { exportSite, readEverything } = await import('../../maas/site/export.ts');
        const { showText } = await import('../../maas/site/show.ts');
        const client = await clientOf(session, flags);
        const current = await readEverything(client);
        session.data(
          {
            ok: true,
            maas: client.url,
            site: exportSite(current),
            importing: current.importing,
            images: current.images,
            racks: current.racks,
          },
          () => showText(current, session.paint),
        );
      }),
    );

  target(site.command('export'))
    .description('write the settings of the MAAS as a site file')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .option('--force', 'overwrite an existing file')
    .action(
      act(async (session, flags: TargetFlags & { output?: string; force?: boolean }) => {
        const { dirname, resolve } = await import('node:path');
        const { exportSite, exportText, readEverything } = await import('../../maas/site/export.ts');
        const client = await clientOf(session, flags);
        const current = await readEverything(client);
        const output = flags.output === undefined ? null : resolve(flags.output);
        const text = exportText(current, client.url, output === null ? process.cwd() : dirname(output));
        if (output === null) {
          session.data({ ok: true, maas: client.url, site: exportSite(current) }, text.trimEnd(), 'document');
          return;
        }
        const { writeNew } = await import('../../config/write-new.ts');
        await writeNew(output, text, flags.force === true);
        session.data({ ok: true, maas: client.url, file: output }, `${output} written`);
      }),
    );

  site
    .command('init')
    .description('write a commented site.yaml')
    .option('-f, --file <file>', 'the site file', 'site.yaml')
    .option('--force', 'overwrite an existing file')
    .action(
      act(async (session, flags: { file: string; force?: boolean }) => {
        const { resolve } = await import('node:path');
        const { initialSite } = await import('../../maas/site/init.ts');
        const { writeNew } = await import('../../config/write-new.ts');
        const path = resolve(flags.file);
        await writeNew(path, await initialSite(path), flags.force === true);
        session.data({ ok: true, file: path }, `${path} written. Then: dgxos-maas site plan`);
      }),
    );

  site
    .command('schema')
    .description('print the JSON schema of site.yaml, for editors')
    .action(
      act(async (session) => {
        const { schemaText } = await import('../../config/yaml/compile-schema.ts');
        const { SITE_SCHEMA } = await import('../../maas/site/load.ts');
        const text = schemaText(SITE_SCHEMA);
        session.data({ ok: true, schema: JSON.parse(text) }, text.trimEnd(), 'document');
      }),
    );
};

/** DeepOps' variables, with a word on what could not be read of them. */
async function groupVars(session: Session, path: string | undefined) {
  if (path === undefined) return null;
  const { readGroupVars } = await import('../../maas/site/group-vars.ts');
  const vars = await readGroupVars(path);
  for (const { key, where } of vars.duplicates)
    session.emit({
      type: 'notice',
      level: 'warning',
      message: `${where.file}:${where.line}: ${key} occurs twice; the last one is used, as in Ansible`,
    });
  for (const { variable, why, where } of vars.unresolved.filter(({ variable }) =>
    /domain|url/.test(variable),
  ))
    session.emit({
      type: 'notice',
      level: 'warning',
      message: `${where.file}:${where.line}: ${variable} is ignored: ${why}`,
    });
  return vars;
}

async function clientOf(session: Session, flags: TargetFlags) {
  const { siteClient } = await import('../../maas/site/target.ts');
  return siteClient(flags, await groupVars(session, flags.groupVars), session);
}

async function planned(session: Session, flags: FileFlags) {
  const { loadSite } = await import('../../maas/site/load.ts');
  const { planSite } = await import('../../maas/site/plan.ts');
  const { siteClient } = await import('../../maas/site/target.ts');
  const { withGroupVars } = await import('../../maas/site/with-group-vars.ts');
  const loaded = await loadSite({ file: flags.file, env: session.env, cwd: process.cwd() });
  const vars = await groupVars(session, flags.groupVars);
  const client = await siteClient(flags, vars, session);
  const site = vars ? withGroupVars(loaded.site, vars) : loaded.site;
  return { client, plan: await planSite({ ...loaded, site }, client) };
}
