import { type Check, failOr, type Item, notApplicable, several } from './types.ts';

/** Packages that give capabilities to a program when they are installed, and the program's name (their postinst in Debian 12). */
const GIVE: Record<string, string> = {
  'iputils-ping': 'ping',
  'iputils-arping': 'arping',
  'iputils-clockdiff': 'clockdiff',
  'mtr-tiny': 'mtr-packet',
  mtr: 'mtr-packet',
  fping: 'fping',
  'libgstreamer1.0-0': 'gst-ptp-helper',
};

/** Attributes that curtin's `tar --xattrs --xattrs-include=* --numeric-owner` can restore on the machine. */
export const ATTRIBUTES_CHECK: Check = {
  number: 6,
  id: 'attributes',
  title: 'Extended attributes and ACLs were kept',
  severity: 'major',
  why: 'Without `security.capability`, ping, mtr and others work only for root; curtin extracts ACLs as attributes and ignores those that tar wrote as text.',
  fix: "Pack as root of the machine itself, with `--xattrs --xattrs-include='*' --numeric-owner`: ACLs are then stored as system.posix_acl_*, and capabilities belong to no user namespace.",
  evaluate({ xattrs, packages }) {
    const items: Item[] = [];
    for (const { path, capabilities, valid, rootId } of xattrs.capabilities) {
      if (!valid)
        items.push({
          subject: path,
          text: `${path} has no capability on the machine: ${capabilities}: damaged, or of no effect`,
        });
      else if (rootId !== undefined)
        items.push({
          subject: path,
          text: `${path} has no capability on the machine: ${capabilities} applies only in another user namespace`,
        });
    }
    const giving = packages.filter((p) => Object.hasOwn(GIVE, p.name) && p.status.startsWith('ii'));
    for (const path of xattrs.bare) {
      const giver = giving.find((p) => path.endsWith(`/${GIVE[p.name]}`));
      if (giver)
        items.push({
          subject: path,
          text: `${path} has lost its capabilities: ${giver.name} sets them, and it is not setuid either`,
        });
    }
    if (xattrs.textAcls.count > 0)
      items.push({
        subject: 'acls',
        severity: 'warning',
        text: `ACLs that are lost on extraction, written as text only: ${several(xattrs.textAcls.examples, xattrs.textAcls.count)}`,
      });
    const [first] = xattrs.capabilities;
    if (items.length > 0) return failOr(items, '');
    if (first)
      return failOr(
        [],
        `${xattrs.capabilities.length} files with capabilities (${first.path} ${first.capabilities}), ${xattrs.acls} ACLs`,
      );
    if (giving.length === 0) return notApplicable('no installed package is known to set capabilities');
    return failOr([], `${giving.map((p) => p.name).join(', ')}: setuid instead of a capability`);
  },
};
