import {
  filesGoToDifferentPaths,
  isoHasASource,
  namespaceNeedsNoVm,
  platformIsOfTheRelease,
  releaseIsKnown,
  uploadsGoToTargets,
} from './image-rules.ts';
import { placeholdersAreKnown, resourceFieldsSuitMaas, resourceNameSuitsMaas } from './resource-rules.ts';
import type { ImageRule, Rule, RuleContext } from './rule.ts';
import { oneTargetTakesTheKeyOfTheEnvironment } from './target-rules.ts';
import { valuesAreUsable } from './value-rules.ts';
import type { Problem } from './yaml/problem.ts';

/** What the schema cannot say. Each rule finds everything of its kind, and passes over what is not there. */
const RULES: readonly Rule[] = [
  valuesAreUsable,
  everyImage(releaseIsKnown),
  everyImage(platformIsOfTheRelease),
  everyImage(isoHasASource),
  everyImage(filesGoToDifferentPaths),
  everyImage(namespaceNeedsNoVm),
  everyImage(placeholdersAreKnown),
  everyImage(resourceNameSuitsMaas),
  everyImage(resourceFieldsSuitMaas),
  everyImage(uploadsGoToTargets),
  oneTargetTakesTheKeyOfTheEnvironment,
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
