/** Order of two texts by their code units, as `sort()` has it without an argument: the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
