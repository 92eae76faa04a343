import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const TOKEN = /\bCHANGE_[A-Z][A-Z_]{2,}\b/g;
const NEEDLE = Buffer.from('CHANGE_');
const MOST = 50;

/** Tokens of NVIDIA's preseed.sh that were never replaced, in any small file of /etc. */
export function tokensCollector(): Collector<ImageFacts['dgx']['tokens']> & { optional: true } {
  const tokens: ImageFacts['dgx']['tokens'] = [];
  return {
    optional: true,
    wants: (path) => (path.startsWith('etc/') && !path.startsWith('etc/ssl/certs/') ? 64 << 10 : 0),
    content(path, bytes) {
      // Few files have one: look at the bytes before making lines of them.
      if (!bytes.includes(NEEDLE)) return;
      bytes
        .toString()
        .split('\n')
        .forEach((text, i) => {
          for (const token of text.match(TOKEN) ?? [])
            if (tokens.length < MOST)
              tokens.push({ file: `/${shown(path)}`, line: i + 1, text: text.trim().slice(0, 120), token });
        });
    },
    finish: () => tokens,
  };
}
