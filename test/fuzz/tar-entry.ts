const BLOCK = 512;

/** A header with whatever is behind it, as data: fast-check makes it smaller when something is found. */
export interface Entry {
  type: string;
  name: string;
  link: string;
  prefix: string;
  magic: 'ustar' | 'gnu' | 'v7' | 'star';
  /** Fields as their bytes (latin1). */
  mode: string;
  uid: string;
  gid: string;
  mtime: string;
  device: string;
  size: number;
  /** The form of the size; `wrong` gives a different number. */
  sizeForm: 'octal' | 'blank-ended' | 'leading-blanks' | 'base-256' | 'wrong' | 'junk-behind';
  signedSum: boolean;
  /** PAX records for an `x` before it; null: none. */
  pax: [string, string][] | null;
  globalPax: [string, string][] | null;
  longName: string | null;
  longLink: string | null;
  sparse: { form: 'gnu' | '0.0' | '0.1' | '1.0'; map: [number, number][]; size: number } | null;
  zeroBlocks: number;
}

/** A plain empty file: what an entry is when nothing else is said. */
export const PLAIN: Entry = {
  type: '0',
  name: 'a',
  link: '',
  prefix: '',
  magic: 'ustar',
  mode: '0000644\0',
  uid: '0000000\0',
  gid: '0000000\0',
  mtime: '14000000000\0',
  device: '0000000\0',
  size: 0,
  sizeForm: 'octal',
  signedSum: false,
  pax: null,
  globalPax: null,
  longName: null,
  longLink: null,
  sparse: null,
  zeroBlocks: 0,
};

const MAGICS = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '\0\0\0\0\0\0\0\0', star: 'ustar\x0000' };

function sizeField(size: number, form: Entry['sizeForm']): string {
  const digits = size.toString(8);
  switch (form) {
    case 'blank-ended':
      return `${digits.padStart(11, '0')} `;
    case 'leading-blanks':
      return `${digits.padStart(10, ' ')} \0`;
    case 'junk-behind':
      return `${digits} ghijkl`.padEnd(12, 'x').slice(0, 12);
    case 'base-256':
      return `\x80${'\0'.repeat(9)}${String.fromCharCode(size >> 8, size & 255)}`;
    case 'wrong':
      return `${(size + 512).toString(8).padStart(11, '0')}\0`;
    default:
      return `${digits.padStart(11, '0')}\0`;
  }
}

