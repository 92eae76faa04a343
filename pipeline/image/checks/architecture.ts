import { dpkgArchitecture, sameMachine } from '../facts/architecture.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { type Check, fail, notApplicable, pass } from './types.ts';

/** The machine that an image is for, which MAAS believes without a look. */
export const ARCHITECTURE_CHECKS: Check[] = [
  {
    number: 44,
    id: 'architecture',
    title: 'The image has the architecture that is given to MAAS',
    severity: 'blocker',
    why: 'MAAS does not check the architecture of an upload and deploys the image to machines of that architecture: curtin then fails at the first program of another one (Exec format error).',
    fix: 'Set the architecture that the image has (`resource.architecture`, `--architecture`), or omit the flag. If dpkg and the programs differ, the root is a mixture of two systems: build it again.',
    evaluate(facts, { architecture }) {
      const { programs } = facts as Partial<Pick<ImageFacts, 'programs'>>;
      const dpkg = dpkgArchitecture(facts);
      if (dpkg && programs && !sameMachine(dpkg, programs.architecture))
        return fail(`dpkg says ${dpkg}, and ${programs.path} is for ${programs.architecture}`);
      const own = dpkg ?? programs?.architecture;
      if (!own) return notApplicable('neither dpkg nor a program of the image shows it');
      const by = dpkg ? (programs ? `by dpkg and ${programs.path}` : 'by dpkg') : `by ${programs?.path}`;
      const wanted = architecture?.split('/')[0];
      if (wanted && wanted !== own)
        return fail(`the image is ${own} (${by}), and ${architecture} is requested`);
      return pass(`${own}, ${by}`);
    },
  },
];
