import { type AptConfig, aptProxies } from '../../parsers/apt-conf.ts';
import { parseAptSources } from '../../parsers/apt-sources.ts';
import { aptBoolean } from '../../parsers/quote-word.ts';
import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { ConfigLine } from '../facts.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Severity } from '../severity.ts';
import { AptPins, type Pin } from './apt-pins.ts';
import { aptFileNames, aptPath, readAptSettings, usualAptPath } from './apt-settings.ts';
import { sourceDefects } from './apt-source-uris.ts';

/** Something that keeps apt from working on the machine, or makes it take what it should not. */
export interface AptDefect extends ConfigLine {
  /** The file, and the URI of a source. */
  subject: string;
  reason: string;
  severity?: Severity;
}

export interface AptFacts {
  bad: AptDefect[];
  sources: number;
  /** Archives of binary packages, at most 200; without passwords. */
  archives: { file: string; uri: string; suite: string }[];
  proxies: ConfigLine[];
  /** Pins that forbid packages or force them: below 0, and above 1000. */
  pins: Pin[];
}

const MOST_DEFECTS = 200;
const MOST_ARCHIVES = 200;

/** Options of apt.conf that weaken what apt takes, with the value that does. */
const WEAK_OPTIONS: readonly { name: RegExp; when: boolean; severity: Severity; reason: string }[] = [
  {
    name: /^(?:APT::Get::(?:AllowUnauthenticated|Force-Yes)|Acquire::AllowInsecureRepositories)$/i,
    when: true,
    severity: 'blocker',
    reason: 'apt takes packages that nobody signed',
  },
  {
    name: /^Acquire::Allow(?:Weak|DowngradeToInsecure)Repositories$/i,
    when: true,
    severity: 'major',
    reason: 'apt takes packages that are not well signed',
  },
  {
    name: /^Acquire::https::(?:[^:]+::)?Verify-(?:Peer|Host)$/i,
    when: false,
    severity: 'warning',
    reason: 'apt talks to any server that says it is the archive',
  },
  {
    name: /^Acquire::Check-(?:Valid-Until|Date)$/i,
    when: false,
    severity: 'warning',
    reason: 'apt takes old states of the archive',
  },
];

/** The sources of packages, and the proxy for them. A proxy's password is not kept. */
export function aptCollector(): Collector<AptFacts> {
  return {
    finish(tree, files) {
      const { config, problems } = readAptSettings(files);
      const bad: AptDefect[] = [];
      const add = (defect: AptDefect) => {
        if (bad.length < MOST_DEFECTS) bad.push({ ...defect, text: withoutPassword(defect.text) });
      };
      for (const { file, line, text } of problems)
        add({
          subject: file,
          file,
          line,
          text,
          severity: 'blocker',
          reason: 'every program of apt stops at a file that it cannot read',
        });
      for (const defect of weakOptions(config)) add(defect);
      const archives: AptFacts['archives'] = [];
      let sources = 0;
      for (const path of sourceFiles(config, files)) {
        const file = `/${shown(path)}`;
        const { sources: entries, problem } = parseAptSources(files.text(path) ?? '', path);
        sources += entries.length;
        for (const { types, uris, suites } of entries)
          if (types.includes('deb'))
            for (const uri of uris)
              for (const suite of suites)
                if (archives.length < MOST_ARCHIVES)
                  archives.push({ file, uri: withoutPassword(uri), suite });
        for (const entry of entries)
          for (const { uri, ...defect } of sourceDefects(entry, { tree, files, config }))
            add({
              subject: withoutPassword(`${file} ${uri}`),
              file,
              line: entry.line,
              text: entry.text,
              ...defect,
            });
        if (problem)
          add({
            subject: file,
            file,
            ...problem,
            severity: 'blocker',
            reason: 'apt cannot read its sources',
          });
      }
      for (const defect of movedSources(config)) add(defect);
      for (const defect of logins(config, files)) add(defect);
      return { bad, sources, archives, proxies: proxies(config), pins: readPins(config, files) };
    },
  };
}

function weakOptions(config: AptConfig): AptDefect[] {
  const found: AptDefect[] = [];
  for (const { name, value, file, line } of config.settings())
    for (const option of WEAK_OPTIONS)
      if (option.name.test(name) && aptBoolean(value) === option.when)
        found.push({
          subject: file,
          file,
          line,
          text: `${name} "${value}"`,
          severity: option.severity,
          reason: option.reason,
        });
  return found;
}

/** The files of sources that apt reads, in its order. */
function sourceFiles(config: AptConfig, files: KeptFiles): string[] {
  const main = aptPath(config, 'Dir::Etc::sourcelist');
  const parts = aptPath(config, 'Dir::Etc::sourceparts');
  const names = aptFileNames(files, parts, ['list', 'sources']);
  return [...(files.text(main) === null ? [] : [main]), ...names.map((name) => `${parts}/${name}`)];
}

/** cloud-init writes the usual files: with others apt would not see what it wrote. */
function movedSources(config: AptConfig): AptDefect[] {
  return ['Dir', 'Dir::Etc', 'Dir::Etc::sourcelist', 'Dir::Etc::sourceparts'].flatMap((name) => {
    const setting = config.get(name);
    const moved = ['Dir::Etc::sourcelist', 'Dir::Etc::sourceparts'].some(
      (path) => path.startsWith(name) && aptPath(config, path) !== usualAptPath(path),
    );
    if (!setting || !moved) return [];
    const { file, line, value } = setting;
    const reason = 'apt looks for its sources where cloud-init does not write them';
    return [{ subject: file, file, line, text: `${name} "${value}"`, severity: 'major' as const, reason }];
  });
}

/** Files with a password for an archive. Only the file is named. */
function logins(config: AptConfig, files: KeptFiles): AptDefect[] {
  const main = aptPath(config, 'Dir::Etc::netrc');
  const parts = aptPath(config, 'Dir::Etc::netrcparts');
  const paths = [main, ...files.list(parts).map((name) => `${parts}/${name}`)];
  return paths
    .filter((path) => /(?:^|\s)password\s/m.test(withoutComments(files.text(path) ?? '')))
    .map((path) => {
      const file = `/${shown(path)}`;
      const reason = 'everybody with the image has a password of apt';
      return {
        subject: file,
        file,
        line: 1,
        text: 'the password of an archive',
        severity: 'major' as const,
        reason,
      };
    });
}

const withoutComments = (text: string) => text.replace(/^#.*$/gm, '');

function readPins(config: AptConfig, files: KeptFiles): Pin[] {
  const pins = new AptPins();
  const main = aptPath(config, 'Dir::Etc::preferences');
  const parts = aptPath(config, 'Dir::Etc::preferencesparts');
  for (const name of aptFileNames(files, parts, ['pref', '']))
    pins.read(`/${shown(`${parts}/${name}`)}`, files.text(`${parts}/${name}`) ?? '');
  pins.read(`/${shown(main)}`, files.text(main) ?? '');
  return pins.found;
}

function proxies(config: AptConfig): ConfigLine[] {
  return aptProxies(config)
    .slice(0, MOST_DEFECTS)
    .map(({ file, line, name, value }) => ({ file, line, text: withoutPassword(`${name} "${value}"`) }));
}

/** Cut to a length for reports, without the user and password of a URI. */
function withoutPassword(text: string): string {
  return shown(Buffer.from(text.slice(0, 2000)).toString('latin1'))
    .replace(/:\/\/[^/@\s]*@/g, '://***@')
    .slice(0, 200);
}
