import { count } from '../kinds.ts';
import { setting } from '../setting.ts';

/** Settings of the uploads that `prune` and `nightly` keep. */
export const RETENTION = {
  keep: setting({
    kind: count(1, 999_999, 'uploads'),
    default: 3,
    help: 'Complete uploads of each image that are kept, the newest first.',
    flag: '--keep <count>',
  }),
  days: setting({
    kind: count(0, 999_999, 'days'),
    default: 14,
    help: 'Days for which every upload is kept.',
    flag: '--days <days>',
  }),
  deployed_days: setting({
    kind: count(0, 999_999, 'days'),
    default: 30,
    help: 'Days after a deployment for which an image is kept.',
    flag: '--deployed-days <days>',
  }),
};
