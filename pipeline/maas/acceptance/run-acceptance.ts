import { Fault } from '../../core/faults/fault.ts';
import { parseBastion } from '../../host/ssh/bastion.ts';
import { Remote } from '../../host/ssh/remote.ts';
import { waitForSsh } from '../../host/ssh/wait.ts';
import type { Finding } from '../../image/checks/judge.ts';
import { acceptanceSsh, bastionKnownHosts } from '../../workspace/layout.ts';
import type { MaasClient } from '../api/client.ts';
import { deployMachine, explainFailure, waitFor } from '../machines/api.ts';
import type { Machine } from '../machines/types.ts';
import { gpusOf } from './applicable.ts';
import { collectLogs } from './collect.ts';
import { ANSWERS, DEPLOYS } from './first-checks.ts';
import { finding, inspect } from './inspect.ts';
import { collectFromMaas } from './maas-logs.ts';
import type { Values } from './placeholders.ts';
import type { OutputOrigin } from './recorded-output.ts';
import type { AcceptRequest } from './request.ts';
import type { CheckList, CollectedLog } from './types.ts';

export interface AcceptanceRunOptions {
  /** The checks that apply to this image. */
  list: CheckList;
  /** For the machine's event log. */
  comment: string;
  /** MAAS has our key, so that a refusal is the image's doing. */
  ourKeyIsKnown: boolean;
  origin: OutputOrigin;
}

export interface AcceptanceRun {
  findings: Finding[];
  logs: CollectedLog[];
  address: string | null;
  hostKeys: string[];
  deployS: number | null;
  sshS: number | null;
}

/** One machine is looked at more often than many; while nothing changes, the pauses grow. */
const POLL_MS = 400;

/** Failures of a deployment that lie with the machine or the MAAS: they say nothing about the image. */
const NOT_THE_IMAGE: readonly string[] = [
  'no-efi',
  'wrong-architecture',
  'missing-boot-image',
  'image-download',
  'bmc-credentials',
  'bmc-unreachable',
  'no-address',
  'network',
];

/** Deploys the image on a machine that is ours and looks at it. @throws Fault for what is not the image's doing */
export async function runAcceptance(
  client: MaasClient,
  machine: Machine,
  request: AcceptRequest,
  options: AcceptanceRunOptions,
): Promise<AcceptanceRun> {
  const { upload, dir, emit, signal, timeouts, pollMs = POLL_MS } = request;
  const { list, comment } = options;
  const image = `custom/${upload.name}`;
  await deployMachine(client, machine, { image, comment }, { signal, emit });
  const waiting = { timeouts, started: true, emit, signal, pollMs };
  const [waited] = await waitFor(client, [machine], ['deployed'], waiting);
  const fromMaas = () => collectFromMaas(client, machine.systemId, dir);
  const deployed = waited?.outcome === 'reached' ? waited.machine : undefined;
  if (!waited || !deployed) {
    const found = await whyNot(client, waited?.machine ?? machine, waited?.outcome);
    const findings = [finding(DEPLOYS, 1, { status: 'fail', found })];
    const rest = [ANSWERS, ...list.checks].map((check, at) =>
      notReached(check, at + 2, 'it was not deployed'),
    );
    return {
      findings: [...findings, ...rest],
      logs: await fromMaas(),
      address: null,
      hostKeys: [],
      deployS: null,
      sshS: null,
    };
  }
  const deployS = waited.seconds;
  const deploys = finding(DEPLOYS, 1, { status: 'pass', found: `in ${Math.round(deployS)} s` });
  const { remote, address, sshS, refused } = await enter(deployed, request, options);
  if (sshS === null) {
    const answers = finding(ANSWERS, 2, { status: 'fail', found: refused });
    const rest = list.checks.map((check, at) => notReached(check, at + 3, 'it did not answer'));
    const logs = await fromMaas();
    return { findings: [deploys, answers, ...rest], logs, address, hostKeys: [], deployS, sshS };
  }
  const answers = finding(ANSWERS, 2, { status: 'pass', found: `after ${Math.round(sshS)} s` });
  const values = valuesOf(deployed, request);
  const { origin } = options;
  const rest = await inspect(remote, list.checks, 3, {
    ...request,
    values,
    origin,
    sshTimeoutS: request.config.ssh.timeoutS,
  });
  const logs = [...(await fromMaas()), ...(await collectLogs(remote, list.logs, values, dir, signal))];
  const hostKeys = await remote.hostKeys();
  return { findings: [deploys, answers, ...rest], logs, address, hostKeys, deployS, sshS };
}

async function whyNot(client: MaasClient, machine: Machine, outcome: string | undefined): Promise<string> {
  const { hostname } = machine;
  if (outcome === 'ended' || outcome === 'gone')
    throw new Fault(
      'MACHINE_UNAVAILABLE',
      `${hostname} was released or redeployed by somebody else during the acceptance`,
      {
        hint: 'Run it again. Give the machines for acceptances a tag or pool of their own.',
      },
    );
  const { id, cause, remedy } = await explainFailure(client, machine);
  if (NOT_THE_IMAGE.includes(id))
    throw new Fault('MACHINE_UNAVAILABLE', `${hostname} could not be deployed: ${cause}`, { hint: remedy });
  return outcome === 'timeout' ? `not deployed in time: ${cause}` : cause;
}

const notReached = (check: Parameters<typeof finding>[0], number: number, found: string) =>
  finding(check, number, { status: 'not-applicable', found });

async function enter(
  machine: Machine,
  request: AcceptRequest,
  { ourKeyIsKnown }: AcceptanceRunOptions,
): Promise<{ remote: Remote; address: string; sshS: number | null; refused: string }> {
  const { config, dir, env, emit, signal, pollMs } = request;
  const { user, port, keyFile, bastion, timeoutS } = config.ssh;
  // IPv4 first: it is what a bastion can always reach. Without any address there is still the name in MAAS' DNS.
  const address =
    machine.ipAddresses.find((one) => !one.includes(':')) ?? machine.ipAddresses[0] ?? machine.fqdn;
  const target = {
    host: address,
    port,
    user,
    keyFile,
    bastion: bastion === null ? null : parseBastion(bastion),
  };
  const remote = await Remote.prepare(target, acceptanceSsh(dir), {
    bastionKnownHosts: bastionKnownHosts(env),
    env,
  });
  try {
    return {
      remote,
      address,
      sshS: await waitForSsh(remote, { timeoutS, pollMs, emit, signal }),
      refused: '',
    };
  } catch (error) {
    const code = error instanceof Fault ? error.code : undefined;
    const ofTheImage = code === 'SSH_UNREACHABLE' || (code === 'SSH_DENIED' && ourKeyIsKnown);
    if (!ofTheImage) throw error;
    const { message, detail } = error as Fault;
    return {
      remote,
      address,
      sshS: null,
      refused: detail ? `${message} (${detail.split('\n').at(-1)})` : message,
    };
  }
}

function valuesOf(machine: Machine, { image, upload, checks, kernel, system }: AcceptRequest): Values {
  const { platform } = image;
  return {
    'image.name': image.name,
    'image.resource': upload.name,
    'image.release': image.release,
    'image.platform': image.platform,
    'image.version': image.version,
    'image.kernel': kernel,
    'machine.hostname': machine.hostname,
    'machine.mounts': machine.mounts.join('\n'),
    'platform.gpus': gpusOf(checks, { platform, system })?.toString() ?? null,
  };
}
