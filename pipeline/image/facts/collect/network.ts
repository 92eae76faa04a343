import { compareText } from '../../../core/text/order.ts';
import { globMatchesPath } from '../../parsers/glob.ts';
import { parseInterfaces } from '../../parsers/interfaces.ts';
import { significantLines } from '../../parsers/lines.ts';
import { readNetplan } from '../../parsers/netplan.ts';
import { parseUnit } from '../../parsers/systemd-unit.ts';
import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Severity } from '../severity.ts';
import type { Tree } from '../tree.ts';

/** Configuration that would stand beside what MAAS writes. */
export interface NetworkUse {
  /** The file. */
  subject: string;
  text: string;
  severity?: Severity;
}

export interface NetworkFacts {
  configured: NetworkUse[];
}

const MOST_USES = 200;

/** Everything that gives cards a configuration or a name, by the programs that would read it on the machine. */
export function networkCollector(): Collector<NetworkFacts> {
  return {
    async finish(tree, files) {
      const image = new Image(tree, files);
      return {
        configured: [
          ...(await netplan(image)),
          ...networkd(image),
          ...networkManager(image),
          ...ifupdown(image),
          ...cardNames(image),
          ...dhclient(image),
          ...hosts(image),
          ...nameServers(image),
        ].slice(0, MOST_USES),
      };
    },
  };
}

class Image {
  readonly tree: Tree;
  readonly files: KeptFiles;

  constructor(tree: Tree, files: KeptFiles) {
    this.tree = tree;
    this.files = files;
  }

  /** Text of a file; a link to /dev/null, which takes a stock file out, has none. */
  text(path: string): string {
    return this.tree.symlinks.get(path) === '/dev/null' ? '' : (this.files.text(path) ?? '');
  }

  has(...paths: string[]): boolean {
    return paths.some((path) => this.tree.exists(path));
  }
}

function use(path: string, what: string, severity?: Severity): NetworkUse {
  const subject = `/${shown(path)}`;
  const said = shown(Buffer.from(what.slice(0, 400)).toString('latin1')).slice(0, 160);
  return { subject, text: `${subject} (${said})`, ...(severity ? { severity } : {}) };
}

/** netplan reads *.yaml of three folders; of files with one name the last folder's (tried with netplan 0.106). */
async function netplan(image: Image): Promise<NetworkUse[]> {
  const byName = new Map<string, string>();
  for (const folder of ['lib/netplan', 'etc/netplan', 'run/netplan'])
    for (const name of image.files.list(folder))
      if (name.endsWith('.yaml') && !name.startsWith('.')) byName.set(name, `${folder}/${name}`);
  const found: NetworkUse[] = [];
  let manager: string | null = null;
  for (const name of [...byName.keys()].sort().slice(0, 100)) {
    const path = byName.get(name)!;
    const file = await readNetplan(image.text(path));
    if (file.problem) {
      found.push(use(path, `netplan refuses it, and MAAS' own with it: ${file.problem}`));
      continue;
    }
    if (file.renderer) manager = file.renderer === 'NetworkManager' ? path : null;
    if (file.interfaces.length > 0)
      found.push(
        use(
          path,
          `${file.interfaces.slice(0, 5).join(', ')}${file.byMac ? ', by the address of a card' : ''}`,
        ),
      );
  }
  if (manager && !image.has('usr/sbin/NetworkManager'))
    found.push(use(manager, 'its renderer NetworkManager is not installed: no card is configured'));
  return found;
}

/** Cards of containers and virtual machines, which only come up when something makes them. */
const VIRTUAL = /^(?:lo|docker[\d*].*|veth.*|virbr.*|br-.*|lxc.*|lxd.*|cali.*|cni.*|flannel.*)$/;

