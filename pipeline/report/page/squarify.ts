export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Lays values out as rectangles whose areas are in their proportion and whose sides are as alike as can be (Bruls, Huizing,
 * van Wijk: Squarified Treemaps).
 * @param values positive, the greatest first
 */
export function squarify(values: readonly number[], into: Rect): Rect[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  const scale = total > 0 ? (into.width * into.height) / total : 0;
  const rects: Rect[] = [];
  let left = { ...into };
  for (let from = 0; from < values.length; ) {
    const side = Math.min(left.width, left.height);
    let to = from + 1;
    let sum = values[from]! * scale;
    let worst = ratio(sum, sum, sum, side);
    while (to < values.length) {
      const wider = sum + values[to]! * scale;
      const next = ratio(values[from]! * scale, values[to]! * scale, wider, side);
      if (next > worst) break;
      worst = next;
      sum = wider;
      to += 1;
    }
    const row = values.slice(from, to).map((value) => value * scale);
    const placed = placeRow(row, sum, left);
    rects.push(...placed.rects);
    left = placed.left;
    from = to;
  }
  return rects;
}

/** The worst ratio of sides in a row of areas that lies along `side`. */
function ratio(greatest: number, least: number, sum: number, side: number): number {
  return Math.max((side * side * greatest) / (sum * sum), (sum * sum) / (side * side * least));
}

/** Puts one row of areas along the shorter side. */
function placeRow(areas: readonly number[], sum: number, into: Rect): { rects: Rect[]; left: Rect } {
  const { x, y, width, height } = into;
  const along = width < height;
  const thickness = along ? sum / width : sum / height;
  let at = 0;
  const rects = areas.map((area) => {
    const length = thickness > 0 ? area / thickness : 0;
    const rect = along
      ? { x: x + at, y, width: length, height: thickness }
      : { x, y: y + at, width: thickness, height: length };
    at += length;
    return rect;
  });
  const left = along
    ? { x, y: y + thickness, width, height: Math.max(0, height - thickness) }
    : { x: x + thickness, y, width: Math.max(0, width - thickness), height };
  return { rects, left };
}
