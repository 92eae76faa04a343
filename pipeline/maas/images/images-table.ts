import { plain } from '../../core/escape/terminal.ts';
import { type Column, columns } from '../../core/text/columns.ts';
import { bytes } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import type { ListedImage } from './list-images.ts';
import type { PrunedImage } from './prune.ts';
import type { StoredSet } from './stored.ts';

type Shown = [head: string | Column, cell: (image: ListedImage) => string];

const COLUMNS: readonly Shown[] = [
  ['ID', ({ id }) => String(id)],
  [
    { head: 'NAME', wrap: true },
    ({ name, title }) => (title && title !== name ? `${name} (${title})` : name),
  ],
  [{ head: 'ARCHITECTURE', spare: 4 }, ({ architecture }) => architecture],
  [{ head: 'BASE IMAGE', spare: 2 }, ({ baseImage }) => baseImage ?? '-'],
  [{ head: 'VERSION', spare: 3 }, ({ set }) => set ?? '-'],
  ['SIZE', ({ size }) => bytes(size)],
  ['STATE', ({ complete, progress }) => (complete ? 'complete' : `${Math.floor(progress ?? 0)} %`)],
  [{ head: 'LAST DEPLOYED', wrap: true, spare: 1 }, ({ lastDeployed }) => lastDeployed ?? '-'],
  [
    { head: 'BUILD', wrap: true, spare: 5 },
    ({ build, sha256 }) =>
      build ? `${build.image ?? sha256?.slice(0, 7)} ${build.uploaded.slice(0, 10)}` : '-',
  ],
];
const SETS: Shown = ['SETS', ({ sets }) => (sets.length > 1 ? `${sets.length} (${bytes(sum(sets))})` : '1')];
const ACCEPTANCE: Shown = ['ACCEPTANCE', ({ acceptance }) => acceptance ?? '-'];
const MACHINES: Shown = ['MACHINES', ({ machines }) => String(machines?.length ?? '-')];

/** The images of each target as a table. */
export function imagesTable(
  lists: readonly { target: string; images: ListedImage[] }[],
  color: Paint,
): string {
  return lists
    .map(({ target, images }) => {
      if (images.length === 0) return `${target}: no uploaded images`;
      const chosen = [
        ...COLUMNS,
        ...(images.some(({ sets }) => sets.length > 1) ? [SETS] : []),
        ...(images.some(({ acceptance }) => acceptance) ? [ACCEPTANCE] : []),
        ...(images.some(({ machines }) => machines) ? [MACHINES] : []),
      ];
      const shown = columns(
        chosen.map(([head]) => head),
        images.map((image) => chosen.map(([, cell]) => plain(cell(image)))),
        color,
      );
      return lists.length > 1 ? `${color.bold(target)}\n${shown}` : shown;
    })
    .join('\n\n');
}

/** The images of each target that were deleted or kept, and why. */
export function prunedTable(
  lists: readonly { target: string; images: PrunedImage[] }[],
  dryRun: boolean,
  color: Paint,
): string {
  const verb = dryRun ? 'would be deleted' : 'deleted';
  return lists
    .map(({ target, images }) => {
      if (images.length === 0) return `${target}: no uploaded images`;
      const rows = images.map((one) => [
        one.delete ? verb : 'kept',
        plain(one.image.name),
        bytes(one.image.size),
        one.delete ? bytes(one.frees) : '-',
        [one.why, ...renewalText(one)].join('; '),
      ]);
      const shown = columns(
        [target.toUpperCase(), 'NAME', 'SIZE', { head: 'FREES', spare: 1 }, { head: 'WHY', wrap: true }],
        rows,
        color,
      );
      const deleted = images.filter((one) => one.delete);
      const freed = deleted.reduce((all, { frees }) => all + frees, 0);
      const shares = deleted.reduce((all, { image }) => all + sum(image.sets), 0) > freed;
      const note = shares ? ': data that another image or set shares is not freed' : '';
      return `${shown}\n${deleted.length} of ${images.length} ${verb}, ${bytes(freed)} freed${note}`;
    })
    .join('\n\n');
}

const sum = (sets: readonly StoredSet[]) => sets.reduce((all, { stored }) => all + stored, 0);

/** The data of earlier promotions that a channel keeps, and how it can be deleted. */
function renewalText({ image, renewal }: PrunedImage): string[] {
  if (!renewal || renewal.frees === 0) return [];
  const { oldSets, frees, how, why, done } = renewal;
  const sets = `${oldSets} old ${oldSets === 1 ? 'set' : 'sets'}`;
  if (done) return [`${sets} deleted, ${bytes(frees)} freed`];
  if (how === 'never') return [`${sets} (${bytes(frees)}) kept: ${why}`];
  const again = how === 'sent-again' ? `, sending ${bytes(image.size)} again` : '';
  return [`--channels deletes ${sets} and frees ${bytes(frees)}${again}`];
}
