import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { keepSeed } from '../test/fuzz/seeds.ts';
import { TARGETS } from '../test/fuzz/targets.ts';

/** One case may take this long; more is a hang. */
const CASE_MS = 10_000;
/** To start, and to make a failing input smaller. */
const GRACE_MS = 30_000;

const CHILD = join(import.meta.dirname, '../test/fuzz/child.ts');
const USAGE = `npm run fuzz -- [--seconds N] [--target NAME]... [--seed N]
Feeds everything that reads bytes of an image with odd inputs, for N seconds in all (60). A failing input is kept in
test/fuzz/seeds/TARGET, where the unit tests run it for ever after.
targets: ${Object.keys(TARGETS).join(', ')}`;

interface Outcome {
  name: string;
  cases: number;
  problem: string | null;
}

/** Fuzzes one target in a process that may write nowhere but to its own folder. */
async function fuzz(name: string, ms: number, seed: number): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'dgxos-maas-fuzz-'));
  try {
    const permission = [
      '--permission',
      '--allow-fs-read=*',
      `--allow-fs-write=${scratch}`,
      '--allow-child-process',
    ];
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=SecurityWarning',
        '--max-old-space-size=512',
        ...permission,
        CHILD,
        name,
        String(ms),
        String(seed),
        scratch,
      ],
      { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const hung = watch(join(scratch, 'input'), ms, () => child.kill('SIGKILL'));
    const [out, err, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.on('close', resolve)),
    ]);
    const strays = readdirSync(scratch).filter((file) => file !== 'input' && file !== 'image');
    const problem =
      hung() ?? (code === 0 ? (strays.length ? `wrote ${strays.join(', ')}` : null) : err.trim() || 'died');
    if (problem === null) return { name, cases: Number(out), problem };
    return { name, cases: Number(out), problem: `${problem}\n${kept(name, join(scratch, 'input'))}` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Stops a process whose input has not changed for too long, or that does not end. @returns says whether it had to */
function watch(input: string, ms: number, stop: () => void): () => string | null {
  const started = Date.now();
  let said: string | null = null;
  const timer = setInterval(() => {
    const stands = existsSync(input) ? Date.now() - statSync(input).mtimeMs : Date.now() - started - GRACE_MS;
    if (stands > CASE_MS) said = `a case did not end within ${CASE_MS / 1000} s`;
    else if (Date.now() - started > ms + GRACE_MS) said = 'did not end in time';
    else return;
    clearInterval(timer);
    stop();
  }, 250);
  return () => {
    clearInterval(timer);
    return said;
  };
}

function kept(name: string, input: string): string {
  if (!existsSync(input)) return 'before its first input';
  const content = readFileSync(input);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return `kept as ${relative(process.cwd(), keepSeed(name, `failed-${digest}`, content))}`;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', multiple: true, default: Object.keys(TARGETS) },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    help: { type: 'boolean' },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const unknown = values.target.find((name) => !(name in TARGETS));
if (values.help || unknown !== undefined || !(seconds > 0) || !Number.isInteger(seed)) {
  process.stderr.write(`${unknown === undefined ? '' : `no target ${unknown}\n`}${USAGE}\n`);
  process.exit(values.help ? 0 : 2);
}

// The readers of archives have the most to go wrong, and the times of all readers are one target: each gets as much time as eight parsers.
const weight = (name: string) => (name === 'tar' || name === 'gzip' || name === 'growth' ? 8 : 1);
const lanes = Math.min(2, availableParallelism());
const total = values.target.reduce((sum, name) => sum + weight(name), 0);
const limit = pLimit(lanes);
const outcomes = await Promise.all(
  values.target.map((name) =>
    limit(async () => {
      const ms = Math.min(seconds, (seconds * lanes * weight(name)) / total) * 1000;
      const outcome = await fuzz(name, Math.round(ms), seed);
      const { problem, cases } = outcome;
      process.stdout.write(`${problem === null ? 'ok  ' : 'FAIL'} ${name}: ${problem ?? `${cases} cases`}\n`);
      return outcome;
    }),
  ),
);
const failed = outcomes.filter(({ problem }) => problem !== null);
process.stdout.write(`fuzz: ${outcomes.length} targets, ${failed.length} failed (--seed ${seed})\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
