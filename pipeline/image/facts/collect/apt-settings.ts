import { AptConfig, type AptConfProblem, readAptConf } from '../../parsers/apt-conf.ts';
import { normalise, shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';

/** Values that apt has of itself, by name in lower case. */
const DEFAULTS = new Map([
  ['dir', '/'],
  ['dir::etc', 'etc/apt'],
  ['dir::etc::main', 'apt.conf'],
  ['dir::etc::parts', 'apt.conf.d'],
  ['dir::etc::sourcelist', 'sources.list'],
  ['dir::etc::sourceparts', 'sources.list.d'],
  ['dir::etc::netrc', 'auth.conf'],
  ['dir::etc::netrcparts', 'auth.conf.d'],
  ['dir::etc::preferences', 'preferences'],
  ['dir::etc::preferencesparts', 'preferences.d'],
  ['acquire::cdrom::mount', '/media/cdrom/'],
]);

/** Files that one run of apt reads: includes that include each other twice would double for ever. */
const MOST_FILES = 500;
/** apt itself stops at more. */
const DEEPEST_INCLUDE = 10;

export interface AptSettings {
  config: AptConfig;
  /** The error at which apt stops, as every program of apt then does. */
  problems: AptConfProblem[];
}

/** The configuration that apt has on the machine: apt.conf.d in order, then apt.conf. */
export function readAptSettings(files: KeptFiles): AptSettings {
  const config = new AptConfig();
  const problems: AptConfProblem[] = [];
  let read = 0;
  const file = (path: string, depth: number): AptConfProblem | null => {
    const name = `/${shown(path)}`;
    const stop = (text: string): AptConfProblem => ({ file: name, line: 0, text });
    if (depth > DEEPEST_INCLUDE || ++read > MOST_FILES) return stop('too many files include each other');
    const text = files.text(path);
    if (text === null) return stop('it is included and cannot be read');
    return readAptConf(text, name, config, (target) => {
      const path = normalise(target);
      if (!target.endsWith('/') || target.length <= 2) return file(path, depth + 1);
      return folder(path, depth + 1);
    });
  };
  const folder = (path: string, depth: number): AptConfProblem | null => {
    let first: AptConfProblem | null = null;
    for (const name of aptFileNames(files, path, ['conf', '']))
      first = file(`${path}/${name}`, depth) ?? first;
    return first;
  };
  const { parts, main } = { parts: aptPath(config, 'Dir::Etc::parts'), main: 'Dir::Etc::main' };
  for (const name of aptFileNames(files, parts, ['conf', ''])) {
    const problem = file(`${parts}/${name}`, 0);
    if (problem) problems.push(problem);
  }
  const last = aptPath(config, main);
  if (files.text(last) !== null) {
    const problem = file(last, 0);
    if (problem) problems.push(problem);
  }
  return { config, problems };
}

/** A path of apt's configuration, as paths of an image are written. */
export function aptPath(config: AptConfig, name: string): string {
  return normalise(config.path(name, DEFAULTS).replace(/^\/+/, ''));
}

/** The path that it has where nobody changed it. */
export function usualAptPath(name: string): string {
  return aptPath(new AptConfig(), name);
}

/**
 * The files of a folder that apt reads, in its order (tried with apt 2.6.2): by the end of the name, and only names of letters,
 * digits and `_-:.` that neither begin nor end with a dot.
 * @param ends what may follow the last dot; '' allows a name without one
 */
export function aptFileNames(files: KeptFiles, folder: string, ends: readonly string[]): string[] {
  return files.list(folder).filter((name) => {
    if (!/^[A-Za-z0-9_:-][A-Za-z0-9_:.-]*$/.test(name) || name.endsWith('.')) return false;
    const dot = name.lastIndexOf('.');
    return ends.includes(dot === -1 ? '' : name.slice(dot + 1)) && files.text(`${folder}/${name}`) !== null;
  });
}
