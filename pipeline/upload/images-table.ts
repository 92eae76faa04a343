import { plain } from '../escape/terminal.ts';
import { columns } from '../report/columns.ts';
import { bytes } from '../report/human.ts';
import type { Paint } from '../report/paint.ts';
import type { ListedImage } from './list-images.ts';
import type { Judged } from './retention.ts';

type Column = [head: string, cell: (image: ListedImage) => string];

const COLUMNS: readonly Column[] = [
  ['ID', ({ id }) => String(id)],
  ['NAME', ({ name, title }) => (title && title !== name ? `${name} (${title})` : name)],
  ['ARCHITECTURE', ({ architecture }) => architecture],
  ['BASE IMAGE', ({ baseImage }) => baseImage ?? '-'],
  ['VERSION', ({ set }) => set ?? '-'],
  ['SIZE', ({ size }) => bytes(size)],
  ['STATE', ({ complete, progress }) => (complete ? 'complete' : `${Math.floor(progress ?? 0)} %`)],
  ['LAST DEPLOYED', ({ lastDeployed }) => lastDeployed ?? '-'],
  [
    'BUILD',
    ({ build, sha256 }) =>
      build ? `${build.image ?? sha256?.slice(0, 7)} ${build.uploaded.slice(0, 10)}` : '-',
  ],
];
const ACCEPTANCE: Column = ['ACCEPTANCE', ({ acceptance }) => acceptance ?? '-'];
const MACHINES: Column = ['MACHINES', ({ machines }) => String(machines?.length ?? '-')];

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

/** What was deleted from each target, what stays, and why. */
export function prunedTable(
  lists: readonly { target: string; images: Judged[] }[],
  dryRun: boolean,
  color: Paint,
): string {
  const verb = dryRun ? 'would go' : 'deleted';
  return lists
    .map(({ target, images }) => {
      if (images.length === 0) return `${target}: no uploaded images`;
      const rows = images.map(({ image, delete: goes, why }) => [
        goes ? verb : 'stays',
        plain(image.name),
        bytes(image.size),
        why,
      ]);
      const shown = columns([target.toUpperCase(), 'NAME', 'SIZE', 'WHY'], rows, color);
      const gone = images.filter((one) => one.delete);
      const freed = gone.reduce((sum, { image }) => sum + image.size, 0);
      return `${shown}\n${gone.length} of ${images.length} ${verb}, ${bytes(freed)}`;
    })
    .join('\n\n');
}
