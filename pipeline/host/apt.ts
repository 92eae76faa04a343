import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from './files/folders.ts';

/**
 * Writes a configuration of apt with a state and a cache of its own, so that nothing of this host's apt is read or changed.
 * @param dir a folder of its own
 * @param settings paths of `Dir::Etc`, and what else differs
 * @returns the file, for `APT_CONFIG`
 */
export async function writeAptConfig(
  dir: string,
  architecture: string,
  settings: Record<string, string>,
): Promise<string> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'parts']) await makeFolders(join(dir, name));
  await writeFile(join(dir, 'status'), '');
  const set = {
    // Settings of this host are none of the question.
    'Dir::Etc::main': join(dir, 'no.conf'),
    'Dir::Etc::parts': join(dir, 'parts'),
    'Dir::State': dir,
    'Dir::State::status': join(dir, 'status'),
    'Dir::State::lists': join(dir, 'lists'),
    'Dir::Cache': join(dir, 'cache'),
    'APT::Architecture': architecture,
    'APT::Update::Error-Mode': 'any',
    'Acquire::Check-Date': 'true',
    'Acquire::Check-Valid-Until': 'true',
    'Acquire::IndexTargets::deb::Translations::DefaultEnabled': 'false',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '30',
    'Acquire::https::Timeout': '30',
    ...(process.getuid?.() === 0 && { 'APT::Sandbox::User': 'root' }),
    ...settings,
  };
  const lines = Object.entries(set).map(([name, value]) => `${name} "${value}";\n`);
  const file = join(dir, 'apt.conf');
  await writeFile(
    file,
    `${lines.join('')}#clear APT::Architectures;\nAPT::Architectures { "${architecture}"; };\n`,
  );
  return file;
}

/** The errors and warnings in what apt has written, errors first, without their marks. */
export function aptProblems({ stdout, stderr }: { stdout: string; stderr: string }): string[] {
  const lines = `${stdout}\n${stderr}`.split('\n');
  const marked = (mark: RegExp) => lines.flatMap((line) => mark.exec(line)?.[1] ?? []);
  return [...new Set([...marked(/^E: (.+)/), ...marked(/^W: (.+)/)])];
}
