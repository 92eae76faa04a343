import { redact } from '../../core/secrets/registry.ts';
import { appendOutput, prepareOutput, writeOutput } from '../../host/files/output.ts';
import { type FormatId, formatsOf, type Reporting, type Writers } from './table.ts';

/** The options for formats. */
export type FormatFlags = Partial<Record<FormatId, string | boolean>>;

/**
 * Makes sure, before any work is done, that the files which were asked for can be written.
 * @throws Fault as `prepareOutput`
 */
export async function prepareReports(command: Reporting, flags: FormatFlags): Promise<void> {
  for (const { path, option } of requestedFiles(command, flags)) await prepareOutput(path, option);
}

/**
 * Writes the files that were asked for, and with --github the summary and the outputs of the job.
 * @returns what goes to stdout in place of the table; undefined: the table
 * @throws Fault as `writeOutput`
 */
export async function writeReports<T>(
  command: Reporting,
  flags: FormatFlags,
  document: T,
  writers: Writers<T>,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  for (const { id, path, option } of requestedFiles(command, flags))
    await writeOutput(path, await written(id, document, writers), option);
  const format = formatsOf(command, 'stdout').find(({ id }) => flags[id]);
  if (!format) return undefined;
  if (format.id === 'github') {
    const { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output } = env;
    if (summary)
      await appendOutput(summary, await written('markdown', document, writers), 'GITHUB_STEP_SUMMARY');
    if (output && formatsOf(command, 'job').some(({ id }) => id === 'outputs'))
      await appendOutput(output, await written('outputs', document, writers), 'GITHUB_OUTPUT');
  }
  return (await written(format.id, document, writers)).trimEnd();
}

/** The files in a folder of results, by name, in the order of writing. */
export async function folderReports<T>(
  command: Reporting,
  document: T,
  writers: Writers<T>,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { id, file } of formatsOf(command, 'folder'))
    if (file) {
      const text = await written(id, document, writers);
      if (text !== '') files.set(file, text);
    }
  return files;
}

async function written<T>(id: FormatId, document: T, writers: Writers<T>): Promise<string> {
  const write = writers[id];
  if (!write) throw new Error(`There is no writer for ${id}`);
  return redact((await write(document)) ?? '');
}

function requestedFiles(command: Reporting, flags: FormatFlags) {
  return formatsOf(command, 'file').flatMap(({ id, option }) => {
    const path = flags[id];
    return typeof path === 'string' && option ? [{ id, path, option }] : [];
  });
}
