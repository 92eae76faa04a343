import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import { Fault } from '../../core/faults/fault.ts';

/** The package's templates folder: the same for the sources (pipeline/install/render) and for what is built from them (dist/render). */
export const TEMPLATES = findTemplates(dirname(fileURLToPath(import.meta.url)));

function findTemplates(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'templates', 'hcl'))) return join(dir, 'templates');
    if (dir === dirname(dir))
      throw new Fault('INTERNAL', 'The templates folder is missing from this installation');
  }
}

// HCL and shell are not HTML: nothing is escaped here, `hclString` and `shellWord` quote.
const eta = new Eta({ autoEscape: false, autoTrim: false });

/**
 * One template of the templates folder with its values.
 * @throws Fault TEMPLATE_FAILED naming the template
 */
export async function renderTemplate(name: string, values: object): Promise<string> {
  try {
    return eta.renderString(await readTemplate(name), values);
  } catch (error) {
    throw new Fault('TEMPLATE_FAILED', `templates/${name} could not be rendered`, {
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

/** The text of one file of the templates folder. */
export function readTemplate(name: string): Promise<string> {
  return readFile(join(TEMPLATES, name), 'utf8');
}
