import type { Path, Problem } from '../../config/yaml/problem.ts';
import { readText } from '../../config/yaml/read-text.ts';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { spelled } from './address.ts';
import { absolute } from './paths.ts';
import type { RawProxy, RawRegion } from './raw-site.ts';
import { wrong } from './rules/rule.ts';
import type { Setting } from './site.ts';

/** MAAS' names of the settings that have one key in the file. */
export const SETTING_OF: Record<Exclude<keyof RawRegion, 'proxy'>, string> = {
  name: 'maas_name',
  upstream_dns: 'upstream_dns',
  dnssec: 'dnssec_validation',
  ntp_servers: 'ntp_servers',
  ntp_external_only: 'ntp_external_only',
  default_os: 'default_osystem',
  default_series: 'default_distro_series',
  commissioning_series: 'commissioning_distro_series',
  kernel_options: 'kernel_opts',
  storage_layout: 'default_storage_layout',
  intro_completed: 'completed_intro',
};

/** Together they say what the file calls the proxy. The URL comes first: the others make use of it. */
export const PROXY_SETTINGS = ['http_proxy', 'use_peer_proxy', 'enable_http_proxy'] as const;

/** Those whose values must be among the images that have been imported. */
export const NEEDS_IMAGES = new Set([
  'default_osystem',
  'default_distro_series',
  'commissioning_distro_series',
]);

/** The settings that a `region:` asks for. The proxy's password is a secret from then on. */
export async function regionSettings(
  region: RawRegion,
  base: string,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): Promise<Setting[]> {
  const settings = Object.entries(SETTING_OF).flatMap(([key, name]): Setting[] => {
    const value = region[key as keyof typeof SETTING_OF];
    if (value === undefined) return [];
    const path = ['region', key];
    // MAAS keeps a list as words.
    if (Array.isArray(value)) return [{ name, title: key, path, value: value.map(spelled).join(' ') }];
    return [{ name, title: key, path, value }];
  });
  if (region.proxy) settings.push(...(await proxySettings(region.proxy, base, env, problems)));
  return settings;
}

async function proxySettings(proxy: RawProxy, base: string, env: NodeJS.ProcessEnv, problems: Problem[]) {
  const path = ['region', 'proxy'];
  const url =
    proxy.url === undefined ? '' : await withLogin(proxy, base, env, [...path, 'password'], problems);
  const values = {
    http_proxy: url,
    use_peer_proxy: proxy.mode === 'peer',
    enable_http_proxy: proxy.mode !== 'none',
  };
  const mode = [...path, 'mode'];
  const paths = {
    http_proxy: proxy.url === undefined ? mode : [...path, 'url'],
    use_peer_proxy: mode,
    enable_http_proxy: mode,
  };
  return PROXY_SETTINGS.map((name) => ({ name, title: 'proxy', path: paths[name], value: values[name] }));
}

async function withLogin(
  { url = '', username, password }: RawProxy,
  base: string,
  env: NodeJS.ProcessEnv,
  path: Path,
  problems: Problem[],
): Promise<string> {
  if (!URL.canParse(url)) return url;
  const full = new URL(url);
  if (username !== undefined) full.username = encodeURIComponent(username);
  if (password) {
    const secret =
      'environment' in password
        ? env[password.environment]
        : await fromFile(absolute(password.file, base), path, problems);
    registerSecret(secret);
    if (secret) {
      full.password = encodeURIComponent(secret);
      registerSecret(full.password);
    }
  }
  return full.href;
}

async function fromFile(file: string, path: Path, problems: Problem[]): Promise<string | undefined> {
  try {
    return (await readText(file)).trim();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    problems.push(wrong([...path, 'file'], error.message, 'a file that contains only the password'));
    return undefined;
  }
}
