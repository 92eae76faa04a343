/**
 * Parses JSON, of which no object may name a member twice: two readers could take different ones for true.
 * @throws SyntaxError
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const open: (Set<string> | null)[] = [];
  // The text is JSON: outside of strings only these characters matter. A string before a colon is a member's name.
  for (const [token, name] of text.matchAll(/"((?:[^"\\]|\\.)*)"(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (name !== undefined) {
      const key = JSON.parse(`"${name}"`) as string;
      if (open.at(-1)?.has(key)) throw new SyntaxError(`"${key}" occurs twice`);
      open.at(-1)?.add(key);
    }
  }
  return value;
}
