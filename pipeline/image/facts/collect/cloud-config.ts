import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { CloudFinding } from './cloud.ts';
import { deployedCloudFiles } from './cloud-files.ts';

/** No real file of cloud-init is longer, and a YAML parser can be slow on what is made to be. */
const LONGEST = 64 << 10;
/** Words that a file must contain before it is worth parsing. */
const TOPICS = /network|manual_cache_clean|preserve_hostname|MAAS/;
/** The first position that a file of MAAS can have: files that sort after it win. */
const FIRST_OF_MAAS = 'etc/cloud/cloud.cfg.d/50-';

interface ParsedFile {
  path: string;
  config: ReadonlyMap<string, unknown>;
}

/** The effects of cloud-init's own configuration on the network and on the data source of MAAS: its files are merged, the later ones win. */
export async function cloudConfig(files: KeptFiles): Promise<CloudFinding[]> {
  const said: ParsedFile[] = [];
  const found: CloudFinding[] = [];
  for (const { path, text, maas } of deployedCloudFiles(files, '95')) {
    if (maas || !TOPICS.test(text)) continue;
    if (text.length > LONGEST) {
      found.push(finding(path, `has ${text.length} characters, too many to be looked into`, 'part'));
      continue;
    }
    const config = await mapOf(text);
    // cloud-init logs a file that it cannot read and goes on without it.
    if (config) said.push({ path, config });
  }
  return [...found, ...network(said), ...cache(said), ...hostname(said), ...maas(said)];
}

function network(said: readonly ParsedFile[]): CloudFinding[] {
  const about = said.flatMap(({ path, config }) => {
    const value = config.get('network');
    return value instanceof Map ? [{ path, value }] : [];
  });
  const last = about.findLast(({ value }) => value.has('config'));
  return about.flatMap(({ path, value }) => {
    if (value.get('config') === 'disabled')
      return path === last?.path
        ? [
            finding(
              path,
              'network: {config: disabled}: the network that MAAS configured is not written',
              'network',
            ),
          ]
        : [];
    const keys = [...value.keys()].filter((key) => key !== 'version' && key !== 'renderer').map(String);
    return keys.length > 0
      ? [finding(path, `network (${keys.slice(0, 5).join(', ')}) is mixed with the one of MAAS`, 'network')]
      : [];
  });
}

function cache(said: readonly ParsedFile[]): CloudFinding[] {
  const path = switchedOn(said, 'manual_cache_clean');
  const words = 'manual_cache_clean: the first data source is kept for good, MAAS is not asked again';
  return path === null ? [] : [finding(path, words, 'part')];
}

/** cloud-init's modules set_hostname and update_hostname leave the name as it is. */
function hostname(said: readonly ParsedFile[]): CloudFinding[] {
  const path = switchedOn(said, 'preserve_hostname');
  const words = 'preserve_hostname: every machine keeps the name of the image, not the one in MAAS';
  return path === null ? [] : [finding(path, words, 'part')];
}

/** The file that switches an option on for good, by cloud-init's own reading of a boolean (`util.is_true`). */
function switchedOn(said: readonly ParsedFile[], option: string): string | null {
  const last = said.findLast(({ config }) => config.has(option));
  const value = last?.config.get(option);
  const on = value === true || ['1', 'on', 'true', 'yes'].includes(String(value).toLowerCase().trim());
  return last && on ? last.path : null;
}

function maas(said: readonly ParsedFile[]): CloudFinding[] {
  return said.flatMap(({ path, config }) => {
    const datasource = config.get('datasource');
    const own = datasource instanceof Map ? datasource.get('MAAS') : undefined;
    if (!(own instanceof Map) || own.size === 0) return [];
    const wins = path > FIRST_OF_MAAS;
    return [
      wins && own.has('metadata_url')
        ? finding(path, 'datasource.MAAS of another machine, which wins over the one that MAAS sends', 'off')
        : finding(path, 'datasource.MAAS of another machine (its credentials are in the image)', 'part'),
    ];
  });
}

const finding = (path: string, text: string, effect: CloudFinding['effect']): CloudFinding => ({
  subject: `/${shown(path)}`,
  text: `/${shown(path)}: ${text.replace(/[^\x20-\x7e]/g, '?')}`,
  effect,
});

/** A YAML map as Maps at every level; null for anything else. */
async function mapOf(text: string): Promise<ReadonlyMap<string, unknown> | null> {
  const { parseYaml } = await import('../../../config/yaml/parse.ts');
  try {
    const document = parseYaml(text, { prettyErrors: false, logLevel: 'silent' });
    if (document === null || document.errors.length > 0) return null;
    const value: unknown = document.toJS({ maxAliasCount: 20, mapAsMap: true });
    return value instanceof Map ? value : null;
  } catch {
    // Aliases that would grow without end.
    return null;
  }
}