function networkd(image: Image): NetworkUse[] {
  const { files } = image;
  const found: NetworkUse[] = [];
  for (const folder of ['etc/systemd/network', 'usr/local/lib/systemd/network'])
    for (const name of files.list(folder)) {
      const path = `${folder}/${name}`;
      const settings = parseUnit(image.text(path));
      if (settings.length === 0) continue;
      const values = (section: string, key: string) =>
        settings.filter((s) => s.section === section && s.key === key).flatMap((s) => s.value.split(/\s+/));
      if (name.endsWith('.netdev')) found.push(use(path, `makes ${values('NetDev', 'Name').join(' ')}`));
      if (
        name.endsWith('.link') &&
        settings.some((s) => s.section === 'Link' && /^(?:Name|MACAddress)$/.test(s.key))
      )
        found.push(use(path, `names a card ${values('Link', 'Name').join(' ')}`));
      if (!name.endsWith('.network')) continue;
      const names = values('Match', 'Name');
      const loopback = values('Match', 'Type').join() === 'loopback';
      if (loopback || (names.length > 0 && names.every((n) => VIRTUAL.test(n.slice(0, 100))))) continue;
      const place = name < '10-netplan-' ? "before MAAS' own" : 'for cards that MAAS leaves alone';
      found.push(use(path, `${names.join(' ') || 'cards by other marks'}, ${place}`));
    }
  for (const path of files.paths())
    if (
      /^(?:etc|usr\/local\/lib)\/systemd\/network\/[^/]+\.(?:network|netdev|link)\.d\/[^/]+\.conf$/.test(path)
    )
      if (parseUnit(image.text(path)).length > 0) found.push(use(path, 'changes another file'));
  return found;
}

const RESOLVED = ['etc/systemd', 'usr/local/lib/systemd', 'usr/lib/systemd'] as const;

/** Name servers that systemd-resolved asks beside those of MAAS; an empty DNS= drops those before it (resolved.conf(5)). */
function nameServers({ tree, files }: Image): NetworkUse[] {
  const dropIns = new Map<string, string>();
  for (const folder of RESOLVED)
    for (const name of files.list(`${folder}/resolved.conf.d`))
      if (name.endsWith('.conf') && !dropIns.has(name))
        dropIns.set(name, `${folder}/resolved.conf.d/${name}`);
  const main = RESOLVED.map((folder) => `${folder}/resolved.conf`).find((path) => tree.exists(path));
  const order = [...dropIns].sort(([a], [b]) => compareText(a, b)).map(([, path]) => path);
  let found: NetworkUse[] = [];
  for (const path of [...(main ? [main] : []), ...order])
    for (const { section, key, value } of parseUnit(files.text(path) ?? '')) {
      if (section !== 'Resolve' || key !== 'DNS') continue;
      if (value === '') found = [];
      else found.push(use(path, `name servers ${value}, asked beside those of MAAS`, 'warning'));
    }
  return found;
}

function networkManager(image: Image): NetworkUse[] {
  const found: NetworkUse[] = [];
  const installed = image.has('usr/sbin/NetworkManager');
  for (const folder of ['etc/NetworkManager/system-connections', 'usr/lib/NetworkManager/system-connections'])
    for (const name of image.files.list(folder)) {
      if (name.startsWith('.') || /(?:~|\.(?:bak|orig|rpmnew|rpmsave|dpkg-[a-z]+))$/.test(name)) continue;
      const path = `${folder}/${name}`;
      const settings = parseUnit(image.text(path));
      const value = (key: string) => settings.find((s) => s.key === key)?.value;
      const type = value('type');
      if (settings.length === 0 || type === 'loopback') continue;
      const secret = settings.some((s) =>
        /^(?:psk|password|wep-key\d|leap-password|private-key-password)$/.test(s.key),
      );
      const idle = !secret && (!installed || value('autoconnect') === 'false');
      const words = [
        type ?? 'a connection',
        value('interface-name') ?? '',
        secret ? 'with a password' : '',
        installed ? '' : 'NetworkManager is not installed',
      ];
      found.push(use(path, words.filter(Boolean).join(', '), idle ? 'warning' : undefined));
    }
  const folder = 'etc/NetworkManager/conf.d';
  for (const path of [
    'etc/NetworkManager/NetworkManager.conf',
    ...image.files.list(folder).map((name) => `${folder}/${name}`),
  ])
    if (parseUnit(image.text(path)).some((s) => /(?:^|[,;=])(?:except:)?mac:/.test(s.value.slice(0, 2000))))
      found.push(use(path, 'names a card by its address', 'warning'));
  return found;
}

