import { shown } from '../../tar/names.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const MOUNT_POINTS = ['dev', 'proc', 'sys', 'run', 'tmp'];

/** The directories that curtin mounts over. */
export function mountPointsCollector(): Collector<ImageFacts['mountPoints']> {
  const exists = new Set<string>();
  const members = new Map(MOUNT_POINTS.map((name) => [name, new Sampler()]));
  return {
    member({ path, type }) {
      const slash = path.indexOf('/');
      if (slash === -1) {
        if (type === 'directory') exists.add(path);
      } else if (slash <= 4) members.get(path.slice(0, slash))?.add(`/${shown(path)}`);
    },
    finish: () =>
      Object.fromEntries(
        MOUNT_POINTS.map((name) => [
          name,
          { exists: exists.has(name), members: members.get(name)!.toJSON() },
        ]),
      ),
  };
}
