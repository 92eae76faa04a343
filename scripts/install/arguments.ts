import { parseArgs } from 'node:util';
import { Fault } from '../../pipeline/core/faults/fault.ts';

export const USAGE = `Usage: sudo scripts/install-maas [options]

Installs MAAS with region and rack controller on this Ubuntu host. What is already installed is not changed.

  --group-vars FILE    DeepOps' variables (config/group_vars/all.yml): maas_repo, maas_region_controller_url, maas_adminusers
  --repo REPOSITORY    apt repository, such as ppa:maas/3.5 (default: maas_repo)
  --snap CHANNEL       the snap of this channel, such as 3.5/stable, in place of the package
  --database-uri FILE  file with the snap's database, postgres://USER:PASSWORD@HOST/NAME; "-" is stdin
                       (default: the snap maas-test-db, which is not for production)
  --url URL            of the region controller (default: maas_region_controller_url)
  --admin NAME:EMAIL   an administrator, created once; may be repeated (default: maas_adminusers)
  --passwords FILE     lines NAME:PASSWORD for the administrators, mode 0600; "-" is stdin
                       (default: those of maas_adminusers; MAAS_ADMIN_PASSWORD if there is one administrator)
  -n, --dry-run        print the commands, change nothing
  -h, --help           this text`;

export interface Arguments {
  groupVars: string | undefined;
  repo: string | undefined;
  snap: string | undefined;
  databaseUri: string | undefined;
  url: string | undefined;
  admins: string[];
  passwords: string | undefined;
  dryRun: boolean;
  help: boolean;
}

const OPTIONS = {
  'group-vars': { type: 'string' },
  repo: { type: 'string' },
  snap: { type: 'string' },
  'database-uri': { type: 'string' },
  url: { type: 'string' },
  admin: { type: 'string', multiple: true },
  passwords: { type: 'string' },
  'dry-run': { type: 'boolean', short: 'n', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws Fault USAGE for an unknown option, and for options that contradict each other */
export function readArguments(args: string[]): Arguments {
  const wrong = (message: string) => new Fault('USAGE', message, { hint: 'scripts/install-maas --help' });
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (values.repo !== undefined && values.snap !== undefined) throw wrong('Use either --repo or --snap');
  if (values['database-uri'] !== undefined && values.snap === undefined)
    throw wrong('--database-uri is only for --snap: the package has its own database');
  if (values.passwords === '-' && values['database-uri'] === '-')
    throw wrong('Only one of --passwords and --database-uri can come from stdin');
  return {
    groupVars: values['group-vars'],
    repo: values.repo,
    snap: values.snap,
    databaseUri: values['database-uri'],
    url: values.url,
    admins: values.admin ?? [],
    passwords: values.passwords,
    dryRun: values['dry-run'],
    help: values.help,
  };
}
