import type { FaultCode } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import type { RawImage } from './raw-config.ts';
import type { ImageConfig, Release } from './types.ts';
import { dotted, type LocatedProblem, type Path, type Problem, toFault } from './yaml/problem.ts';

/** A consent that an image does not have and needs before anything of it is made. */
export interface MissingConsent extends Problem {
  code: FaultCode;
  hint: string;
}

/** One with its place in the file. */
export type LocatedConsent = LocatedProblem & Pick<MissingConsent, 'code'>;

type Consenting = Pick<Release, 'title' | 'licence' | 'archive'>;

/**
 * Two consents that the configuration must have before anything of an image is made: installing NVIDIA's software accepts its licence, and a
 * preview is not taken for a release. Neither makes the file invalid: an image that is not built may stand in it.
 */
export function missingConsent(
  image: Pick<RawImage, 'accept_eula' | 'preview'>,
  fromArchive: boolean,
  path: Path,
  release: Consenting,
): MissingConsent[] {
  const missing: MissingConsent[] = [];
  if (release.licence !== null && image.accept_eula !== true)
    missing.push({
      code: 'LICENCE_NOT_ACCEPTED',
      path: [...path, 'accept_eula'],
      at: 'value',
      message: `${dotted(path)}: the licence of ${release.title} is not accepted`,
      hint: `${release.licence}. If you accept it, set \`accept_eula: true\` in the image.`,
    });
  if (release.archive?.preview && fromArchive && image.preview !== true)
    missing.push({
      code: 'CONFIG_INVALID',
      path: [...path, 'preview'],
      at: 'value',
      message: `${dotted(path)}: ${release.title} is not a finished release`,
      hint: 'Its packages and addresses are inferred from the release before it. To try it, set `preview: true` in the image.',
    });
  return missing;
}

/**
 * The last guard, of a stage that makes something; commands say it earlier, with the place in the file.
 * @throws Fault LICENCE_NOT_ACCEPTED with where the licence is; CONFIG_INVALID for a preview that was not asked for
 */
export function assertConsent(
  image: Pick<ImageConfig, 'name' | 'acceptEula' | 'preview' | 'archive'>,
  release: Consenting,
): void {
  const said = { accept_eula: image.acceptEula, preview: image.preview };
  const fromArchive = image.archive.root.source !== null;
  const [first] = missingConsent(said, fromArchive, ['images', image.name], release);
  if (first) throw new Fault(first.code, first.message, { hint: first.hint });
}

/**
 * Everything that these images do not say and must, as one fault.
 * @param consents of the file, by image
 * @throws Fault LICENCE_NOT_ACCEPTED, CONFIG_INVALID with the place in the file
 */
export function assertConsents(
  consents: ReadonlyMap<string, readonly LocatedConsent[]>,
  images: Iterable<string>,
): void {
  const missing = [...images].flatMap((name) => consents.get(name) ?? []);
  const licence = missing.find(({ code }) => code === 'LICENCE_NOT_ACCEPTED');
  if (missing.length > 0) throw toFault((licence ?? missing[0]!).code, missing);
}
