import type { Compared } from '../../image/diff/description.ts';
import { keptRelease } from '../../image/diff/release-store.ts';
import { describeBuilt } from '../../image/diff/workspace.ts';

/** The kernel that an upload starts, where its facts are known here: it was uploaded from here, or lies in the workspace. */
export async function knownKernel(
  sha256: string,
  imageDir: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const built = async () => {
    const one = await describeBuilt(imageDir).catch(() => undefined);
    return one?.sha256 === sha256 ? one : undefined;
  };
  return startedKernel(((await keptRelease(sha256, sha256, env)) ?? (await built()))?.facts ?? {});
}

/** The kernel that GRUB's menu starts, or the only one in the image; of several without a default none is certain. */
export function startedKernel({ boot, kernels = [] }: Partial<Compared>): string | null {
  const started = boot?.defaultKernel?.version;
  if (started) return started;
  const [only, ...others] = kernels;
  return only && others.length === 0 ? only.version : null;
}
