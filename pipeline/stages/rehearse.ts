import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expand, placeholderValues } from '../config/placeholders.ts';
import type { EphemeralFiles } from '../config/settings/ephemeral.ts';
import type { ImageConfig } from '../config/types.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { makeFolders } from '../host/files/folders.ts';
import { loadSigningKey } from '../image/attest/signing-key.ts';
import { writeTestResult } from '../image/attest/test-result.ts';
import { sumOf } from '../install/iso/checksum.ts';
import { checksDigest } from '../maas/acceptance/applicable.ts';
import { curtinDigest } from '../maas/rehearse/curtin.ts';
import { obtainCurtin } from '../maas/rehearse/curtin-source.ts';
import { leanKey, ownEphemeral } from '../maas/rehearse/ephemeral.ts';
import { offeredEphemeral } from '../maas/rehearse/ephemeral-source.ts';
import { labelOf } from '../maas/rehearse/label.ts';
import { namedLayout } from '../maas/rehearse/layouts.ts';
import { rehearsalFailed, rehearseLayouts } from '../maas/rehearse/matrix.ts';
import type { OfferedEphemeral, Part } from '../maas/rehearse/offered.ts';
import type { Rehearsal, UsedEphemeral } from '../maas/rehearse/types.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { rehearsalFiles, rehearsedFiles, rehearsedFolder } from '../workspace/layout.ts';
import { checksOf, kernelIn } from './checks.ts';
import { defineStage, type RehearsedLayout, type StageContext } from './types.ts';

const EPHEMERAL_WORDS: Record<UsedEphemeral['kind'], string> = {
  ...{ own: 'own ephemeral', lean: 'lean ephemeral' },
  ...{ mirror: 'ephemeral of a mirror', maas: 'ephemeral of a MAAS' },
};

/** Deploys the artifact on a virtual machine as MAAS would. No image that fails gets past here. */
export const rehearse = defineStage('rehearse', {
  async inputs(context) {
    const { config, image, release, env, signal } = context;
    const { artifact, facts } = context.output('pack');
    const { until, ephemeral, layouts, kernelOptions, memoryMiB, disks, diskBytes, accelerator } =
      image.rehearsal;
    const { secureBoot } = image.rehearsal;
    const { keyFile } = config.sign;
    const { curtin } = image.rehearsal;
    const work = { cache: config.cache, emit: context.emit, signal };
    const digest = await curtinDigest(await obtainCurtin(curtin, work), signal);
    const checks = until === 'accepted' ? await checksOf(image, release) : null;
    const used = ephemeral && (await offeredEphemeral(ephemeral, image.resource.baseImage, context));
    return {
      artifact: artifact.sha256,
      path: notCounted(artifact.path, 'its content counts'),
      name: image.name,
      architecture: architectureOf(image),
      baseImage: image.resource.baseImage,
      curtin: digest.sha256,
      curtinFrom: notCounted({ source: curtin, packages: digest.files }, 'its content counts'),
      ephemeral: used === null ? await leanKey() : await sumsOf(used, context),
      ephemeralFiles: notCounted(used, 'their contents count'),
      layouts: await Promise.all(
        layouts.map(async (one) => (namedLayout(one) ? one : { file: await contentOf(one, context) })),
      ),
      layoutNames: notCounted(layouts, 'the contents of files count'),
      kernelOptions,
      secureBoot,
      until,
      checks: checks && checksDigest(checks.list, checks.subject),
      list: notCounted(checks, 'its digest counts; logs decide no verdict'),
      kernel: until === 'accepted' ? await kernelIn(facts) : null,
      version: image.version,
      memoryMiB,
      disks,
      diskBytes,
      accelerator: notCounted(accelerator, 'how fast the machine runs'),
      cache: notCounted(config.cache, 'where the ephemeral lies'),
      signingKey: keyFile === null ? null : (await loadSigningKey(keyFile, env, () => {})).keyId,
      keyFile: notCounted(keyFile, 'a secret whose public id counts'),
    };
  },
  async run(inputs, { dir, emit, signal, env }) {
    const { until, list, name, kernel, version } = inputs;
    const { path, baseImage, layoutNames, kernelOptions, disks, diskBytes, accelerator, cache } = inputs;
    expectAmd64(inputs);
    const key = inputs.keyFile === null ? null : await loadSigningKey(inputs.keyFile, env, emit);
    const { results, faults, ended } = await rehearseLayouts(
      {
        ...{ artifact: path, baseImage, kernelOptions, disks, diskBytes, accelerator, cache, emit, signal },
        ...{ curtin: inputs.curtinFrom.source, ephemeral: inputs.ephemeralFiles, memory: inputs.memoryMiB },
        ...{ secureBoot: inputs.secureBoot, until, env, shell: null, curtinConfig: null, keep: false },
        checks: list && {
          ...list,
          values: { 'image.name': name, 'image.kernel': kernel, 'image.version': version },
        },
      },
      layoutNames,
    );
    // The stage begins anew the next time, and nobody has asked for a part of it.
    if (ended) throw ended;
    const files: string[] = [];
    for (const result of results)
      files.push(...(await keep(result, rehearsedFolder(dir, labelOf(result.layout)))));
    const rehearsals = results.map(rehearsed);
    const named = (ok: boolean) =>
      results.filter((one) => one.ok === ok).map(({ layout }) => labelOf(layout));
    const statement = await writeTestResult(
      {
        artifact: { name: basename(path), sha256: inputs.artifact },
        passed: faults.length === 0 && results.every(({ ok }) => ok),
        configuration: configurationOf(inputs, results),
        passedTests: named(true),
        failedTests: named(false),
      },
      rehearsedFiles(dir),
      key,
    );
    if (results.some(({ ok }) => !ok)) throw rehearsalFailed(results);
    if (faults[0]) throw faults[0].fault;
    return {
      data: { rehearsals },
      files: [...files, ...statement],
      summary: rehearsals
        .map(
          ({ layout, until, curtin, ephemeral }) =>
            `${until} with ${layout} by curtin ${curtin} (${EPHEMERAL_WORDS[ephemeral.kind]})`,
        )
        .join('; '),
    };
  },
});

