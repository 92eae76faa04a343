import { failed, type Host } from './host.ts';
import type { FromSnap } from './wanted.ts';

const TEST_DATABASE = 'maas-test-db';

/** The snap, its database, its initialisation as region and rack controller, and the URL. */
export async function installSnap(host: Host, from: FromSnap, url: string): Promise<void> {
  await install(host, 'maas', ['--channel', from.channel]);
  const settings = await configuration(host);
  if (settings.mode === 'none') {
    if (from.databaseUri === undefined) await install(host, TEST_DATABASE, []);
    await initialise(host, from, url);
  } else {
    host.already(`MAAS is initialised as ${settings.mode}`);
    const title = `URL of the region controller ${url}`;
    if (settings.url === url) host.already(title);
    // The snap restarts its own services, and only when the value differs.
    else await host.change(title, ['maas', 'config', '--maas-url', url]);
  }
}

async function install(host: Host, name: string, more: string[]): Promise<void> {
  const { exitCode, stdout } = await host.look(['snap', 'list', name]);
  if (exitCode !== 0) return host.change(`snap ${name}`, ['snap', 'install', name, ...more]);
  const version = new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(stdout)?.[1] ?? '';
  host.already(`snap ${name} ${version} is installed`);
}

async function configuration(host: Host): Promise<{ mode: string; url: string | undefined }> {
  const argv = ['maas', 'config', '--show', '--parsable'];
  const result = await host.look(argv);
  if (result.exitCode !== 0) {
    // In a dry run the snap may not be there yet.
    if (host.dryRun) return { mode: 'none', url: undefined };
    throw failed(argv, result);
  }
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(result.stdout)?.[1];
  return { mode: of('mode') ?? 'none', url: of('maas_url') };
}

async function initialise(host: Host, { databaseUri }: FromSnap, url: string): Promise<void> {
  const argv = ['maas', 'init', 'region+rack', '--maas-url', url];
  if (databaseUri === undefined)
    return host.change('MAAS as region and rack controller', [
      ...argv,
      '--database-uri',
      `${TEST_DATABASE}:///`,
    ]);
  // Without --database-uri the command asks for it: the password in it stays out of argv.
  return host.change('MAAS as region and rack controller', argv, { input: `${databaseUri.trim()}\n` });
}
