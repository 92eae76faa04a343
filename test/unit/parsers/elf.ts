/** An ELF header: enough of one to show the machine. @param machine e_machine of the ABI */
export function elf(machine: number, { bits = 64, little = true } = {}): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x7f454c46, 0);
  head[4] = bits === 64 ? 2 : 1;
  head[5] = little ? 1 : 2;
  head[6] = 1;
  if (little) head.writeUInt16LE(machine, 18);
  else head.writeUInt16BE(machine, 18);
  return head;
}
