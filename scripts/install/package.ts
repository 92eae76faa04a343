import { readdir } from 'node:fs/promises';
import { Fault } from '../../pipeline/core/faults/fault.ts';
import { failed, type Host } from './host.ts';

const CONFIGURATION = '/etc/maas/regiond.conf';
const SERVICE = 'maas-regiond';
const NO_QUESTIONS = { env: { DEBIAN_FRONTEND: 'noninteractive' } };

/** Repository, package, URL and service, as the role's tasks install.yml and config.yml have them. */
export async function installPackage(host: Host, repository: string, url: string): Promise<void> {
  await addRepository(host, repository);
  if (await isInstalled(host, 'maas')) host.already('package maas is installed');
  else {
    await host.change('package lists', ['apt-get', 'update', '-q']);
    await host.change('package maas', ['apt-get', 'install', '-q', '-y', 'maas'], NO_QUESTIONS);
  }
  await setUrl(host, url);
}

async function addRepository(host: Host, repository: string): Promise<void> {
  const title = `apt repository ${repository}`;
  if (await knowsRepository(host, repository)) return host.already(title);
  // It is not on every server: the minimal installation leaves it out.
  if (!(await isInstalled(host, 'software-properties-common'))) {
    await host.change('package lists', ['apt-get', 'update', '-q']);
    await host.change(
      'add-apt-repository',
      ['apt-get', 'install', '-q', '-y', 'software-properties-common'],
      NO_QUESTIONS,
    );
  }
  await host.change(title, ['add-apt-repository', '-y', repository]);
}

/** Whether a line of apt's sources has the repository: the URL of a PPA, or a deb line's own. */
async function knowsRepository(host: Host, repository: string): Promise<boolean> {
  const ppa = /^ppa:(.+)$/.exec(repository)?.[1];
  // launchpad.net up to Ubuntu 20.04, launchpadcontent.net since 22.04
  const wanted = ppa
    ? new RegExp(`^[^#\\n]*https?://ppa\\.launchpad(content)?\\.net/${escaped(ppa)}/ubuntu`, 'm')
    : new RegExp(`^\\s*${escaped(repository).replace(/\s+/g, '\\s+')}`, 'm');
  const dir = '/etc/apt/sources.list.d';
  const names = await readdir(host.path(dir)).catch(() => []);
  const files = names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => `${dir}/${name}`);
  const texts = await Promise.all(['/etc/apt/sources.list', ...files].map((path) => host.file(path)));
  return texts.some((text) => text !== undefined && wanted.test(text) && !/^Enabled:\s*no/im.test(text));
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

async function isInstalled(host: Host, name: string): Promise<boolean> {
  const { stdout } = await host.look(['dpkg-query', '-W', '-f', '${Status}', name]);
  return stdout.trim() === 'install ok installed';
}

async function setUrl(host: Host, url: string): Promise<void> {
  const title = `URL of the region controller ${url}`;
  const get = ['maas-region', 'local_config_get', '--maas-url', '--plain'];
  const result = await host.look(get);
  // In a dry run the package may not be there yet.
  if (result.exitCode !== 0 && !host.dryRun) throw failed(get, result);
  const right = result.stdout.trim() === url;
  if (right) host.already(title);
  else await host.change(title, ['maas-region', 'local_config_set', '--maas-url', url]);
  if (!right || (await runsWithOlder(host)))
    await host.change(`service ${SERVICE}`, ['systemctl', 'restart', SERVICE]);
  else host.already(`service ${SERVICE} runs with it`);
}

/** Whether the service was started before its configuration was written: a run of ours ended between the two. */
async function runsWithOlder(host: Host): Promise<boolean> {
  const written = await host.changedAt(CONFIGURATION);
  const argv = ['systemctl', 'show', SERVICE, '--property', 'ActiveEnterTimestamp', '--value'];
  const { stdout } = await host.look(argv, { TZ: 'UTC' });
  if (stdout.trim() === '') return true;
  // "Mon 2026-11-23 03:10:32 UTC"; systemd before 248 knows no other form.
  const started = Date.parse(stdout.trim().replace(/^\w+ /, '')) / 1000;
  if (Number.isNaN(started))
    throw new Fault('TOOL_FAILED', `systemctl prints a time in an unknown format: ${stdout.trim()}`);
  return written !== undefined && written > started;
}