/** `amd64` of `amd64/generic`. */
export function architectureOf(image: ImageConfig): string {
  const { architecture } = image.resource;
  return expand(architecture, placeholderValues(image, { date: '', digest: '' })).replace(/\/.*/, '');
}

/** @throws Fault CONFIG_INVALID for an image that no machine of a rehearsal can boot */
export function expectAmd64({ name, architecture }: { name: string; architecture: string }): void {
  if (architecture === 'amd64') return;
  throw new Fault(
    'CONFIG_INVALID',
    `Image ${name} is for ${architecture}, and a rehearsal's machine is amd64`,
    {
      hint: 'Leave --rehearse (or nightly.rehearse) out for this image; accept tests it on a machine.',
    },
  );
}

/** The SHA-256 of a file that the configuration names. */
function contentOf(path: string, { config, emit, signal }: StageContext<'rehearse'>): Promise<string> {
  return sumOf(path, { cacheDir: config.cache, emit, signal });
}

type Sums = Record<Part, string>;

async function sumsOf(
  used: EphemeralFiles | OfferedEphemeral,
  context: StageContext<'rehearse'>,
): Promise<Sums> {
  if ('from' in used) {
    const { kernel, initrd, squashfs } = used.files;
    return { kernel: kernel.sha256, initrd: initrd.sha256, squashfs: squashfs.sha256 };
  }
  await ownEphemeral(used);
  const sum = (path: string) => contentOf(path, context);
  const { kernel, initrd, squashfs } = used;
  return { kernel: await sum(kernel), initrd: await sum(initrd), squashfs: await sum(squashfs) };
}

/** The evidence of a rehearsal as it is kept beside the manifest; what a rehearsal did not come to is not there. */
async function keep({ folder }: Rehearsal, to: string): Promise<string[]> {
  await makeFolders(to, 0o700);
  const { result, events, installLog, console, bootConsole, screenshot } = rehearsalFiles(folder);
  const kept: string[] = [];
  for (const path of [result, events, installLog, console, bootConsole, screenshot]) {
    const copy = join(to, basename(path));
    try {
      await copyFile(path, copy);
      kept.push(copy);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fromSystemError(error, `copying ${path}`);
    }
  }
  return kept;
}

function rehearsed(result: Rehearsal): RehearsedLayout {
  const { layout, until, curtin, ephemeral, accelerator, seconds, phases } = result;
  return {
    ...{ layout: labelOf(layout), until, curtin, accelerator, seconds, phases },
    ephemeral: ephemeral.kind === 'own' ? { ...ephemeral, name: basename(ephemeral.name) } : ephemeral,
  };
}

function configurationOf(
  {
    curtin,
    curtinFrom,
    ephemeral,
    ephemeralFiles,
  }: {
    curtin: string;
    curtinFrom: { packages: { name: string; sha256: string }[] };
    ephemeral: string | Sums;
    ephemeralFiles: EphemeralFiles | OfferedEphemeral | null;
  },
  results: readonly Rehearsal[],
) {
  const sums = typeof ephemeral === 'string' ? { recipe: ephemeral } : ephemeral;
  const from = ephemeralFiles &&
    'from' in ephemeralFiles && { from: ephemeralFiles.from, source: ephemeralFiles.name };
  return [
    { name: 'curtin', digest: { sha256: curtin }, annotations: { version: results[0]?.curtin ?? '' } },
    ...curtinFrom.packages.map(({ name, sha256 }) => ({ name: `curtin:${name}`, digest: { sha256 } })),
    ...Object.entries(sums).map(([name, sha256]) => ({
      ...{ name: `ephemeral:${name}`, digest: { sha256 } },
      ...(from && { annotations: from }),
    })),
  ];
}
