import { MAAS_URL_ACCEPTED, normaliseMaasUrl } from './maas-url.ts';
import { dotted, type Path, type Problem, quoted } from './problem.ts';
import type { RuleContext } from './rule.ts';

export function targetUrlsAreMaas({ written }: RuleContext): Problem[] {
  return Object.entries(written.targets ?? {}).flatMap(([name, target]): Problem[] => {
    if (target.url === undefined || normaliseMaasUrl(target.url) !== null) return [];
    const at: Path = ['targets', name, 'url'];
    // A URL with a user in it may hold a password.
    const shown = target.url.includes('@') ? 'this URL' : quoted(target.url);
    const repaired = `${target.url.replace(/\/+$/, '')}/MAAS`;
    return [
      {
        path: at,
        at: 'value',
        message: `${dotted(at)}: ${shown} is not accepted`,
        accepts: MAAS_URL_ACCEPTED,
        suggestion: normaliseMaasUrl(repaired) ? repaired : undefined,
      },
    ];
  });
}

/** The key of MAAS_API_KEY belongs to one server; with several it must be said which. */
export function targetsSayTheirKey({ written }: RuleContext): Problem[] {
  const targets = Object.entries(written.targets ?? {});
  if (targets.length < 2) return [];
  return targets
    .filter(([, target]) => target.key === undefined)
    .map(([name]) => ({
      path: ['targets', name, 'key'],
      at: 'key',
      message: `targets.${name}: with several targets each names its key`,
      accepts: 'key: { environment: NAME }, key: { file: PATH } or key: { profile: NAME }',
    }));
}
