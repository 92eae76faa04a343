import { type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { fieldsOf, wrongField } from '../site/fields.ts';
import { answer } from './show.ts';
import { STATUS } from './status.ts';
import { applyLayout, LAYOUTS } from './storage.ts';
import { machineAt } from './visible.ts';

export async function setStorageLayout(call: Call): Promise<Reply> {
  const { world } = call;
  const machine = machineAt(call, 'admin');
  const fields = await fieldsOf(call);
  if (machine.status !== STATUS.READY)
    refuse(409, 'Cannot change the storage layout on a machine that is not Ready.');
  const layout = fields.text('storage_layout') ?? '';
  if (layout === '') wrongField('storage_layout', 'This field is required.');
  if (!LAYOUTS.includes(layout)) {
    const list = LAYOUTS.map((one) => `'${one}'`).join(', ');
    wrongField('storage_layout', `'${layout}' is not a valid storage layout.  It should be one of: ${list}.`);
  }
  if (machine.disks.length === 0)
    refuse(400, 'Machine is missing a boot disk; no storage layout can be applied.');
  applyLayout(world, machine, layout);
  world.store.machinesChanged();
  return answer(world, machine);
}
