import type { SandboxContext } from '../context.ts';
import { formErrors, type Reply, ReplyError, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Fields, fieldsOf, wrongField } from '../site/fields.ts';
import type { Resource } from '../store.ts';
import { acquire } from './allocate.ts';
import { needEphemeral } from './commission.ts';
import { logEvent, logRequest } from './log.ts';
import { commissioningSeries, defaultSeries, nextAddress } from './place.ts';
import { canBoot, findRelease, kernelsOf, type Release, releaseChoices, resourceFor } from './releases.ts';
import { begin } from './run.ts';
import { INSTALL_LOG, newSet, RESULT } from './scripts.ts';
import { answer } from './show.ts';
import type { Machine } from './state.ts';
import { STATUS, shownStatus } from './status.ts';
import { storageIssues } from './storage.ts';
import { moveTo } from './transitions.ts';
import { machineAt } from './visible.ts';

/** op=deploy: the release by `distro_series`, then everything MAAS checks before it switches the machine on. */
export async function deploy(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'edit');
  const fields = await fieldsOf(call);
  if (machine.status === STATUS.READY) acquire(world, machine, user.username, fields);
  if (machine.status !== STATUS.ALLOCATED)
    refuse(409, `Can't deploy a machine that is in the '${shownStatus(machine.status)}' state`);
  const wanted = fields.text('distro_series') || defaultSeries(world);
  const release = findRelease(world, wanted) ?? wrongField('distro_series', releaseChoices(world, wanted));
  const kernel = kernelFor(world, machine, release, fields);
  machine.osystem = release.osystem;
  machine.distroSeries = release.name;
  machine.hweKernel = kernel;
  machine.ephemeralDeploy = fields.flag('ephemeral_deploy') ?? false;
  const resource = checkStart(world, machine, release);
  machine.resource = resource.id;
  startDeployment(call, machine, fields);
  return answer(world, machine);
}

/** For what is not Ubuntu itself the kernel is that of the system which installs. */
function kernelFor(world: SandboxContext, machine: Machine, release: Release, fields: Fields): string {
  const series = ephemeralSeries(world, release, machine);
  const kernels = canBoot(world, series, machine.architecture) ? kernelsOf(series) : [];
  const kernel = fields.text('hwe_kernel');
  if (kernel && /(hwe|ga)-/.test(kernel)) {
    if (!kernels.includes(kernel))
      wrongField('hwe_kernel', `${kernel} is not available for ubuntu/${series} on ${machine.architecture}.`);
    return kernel;
  }
  return kernels[0] ?? wrongField('hwe_kernel', `${series} has no kernels available.`);
}

/** The Ubuntu that boots to install: the release itself, or the base of a custom image, or what commissions. */
function ephemeralSeries(world: SandboxContext, release: Release, machine: Machine): string {
  if (release.osystem === 'ubuntu') return release.name;
  const base = resourceFor(release, machine.architecture)?.baseImage ?? '';
  return base.startsWith('ubuntu/') ? base.slice('ubuntu/'.length) : commissioningSeries(world);
}

function checkStart(world: SandboxContext, machine: Machine, release: Release): Resource {
  const resource =
    resourceFor(release, machine.architecture) ??
    refuse(
      400,
      `Deployment operating system ${release.osystem}/${release.name} is unavailable for ${machine.architecture}.`,
    );
  if (release.osystem !== 'ubuntu') needEphemeral(world, machine);
  if (machine.nics.length === 0) wrongField('network', 'Node must be configured to use a network');
  const issues = storageIssues(machine);
  if (issues.length > 0) throw new ReplyError(formErrors({ storage: issues }));
  return resource;
}

function startDeployment({ world, user }: Call, machine: Machine, fields: Fields): void {
  const action = { user: user.username, action: 'start', comment: fields.text('comment') };
  logRequest(world, machine, 'REQUEST_NODE_START_DEPLOYMENT', action);
  machine.userData = decode(fields.text('user_data') ?? '');
  machine.installationSet = newSet(world, machine, RESULT.INSTALLATION, [INSTALL_LOG]).id;
  machine.errorDescription = '';
  machine.deployments += 1;
  machine.address = nextAddress(world);
  moveTo(world, machine, STATUS.DEPLOYING);
  logEvent(world, machine, 'DEPLOYING');
  const isInstalled = world.guests?.install && machine.osystem === 'custom';
  begin(world, machine, isInstalled ? 'deploy-by-curtin' : 'deploy', { from: STATUS.ALLOCATED });
}

/** MAAS takes user data as base64, or as it is. */
function decode(text: string): string {
  const bare = text.replaceAll(/\s/g, '');
  return bare !== '' && bare.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(bare)
    ? Buffer.from(bare, 'base64').toString()
    : text;
}
