import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { interrupted } from '../../../pipeline/core/faults/interrupted.ts';
import { paths } from '../../../pipeline/maas/rehearse/identity.ts';
import type { MachineRequest, RunMachine, RunOptions } from '../../../pipeline/maas/rehearse/machine.ts';
import type { NodeKeys } from '../../../pipeline/maas/rehearse/types.ts';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';
import { startSshServer } from '../../../sandbox/guest/ssh-server.ts';
import { keyPair } from '../ssh/key-pair.ts';
import { event, Node } from './node.ts';

export interface Deployment {
  result: 'SUCCESS' | 'FAIL';
  /** Of curtin. */
  log: string;
  /** QEMU stops the machine while curtin unpacks. */
  stops?: Fault;
}

export interface Boot {
  /** Lines of the console. */
  console?: string[];
  /** Whether cloud-init asks MAAS, and reports its end. */
  asks?: boolean;
  ends?: boolean;
  /** The user whom ssh lets in; null: no sshd. */
  user?: string | null;
  /** Turns itself off then. */
  off?: boolean;
  /** QEMU stops the machine before it asks for anything. */
  stops?: Fault;
  /** Comes up again after a reboot. */
  again?: boolean;
  /** Answers of commands, by a part of them: exit code and stdout. */
  answers?: [RegExp, number, string][];
  /** Sees each command before it is answered, and may keep it waiting. */
  before?(command: string): Promise<void>;
}

export interface Seen {
  /** The machine of the deployment. */
  request?: MachineRequest;
  installer?: string;
  /** Machines in the order in which they ran. */
  machines: ('ephemeral' | 'disk')[];
  /** QEMU stops the machine that runs now. */
  stop?: (fault: Fault) => void;
  commands: string[];
  /** Of the machine, for each deployment. */
  keys: NodeKeys[];
}

export const CLOUD_INIT = JSON.stringify({
  v1: { datasource: 'DataSourceMAAS [http://10.0.2.2/MAAS/metadata/]', errors: [] },
});

/** A stand-in of the VM: asks for what a machine asks for, and posts what curtin and cloud-init post. */
export function standIn(deployment: Deployment, boot: Boot = {}): { run: RunMachine; seen: Seen } {
  const seen: Seen = { machines: [], commands: [], keys: [] };
  let keys: NodeKeys | undefined;
  const run: RunMachine = (asked, options) => {
    seen.machines.push(asked.ephemeral ? 'ephemeral' : 'disk');
    seen.stop = options.onStopped;
    if (!asked.ephemeral) return booted(asked, keys ?? keysOn(asked), boot, seen, options);
    seen.request = asked;
    return deployed(asked, options);
  };

  async function deployed(asked: MachineRequest, options: RunOptions) {
    const { identity } = asked;
    const at = paths(identity);
    const preseed = await (await new Node(identity, {} as never).get(`${at.byId}?op=get_preseed`)).text();
    const maas = parse(preseed).datasource.MAAS;
    keys = { consumerKey: maas.consumer_key, tokenKey: maas.token_key, tokenSecret: maas.token_secret };
    seen.keys.push(keys);
    const node = new Node(identity, keys);
    seen.installer = await (await node.signed(`${at.curtin}/2012-03-01/user-data`)).text();
    await node.signed(at.status, event('start', 'cmd-install'));
    await node.signed(at.status, event('start', 'cmd-install/stage-extract'));
    if (deployment.stops) return stopped(deployment.stops, options);
    const artifact = await node.get(at.image('root.tgz'));
    if ((await artifact.text()) !== 'demo.tar.gz') throw new Error('another artifact');
    const { result, log } = deployment;
    if (result === 'FAIL')
      await node.signed(at.status, event('finish', 'cmd-install/stage-extract', { result }));
    else
      await fetch(`${identity.origin.replace('10.0.2.2', '127.0.0.1')}${at.byId}`, {
        method: 'POST',
        body: 'op=netboot_off',
      });
    const content = Buffer.from(`${log}\n${keys.tokenSecret}\n`).toString('base64');
    const files = [
      { path: '/tmp/install.log', encoding: 'base64', content },
      { path: '../../../outside', encoding: 'base64', content },
    ];
    await node.signed(at.status, event('finish', 'cmd-install', { result, files }));
    return { failed: null };
  }
  return { run, seen };
}

/** A machine that does not go on. */
async function stopped(
  fault: Fault,
  { onStopped, signal }: Pick<RunOptions, 'onStopped' | 'signal'>,
): Promise<never> {
  onStopped(fault);
  while (!signal.aborted) await sleep(20);
  throw interrupted(signal);
}

/** As the system on the disks knows them. */
function keysOn({ folder }: MachineRequest): NodeKeys {
  return JSON.parse(readFileSync(rehearsalFiles(folder).deployed, 'utf8')).keys;
}

export async function booted(
  { identity, folder }: Pick<MachineRequest, 'identity' | 'folder'>,
  keys: NodeKeys,
  boot: Boot,
  { commands }: Seen,
  { signal, onRunning, onStopped }: Pick<RunOptions, 'signal' | 'onRunning' | 'onStopped'>,
): Promise<{ failed: string | null }> {
  const { console = [], asks = true, ends = true, user = 'ubuntu', off = false, again = true } = boot;
  let bootId = 1;
  const at = paths(identity);
  const node = new Node(identity, keys);
  const { rawBootConsole } = rehearsalFiles(folder);
  writeFileSync(rawBootConsole, '');
  const key = await (await node.signed(`${at.metadata}2012-03-01/meta-data/public-keys`)).text();
  const pair = keyPair();
  const sshd = await startSshServer({
    address: '127.0.0.1',
    ...{ port: 0, hostKey: pair.private, user: user ?? 'nobody', authorizedKeys: key.trim().split('\n') },
    async exec(command, out) {
      commands.push(command);
      await boot.before?.(command);
      if (/systemctl.*reboot/.test(command) && again) bootId++;
      const { answers = [] } = boot;
      const all: typeof answers = [
        ...answers,
        [/boot_id/, 0, `boot-${bootId}\n`],
        [/result\.json/, 0, CLOUD_INIT],
        [/exit 0/, 0, ''],
      ];
      const [, code, text] = all.find(([part]) => part.test(command)) ?? [/./, 127, ''];
      out.stdout(text);
      return code;
    },
  });
  if (user === null) await sshd.close();
  onRunning?.({
    sshPort: sshd.port,
    picture: async (path) => writeFileSync(path, 'PNG'),
  });
  if (boot.stops) return stopped(boot.stops, { signal, onStopped });
  for (const line of console) appendFileSync(rawBootConsole, `${line}\n`);
  if (asks) await node.signed(`${at.metadata}2012-03-01/user-data`);
  if (ends)
    await node.signed(
      at.status,
      event('finish', 'modules-final', { result: 'SUCCESS', origin: 'cloudinit' }),
    );
  if (!off) while (!signal.aborted) await sleep(20);
  if (user !== null) await sshd.close();
  signal.throwIfAborted();
  return { failed: null };
}
