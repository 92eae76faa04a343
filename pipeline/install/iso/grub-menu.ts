/**
 * Titles of the top level of a GRUB menu in their order; a submenu counts as one entry, as it does on the screen.
 * Entries within `if` are all counted: which branch is taken is known only at boot.
 */
export function grubTitles(config: string): string[] {
  const titles: string[] = [];
  let depth = 0;
  let words: string[] = [];
  for (const token of tokens(config)) {
    if (token.kind === 'word') {
      words.push(token.text);
      continue;
    }
    // `else menuentry "x" {` and `then menuentry "x" {` stand on one line.
    const keyword = words.findIndex((word) => word === 'menuentry' || word === 'submenu');
    if (token.text === '{') {
      if (depth === 0 && keyword >= 0 && words[keyword + 1] !== undefined) titles.push(words[keyword + 1]!);
      depth++;
    } else if (token.text === '}') depth = Math.max(0, depth - 1);
    words = [];
  }
  return titles;
}

interface Token {
  kind: 'word' | 'end';
  text: string;
}

/** GRUB's words (quotes removed) and the marks that end a command: newline, `;`, `{`, `}`. */
function* tokens(config: string): Generator<Token> {
  let word: string | undefined;
  let i = 0;
  const close = function* (): Generator<Token> {
    if (word !== undefined) yield { kind: 'word', text: word };
    word = undefined;
  };
  while (i < config.length) {
    const c = config[i]!;
    if (c === '\\' && config[i + 1] === '\n') {
      i += 2;
    } else if (c === '\\') {
      word = (word ?? '') + (config[i + 1] ?? '');
      i += 2;
    } else if (c === "'") {
      const end = endOf(config, "'", i + 1);
      word = (word ?? '') + config.slice(i + 1, end);
      i = end + 1;
    } else if (c === '"' || (c === '$' && config[i + 1] === '"')) {
      i += c === '$' ? 2 : 1;
      word ??= '';
      for (; i < config.length && config[i] !== '"'; i++) {
        if (config[i] === '\\' && '"\\$'.includes(config[i + 1] ?? ' ')) i++;
        word += config[i];
      }
      i++;
    } else if (c === '#' && word === undefined) {
      i = endOf(config, '\n', i);
    } else if (c === '$' && config[i + 1] === '{') {
      // ${name} is part of a word; its brace opens no block.
      const end = endOf(config, '}', i);
      word = (word ?? '') + config.slice(i, end + 1);
      i = end + 1;
    } else if (/\s/.test(c) || ';{}'.includes(c)) {
      yield* close();
      if (c === '\n' || ';{}'.includes(c)) yield { kind: 'end', text: c };
      i++;
    } else {
      word = (word ?? '') + c;
      i++;
    }
  }
  yield* close();
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}
