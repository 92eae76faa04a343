import { dirname, join, relative } from 'node:path';
import { packageRoot } from '../host/process/package-root.ts';
import { loadRelease, releaseIds } from './releases/load.ts';
import { settingsTemplate } from './template.ts';
import { CONFIG_SCHEMA } from './yaml/compile-schema.ts';

/**
 * A commented dgxos-maas.yaml for the first platform of a release, naming the newest ISO whose sum is known.
 * @param file where it will stand (absolute): the editors' modeline is relative to it
 * @param licenceAccepted whether `accept_eula` stands in it as it is
 * @throws Fault RELEASE_UNKNOWN
 */
export async function initialConfig(
  releaseId: string,
  file: string,
  licenceAccepted = false,
): Promise<string> {
  const release = await loadRelease(releaseId);
  return `# yaml-language-server: $schema=${schemaReference(file)}
#
# Images to build and the MAAS servers that get them.
# Paths are relative to this file. \`dgxos-maas config validate\` checks it, \`dgxos-maas config show --origin\` lists what is in force.

${settingsTemplate({ release, releases: await releaseIds(), licenceAccepted })}
`;
}

/** Relative when the schema lies below the file's folder, as in a clone or in node_modules. */
function schemaReference(file: string): string {
  const schema = join(packageRoot(), CONFIG_SCHEMA);
  const below = relative(dirname(file), schema);
  return below.startsWith('..') ? schema : below;
}
