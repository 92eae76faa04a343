/** Names by number up to CAP_CHECKPOINT_RESTORE, the last that kernels from 5.9 on know. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast ' +
  'net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice ' +
  'sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog ' +
  'wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

const REVISION_2 = 0x02000000;
const REVISION_3 = 0x03000000;
const EFFECTIVE = 1;

const [E, P, I] = [1, 2, 4];

export interface Capability {
  /** As `getcap -n` of libcap 2.66 prints it: "cap_net_raw=ep". */
  text: string;
  /** The uid that is root in the user namespace it belongs to; 0: the machine's own. With another it does nothing outside of that namespace. */
  rootId: number;
  /** False when it gives nothing to anybody. */
  any: boolean;
}

/**
 * The value of a security.capability attribute (struct vfs_cap_data of linux/capability.h).
 * @returns null when the kernel refuses to set it (EINVAL), and tar leaves the file without: another size, revision or flag
 */
export function parseCapability(value: Buffer): Capability | null {
  if (value.length < 20) return null;
  const magic = value.readUInt32LE(0);
  const revision = (magic & ~EFFECTIVE) >>> 0;
  if (revision !== (value.length === 20 ? REVISION_2 : value.length === 24 ? REVISION_3 : -1)) return null;
  const flags = Array.from({ length: 64 }, (_, bit) => {
    const at = 4 + (bit >> 5) * 8;
    const permitted = (value.readUInt32LE(at) >>> (bit & 31)) & 1;
    const inheritable = (value.readUInt32LE(at + 4) >>> (bit & 31)) & 1;
    const effective = (magic & EFFECTIVE) !== 0 && (permitted | inheritable) !== 0;
    return (effective ? E : 0) | (permitted ? P : 0) | (inheritable ? I : 0);
  });
  const rootId = value.length === 24 ? value.readUInt32LE(20) : 0;
  return {
    text: inWords(flags) + (rootId === 0 ? '' : ` [rootid=${rootId}]`),
    rootId,
    any: flags.some((f) => f !== 0),
  };
}

/** libcap's cap_to_text: what most capabilities have comes first, the others as what differs from it; numbers for those without a name. */
function inWords(flags: readonly number[]): string {
  const known = flags.slice(0, NAMES.length);
  const count = (state: number) => known.filter((f) => f === state).length;
  let most = 7;
  for (let state = 7; state >= 0; state--) if (count(state) >= count(most)) most = state;
  const words: string[] = most === 0 ? [] : [`=${letters(most)}`];
  const group = (state: number, from: number, to: number) =>
    flags.flatMap((f, bit) =>
      f === state && bit >= from && bit < to ? [NAMES[bit] ? `cap_${NAMES[bit]}` : String(bit)] : [],
    );
  for (let state = 7; state >= 0; state--) {
    const names = state === most ? [] : group(state, 0, NAMES.length);
    if (names.length === 0) continue;
    const more = letters(state & ~most);
    const less = letters(~state & most);
    const sign = words.length === 0 ? '=' : '+';
    words.push(`${names.join(',')}${more && sign + more}${less && `-${less}`}`);
  }
  for (let state = 7; state > 0; state--) {
    const numbers = group(state, NAMES.length, 64);
    if (numbers.length === 0) continue;
    // A text of numbers alone begins with an empty set.
    if (words.length === 0) words.push('=');
    words.push(`${numbers.join(',')}+${letters(state)}`);
  }
  return words.length === 0 ? '=' : words.join(' ');
}

function letters(state: number): string {
  return `${state & E ? 'e' : ''}${state & I ? 'i' : ''}${state & P ? 'p' : ''}`;
}
