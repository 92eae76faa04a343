const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast ' +
  'net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice ' +
  'sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog ' +
  'wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

const LENGTH: Record<number, number> = { 1: 12, 2: 20, 3: 24 };

/**
 * The value of a security.capability attribute (struct vfs_cap_data of linux/capability.h) in getcap's form: "cap_net_raw+ep".
 * @returns null when it is no such value: what a reader that takes attributes for text makes of it
 */
export function parseCapability(value: Buffer): string | null {
  if (value.length < 12) return null;
  const magic = value.readUInt32LE(0);
  const revision = magic >>> 24;
  if (LENGTH[revision] !== value.length) return null;
  const effective = (magic & 1) !== 0;
  const groups = new Map<string, string[]>();
  for (let bit = 0; bit < (revision === 1 ? 32 : 64); bit++) {
    const at = 4 + (bit >> 5) * 8;
    const permitted = (value.readUInt32LE(at) >>> (bit & 31)) & 1;
    const inheritable = (value.readUInt32LE(at + 4) >>> (bit & 31)) & 1;
    if (!permitted && !inheritable) continue;
    const flags = `${effective ? 'e' : ''}${inheritable ? 'i' : ''}${permitted ? 'p' : ''}`;
    groups.set(flags, [...(groups.get(flags) ?? []), `cap_${NAMES[bit] ?? bit}`]);
  }
  return [...groups].map(([flags, names]) => `${names.join(',')}+${flags}`).join(' ');
}
