import {
  curlProxies,
  environmentProxies,
  iniProxies,
  isProxy,
  isProxyVariable,
  jsonProxies,
  type ProxySetting,
  pamEnvironmentProxies,
  unitProxies,
  withoutLogin,
  yamlProxies,
} from '../../parsers/proxy-settings.ts';
import { shellAssignments } from '../../parsers/shell-assignments.ts';
import { variableChanges } from '../../parsers/shell-variables.ts';
import { parseUnit } from '../../parsers/systemd-unit.ts';
import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { KeptFiles } from '../kept-files.ts';
import { unitSettings } from './unit-files.ts';

/** A proxy or mirror that a program of the image is sent to; without user and password. */
export interface ProxyFact {
  file: string;
  line: number;
  /** The program that reads it. */
  program: string;
  name: string;
  value: string;
  /** A mirror of packages or containers: what is not there is fetched from the origin. */
  mirror: boolean;
}

interface Source {
  program: string;
  path: RegExp;
  read: (text: string, path: string) => ProxySetting[];
  mirror?: boolean;
}

const HOME = '(?:etc/skel|root|home/[^/]+)';
const home = (rest: string) => new RegExp(`^${HOME}/${rest}$`);
const keyed =
  (wanted: RegExp, sections = /./) =>
  (text: string) =>
    iniProxies(text, (section, key) => wanted.test(key) && sections.test(section || 'none'));
const json = (wanted: RegExp) => (text: string) => jsonProxies(text, (path) => wanted.test(path.join('.')));

/** Files of each program beside apt's own configuration: where a build, its installer or its administrator leaves a proxy. */
const SOURCES: readonly Source[] = [
  { program: 'logins (pam_env)', path: /^etc\/environment$/, read: environmentProxies },
  { program: 'logins (pam_env)', path: /^etc\/security\/pam_env\.conf$/, read: pamEnvironmentProxies },
  { program: 'logins (pam_env)', path: home('\\.pam_environment'), read: pamEnvironmentProxies },
  {
    program: 'systemd’s user sessions',
    path: new RegExp(
      `^(?:etc|usr/lib|lib)/environment\\.d/[^/]+\\.conf$|^${HOME}/\\.config/environment\\.d/[^/]+\\.conf$`,
    ),
    read: environmentProxies,
  },
  {
    program: 'systemd',
    path: /^(?:etc|usr\/lib|lib)\/systemd\/(?:system|user)\.conf(?:\.d\/[^/]+\.conf)?$/,
    read: unitProxies,
  },
  {
    program: 'shells',
    path: new RegExp(
      `^etc/(?:profile|bash\\.bashrc|bashrc|zsh/[^/]+|csh\\.cshrc|profile\\.d/[^/]+\\.sh)$|^${HOME}/\\.(?:profile|bash_profile|bash_login|bashrc|zshrc|zshenv|zprofile)$`,
    ),
    read: shellProxies,
  },
  { program: 'services', path: /^etc\/(?:default|sysconfig)\/[^/]+$/, read: shellProxies },
  {
    program: 'docker',
    path: /^(?:etc\/docker|var\/snap\/docker\/[^/]+\/config)\/daemon\.json$/,
    read: json(/^proxies\.https?-proxy$/),
  },
  { program: 'docker', path: /^etc\/docker\/daemon\.json$/, read: json(/^registry-mirrors$/), mirror: true },
  {
    program: 'docker',
    path: home('\\.docker/config\\.json'),
    read: json(/^proxies\..+\.(?:https?|ftp|all)Proxy$/i),
  },
  {
    program: 'containerd',
    path: /^etc\/containerd\/(?:config\.toml|conf\.d\/[^/]+\.toml)$/,
    read: keyed(/^endpoint$/, /registry\.mirrors\./),
    mirror: true,
  },
  {
    program: 'containerd',
    path: /^etc\/(?:containerd|docker)\/certs\.d\/[^/]+\/hosts\.toml$/,
    read: hostsToml,
    mirror: true,
  },
  {
    program: 'podman and CRI-O',
    path: /^etc\/containers\/registries\.conf(?:\.d\/[^/]+)?$/,
    read: keyed(/^location$/, /^registry\.mirror$/),
    mirror: true,
  },
  { program: 'podman', path: /^etc\/containers\/containers\.conf(?:\.d\/[^/]+)?$/, read: listedVariables },
  { program: 'CRI-O', path: /^etc\/crio\/crio\.conf(?:\.d\/[^/]+)?$/, read: listedVariables },
  {
    program: 'pip',
    path: new RegExp(`^etc/(?:xdg/pip/)?pip\\.conf$|^${HOME}/\\.(?:config/pip|pip)/pip\\.conf$`),
    read: keyed(/^proxy$/),
  },
  {
    program: 'npm',
    path: new RegExp(`^(?:usr/|usr/local/)?etc/npmrc$|^${HOME}/\\.npmrc$`),
    read: keyed(/^(?:https?-)?proxy$/),
  },
  {
    program: 'git',
    path: new RegExp(`^etc/gitconfig$|^${HOME}/\\.(?:gitconfig|config/git/config)$`),
    read: keyed(/^(?:proxy|gitproxy)$/, /^(?:https?|remote|core)\b/),
  },
  { program: 'wget', path: new RegExp(`^etc/wgetrc$|^${HOME}/\\.wgetrc$`), read: wgetProxies },
  { program: 'curl', path: new RegExp(`^etc/curlrc$|^${HOME}/\\.(?:config/)?curlrc$`), read: curlProxies },
  {
    program: 'dnf',
    path: /^etc\/(?:yum\.conf|dnf\/dnf\.conf|yum\.repos\.d\/[^/]+\.repo)$/,
    read: keyed(/^proxy$/),
  },
  {
    program: 'conda',
    path: new RegExp(`^(?:etc/conda|opt/(?:mini)?conda3?)/\\.?condarc$|^${HOME}/\\.condarc$`),
    read: yamlProxies,
  },
  { program: 'Ruby', path: new RegExp(`^etc/gemrc$|^${HOME}/\\.gemrc$`), read: yamlProxies },
  { program: 'cargo', path: home('\\.cargo/config(?:\\.toml)?'), read: keyed(/^proxy$/, /^http$/) },
  {
    program: 'Subversion',
    path: new RegExp(`^etc/subversion/servers$|^${HOME}/\\.subversion/servers$`),
    read: keyed(/^http-proxy-host$/),
  },
  { program: 'Landscape', path: /^etc\/landscape\/client\.conf$/, read: keyed(/^https?_proxy$/) },
  {
    program: 'GNOME',
    path: /^etc\/dconf\/db\/[^/]+\.d\/[^/]+$|^usr\/share\/glib-2\.0\/schemas\/[^/]+\.gschema\.override$/,
    read: gnomeProxies,
  },
  { program: 'Ubuntu Pro', path: /^etc\/ubuntu-advantage\/uaclient\.conf$/, read: yamlProxies },
  {
    program: 'Ubuntu Pro',
    path: /^var\/lib\/ubuntu-advantage\/(?:private\/)?user-config\.json$/,
    read: json(/^(?:\w+_)?https?_proxy$/),
  },
  { program: 'cloud-init', path: /^etc\/cloud\/cloud\.cfg(?:\.d\/[^/]+\.cfg)?$/, read: cloudInitProxies },
];

