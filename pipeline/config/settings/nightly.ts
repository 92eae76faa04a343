import { count, text, yesNo } from '../kinds.ts';
import { setting } from '../setting.ts';

/** Settings of `nightly`. */
export const NIGHTLY = {
  channel: setting({
    kind: text({
      pattern: '^[a-z0-9][a-z0-9._]*$',
      accepts: 'lower-case letters, digits and dots, such as nightly',
    }),
    default: 'nightly',
    help: 'The channel that good images are promoted to.',
    flag: '--channel <name>',
  }),
  jobs: setting({
    kind: count(1, 64, 'images'),
    default: null,
    defaultText: 'as many virtual machines as fit on the host',
    help: 'Images built at the same time.',
    flag: '-j, --jobs <count>',
    example: 1,
  }),
  rebuild_after: setting({
    kind: text({
      pattern: '^(0*[1-9][0-9]{0,7}(m|h|d)|never)$',
      accepts: 'a time in m, h or d, such as 7d, or never',
    }),
    default: '7d',
    help: 'Age after which an unchanged image is built again; or never.',
    details:
      'Archives may have new packages by then. With `never`, only --force and newer archives start a build.',
  }),
  rehearse: setting({
    kind: yesNo(),
    default: false,
    help: 'Rehearse every image that is new before it is uploaded.',
    details: '`--rehearse` and `--no-rehearse` override it for one night.',
    example: true,
  }),
};
