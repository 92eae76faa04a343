import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const CLIENT = 'pipeline/host/http/';
/** Libraries and modules by which one asks; a server takes only what is in SERVER from those of Node. */
const LIBRARY =
  /(?:from|import\(|getBuiltinModule\()\s*['"](?:node-fetch|undici|https?-proxy-agent|proxy-from-env|axios|got|(?:node:)?https?|(?:node:)?http2)['"]/;
const SERVER =
  /^import (?:type )?\{\s*(?:(?:type )?(?:createServer|STATUS_CODES|IncomingMessage|Server|ServerResponse|OutgoingHttpHeaders)\b,?\s*)+\} from '(?:node:)?https?';$/gm;

/** The text by which a source uses HTTP itself; undefined: none. */
function asksItself(source: string): string | undefined {
  const rest = source.replace(SERVER, '').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return (LIBRARY.exec(rest) ??
    /(?<![.\w#])(?:globalThis\.)?fetch\(|\bno_proxy\b.*\bsplit\(/.exec(rest))?.[0];
}

test('HTTP is asked in one place: nobody else has a client, an agent or a rule on proxies', () => {
  const found = globSync('pipeline/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.startsWith(CLIENT))
    .flatMap((file) => {
      const what = asksItself(readFileSync(join(ROOT, file), 'utf8'));
      return what ? [`${file}: ${what}`] : [];
    });
  expect(found).toEqual([]);
});

test.each([
  ["import fetch from 'node-fetch';", true],
  ["const { default: fetch } = await import('node-fetch');", true],
  ["import { request } from 'node:https';", true],
  ["const { request } = process.getBuiltinModule('node:https');", true],
  ["import { Agent, createServer } from 'node:http';", true],
  ["import type { Agent } from 'node:http';", true],
  ["import { HttpsProxyAgent } from 'https-proxy-agent';", true],
  ['const answer = await fetch(url);', true],
  ['await globalThis.fetch(url);', true],
  ["import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';", false],
  ["import {\n  createServer,\n  type Server,\n} from 'node:http';", false],
  ['await this.#fetch(url); await prefetch(url); git.fetch(x);', false],
  ['// fetch(url) would', false],
])('%s: %s', (source, asks) => {
  expect(asksItself(source) !== undefined).toBe(asks);
});
