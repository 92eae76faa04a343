import { plain } from '../../core/escape/terminal.ts';
import { type Column, columns } from '../../core/text/columns.ts';
import { bytes, duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging, pairs } from '../../core/text/width.ts';
import { type JobResult, succeeded } from './job.ts';
import type { Planned } from './run-job.ts';
import { statusName } from './status.ts';
import type { Machine } from './types.ts';

/** The machines as a table. */
export function machinesTable(machines: readonly Machine[], color: Paint): string {
  if (machines.length === 0) return 'No machine';
  const rows = machines.map((machine) => [
    machine.hostname,
    machine.systemId,
    statusName(machine.status),
    `${machine.powerState}${machine.powerType ? ` (${machine.powerType})` : ''}`,
    systemOf(machine),
    machine.ipAddresses[0] ?? '-',
    machine.zone || '-',
    machine.pool || '-',
    machine.owner ?? '-',
    machine.tags.join(' ') || '-',
  ]);
  const head: (string | Column)[] = [
    'NAME',
    'ID',
    'STATUS',
    { head: 'POWER', spare: 1 },
    { head: 'SYSTEM', wrap: true },
    'ADDRESS',
    { head: 'ZONE', spare: 5 },
    { head: 'POOL', spare: 4 },
    { head: 'OWNER', spare: 2 },
    { head: 'TAGS', wrap: true, spare: 3 },
  ];
  return `${columns(head, rows, color)}\n${machines.length} ${machines.length === 1 ? 'machine' : 'machines'}: ${sums(machines.map(({ status }) => statusName(status)))}`;
}

/** One machine, a line for each thing that MAAS says of it. */
export function machineText(machine: Machine, color: Paint): string {
  const message = machine.statusMessage || machine.errorDescription;
  const rows: [string, string][] = [
    ['id', machine.systemId],
    ['fqdn', machine.fqdn],
    ['status', `${statusName(machine.status)}${message ? ` (${message})` : ''}`],
    ['locked', machine.locked ? 'yes' : 'no'],
    ['power', `${machine.powerState}${machine.powerType ? ` (${machine.powerType})` : ''}`],
    ['system', systemOf(machine)],
    ['boot', machine.bootMethod ?? '-'],
    ['hardware', hardwareOf(machine)],
    ['owner', machine.owner ?? '-'],
    ['pool', machine.pool || '-'],
    ['zone', machine.zone || '-'],
    ['tags', machine.tags.join(' ') || '-'],
    ['addresses', machine.ipAddresses.join(' ') || '-'],
    ['macs', machine.macs.join(' ') || '-'],
    ['mounts', machine.mounts.join(' ') || '-'],
  ];
  const shown = rows.map(([name, value]) => [name, plain(value)] as const);
  return `${color.bold(plain(machine.hostname))}\n${pairs(shown, color, { indent: 2, gap: 2, names: 'plain' })}`;
}

function hardwareOf({ architecture, cpus, memoryMiB, storageMB }: Machine): string {
  return `${architecture}, ${cpus} CPUs, ${memoryMiB} MiB of memory, ${bytes(storageMB * 1e6)} of disk`;
}

/** The image that is deployed on it, or being deployed. */
function systemOf({ osystem, series, status }: Machine): string {
  const has = status === 'deployed' || status === 'deploying' || status === 'failed_deployment';
  return has && series ? `${osystem}/${series}` : '-';
}

function sums(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

/** The machines that will be changed, and those that will not and why: shown before anything is done. */
export function planTable(what: string, planned: readonly Planned[], color: Paint): string {
  const starts = planned.filter(({ decision }) => decision.do === 'start');
  const rows = planned.map(({ machine, decision }) => [
    machine.hostname,
    statusName(machine.status),
    systemOf(machine),
    machine.owner ?? '-',
    decision.do === 'start'
      ? 'yes'
      : decision.do === 'refuse'
        ? `no: ${decision.fault.message}`
        : `${decision.do === 'wait' ? 'waited for' : 'nothing to do'}: ${decision.why}`,
  ]);
  const count =
    starts.length === planned.length ? `${starts.length}` : `${starts.length} of ${planned.length}`;
  const head = [
    'NAME',
    'STATUS',
    { head: 'SYSTEM', wrap: true, spare: 2 },
    { head: 'OWNER', spare: 1 },
    { head: 'AFFECTED', wrap: true },
  ];
  const noun = planned.length === 1 ? 'machine' : 'machines';
  return `${count} ${noun}: ${what}\n${columns(head, rows, color)}`;
}

/** The result of each machine, and below it why some failed. */
export function resultTable(results: readonly JobResult[], color: Paint): string {
  const rows = results.map((result) => [
    result.hostname,
    WORDS[result.outcome],
    result.outcome === 'deleted' ? '-' : statusName(result.after),
    result.seconds > 0 ? duration(result.seconds) : '-',
  ]);
  const failed = results.filter((result) => !succeeded(result));
  const summary = `${results.length} ${results.length === 1 ? 'machine' : 'machines'}: ${sums(results.map(({ outcome }) => WORDS[outcome]))}`;
  return [
    columns(['NAME', 'RESULT', 'STATUS', 'TIME'], rows, color),
    ...failed.flatMap(({ hostname, cause, remedy, detail }) => [
      '',
      hanging(
        `${color.red('✗')} ${cause?.includes(hostname) ? '' : `${color.bold(plain(hostname))}: `}`,
        plain(cause ?? 'failed'),
        color,
      ),
      ...(remedy ? [hanging(`  ${color.cyan('hint:')} `, plain(remedy), color)] : []),
      ...(detail?.split('\n').map((line) => hanging('    ', plain(line), color, color.dim)) ?? []),
    ]),
    `${failed.length ? '\n' : ''}${summary}`,
  ].join('\n');
}

const WORDS: Record<JobResult['outcome'], string> = {
  done: 'done',
  already: 'no change needed',
  started: 'begun',
  deleted: 'deleted',
  refused: 'refused',
  failed: 'failed',
  timeout: 'too long',
  ended: 'broken off',
  gone: 'gone',
  untouched: 'not begun',
};
