import {
  type Document,
  type DocumentOptions,
  type ParseOptions,
  parseDocument,
  type SchemaOptions,
} from 'yaml';
import { nestsTooDeeply } from './depth.ts';

/**
 * A text read as YAML; null when it nests deeper than any real file. The library's parser goes a level down with each bracket and
 * each map inside a line, and so to the end of the stack.
 */
export function parseYaml(
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions,
): Document.Parsed | null {
  if (nestsTooDeeply(text)) return null;
  try {
    return parseDocument(text, options);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
