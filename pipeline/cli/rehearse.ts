import { resolve } from 'node:path';
import { expectBaseImage } from '../config/base-image.ts';
import { flagName } from '../config/given.ts';
import { loadConfig } from '../config/load.ts';
import { loadRelease } from '../config/releases/load.ts';
import type { AnySetting } from '../config/setting.ts';
import { REHEARSAL } from '../config/settings/rehearsal.ts';
import type { ImageConfig, RehearsalConfig } from '../config/types.ts';
import { parseDuration } from '../config/units.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { openShell } from '../host/ssh/shell.ts';
import { configuredImage } from '../image/checks/configured-image.ts';
import { offeredEphemeral } from '../maas/rehearse/ephemeral-source.ts';
import { rehearseLayouts } from '../maas/rehearse/matrix.ts';
import { SAME } from '../maas/rehearse/rehearse.ts';
import type { Address, RehearsalChecks } from '../maas/rehearse/types.ts';
import { REHEARSALS } from '../report/formats/rehearsals.ts';
import { type FormatFlags, prepareReports, writeReports } from '../report/formats/write.ts';
import { rehearsalsText } from '../report/text/rehearsal.ts';
import { checksOf } from '../stages/checks.ts';
import { curtinOf, refused } from './curtin-flag.ts';
import type { Session } from './session.ts';

export interface RehearseFlags extends FormatFlags {
  baseImage?: string;
  layout?: string[];
  curtin?: string[];
  curtinConfig?: string;
  ephemeral?: string;
  secureBoot?: boolean;
  until?: string;
  memory?: string;
  disks?: string;
  diskSize?: string;
  kernelOptions?: string;
  accelerator?: string;
  reboots: string;
  powerCut?: string;
  wire?: boolean;
  redeploy?: string[];
  again?: boolean;
  keep?: boolean;
  shell?: boolean;
}

/** Each takes minutes where everything is emulated. */
const MOST_REBOOTS = 20;

