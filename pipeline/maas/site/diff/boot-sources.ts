import type { Form, MaasClient } from '../../api/client.ts';
import { MaasError } from '../../api/maas-error.ts';
import { type ApplyContext, type Change, type Comparison, fieldChanges } from '../change.ts';
import { bare } from '../ids.ts';
import { importImages, missingImages, type WantedImage } from '../import.ts';
import type { LiveBootSource } from '../live-site.ts';
import { wrong } from '../rules/rule.ts';
import type { BootSource, Selection, Site } from '../site.ts';

/** A new source is read by MAAS before anything can be selected from it; so long it is asked again. */
const READING_S = 120;
const AGAIN_S = 3;

/** Boot sources, their selections, and the import of what is selected. */
export function bootSourceChanges(comparison: Comparison): Change[] {
  const { site, current } = comparison;
  const wanted = site.bootSources;
  if (!wanted) return [];
  const old = current.bootSources.filter(
    ({ url }) => site.prune.has('boot_sources') && !wanted.some((source) => bare(source.url) === bare(url)),
  );
  const changes = wanted.flatMap((source) =>
    sourceChanges(
      source,
      current.bootSources.find(({ url }) => bare(url) === bare(source.url)),
      comparison,
    ),
  );
  return [
    ...changes,
    ...importChange(
      comparison,
      changes.some(({ kind }) => kind !== 'delete'),
    ),
    ...old.map(
      ({ id, url }): Change => ({
        kind: 'delete',
        phase: 'old boot sources',
        name: `boot source ${url}`,
        fields: [],
        run: ({ client }) => client.delete(`boot-sources/${id}/`),
      }),
    ),
  ];
}

function sourceChanges(
  source: BootSource,
  have: LiveBootSource | undefined,
  comparison: Comparison,
): Change[] {
  const { url, keyringFile, path } = source;
  if (!have && keyringFile === undefined && !url.endsWith('.json'))
    comparison.problems.push(
      wrong(
        [...path, 'url'],
        'this source is new to MAAS: which keyring are its images signed with?',
        'keyring_file: PATH',
      ),
    );
  const fields = fieldChanges([['keyring_file', have?.keyringFile ?? '', keyringFile]]);
  const form: Form = keyringFile === undefined ? { url } : { url, keyring_filename: keyringFile };
  const own: Change[] =
    have && fields.length === 0
      ? []
      : [
          {
            kind: have ? 'update' : 'create',
            phase: 'boot sources',
            name: `boot source ${url}`,
            fields,
            path,
            keys: {
              keyring_filename: [...path, 'keyring_file'],
              keyring_data: [...path, 'keyring_file'],
              __all__: [...path, 'keyring_file'],
            },
            async run({ client, ids }) {
              if (have) await client.update(`boot-sources/${have.id}/`, form);
              else ids.source(url, ((await client.post('boot-sources/', form)) as { id: number }).id);
            },
          },
        ];
  return [...own, ...selectionChanges(source, have, comparison)];
}

function selectionChanges(
  source: BootSource,
  have: LiveBootSource | undefined,
  { site }: Comparison,
): Change[] {
  const wanted = source.selections;
  if (!wanted) return [];
  const known = have?.selections ?? [];
  const same = (a: { os: string; release: string }, b: { os: string; release: string }) =>
    a.os === b.os && a.release === b.release;
  const old = known.filter((one) => site.prune.has('selections') && !wanted.some((want) => same(want, one)));
  return [
    ...wanted.flatMap((want) =>
      selectionChange(
        source.url,
        want,
        known.find((one) => same(want, one)),
        site.prune.has('selections'),
      ),
    ),
    ...old.map(
      ({ id, os, release }): Change => ({
        kind: 'delete',
        phase: 'old selections',
        name: `selection ${os}/${release} of ${source.url}`,
        fields: [],
        run: ({ client, ids }) => client.delete(`boot-sources/${ids.source(source.url)}/selections/${id}/`),
      }),
    ),
  ];
}

function selectionChange(
  url: string,
  want: Selection,
  have: LiveBootSource['selections'][number] | undefined,
  mayShrink: boolean,
): Change[] {
  const { os, release } = want;
  const list = (wanted: readonly string[], there: readonly string[] = []) =>
    mayShrink ? [...wanted] : widened(wanted, there);
  const arches = list(want.arches, have?.arches);
  const subarches = list(want.subarches, have?.subarches);
  const labels = list(want.labels, have?.labels);
  const fields = fieldChanges([
    ['arches', have?.arches ?? [], arches],
    ['subarches', have?.subarches ?? [], subarches],
    ['labels', have?.labels ?? [], labels],
  ]);
  if (have && fields.length === 0) return [];
  return [
    {
      kind: have ? 'update' : 'create',
      phase: 'selections',
      name: `selection ${os}/${release} of ${url}`,
      fields,
      path: want.path,
      async run(work) {
        const path = `boot-sources/${work.ids.source(url)}/selections/`;
        const form = { os, release, arches, subarches, labels };
        await onceRead(work, () =>
          have ? work.client.update(`${path}${have.id}/`, form) : work.client.post(path, form),
        );
      },
    },
  ];
}

/** The existing and the wanted values together; "*" means all. Images that a selection no longer names would be deleted by MAAS. */
function widened(wanted: readonly string[], there: readonly string[]): string[] {
  if (there.includes('*')) return [...there];
  return wanted.includes('*') ? [...wanted] : [...new Set([...there, ...wanted])];
}

/** Tries again while MAAS has not read what the source offers. */
async function onceRead(
  { pause, now }: ApplyContext,
  action: () => ReturnType<MaasClient['post']>,
): Promise<void> {
  const started = now();
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      const unread =
        error instanceof MaasError && /has no available images for download/.test(error.detail ?? '');
      if (!unread || now() - started > READING_S * 1000) throw error;
      await pause(AGAIN_S);
    }
  }
}

/** One change for everything that is still to be fetched; a changed selection may want more of what is there. */
function importChange({ site, current }: Comparison, selectionsChange: boolean): Change[] {
  const wanted = wantedImages(site);
  const missing = missingImages(wanted, current.images);
  if (wanted.length === 0 || (missing.length === 0 && !selectionsChange)) return [];
  const images = missing.map(({ name, arch }) => `${name} (${arch})`);
  return [
    {
      kind: 'create',
      phase: 'import',
      name: `import of boot images${current.importing ? ' (running)' : ''}`,
      fields: fieldChanges([['images', [], images]]),
      run: (work) => importImages(work, wanted, site.import),
    },
  ];
}

/** The images that the selections of a site ask for. */
export function wantedImages(site: Site): WantedImage[] {
  return (site.bootSources ?? []).flatMap(({ selections }) => (selections ?? []).flatMap(imagesOf));
}

const imagesOf = ({ os, release, arches }: Selection): WantedImage[] =>
  arches.map((arch) => ({ name: `${os}/${release}`, arch: arch === '*' ? 'any' : arch }));
