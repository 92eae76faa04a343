import { parseCapability } from '../../parsers/capability.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';
import { shown } from '../names.ts';

const MOST = 1000;

/** Extended attributes: file capabilities, ACLs, and which names occur. */
export function attributesCollector(): Collector<ImageFacts['xattrs']> {
  const capabilities: ImageFacts['xattrs']['capabilities'] = [];
  const namedAcls = new Sampler();
  const names = new Map<string, number>();
  let acls = 0;
  return {
    member(m) {
      if (m.xattrs.size === 0 && m.acls.length === 0) return;
      for (const [name, value] of m.xattrs) {
        if (names.has(name) || names.size < 100) names.set(name, (names.get(name) ?? 0) + 1);
        if (name.startsWith('system.posix_acl_')) acls += 1;
        if (name !== 'security.capability' || capabilities.length >= MOST) continue;
        const text = parseCapability(value);
        capabilities.push({
          path: `/${shown(m.path)}`,
          capabilities: text ?? `0x${value.subarray(0, 32).toString('hex')}`,
          valid: text !== null,
        });
      }
      for (const acl of m.acls) {
        acls += 1;
        // A fourth field with the number is tar's own way to carry both.
        if (
          acl.split(/[\n,]/).some((entry) => /^(default:)?(user|group):[^:]*[^:\d][^:]*:[^:]*$/.test(entry))
        )
          namedAcls.add(`/${shown(m.path)}`);
      }
    },
    finish: () => ({ capabilities, acls, namedAcls: namedAcls.toJSON(), names: Object.fromEntries(names) }),
  };
}
