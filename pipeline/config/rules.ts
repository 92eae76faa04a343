import { acceptanceIsUsable } from './acceptance.ts';
import {
  filesGoToAbsolutePaths,
  isoHasASource,
  platformIsOfTheRelease,
  releaseIsKnown,
  sizesAreUsable,
  timesAreUsable,
  uploadsGoToTargets,
} from './image-rules.ts';
import { machineTimesAreUsable } from './machines.ts';
import { placeholdersAreKnown, resourceFieldsSuitMaas, resourceNameSuitsMaas } from './resource-rules.ts';
import type { ImageRule, Rule, RuleContext } from './rule.ts';
import { oneTargetTakesTheKeyOfTheEnvironment, targetUrlsAreMaas } from './target-rules.ts';
import type { Problem } from './yaml/problem.ts';

/** What the schema cannot say. Each rule finds everything of its kind, and passes over what is not there. */
const RULES: readonly Rule[] = [
  everyImage(releaseIsKnown),
  everyImage(platformIsOfTheRelease),
  everyImage(isoHasASource),
  everyImage(sizesAreUsable),
  everyImage(timesAreUsable),
  everyImage(filesGoToAbsolutePaths),
  everyImage(placeholdersAreKnown),
  everyImage(resourceNameSuitsMaas),
  everyImage(resourceFieldsSuitMaas),
  everyImage(uploadsGoToTargets),
  targetUrlsAreMaas,
  oneTargetTakesTheKeyOfTheEnvironment,
  machineTimesAreUsable,
  acceptanceIsUsable,
];

export function ruleProblems(context: RuleContext): Problem[] {
  return RULES.flatMap((rule) => rule(context));
}

function everyImage(rule: ImageRule): Rule {
  return (context) =>
    Object.entries(context.written.images ?? {}).flatMap(([name, image]) =>
      rule(image, ['images', name], context),
    );
}
