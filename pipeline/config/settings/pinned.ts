import { text } from '../kinds.ts';
import { ISO_ACCEPTED, isIsoSource, isoSource } from '../paths.ts';
import { type ExampleScope, type Kind, setting } from '../setting.ts';

export const NO_SUM = '0'.repeat(64);

export const sha256: Kind<string, string> = {
  ...text({
    pattern: '^[0-9a-fA-F]{64}$',
    accepts: '64 hexadecimal digits in quotes, as printed by sha256sum',
  }),
  read: (sum) => sum.toLowerCase(),
};

/** A file by its path or URL, which is used only when it has the sum. */
export function pinned(what: string, example: (scope: ExampleScope) => string) {
  return {
    source: setting({
      kind: {
        ...text(undefined, (given) => (isIsoSource(given) ? null : { accepts: ISO_ACCEPTED })),
        accepts: ISO_ACCEPTED,
        read: isoSource,
      },
      required: true,
      default: null,
      help: `Path or http(s) URL of ${what}.`,
      example,
    }),
    sha256: setting({
      kind: sha256,
      required: true,
      default: null,
      help: 'SHA-256 of the whole file.',
      example: NO_SUM,
      note: () => 'Put the output of sha256sum here; zeros never match.',
    }),
  };
}
