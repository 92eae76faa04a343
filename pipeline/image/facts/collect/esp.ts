import { shown } from '../../tar/names.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { Sample } from '../facts.ts';

const ESP = 'boot/efi/';

/** Members below /boot/efi that vfat cannot hold: at the deployment the ESP is mounted there, and tar ends with an error. */
export function espCollector(): Collector<Sample> {
  const found = new Sampler();
  return {
    member({ path, type, uid, gid }) {
      if (!path.startsWith(ESP)) return;
      const name = `/${shown(path)}`;
      if (type !== 'file' && type !== 'directory') found.add(`${name} (a ${type.replace('-', ' ')})`);
      else if (uid !== 0 || gid !== 0) found.add(`${name} (owner ${uid}:${gid})`);
    },
    finish: () => found.toJSON(),
  };
}
