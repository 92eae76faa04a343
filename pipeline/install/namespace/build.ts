import { existsSync } from 'node:fs';
import type { RootOutput } from '../../image/artifact.ts';
import { layerFiles } from '../../workspace/layout.ts';
import { type LayerRequest, planLayer } from './layer.ts';
import { type NamespaceRunRequest, runInNamespaces } from './run.ts';

export interface NamespaceBuildRequest extends Omit<NamespaceRunRequest, 'env'> {
  /** Absolute path of the medium. */
  iso: string;
  layer: LayerRequest;
}

/**
 * Installs from a medium in namespaces of its own. On failure only the logs are left in `dir`.
 * @throws Fault BUILD_INSTALL_FAILED, BUILD_TIMEOUT, BUILD_NO_ARTIFACT, DISK_FULL, TOOL_MISSING
 */
export async function buildInNamespace(request: NamespaceBuildRequest): Promise<RootOutput> {
  const { iso, layer, ...run } = request;
  const { emit, signal } = run;
  const plan = await planLayer(layer, { emit, signal });
  try {
    return await runInNamespaces({ ...run, env: { ISO: iso, ...plan.env } });
  } catch (error) {
    if (plan.from === null || signal.aborted || existsSync(layerFiles(plan.from).record)) throw error;
    emit({
      type: 'notice',
      level: 'warning',
      message: 'The layer was deleted meanwhile; installing from the medium.',
    });
  } finally {
    await plan.settle();
  }
  return await runInNamespaces({ ...run, env: { ISO: iso } });
}
