import { bytes } from '../report/human.ts';
import { type Paint, plain } from '../report/paint.ts';
import type { ListedImage } from './list-images.ts';

const HEAD = [
  'ID',
  'NAME',
  'ARCHITECTURE',
  'BASE IMAGE',
  'VERSION',
  'SIZE',
  'STATE',
  'LAST DEPLOYED',
  'BUILD',
];

/** The images of each target as a table. */
export function imagesTable(
  lists: readonly { target: string; images: ListedImage[] }[],
  color: Paint,
): string {
  return lists
    .map(({ target, images }) => {
      if (images.length === 0) return `${target}: no uploaded images`;
      const rows = [HEAD, ...images.map(cells)];
      const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
      const lines = rows.map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd(),
      );
      const shown = lines.map((line, at) => (at === 0 ? color.bold(line) : line)).join('\n');
      return lists.length > 1 ? `${color.bold(target)}\n${shown}` : shown;
    })
    .join('\n\n');
}

function cells(image: ListedImage): string[] {
  const { build, lastDeployed } = image;
  return [
    String(image.id),
    image.title && image.title !== image.name ? `${image.name} (${image.title})` : image.name,
    image.architecture,
    image.baseImage ?? '-',
    image.set ?? '-',
    bytes(image.size),
    image.complete ? 'complete' : `${Math.floor(image.progress ?? 0)} %`,
    lastDeployed === undefined ? '-' : (lastDeployed ?? 'never'),
    build ? `${build.image ?? image.sha256?.slice(0, 7)} ${build.uploaded.slice(0, 10)}` : '-',
  ].map(plain);
}
