import type { MaasClient } from '../api/client.ts';
import { printable } from './printable.ts';
import type { Status } from './status.ts';
import type { FailedScript, Machine } from './types.ts';

type Raw = Record<string, unknown>;

/** SCRIPT_STATUS: failed, timed out, dependencies not installed, network configuration not applied. */
const FAILED = new Set([3, 4, 8, 11]);
/** Bytes of each output that are kept, from its end: a message stands there, and an installation's log is long. */
const KEPT = 64 * 1024;

const RESULTS: Partial<Record<Status, string>> = {
  commissioning: 'current-commissioning',
  failed_commissioning: 'current-commissioning',
  testing: 'current-testing',
  failed_testing: 'current-testing',
  deploying: 'current-installation',
  failed_deployment: 'current-installation',
};

/** The scripts that did not pass in what the machine did last, with their output. Two requests at most. */
export async function readFailedScripts(client: MaasClient, machine: Machine): Promise<FailedScript[]> {
  const which = Object.hasOwn(RESULTS, machine.status) ? RESULTS[machine.status] : undefined;
  if (!which) return [];
  const path = `nodes/${machine.systemId}/results/${which}/`;
  const failed = resultsOf(await client.get(path)).filter(
    ({ status, name }) => FAILED.has(Number(status)) && !/\.tar(\.|$)/.test(String(name)),
  );
  if (failed.length === 0) return [];
  const query = new URLSearchParams({
    include_output: 'true',
    filters: failed.map(({ id }) => String(id)).join(','),
  });
  return resultsOf(await client.get(`${path}?${query}`))
    .filter(({ status }) => FAILED.has(Number(status)))
    .map((result) => ({
      name: printable(String(result.name)),
      status: String(result.status_name ?? ''),
      exitStatus: typeof result.exit_status === 'number' ? result.exit_status : null,
      output: decoded(result.output) || decoded(result.stdout) + decoded(result.stderr),
    }));
}

function resultsOf(answer: unknown): Raw[] {
  const results = (answer as Raw | null)?.results;
  return Array.isArray(results) ? (results as Raw[]) : [];
}

function decoded(base64: unknown): string {
  if (typeof base64 !== 'string') return '';
  return printable(Buffer.from(base64, 'base64').subarray(-KEPT).toString('utf8'));
}