/** Deploys an image of the configuration, or any file, on a virtual machine; an image that fails is a result and exit code 6. */
export async function rehearseImage(session: Session, name: string, flags: RehearseFlags): Promise<void> {
  const { env, emit, signal } = session;
  const given = settingsOf(flags);
  if (flags.curtinConfig !== undefined && flags.layout !== undefined)
    throw new Fault(
      'USAGE',
      '--curtin-config has the storage of a machine, so that there is nothing for --layout',
      {
        hint: 'Leave one of them out.',
      },
    );
  const { reboots, powerCut } = afterBoot(flags);
  const redeploy = (flags.redeploy ?? []).map(usedBy);
  await prepareReports('rehearse', flags);
  if (flags.baseImage !== undefined) expectBaseImage(flags.baseImage);
  if (/^https?:\/\//.test(name) || name === '-')
    throw new Fault('USAGE', `rehearse takes a file of this host, not ${name === '-' ? 'stdin' : 'a URL'}`, {
      hint: 'Download the image first.',
    });
  const image = await configuredImage(name, session);
  const baseImage = flags.baseImage?.toLowerCase() ?? image?.baseImage;
  if (!baseImage)
    throw new Fault('USAGE', 'A file needs --base-image: MAAS installs by the environment of that system', {
      hint: 'Add --base-image ubuntu/focal, or the system that the image is based on.',
    });
  const { config } = await loadConfig({ file: session.configFile, env, cwd: process.cwd() });
  const { rehearsal } = image ? config.images[name]! : config;
  const checks = image ? await imageChecks(config.images[name]!) : null;
  const { memoryMiB: memory, layouts, curtin, ephemeral: source, ...settings } = { ...rehearsal, ...given };
  const { curtinConfig = null } = flags;
  if (flags.shell) expectShell(session, { ...settings, layouts }, redeploy.length > 0);
  const open = (address: Address, broken: AbortSignal) =>
    openShell(address, { emit, signal: AbortSignal.any([signal, broken]) });
  const shell = flags.shell ? open : null;
  const ephemeral = source && (await offeredEphemeral(source, baseImage, { config, env, emit, signal }));
  const matrix = await rehearseLayouts(
    {
      ...settings,
      ...{ memory, curtin, ephemeral },
      artifact: image?.path ?? name,
      baseImage,
      ...{ checks, env, shell, curtinConfig },
      ...{ reboots, powerCut, redeploy, wire: flags.wire === true, again: flags.again === true },
      keep: flags.keep === true,
      cache: config.cache,
      ...{ emit, signal },
    },
    // The machine's own storage is the layout.
    curtinConfig === null ? layouts : [resolve(curtinConfig)],
  );
  await writeReports('rehearse', flags, matrix, REHEARSALS, env);
  const { results, faults, ended } = matrix;
  const ok = faults.length === 0 && results.every((one) => one.ok);
  const failed = faults.map(({ layout, after, fault: { code, message, detail, hint } }) => ({
    ...{ layout, after, code, message, detail, hint },
  }));
  session.data({ ok, rehearsals: results, failed }, () => rehearsalsText(matrix, session.paint));
  if (ended) session.exitCode = ended.exitCode;
  else if (results.some((one) => !one.ok)) session.exitCode = EXIT.validation;
  else if (faults[0]) session.exitCode = faults[0].fault.exitCode;
}

/** @throws Fault USAGE with what is accepted */
function afterBoot(flags: RehearseFlags): { reboots: number; powerCut: number | null } {
  const reboots = /^\d{1,3}$/.test(flags.reboots) ? Number(flags.reboots) : -1;
  if (reboots < 0 || reboots > MOST_REBOOTS)
    throw refused('--reboots', flags.reboots, `a number from 0 to ${MOST_REBOOTS}`);
  if (flags.powerCut === undefined) return { reboots, powerCut: null };
  const powerCut = parseDuration(flags.powerCut);
  if (powerCut === null || powerCut > 3600)
    throw refused('--power-cut', flags.powerCut, 'a time of up to an hour, such as 10s');
  return { reboots, powerCut };
}

/** A layout for the disks that have been used. @throws Fault USAGE with what is accepted */
function usedBy(word: string): string {
  if (word === SAME) return word;
  const [layout] = REHEARSAL.layouts.kind.parse?.(word) ?? [];
  if (layout === undefined || word.includes(','))
    throw refused('--redeploy', word, `${SAME}, ${REHEARSAL.layouts.kind.accepts}`);
  return REHEARSAL.layouts.kind.read([layout], process.cwd())[0]!;
}

/** @throws Fault USAGE where nobody could use a session, or there is none */
function expectShell(
  { json }: Pick<Session, 'json'>,
  { until, layouts }: Pick<RehearsalConfig, 'until' | 'layouts'>,
  redeploys: boolean,
): void {
  const wrong = json
    ? 'writes to stdout, where --json writes its object'
    : until !== 'accepted'
      ? 'needs the booted image, and --until deployed does not boot it'
      : layouts.length > 1
        ? 'is for one layout'
        : redeploys
          ? 'is for one deployment, and --redeploy makes several'
          : null;
  if (wrong !== null) throw new Fault('USAGE', `--shell ${wrong}`, { hint: 'Leave one of them out.' });
}

async function imageChecks(image: ImageConfig): Promise<RehearsalChecks> {
  return {
    ...(await checksOf(image, await loadRelease(image.release))),
    values: { 'image.name': image.name, 'image.version': image.version },
  };
}

/** The settings that flags give, as the configuration would. @throws Fault USAGE with what is accepted */
function settingsOf(flags: RehearseFlags): Partial<RehearsalConfig> {
  const { curtin, layout } = flags;
  const read = <V>(name: string, row: AnySetting, text: string | undefined): Record<string, V> => {
    if (text === undefined) return {};
    const written = row.kind.parse?.(text);
    if (written === undefined)
      throw new Fault('USAGE', `${flagName(row)} "${text}" is not accepted`, {
        hint: `Accepted: ${row.kind.accepts}.`,
      });
    return { [name]: row.kind.read(written, process.cwd()) };
  };
  return {
    ...(curtin && { curtin: curtinOf(curtin) }),
    ...(flags.secureBoot && { secureBoot: true }),
    ...read('ephemeral', REHEARSAL.ephemeral, flags.ephemeral),
    ...read('layouts', REHEARSAL.layouts, layout?.join(',')),
    ...read('kernelOptions', REHEARSAL.kernel_options, flags.kernelOptions),
    ...read('memoryMiB', REHEARSAL.memory, flags.memory),
    ...read('disks', REHEARSAL.disks, flags.disks),
    ...read('diskBytes', REHEARSAL.disk_size, flags.diskSize),
    ...read('until', REHEARSAL.until, flags.until),
    ...read('accelerator', REHEARSAL.accelerator, flags.accelerator),
  };
}