const SNAPD_STATE = 'var/lib/snapd/state.json';
const UNIT = /^(?:etc|usr\/lib|lib)\/systemd\/(?:system|user)\/([^/]+?)(?:\.d\/[^/]+\.conf)?$/;
const MOST = 200;
const MOST_UNITS = 5000;
/** Files that one unit takes its environment from. */
const MOST_ENVIRONMENT_FILES = 20;

/** The programs of the image that use a proxy. */
export function proxiesCollector(): Collector<ProxyFact[]> {
  let snapd: ProxySetting[] = [];
  return {
    // snapd's state grows with its changes: more than what is kept of other files.
    wants: (path) => (path === SNAPD_STATE ? 16 << 20 : 0),
    content(_path, bytes) {
      snapd = jsonProxies(bytes.toString(), (path) =>
        /^data\.config\.(?:core|system)\.proxy\.(?:http|https|ftp)$/.test(path.join('.')),
      );
    },
    finish(_tree, files) {
      const found: ProxyFact[] = [];
      const add = (path: string, program: string, mirror: boolean, settings: readonly ProxySetting[]) => {
        for (const { line, name, value } of settings)
          if (found.length < MOST)
            found.push({
              file: `/${shown(path)}`,
              line,
              program,
              name: cut(name),
              value: cut(withoutLogin(value)),
              mirror,
            });
      };
      const units = new Set<string>();
      // A file that many units name is read once.
      const read = new Set<string>();
      for (const path of files.paths()) {
        const unit = UNIT.exec(path)?.[1];
        if (unit && units.size < MOST_UNITS) units.add(unit);
        for (const source of SOURCES)
          if (source.path.test(path))
            add(path, source.program, source.mirror ?? false, source.read(files.text(path) ?? '', path));
      }
      for (const unit of units)
        for (const [path, settings] of unitFiles(unit, files, read)) add(path, unit, false, settings);
      add(SNAPD_STATE, 'snapd', false, snapd);
      return found;
    },
  };
}

