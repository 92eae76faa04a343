import { loadConfig, selectImage } from '../config/load.ts';
import { maasUrl } from '../config/maas-url.ts';
import { loadRelease } from '../config/releases/load.ts';
import type { AcceptanceConfig, ImageConfig } from '../config/types.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { acceptOnTargets } from '../maas/acceptance/accept-on-targets.ts';
import { systemOf } from '../maas/acceptance/applicable.ts';
import { loadChecks } from '../maas/acceptance/checks-file.ts';
import { knownKernel } from '../maas/acceptance/kernel.ts';
import { checkAcceptance } from '../maas/acceptance/preflight.ts';
import type { Acceptance } from '../maas/acceptance/types.ts';
import { type ChosenTarget, chooseTargets } from '../maas/images/choose-targets.ts';
import type { Judged } from '../report/formats/judged.ts';
import { VERDICTS } from '../report/formats/verdicts.ts';
import { type FormatFlags, prepareReports, writeReports } from '../report/formats/write.ts';
import { writeReport } from '../report/page/write-report.ts';
import { acceptanceText } from '../report/text/acceptance.ts';
import { imageDirectory } from '../stages/run/runner.ts';
import { stageFolder } from '../workspace/layout.ts';
import { readLedger } from '../workspace/ledger/ledger.ts';
import { uploadOf } from '../workspace/ledger/upload-of.ts';
import { withLock } from './run-image.ts';
import type { Session } from './session.ts';
import { ACCEPT_SETTINGS, overridesOf } from './setting-options.ts';
import { shareLedgerOf } from './share-ledger.ts';

export interface AcceptFlags extends FormatFlags {
  machine?: string[];
  tag?: string[];
  build?: string;
  to?: string[];
  apiKeyFile?: string;
  keep?: boolean;
  wait: boolean;
}

/** Tries an upload on a machine of each target; an image that fails is a result and exit code 6. */
export async function acceptImageByName(session: Session, name: string, flags: AcceptFlags): Promise<void> {
  const { emit, signal, env } = session;
  await prepareReports('accept', flags);
  const overrides = overridesOf(flags, ACCEPT_SETTINGS, name);
  const { config } = await loadConfig({ file: session.configFile, env, cwd: process.cwd(), overrides });
  await shareLedgerOf(config, session);
  const image = selectImage(config, name);
  const acceptance = withFlags(image.acceptance, flags);
  await checkAcceptance(acceptance);
  const to = flags.to ?? (image.upload.length > 0 ? image.upload : undefined);
  const targets = await chooseTargets({ to, apiKeyFile: flags.apiKeyFile }, session);
  const release = await loadRelease(image.release);
  const checks = await loadChecks(acceptance.checksFile);
  const imageDir = imageDirectory(config, image);
  const dir = stageFolder(imageDir, 'accept');
  await withLock(session, config, flags.wait, `accept ${name}`, async () => {
    const results: Acceptance[] = [];
    for (const target of targets) {
      const upload = await uploadFor(target, image, flags.build, env);
      const [result] = await acceptOnTargets([target], {
        ...{
          image,
          release,
          system: systemOf(release, image.platform),
          upload,
          config: acceptance,
          checks,
          timeouts: config.machines.timeouts,
        },
        ...{
          kernel: await knownKernel(upload.sha256, imageDir, env),
          dir,
          keep: flags.keep === true,
          again: true,
        },
        ...{ emit, signal, env },
      });
      if (result?.acceptance) results.push(result.acceptance);
    }
    const document = await writeReports('accept', flags, results.map(judged), VERDICTS, env);
    // There may be nothing else to report on: an upload of another host was tried.
    const report = await writeReport(imageDir, { env }).catch(() => undefined);
    const ok = results.every(({ accepted }) => accepted);
    session.data(
      { ok, image: name, report, acceptances: results },
      () =>
        document ??
        [acceptanceText(results, dir, session.paint), ...(report ? [`report: ${report}`] : [])].join('\n'),
      document === undefined ? undefined : 'document',
    );
    if (!ok) session.exitCode = EXIT.validation;
  });
}

/** A choice on the command line is the whole choice: tags of the file would narrow named machines down. */
function withFlags(config: AcceptanceConfig, { machine, tag }: AcceptFlags): AcceptanceConfig {
  return machine || tag ? { ...config, machines: machine ?? [], tags: tag ?? [] } : config;
}

async function uploadFor(
  { target }: ChosenTarget,
  image: ImageConfig,
  build: string | undefined,
  env: NodeJS.ProcessEnv,
) {
  return uploadOf(await readLedger(env), maasUrl(target.url), image.name, build);
}

function judged({ name, size, sha256, machine, target, verdict }: Acceptance): Judged {
  const suite = `dgxos-maas accept ${name} on ${machine.hostname} of ${target}`;
  return { suite, name, size, sha256, verdict };
}
