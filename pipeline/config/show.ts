import { relative } from 'node:path';
import { Document, isCollection, isPair, isScalar, visit } from 'yaml';
import type { LoadedConfig } from './load.ts';
import { type LocatedValue, locatedValues } from './located-values.ts';
import type { Origin } from './types.ts';

/** The configuration in force as dgxos-maas.yaml would say it; loaded again, it is the same configuration. */
export function configAsWritten(loaded: LoadedConfig): Record<string, unknown> {
  return documentOf(locatedValues(loaded.config)).toJS() as Record<string, unknown>;
}

/** The origin of each value, by its dotted path in dgxos-maas.yaml. */
export function originsAsWritten({ config, origins }: LoadedConfig): Record<string, Origin> {
  const named = locatedValues(config).flatMap(({ path, key }): [string, Origin][] => {
    const sourced = origins.get(key);
    if (!sourced) return [];
    const { value: _, ...origin } = sourced;
    return [[path.join('.'), origin]];
  });
  return Object.fromEntries(named);
}

/** The same as YAML; with `origin` each value has beside it where it is from. */
export function showConfig(loaded: LoadedConfig, options: { origin: boolean; cwd: string }): string {
  const values = locatedValues(loaded.config);
  const document = documentOf(values);
  if (options.origin)
    for (const { path, key } of values) {
      const origin = loaded.origins.get(key);
      if (origin) comment(document, path, originText(origin, options.cwd));
    }
  return document.toString({ lineWidth: 0 }).trimEnd();
}

function documentOf(values: readonly LocatedValue[]): Document {
  const document = new Document({});
  for (const { path, value } of values) document.setIn(path, document.createNode(value));
  return document;
}

/** Behind a value of one line; above the key of one that takes several. */
function comment(document: Document, path: readonly string[], text: string): void {
  const node = document.getIn(path, true);
  if (isScalar(node) || (isCollection(node) && node.items.length === 0)) node.comment = ` ${text}`;
  else
    visit(document, {
      Pair(_, pair) {
        if (isPair(pair) && pair.value === node && isScalar(pair.key)) pair.key.commentBefore = ` ${text}`;
      },
    });
}

function originText(origin: Origin, cwd: string): string {
  switch (origin.from) {
    case 'flag':
      return `flag ${origin.name}`;
    case 'environment':
      return `environment ${origin.name}`;
    case 'file': {
      const short = relative(cwd, origin.file);
      return `${short.startsWith('..') ? origin.file : short}:${origin.line}`;
    }
    case 'default':
      return 'default';
  }
}
