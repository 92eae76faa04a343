import { bytes } from '../../core/text/human.ts';
import type { Group } from './size-tree.ts';
import { squarify } from './squarify.ts';

/** A rectangle of a map, in percent of its width and height, so that text keeps its size on every screen. */
export interface Cell {
  x: string;
  y: string;
  width: string;
  height: string;
  /** Index of the group, which is its colour. */
  group: number;
  title: string;
  /** Empty where there is no room. */
  label: string;
  /** Bytes as text, where there is room for a second line. */
  size: string;
  /** The label that fits where the map is drawn at its least width; and whether the size does. */
  shortLabel: string;
  shortSize: boolean;
}

/** The layout and measures of a map, in pixels. Its width follows the screen, from `least` up. */
export interface Frame {
  width: number;
  height: number;
  least: number;
}

/** The style sheet gives the maps these heights and shows one of them: up to 700 pixels of screen the narrow one. */
export const WIDE: Frame = { width: 960, height: 420, least: 640 };
export const NARROW: Frame = { width: 300, height: 480, least: 280 };

/** Of the widest usual font at 13 pixels, so that no label is cut. */
const CHARACTER = 7.8;
const PADDING = 16;
const LEAST_LABEL = 4;
const [ONE_LINE, TWO_LINES] = [24, 44];

/** Lays the groups out, and inside each its leaves. */
export function treemap(groups: readonly Group[], frame: Frame): Cell[] {
  const areas = squarify(
    groups.map((group) => group.bytes),
    { x: 0, y: 0, ...frame },
  );
  return groups.flatMap((group, index) => {
    const rects = squarify(
      group.leaves.map((leaf) => leaf.bytes),
      areas[index]!,
    );
    return group.leaves.map((leaf, i): Cell => {
      const { x, y, width, height } = rects[i]!;
      const least = (width / frame.width) * frame.least;
      const name = height < ONE_LINE ? '' : leaf.name;
      const label = shortened(name, width);
      const size = bytes(leaf.bytes);
      const sizeFits = (room: number) => height >= TWO_LINES && needed(size.length) <= room;
      return {
        x: percent(x / frame.width),
        y: percent(y / frame.height),
        width: percent(width / frame.width),
        height: percent(height / frame.height),
        group: index,
        title: `${leaf.path}: ${size}`,
        label,
        size: label && sizeFits(width) ? size : '',
        shortLabel: shortened(name, least),
        shortSize: sizeFits(least),
      };
    });
  });
}

const percent = (part: number) => `${(part * 100).toFixed(3)}%`;
const needed = (characters: number) => characters * CHARACTER + PADDING;

function shortened(name: string, width: number): string {
  const room = Math.floor((width - PADDING) / CHARACTER);
  if (name.length <= room) return name;
  return room <= LEAST_LABEL ? '' : `${name.slice(0, room - 1)}…`;
}
