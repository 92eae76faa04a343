import { EXIT } from '../../core/faults/catalogue.ts';
import { columns } from '../../core/text/columns.ts';
import { type Profile, profileChanges } from '../../maas/machines/profile.ts';
import { applyTags, checkTagName, neededChanges, type TagChange } from '../../maas/machines/tags.ts';
import type { Session } from '../session.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { nothingSelected, type SelectionFlags, selectMachines } from './select.ts';

export interface TagFlags extends TargetFlags, SelectionFlags {
  dryRun?: boolean;
}

export async function tag(
  session: Session,
  way: 'add' | 'remove',
  tags: string,
  names: string[],
  flags: TagFlags,
): Promise<void> {
  const wanted = tags.split(',').map(checkTagName);
  const { client } = await openMaas(session, flags);
  const machines = await selectMachines(client, names, flags);
  if (machines.length === 0) return nothingSelected(session, { dryRun: flags.dryRun === true, changes: [] });
  const changes = neededChanges(wanted.map((one) => ({ tag: one, way, machines })));
  if (!flags.dryRun) await applyTags(client, changes);
  printTagChanges(session, changes, machines.length, flags.dryRun === true);
}

/** Tags machines as a DeepOps cluster. */
export async function tagProfile(
  session: Session,
  profile: Profile,
  names: string[],
  flags: TagFlags & { head?: string },
): Promise<void> {
  const { client } = await openMaas(session, flags);
  const machines = await selectMachines(client, names, flags);
  if (machines.length === 0) return nothingSelected(session, { dryRun: flags.dryRun === true, changes: [] });
  const planned = profileChanges(profile, machines, flags.head);
  const changes = neededChanges(planned.changes);
  if (!flags.dryRun) await applyTags(client, changes);
  printTagChanges(session, changes, machines.length, flags.dryRun === true, {
    profile,
    head: planned.head.hostname,
  });
}

function printTagChanges(
  session: Session,
  changes: readonly TagChange[],
  count: number,
  dryRun: boolean,
  more: { profile?: string; head?: string } = {},
): void {
  session.exitCode = EXIT.ok;
  const shown = changes.map(({ tag: name, way, machines }) => ({
    tag: name,
    way,
    machines: machines.map(({ hostname }) => hostname),
  }));
  session.data({ ok: true, dryRun, ...more, changes: shown }, () => {
    const color = session.paint;
    const head = more.head ? `${more.profile}: ${more.head} is the head\n` : '';
    if (shown.length === 0) return `${head}Nothing to change on ${count} machines`;
    const rows = shown.map((one) => [one.tag, one.way, String(one.machines.length), few(one.machines)]);
    return `${head}${columns(['TAG', dryRun ? 'WOULD' : 'DID', 'COUNT', { head: 'MACHINES', wrap: true }], rows, color)}`;
  });
}

function few(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(' ')} …` : names.join(' ');
}
