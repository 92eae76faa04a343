import type { Reply } from '../reply.ts';
import type { Call } from '../route.ts';
import { setAt } from './scripts.ts';
import { machineAt } from './visible.ts';

/** The two scripts whose output MAAS calls the details of a node. */
const SCRIPTS = { lshw: 'maas-lshw', lldp: 'maas-capture-lldpd' };

/** op=details: what commissioning has found, as BSON; null where it has not run. */
export function details(call: Call): Reply {
  const results = setAt(call.world, machineAt(call).commissioningSet)?.results ?? [];
  const elements = Object.entries(SCRIPTS).map(([name, script]) =>
    element(name, results.find((result) => result.name === script && result.exitStatus === 0)?.output),
  );
  const content = Buffer.concat([...elements, Buffer.of(0)]);
  const body = Buffer.concat([int32(content.length + 4), content]);
  return { status: 200, headers: { 'content-type': 'application/bson' }, body };
}

/** A binary value, or null, with its name. */
function element(name: string, text: string | undefined): Buffer {
  const key = Buffer.from(`${name}\0`);
  if (text === undefined) return Buffer.concat([Buffer.of(0x0a), key]);
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x05), key, int32(bytes.length), Buffer.of(0), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