/** The proxies of one unit by file: its own and its drop-ins' environment, and the files that this names outside of /etc/default. */
function unitFiles(unit: string, files: KeptFiles, read: Set<string>): [string, ProxySetting[]][] {
  const settings = unitSettings(unit, files);
  const found: [string, ProxySetting[]][] = [];
  const inForce = unitProxies(settings);
  for (const file of new Set(settings.map((s) => s.file))) {
    const own = unitProxies(parseUnit(files.text(file) ?? ''));
    // A later drop-in may have taken back or replaced what this one sets.
    const left = own.filter((one) => inForce.some((s) => s.name === one.name && s.value === one.value));
    if (left.length > 0) found.push([file, left]);
  }
  const named = settings.filter((s) => s.key === 'EnvironmentFile').map((s) => s.value.replace(/^-?\/?/, ''));
  for (const path of [...new Set(named)].slice(0, MOST_ENVIRONMENT_FILES)) {
    if (read.has(path)) continue;
    read.add(path);
    if (!/^etc\/(?:default|sysconfig)\/[^/]+$|^etc\/environment$/.test(path))
      found.push([path, environmentProxies(files.text(path) ?? '')]);
  }
  return found;
}

/** Variables of a file that shells source, with the value they have at its end. */
function shellProxies(text: string, path: string): ProxySetting[] {
  if (!/proxy/i.test(text)) return [];
  const last = new Map<string, ProxySetting>();
  for (const { line, name, value } of shellAssignments([{ path, text }]))
    if (isProxyVariable(name)) last.set(name, { line, name, value });
  for (const { line, name, how, conditional } of variableChanges(text).changes)
    if (how === 'unset' && !conditional && (last.get(name)?.line ?? line) <= line) last.delete(name);
  return [...last.values()].filter(({ value }) => isProxy(value));
}

/** Keys of cloud.cfg, and what its `apt: conf:` writes into apt.conf. */
function cloudInitProxies(text: string): ProxySetting[] {
  const written = text.split('\n').flatMap((raw, i) => {
    const match = /\b(Acquire::[A-Za-z:]{1,50}Proxy)[ \t]{1,100}["']?([^"';\s]{1,1000})/i.exec(
      raw.slice(0, 4000),
    );
    return match ? [{ line: i + 1, name: match[1]!, value: match[2]! }] : [];
  });
  return [...yamlProxies(text), ...written.filter(({ value }) => isProxy(value))];
}

/** wget takes keys whatever their case and signs; `use_proxy = off` switches all off. */
function wgetProxies(text: string): ProxySetting[] {
  const plain = (key: string) => key.replace(/[-_]/g, '');
  const off = iniProxies(
    text.replace(/=[ \t]{0,100}(?:off|no|0)[ \t\r]{0,100}$/gim, '=switched-off'),
    (_s, key) => plain(key) === 'useproxy',
  );
  if (off.at(-1)?.value === 'switched-off') return [];
  return iniProxies(text, (_section, key) => /^(?:https?|ftp)proxy$/.test(plain(key)));
}

/** `[host."URL"]` sections of containerd's hosts.toml. */
function hostsToml(text: string): ProxySetting[] {
  return text.split('\n').flatMap((raw, i) => {
    const value = /^\s{0,100}\[[ \t]{0,100}host\.["']([^"']{1,1000})["']/.exec(raw.slice(0, 2000))?.[1];
    return value === undefined ? [] : [{ line: i + 1, name: 'host', value }];
  });
}

/** `env = ["http_proxy=…", …]`, over several lines too. */
function listedVariables(text: string): ProxySetting[] {
  return text
    .split('\n')
    .flatMap((raw, i) =>
      raw.trimStart().startsWith('#')
        ? []
        : [...raw.slice(0, 4000).matchAll(/["']([A-Za-z]{1,10}_proxy)=([^"']*)["']/gi)]
            .map((m) => ({ line: i + 1, name: m[1]!, value: m[2]! }))
            .filter(({ name, value }) => isProxyVariable(name) && isProxy(value)),
    );
}

/** Defaults of GNOME's proxy, when its mode uses them. */
function gnomeProxies(text: string): ProxySetting[] {
  const at = (section: string) => section.replaceAll('/', '.').replace(/^org\.gnome\./, '');
  // `mode` is read with a sign in front, for its own words are those of no proxy.
  const mode = iniProxies(
    text.replace(/^([ \t]{0,100}mode[ \t]{0,100}=[ \t]{0,100}['"]?)(?=manual|auto)/gim, '$1mode-'),
    (section, key) => /^system\.proxy(?::|$)/.test(at(section)) && key === 'mode',
  ).at(-1)?.value;
  if (mode === undefined) return [];
  return iniProxies(
    text,
    (section, key) =>
      (/^system\.proxy\.(?:https?|ftp|socks)(?::|$)/.test(at(section)) &&
        key === 'host' &&
        mode === 'mode-manual') ||
      (/^system\.proxy(?::|$)/.test(at(section)) && key === 'autoconfig-url' && mode === 'mode-auto'),
  );
}

const cut = (text: string) => shown(Buffer.from(text.slice(0, 2000)).toString('latin1')).slice(0, 200);
