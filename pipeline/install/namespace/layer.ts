import type { Emit } from '../../core/events/event.ts';
import { bytes } from '../../core/text/human.ts';
import { fingerprint, type Inputs } from '../../workspace/fingerprint.ts';
import type { LayerRule } from './curtin.ts';
import { beginLayer, findLayer, finishLayer, removeLeftOver } from './layer-store.ts';

/** The inputs that decide whether a build may continue from a layer, and from which. */
export interface LayerRequest {
  cache: string;
  /** Bytes that all layers may have together; 0: none is kept or used. */
  most: number;
  rule: LayerRule | null;
  /** Everything beside the medium's own configuration that decides the root after its steps. */
  decidedBy: Inputs;
}

/** The layers of one installation. */
export interface LayerPlan {
  /** Environment of build.sh. */
  env: Record<string, string>;
  /** The layer that it goes on from. */
  from: string | null;
  /** To be called when the installation has ended, well or not. */
  settle(): Promise<void>;
}

const NONE: LayerPlan = { env: {}, from: null, async settle() {} };

/**
 * Finds the layer to go on from, else makes ready to keep one. Whatever goes wrong with layers costs only the time that one would save.
 * @throws Fault INTERRUPTED
 */
export async function planLayer(
  { cache, most, rule, decidedBy }: LayerRequest,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<LayerPlan> {
  if (most === 0 || rule === null) return NONE;
  const say = (level: 'info' | 'warning', message: string) => emit({ type: 'notice', level, message });
  if ('refusal' in rule) {
    say('info', `No layer of this medium is kept: ${rule.refusal}`);
    return NONE;
  }
  await removeLeftOver(cache);
  const key = fingerprint({ ...decidedBy, medium: rule.medium, asRoot: process.getuid?.() === 0 });
  const from = await findLayer(
    cache,
    key,
    (problem) => say('warning', `The layer ${key.slice(0, 12)} is not used: ${problem}`),
    signal,
  );
  if (from) return { ...NONE, env: { LAYER: from }, from };
  let folder: string;
  try {
    folder = await beginLayer(cache, key);
  } catch (error) {
    say('warning', `No layer can be kept in ${cache}: ${(error as Error).message}`);
    return NONE;
  }
  return {
    env: { LAYER_OUT: folder, LAYER_MOST: String(Math.floor(most / 1024)) },
    from: null,
    async settle() {
      const result = await finishLayer(folder, most, signal);
      if ('bytes' in result)
        say('info', `The root after the medium's own steps is kept as a layer (${bytes(result.bytes)})`);
      else say('info', `No layer is kept: ${result.notKept}`);
    },
  };
}
