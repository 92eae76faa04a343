import { Fault, fromSystemError } from '../pipeline/core/faults/fault.ts';
import { paint, wantsColor } from '../pipeline/core/text/paint.ts';
import { faultText } from '../pipeline/report/text/fault-text.ts';
import { createAdmins, mustHavePasswords } from './install/admins.ts';
import { readArguments, USAGE } from './install/arguments.ts';
import { Host } from './install/host.ts';
import { installPackage } from './install/package.ts';
import { installSnap } from './install/snap.ts';
import { readWanted } from './install/wanted.ts';

/**
 * Does on this Ubuntu host what DeepOps' role ansible-maas does for a single node: repository, package (or snap), the
 * region controller's URL, the administrators. Each step looks first and changes only what is not so yet.
 */
async function main(): Promise<void> {
  const given = readArguments(process.argv.slice(2));
  if (given.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const host = new Host({ dryRun: given.dryRun, root: process.env.INSTALL_MAAS_ROOT ?? '/' });
  const wanted = await readWanted(given, host);
  // The commands can be read on any host.
  if (!given.dryRun) {
    await host.mustBeUbuntu();
    await host.mustBeRoot();
  }
  await mustHavePasswords(host, wanted.admins);
  if (wanted.from.kind === 'snap') await installSnap(host, wanted.from, wanted.url);
  else await installPackage(host, wanted.from.repository, wanted.url);
  await createAdmins(host, wanted.admins);
  host.finish(wanted.url);
}

try {
  await main();
} catch (error) {
  const fault = error instanceof Fault ? error : fromSystemError(error, 'installing MAAS');
  process.stderr.write(`${faultText(fault, paint(wantsColor(process.stderr, process.env)))}\n`);
  process.exitCode = fault.exitCode;
}