/** /etc/network/interfaces and what it reads; without ifupdown nothing reads it. */
function ifupdown(image: Image): NetworkUse[] {
  const severity = image.has('usr/sbin/ifup', 'sbin/ifup') ? undefined : ('warning' as const);
  const base = 'etc/network';
  const todo = [`${base}/interfaces`];
  const seen = new Set<string>();
  const found: NetworkUse[] = [];
  const paths = image.files.paths();
  while (todo.length > 0 && seen.size < 100) {
    const path = todo.pop()!;
    if (seen.has(path)) continue;
    seen.add(path);
    const { defined, sources } = parseInterfaces(image.text(path));
    if (defined.length > 0) {
      const names = [...new Set(defined.map((d) => d.name))].slice(0, 5).join(', ');
      found.push(use(path, severity ? `${names}; ifupdown is not installed` : names, severity));
    }
    for (const { pattern, directory } of sources.slice(0, 20)) {
      const full = pattern.startsWith('/') ? pattern.slice(1) : `${base}/${pattern}`;
      if (directory)
        for (const name of image.files.list(full.replace(/\/$/, '')))
          if (/^[A-Za-z0-9_-]+$/.test(name)) todo.push(`${full.replace(/\/$/, '')}/${name}`);
      if (!directory) todo.push(...paths.filter((one) => globMatchesPath(full, one)));
    }
  }
  return found;
}

/** Rules of udev that give a card a fixed name. */
function cardNames(image: Image): NetworkUse[] {
  const folder = 'etc/udev/rules.d';
  return image.files.list(folder).flatMap((name) => {
    if (!name.endsWith('.rules')) return [];
    const path = `${folder}/${name}`;
    const lines = significantLines(image.text(path), { continued: true });
    const fixed = lines.some(({ text }) => {
      const line = text.slice(0, 2000);
      return line.includes('"net"') && /(?:^|[ \t,])NAME[ \t]*:?=[ \t]*"[^"$%]+"/.test(line);
    });
    return fixed || (lines.length > 0 && name.includes('persistent-net')) ? [use(path, 'names cards')] : [];
  });
}

function dhclient(image: Image): NetworkUse[] {
  return ['etc/dhcp/dhclient.conf', 'etc/dhclient.conf'].flatMap((path) => {
    const lines = significantLines(image.text(path)).map(({ text }) => text.slice(0, 500));
    const own = lines.find((line) =>
      /^(?:lease|interface|fixed-address)\b|^(?:supersede|prepend|append|default)[ \t]+(?:domain|host)-name|^send[ \t]+(?:host-name[ \t]+"|dhcp-client-identifier)/.test(
        line,
      ),
    );
    return own === undefined ? [] : [use(path, own, 'warning')];
  });
}

/** Names in /etc/hosts that every machine has. */
const USUAL_HOST = /^(?:localhost(?:[.\d].*)?|ip6-[a-z0-9-]+|ubuntu|debian)$/i;

function hosts(image: Image): NetworkUse[] {
  const path = 'etc/hosts';
  const own = significantLines(image.text(path)).find(({ text }) => {
    const [address, ...names] = text
      .slice(0, 1000)
      .split('#', 1)[0]!
      .trim()
      .split(/[ \t]+/);
    return address !== '' && names.some((name) => !USUAL_HOST.test(name));
  });
  return own ? [use(path, own.text.replace(/[ \t]+/g, ' '), 'warning')] : [];
}
