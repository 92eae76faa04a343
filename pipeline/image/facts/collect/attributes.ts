import { parseCapability } from '../../parsers/capability.ts';
import { shown } from '../../tar/names.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { Sample } from '../facts.ts';

export interface AttributeFacts {
  /** `capabilities` as getcap prints it, or the bytes when the kernel takes them for none (`valid` false). */
  capabilities: { path: string; capabilities: string; valid: boolean; rootId?: number }[];
  acls: number;
  /** Members whose ACL is written as text only, which is not extracted without --acls. */
  textAcls: Sample;
  /** Programs that packages give capabilities to, and that have neither these nor the setuid bit. */
  bare: string[];
  names: Record<string, number>;
}

const MOST = 1000;
const NET_RAW = /^(?:usr\/)?s?bin\/(?:ping|arping|clockdiff|mtr-packet|fping)$/;
const PTP = /\/gstreamer-1\.0\/gst-ptp-helper$/;
/** systemd-tmpfiles sets this folder's ACLs again at every boot (tmpfiles.d/systemd.conf). */
const SET_AT_BOOT = /^var\/log\/journal(?:\/|$)/;

/** Extended attributes: file capabilities, ACLs, and which names occur. */
export function attributesCollector(): Collector<AttributeFacts> {
  const capabilities: AttributeFacts['capabilities'] = [];
  const textAcls = new Sampler();
  const bare: string[] = [];
  const names = new Map<string, number>();
  let acls = 0;
  return {
    member(m) {
      if (m.type === 'file' && (m.mode & 0o4000) === 0 && (NET_RAW.test(m.path) || PTP.test(m.path)))
        if (!m.xattrs.has('security.capability') && bare.length < 50) bare.push(`/${shown(m.path)}`);
      if (m.xattrs.size === 0 && m.acls.length === 0) return;
      let binary = false;
      for (const [name, value] of m.xattrs) {
        if (names.has(name) || names.size < 100) names.set(name, (names.get(name) ?? 0) + 1);
        if (name.startsWith('system.posix_acl_')) {
          acls += 1;
          binary = true;
        }
        if (name !== 'security.capability' || capabilities.length >= MOST) continue;
        const found = parseCapability(value);
        capabilities.push({
          path: `/${shown(m.path)}`,
          capabilities: found?.text ?? `0x${value.subarray(0, 32).toString('hex')}`,
          valid: found?.any ?? false,
          ...(found && found.rootId !== 0 ? { rootId: found.rootId } : {}),
        });
      }
      for (const acl of m.acls) {
        acls += 1;
        // The attribute, when tar wrote both, is what is extracted.
        if (!binary && !SET_AT_BOOT.test(m.path) && extended(acl)) textAcls.add(`/${shown(m.path)}`);
      }
    },
    finish: () => ({
      capabilities,
      acls,
      textAcls: textAcls.toJSON(),
      bare,
      names: Object.fromEntries(names),
    }),
  };
}

/** Whether an ACL says more than the mode: tar --acls writes one for every file. */
function extended(acl: string): boolean {
  return acl.split(/[\n,]/).some((entry) => /^(?:default:|(?:user|group):[^:])/.test(entry));
}
