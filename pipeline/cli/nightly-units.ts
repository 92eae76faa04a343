import { json } from '../core/escape/json.ts';
import { redact } from '../core/secrets/registry.ts';
import { appendOutput } from '../host/files/output.ts';
import type { CiSystem } from '../nightly/output/ci-systems.ts';
import { githubMatrix, githubOutputs, gitlabJobs } from '../nightly/output/matrix.ts';
import { type NightUnits, unitsOf } from '../nightly/units.ts';
import { type NightlyOptions, renewalOf, requestsFor } from './nightly.ts';
import { withLock } from './run-image.ts';
import type { Session } from './session.ts';

export interface UnitsOptions {
  plan?: boolean;
  matrix?: CiSystem;
  label?: string[];
}

/** `nightly --plan` and `nightly --matrix`: the images that builders have to build, and nothing else. */
export async function nightlyUnits(
  session: Session,
  patterns: string[],
  options: NightlyOptions & UnitsOptions,
): Promise<void> {
  // Upload and acceptance have no part in it, and need no MAAS.
  const { requests } = await requestsFor(session, patterns, { ...options, upload: false });
  const [first] = requests;
  if (!first) return;
  const renewal = renewalOf(first.config, options);
  await withLock(session, first.config, options.wait, 'planning a night', async () => {
    const nightBegan = new Date().toISOString();
    const found = await unitsOf(requests, renewal, nightBegan);
    const text = await documentFor(found, options, session.env);
    session.data({ ok: true, nightBegan, ...found }, text, 'document');
  });
}

async function documentFor(
  found: NightUnits,
  { matrix: system, label }: UnitsOptions,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { units } = found;
  if (system === 'gitlab') return gitlabJobs(units, label).trimEnd();
  if (system === undefined) return json(found, 2);
  const matrix = githubMatrix(units, label);
  if (env.GITHUB_OUTPUT)
    await appendOutput(env.GITHUB_OUTPUT, redact(githubOutputs(matrix)), 'GITHUB_OUTPUT');
  return json(matrix, 2);
}