/** A header with its body. The checksum holds. */
function member(
  fields: Partial<Entry> & { type: string; name: string },
  body: Buffer,
  declared = body.length,
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number, length: number) => block.write(text.slice(0, length), at, 'latin1');
  put(fields.name, 0, 100);
  put(fields.mode ?? '0000644\0', 100, 8);
  put(fields.uid ?? '0000000\0', 108, 8);
  put(fields.gid ?? '0000000\0', 116, 8);
  put(sizeField(declared, fields.sizeForm ?? 'octal'), 124, 12);
  put(fields.mtime ?? '14000000000\0', 136, 12);
  put(fields.type, 156, 1);
  put(fields.link ?? '', 157, 100);
  put(MAGICS[fields.magic ?? 'ustar'], 257, 8);
  if (fields.magic !== 'v7') {
    put(fields.device ?? '0000000\0', 329, 8);
    put(fields.device ?? '0000000\0', 337, 8);
  }
  if (fields.magic === 'gnu' && fields.sparse?.form === 'gnu') {
    const slots = fields.sparse.map.slice(0, 4);
    for (const [i, [offset, length]] of slots.entries()) putSegment(block, 386 + i * 24, offset, length);
    if (fields.sparse.map.length > 4) block[482] = 1;
    put(`${fields.sparse.size.toString(8).padStart(11, '0')}\0`, 483, 12);
  } else if (fields.magic === 'ustar') put(fields.prefix ?? '', 345, 155);
  else if (fields.magic === 'star') {
    put((fields.prefix ?? '').slice(0, 130), 345, 131);
    put('14000000000 ', 476, 12);
    put('14000000000 ', 488, 12);
  }
  sign(block, fields.signedSum ?? false);
  return Buffer.concat([block, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

function putSegment(block: Buffer, at: number, offset: number, length: number): void {
  block.write(
    `${offset.toString(8).padStart(11, '0')}\0${length.toString(8).padStart(11, '0')}\0`,
    at,
    'latin1',
  );
}

function sign(block: Buffer, signed: boolean): void {
  block.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of block) sum += signed && byte > 127 ? byte - 256 : byte;
  block.write(`${Math.max(sum, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

function records(pairs: readonly [string, string][]): Buffer {
  return Buffer.concat(
    pairs.map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.from(`${length}${rest}`, 'latin1');
    }),
  );
}

const padding = (bytes: Buffer) =>
  Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

/** The bytes of one entry. */
export function entryBytes(e: Entry): Buffer {
  const parts: Buffer[] = [];
  if (e.globalPax) parts.push(member({ type: 'g', name: 'g' }, records(e.globalPax)));
  if (e.longName !== null)
    parts.push(
      member({ type: 'L', name: '././@LongLink', magic: 'gnu' }, Buffer.from(`${e.longName}\0`, 'latin1')),
    );
  if (e.longLink !== null)
    parts.push(
      member({ type: 'K', name: '././@LongLink', magic: 'gnu' }, Buffer.from(`${e.longLink}\0`, 'latin1')),
    );
  let pax = e.pax;
  let body = Buffer.alloc(e.size, 'content of a member\n');
  const { sparse } = e;
  let type = e.type;
  let more = Buffer.alloc(0);
  if (sparse) {
    const data = Buffer.concat(sparse.map.map(([, length]) => padding(Buffer.alloc(length, 'data'))));
    body = data;
    const size: [string, string] = [
      sparse.form === '1.0' ? 'GNU.sparse.realsize' : 'GNU.sparse.size',
      String(sparse.size),
    ];
    if (sparse.form === 'gnu') {
      type = 'S';
      for (let at = 4; at < sparse.map.length; at += 21) {
        const block = Buffer.alloc(BLOCK);
        for (const [i, [offset, length]] of sparse.map.slice(at, at + 21).entries())
          putSegment(block, i * 24, offset, length);
        if (at + 21 < sparse.map.length) block[504] = 1;
        more = Buffer.concat([more, block]);
      }
    } else if (sparse.form === '1.0') {
      pax = [
        ...(pax ?? []),
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.name', e.name],
        size,
      ];
      const text = [sparse.map.length, ...sparse.map.flat()].map((n) => `${n}\n`).join('');
      body = Buffer.concat([padding(Buffer.from(text)), data]);
    } else {
      pax = [...(pax ?? []), size, ['GNU.sparse.numblocks', String(sparse.map.length)]];
      if (sparse.form === '0.1') pax.push(['GNU.sparse.map', sparse.map.flat().join(',')]);
      else
        for (const [offset, length] of sparse.map)
          pax.push(['GNU.sparse.offset', String(offset)], ['GNU.sparse.numbytes', String(length)]);
    }
  } else if (!'0\x007DVMSNAz9I'.includes(type)) body = Buffer.alloc(0);
  if (pax) parts.push(member({ type: 'x', name: 'x' }, records(pax)));
  const magic = sparse?.form === 'gnu' ? 'gnu' : sparse ? 'ustar' : e.magic;
  const declared = body.length === 0 && e.size === 513 ? 513 : body.length;
  const whole = member({ ...e, type, magic }, body, declared);
  parts.push(whole.subarray(0, BLOCK), more, whole.subarray(BLOCK), Buffer.alloc(e.zeroBlocks * BLOCK));
  return Buffer.concat(parts);
}
