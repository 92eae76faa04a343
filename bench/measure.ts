import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The cost of a command, its child processes included. */
export interface Usage {
  wallS: number;
  userS: number;
  systemS: number;
  /** Resident memory of its largest process, exact. */
  peakBytes: number;
  /** Resident memory of all its processes together, sampled every 100 ms. */
  peakTreeBytes: number;
}

// wait4 is the one exact source of a child's CPU and peak memory, those of its own children included; Node does not offer it.
const WAIT4 = `
import json, os, sys, time
start = time.monotonic()
pid = os.fork()
if pid == 0:
    os.close(3)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
wall = time.monotonic() - start
os.write(3, json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime, used.ru_stime, used.ru_maxrss]).encode())
`;

export interface MeasureOptions {
  env?: NodeJS.ProcessEnv;
  /** Exit codes that count as done. */
  accept?: readonly number[];
}

/** Runs a command to its end and measures it. @throws Error with what it said when it fails */
export async function measure(argv: readonly string[], options: MeasureOptions = {}): Promise<Usage> {
  const child = spawn('python3', ['-I', '-c', WAIT4, ...argv], {
    env: options.env ?? process.env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let result = '';
  child.stdio[2]!.on('data', (text) => {
    said = (said + text).slice(-2000);
  });
  child.stdio[3]!.on('data', (text) => {
    result += text;
  });
  let peakTreeBytes = 0;
  const sampler = setInterval(() => {
    peakTreeBytes = Math.max(peakTreeBytes, resident(descendants(child.pid!)));
  }, 100);
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(sampler);
  const [exitCode, wallS, userS, systemS, kib] = JSON.parse(result || '[null]');
  if (!(options.accept ?? [0]).includes(exitCode))
    throw new Error(`${argv.slice(0, 4).join(' ')} ended with exit code ${exitCode}: ${said.trim()}`);
  const peakBytes = kib * 1024;
  return { wallS, userS, systemS, peakBytes, peakTreeBytes: Math.max(peakBytes, peakTreeBytes) };
}

/** Processes below one, without it. */
function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function resident(pids: readonly number[]): number {
  return pids
    .map((pid) => Number(/^VmRSS:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024)
    .reduce((sum, bytes) => sum + bytes, 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Runs some contestants in turn, round after round, so that what else the machine does falls on all alike.
 * @param order of a round; one that is named more often is measured more often
 */
export async function alternate<K extends string>(
  rounds: number,
  contestants: Record<K, () => Promise<Usage>>,
  order: readonly K[] = Object.keys(contestants) as K[],
): Promise<Record<K, Usage>> {
  const names = Object.keys(contestants) as K[];
  const runs = new Map<K, Usage[]>(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++)
    for (const name of order) {
      const usage = await contestants[name]();
      runs.get(name)!.push(usage);
      say(`${round}/${rounds} ${name.padEnd(14)} ${describe(usage)}`);
    }
  const measured = names.filter((name) => order.includes(name));
  return Object.fromEntries(measured.map((name) => [name, medians(runs.get(name)!)])) as Record<K, Usage>;
}

function medians(usages: readonly Usage[]): Usage {
  const of = (key: keyof Usage) => median(usages.map((usage) => usage[key]));
  return {
    wallS: of('wallS'),
    userS: of('userS'),
    systemS: of('systemS'),
    peakBytes: of('peakBytes'),
    peakTreeBytes: of('peakTreeBytes'),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function describe({ wallS, userS, systemS, peakBytes, peakTreeBytes }: Usage): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return `${wallS.toFixed(2)} s wall, ${userS.toFixed(2)} s user, ${systemS.toFixed(2)} s system, ${mb(peakBytes)} largest process, ${mb(peakTreeBytes)} all`;
}

export const cpu = ({ userS, systemS }: Usage): number => userS + systemS;

/** Two figures compared, to three decimals; null: there is nothing to compare with. */
export function ratio(ours: number, theirs: number | undefined): number | null {
  return theirs ? Math.round((ours / theirs) * 1000) / 1000 : null;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
