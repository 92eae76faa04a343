import {
  architectureIsOfThePlatform,
  archiveNeedsNoVm,
  installFitsTheSource,
  oneSourceIsThere,
  releaseIsInstalledSo,
  rootIsVerified,
} from './archive-rules.ts';
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
import { ephemeralsAreOfTargets, oneTargetTakesTheKeyOfTheEnvironment } from './target-rules.ts';
import { valuesAreUsable } from './value-rules.ts';
import type { Problem } from './yaml/problem.ts';

/** Rules that a schema cannot express. Each finds everything of its kind, and ignores missing values. */
const RULES: readonly Rule[] = [
  valuesAreUsable,
  everyImage(releaseIsKnown),
  everyImage(platformIsOfTheRelease),
  everyImage(oneSourceIsThere),
  everyImage(releaseIsInstalledSo),
  everyImage(rootIsVerified),
  everyImage(isoHasASource),
  everyImage(filesGoToDifferentPaths),
  everyImage(namespaceNeedsNoVm),
  everyImage(installFitsTheSource),
  everyImage(archiveNeedsNoVm),
  everyImage(architectureIsOfThePlatform),
  everyImage(placeholdersAreKnown),
  everyImage(resourceNameSuitsMaas),
  everyImage(resourceFieldsSuitMaas),
  everyImage(uploadsGoToTargets),
  oneTargetTakesTheKeyOfTheEnvironment,
  ephemeralsAreOfTargets,
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
