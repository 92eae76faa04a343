import { basename, extname } from 'node:path';
import type { Rehearsal } from './types.ts';

/** The name of a layout in folders and reports: of a file its own, without the ending. */
export function labelOf(layout: string): string {
  return layout.includes('/')
    ? basename(layout, extname(layout))
        .replace(/[^A-Za-z0-9._-]/g, '_')
        .replace(/^\.+/, '_')
    : layout;
}

/** The name of a deployment in reports: `lvm after flat` is one on disks that had the layout flat. */
export function titleOf({ layout, after }: Pick<Rehearsal, 'layout' | 'after'>): string {
  const before = after.map(labelOf).join(', ');
  return before === '' ? labelOf(layout) : `${labelOf(layout)} after ${before}`;
}
