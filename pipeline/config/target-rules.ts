import { Fault } from '../core/faults/fault.ts';
import { maasUrl } from './maas-url.ts';
import type { RuleContext } from './rule.ts';
import { dotted, type Path, type PlacedProblem, type Problem } from './yaml/problem.ts';

const MAAS_URL_ACCEPTED = 'the http or https URL of a MAAS, such as http://maas.example:5240/MAAS';

/** Why the text is no MAAS URL; null when it is one. */
export function maasUrlProblem(name: string, text: string): PlacedProblem | null {
  try {
    maasUrl(text);
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // What stands before an @ may be a password.
    const why = text.includes('@') ? 'a MAAS URL holds no user name and no password' : error.message;
    return { message: `${name}: ${why}`, accepts: MAAS_URL_ACCEPTED };
  }
}

export function targetUrlsAreMaas({ written }: RuleContext): Problem[] {
  return Object.entries(written.targets ?? {}).flatMap(([name, target]): Problem[] => {
    const path: Path = ['targets', name, 'url'];
    const wrong = target.url === undefined ? null : maasUrlProblem(dotted(path), target.url);
    return wrong ? [{ path, at: 'value', ...wrong }] : [];
  });
}

/** The key of MAAS_API_KEY belongs to one server; it is not shown to several. */
export function oneTargetTakesTheKeyOfTheEnvironment({ written, env }: RuleContext): Problem[] {
  const takers = Object.entries(written.targets ?? {}).filter(([, target]) => target.key === undefined);
  if (takers.length < 2 || !env.MAAS_API_KEY) return [];
  return takers.map(([name]) => ({
    path: ['targets', name, 'key'],
    at: 'key',
    message: `targets.${name}: MAAS_API_KEY is set, and ${takers.length} targets would be sent that key`,
    accepts: 'key: { environment: NAME }, key: { file: PATH } or key: { profile: NAME } in each',
  }));
}
