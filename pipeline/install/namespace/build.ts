import { existsSync } from 'node:fs';
import { Fault } from '../../core/faults/fault.ts';
import type { RootOutput } from '../../image/artifact.ts';
import { layerFiles } from '../../workspace/layout.ts';
import { type LayerRequest, planLayer } from './layer.ts';
import { type NamespaceRunRequest, runInNamespaces } from './run.ts';
import { memoryFor } from './scratch.ts';

export interface NamespaceBuildRequest extends Omit<NamespaceRunRequest, 'env'> {
  /** Absolute path of the medium. */
  iso: string;
  layer: LayerRequest;
  /** See memoryFor. */
  memory?: typeof memoryFor;
}

/**
 * Installs from a medium in namespaces of its own. On failure only the logs are left in `dir`.
 * @throws Fault BUILD_INSTALL_FAILED, BUILD_TIMEOUT, BUILD_NO_ARTIFACT, DISK_FULL, TOOL_MISSING
 */
export async function buildInNamespace(request: NamespaceBuildRequest): Promise<RootOutput> {
  const { iso, layer, memory: memoryOf = memoryFor, ...run } = request;
  const { emit, signal } = run;
  const warn = (message: string) => emit({ type: 'notice', level: 'warning', message });
  const plan = await planLayer(layer, { emit, signal });
  const install = (env: Record<string, string> = {}) =>
    runInNamespaces({ ...run, env: { ISO: iso, ...env } });
  try {
    const { from } = plan;
    if (from === null) return await install(plan.env);
    // Only then is known how much is unpacked.
    const memory = await memoryOf([iso, layerFiles(from).root]).catch(() => null);
    if (memory === null) return await install(plan.env);
    return await install({ ...plan.env, IN_MEMORY: String(memory) }).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof Fault && error.code === 'DISK_FULL')) throw error;
      warn('The installation did not fit in memory; installing on the disk.');
      return install(plan.env);
    });
  } catch (error) {
    if (plan.from === null || signal.aborted || existsSync(layerFiles(plan.from).record)) throw error;
    warn('The layer was deleted meanwhile; installing from the medium.');
  } finally {
    await plan.settle();
  }
  return await install();
}
