/** No file of ours, of netplan or of cloud-init nests deeper. */
const DEEPEST = 64;

/**
 * Whether a YAML text nests so deeply that reading it takes a time that grows with the square of its length. Counted on the text as it
 * stands: brackets that are open, and `- - -` or `? ?` at the begin of a line; quotes and comments count too, which no real file gets
 * near the limit with.
 */
export function nestsTooDeeply(text: string): boolean {
  let open = 0;
  let inline = 0;
  let atStart = true;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\n') {
      atStart = true;
      inline = 0;
    } else if (c === '[' || c === '{') open += 1;
    else if ((c === ']' || c === '}') && open > 0) open -= 1;
    else if (atStart && (c === '-' || c === '?' || c === ':')) inline += 1;
    else if (c !== ' ' && c !== '\t') atStart = false;
    if (open > DEEPEST || inline > DEEPEST) return true;
  }
  return false;
}
