import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Eta } from 'eta';
import { safeDeep } from '../../core/escape/html.ts';
import { Fault } from '../../core/faults/fault.ts';
import { TEMPLATES } from '../../install/render/templates.ts';
import type { PageModel } from './page-model.ts';

const views = join(TEMPLATES, 'report');
// Everything that `<%= %>` writes is escaped; `<%~ %>` is for templates included and the style sheet only.
const eta = new Eta({ views, autoEscape: true, cache: true });

/** The report on one image. @throws Fault TEMPLATE_FAILED */
export async function renderPage(model: PageModel): Promise<string> {
  return renderView('page', model, { pictures: model.rehearsals.some(({ picture }) => picture !== null) });
}

/**
 * A page as one HTML file: no script, nothing from elsewhere (a picture is in the page), and a policy that would stop both.
 * @param view name of a template that writes a whole page
 * @param options `pictures`: there are some, as data URLs
 * @throws Fault TEMPLATE_FAILED
 */
export async function renderView(
  view: string,
  model: object,
  { pictures = false }: { pictures?: boolean } = {},
): Promise<string> {
  try {
    const style = await readFile(join(views, 'style.css'), 'utf8');
    const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'${pictures ? '; img-src data:' : ''}; base-uri 'none'; form-action 'none'`;
    return eta.render(`./${view}`, { ...safeDeep(model), style, policy });
  } catch (error) {
    throw new Fault('TEMPLATE_FAILED', 'The report could not be rendered', {
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}
