import { dpkgArchitecture, sameMachine } from '../facts/architecture.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { type Check, fail, notApplicable, pass } from './types.ts';

/** The machine that an image is for, which MAAS believes without a look. */
export const ARCHITECTURE_CHECKS: Check[] = [
  {
    number: 44,
    id: 'architecture',
    title: 'The image is for the architecture that MAAS is told',
    severity: 'blocker',
    why: 'MAAS takes the architecture of an upload as it is given and deploys the image to such machines: curtin then fails at the first program of another one (Exec format error).',
    fix: 'Give the architecture that the image has (`resource.architecture`, `--architecture`), or leave the flag out; where dpkg and the programs differ, the root was put together of two systems: build it again.',
    evaluate(facts, { architecture }) {
      const { programs } = facts as Partial<Pick<ImageFacts, 'programs'>>;
      const dpkg = dpkgArchitecture(facts);
      if (dpkg && programs && !sameMachine(dpkg, programs.architecture))
        return fail(`dpkg says ${dpkg}, and ${programs.path} is for ${programs.architecture}`);
      const own = dpkg ?? programs?.architecture;
      if (!own) return notApplicable('neither dpkg nor a program of the image tells it');
      const by = dpkg ? (programs ? `by dpkg and ${programs.path}` : 'by dpkg') : `by ${programs?.path}`;
      const wanted = architecture?.split('/')[0];
      if (wanted && wanted !== own)
        return fail(`the image is ${own} (${by}), and ${architecture} is asked for`);
      return pass(`${own}, ${by}`);
    },
  },
];
