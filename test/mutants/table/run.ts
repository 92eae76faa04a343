import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAGE_IDS } from '../../../pipeline/stages/rows.ts';
import { mutantsOfInputs } from '../members.ts';
import { type Mutant, mutantsOf } from '../mutant.ts';

const ROOT = join(import.meta.dirname, '../../..');
const STAGES = ['test/unit/stages/members.test.ts'];
const LOCK = ['test/contract/run/lock.test.ts'];

/** Stages, packing, locks, requests, downloads, machines and acceptance. */
export const RUN: readonly Mutant[] = [
  ...STAGE_IDS.flatMap((id) => {
    const file = `pipeline/stages/${id}.ts`;
    return mutantsOfInputs(file, STAGES, readFileSync(join(ROOT, file), 'utf8'));
  }),
  ...mutantsOf('pipeline/stages/run/plan.ts', ['test/unit/run/runner.test.ts'], {
    program: [', program: programDigest(code)', ''],
  }),
  ...mutantsOf('pipeline/host/process/memory.ts', ['test/contract/process/memory.test.ts'], {
    'freed-memory': ['.transfer?.(0);', ';'],
  }),
  ...mutantsOf('pipeline/workspace/program.ts', ['test/unit/run/program.test.ts'], {
    content: ['.update(readFileSync(join(path, name)))', ''],
    name: ['hash.update(`\\0${name}\\0`)', 'hash'],
    file: ["return hash.update(readFileSync(path)).digest('hex');", "return hash.digest('hex');"],
    'folders-below': ['recursive: true, ', ''],
    version: ['[version, ...digests]', 'digests'],
    'installed-package': ["=== 'false') return version;", "=== 'never') return version;"],
    'read-once': ['known.set(path, found);', ''],
  }),
  ...mutantsOf('pipeline/workspace/fingerprint.ts', ['test/unit/run/fingerprint.test.ts'], {
    'not-counted-is-left-out': [' || value instanceof NotCounted) return undefined', ') return undefined'],
    'not-json': ['throw new Error(`${path}', 'return undefined;\n    throw new Error(`${path}'],
    'not-finite': [' && Number.isFinite(value)', ''],
    resolved: ['if (value instanceof NotCounted) return value.value;', ''],
  }),
  ...mutantsOf('pipeline/image/pack/member.ts', ['test/unit/pack/member.test.ts'], {
    isize: [' || buffer.readUInt32LE(0) !== bytes', ''],
    'shortest-member': ['size < 18 || ', ''],
    'exit-code': ['exitCode !== 0', 'exitCode < 0'],
  }),
  ...mutantsOf('pipeline/host/process/alive.ts', LOCK, {
    'another-host': ['if (host !== hostname()) return undefined;', ''],
    'another-boot': ['if (boot !== ourBoot) return true;', ''],
    'another-container': ['if (space !== ourSpace) return undefined;', ''],
    'start-time': ["typeof start === 'string' && fields[19] !== start", 'false'],
  }),
  ...mutantsOf('pipeline/host/process/lock-folder.ts', LOCK, {
    'compromised-ends-the-holder': ['onLost();\n', '\n'],
    'compromised-is-not-released': ['if (!held) return;', ''],
    'a-new-holder': [' || !same(now, abandoned)) return', ') return'],
    'one-removes': ["flag: 'wx', ", ''],
    'remover-killed': ['if (hasLeft(await readHolder(this.#removal), silentMs)) await', 'if (false) await'],
    'remover-alive': ['if (hasLeft(await readHolder(this.#removal), silentMs)) await', 'await'],
  }),
  ...mutantsOf('pipeline/workspace/lock.ts', LOCK, {
    'ends-by-signal': ["process.kill(process.pid, 'SIGTERM');", ''],
    'says-it-once': ['reported = true;', ''],
    'stops-waiting': ['if (options.signal.aborted)', 'if (false)'],
    'others-kept-out': ['(mode & 0o077) !== 0 &&', 'false &&'],
    'folder-of-everybody': ['(mode & 0o1000) !== 0 ||', 'false ||'],
  }),
  ...mutantsOf('pipeline/host/process/version-memory.ts', ['test/unit/process/version-memory.test.ts'], {
    'version-of-a-script': ["head.toString('latin1') === ELF", 'true'],
    'version-of-a-link': ['if (basename(realpathSync(file)) !== basename(file))', 'if (false)'],
    'version-of-a-new-file': ['if (isFresh(state))', 'if (false)'],
    'version-of-another-file': ['known && known.identity === stateOf(file)', 'known'],
    'version-of-a-changed-file': [' || identity !== state', ''],
    'version-too-long': [' || stdout.length + stderr.length > LONGEST', ''],
    'version-without-words': ["stdout === '' || ", ''],
  }),
  ...mutantsOf('pipeline/host/http/client.ts', ['test/contract/http/client.test.ts'], {
    'answer-size': ['if (size > most)', 'if (false)'],
    'time-of-the-reader': ['if (stallMs !== null) limit.rest();', ''],
    'redirects-bounded': ['if (left === 0)', 'if (false)', 'test/contract/http/callers.test.ts'],
  }),
  ...mutantsOf('pipeline/host/http/redirect.ts', ['test/unit/http/range.test.ts'], {
    'credentials-stay': ['same || ', 'true || '],
    'never-to-http': ["url.protocol === 'https:' && to.url", 'false && to.url'],
  }),
  ...mutantsOf('pipeline/host/http/connection.ts', ['test/contract/http/callers.test.ts'], {
    'given-up-meanwhile': ["request.once('abort', stop);", ''],
    'own-authority': ['trust(await authorities(caCert))', '{}', 'test/contract/http/client.test.ts'],
  }),
  ...mutantsOf('pipeline/host/process/tool.ts', ['test/contract/process/tool.test.ts'], {
    'signal-obeyed': ["signal?.addEventListener('abort', end, { once: true });", ''],
    'zx-variables': ['timeout: 0,', ''],
  }),
  ...mutantsOf('pipeline/host/process/group.ts', ['test/contract/process/tool.test.ts'], {
    'by-force': ["this.#kill('SIGKILL');\n      // Something", '// Something'],
    'nothing-outlives-it': ["if (this.#timer !== undefined) this.#kill('SIGKILL');", ''],
  }),
  ...mutantsOf('pipeline/host/process/starter.ts', ['test/contract/process/starter.test.ts'], {
    'names-that-are-words': [' || !names.every((name) => NAME.test(name))', ''],
    'no-input': [' </dev/null', ''],
    'ended-with-its-tool': ['if (this.#waiting) this.#group.end();\n    else ', ''],
  }),
  ...mutantsOf(
    'pipeline/host/http/range.ts',
    ['test/contract/iso/locate.test.ts', 'test/unit/http/range.test.ts'],
    {
      'weak-etag': ["known?.etag && !known.etag.startsWith('W/')", 'known?.etag'],
      'wrong-content-range': ['Number(first) !== from || ', ''],
      'changed-meanwhile': ['if (changed)', 'if (false)'],
      'size-of-all': ['return Number(total) === from', 'return total'],
    },
  ),
  ...mutantsOf('pipeline/install/iso/transfer.ts', ['test/contract/iso/locate.test.ts'], {
    'free-space': ['if (bavail * bsize >= bytes) return;', 'return;'],
    'ended-early': ['total !== undefined && done < total', 'false'],
  }),
  ...mutantsOf('pipeline/maas/machines/wait.ts', ['test/unit/machines/wait.test.ts'], {
    'maas-away': ['!(error instanceof Fault) || !isTemporary(error)', 'true'],
    'other-errors': ['!(error instanceof Fault) || !isTemporary(error)', 'false'],
    'time-passes-meanwhile': ['watch.unseen();', ''],
    'says-it-once': ['silent = true;', ''],
  }),
  ...mutantsOf('pipeline/maas/acceptance/lease.ts', ['test/unit/acceptance/lease.test.ts'], {
    'unfiltered-answer': ['found.length > 1', 'found.length > 1e9'],
    'note-of-another-maas': ['if (note?.url !== client.url) continue;', 'if (!note) continue;'],
    'on-its-way-back': [' || GIVEN_BACK.includes(machine.status)', ''],
    'held-by-a-process': [
      "error.code === 'WORKSPACE_LOCKED') continue",
      "error.code === 'WORKSPACE_LOCKED') void 0",
    ],
    'other-folders': ['names.filter((name) => name.startsWith(PREFIX))', 'names'],
  }),
];
