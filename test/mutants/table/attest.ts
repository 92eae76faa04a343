import { type Mutant, mutantsOf } from '../mutant.ts';

const VERIFY = ['test/contract/attest/verify.test.ts'];

/** Guards of signatures: the signed bytes and the signer. */
export const ATTEST: readonly Mutant[] = [
  ...mutantsOf('pipeline/image/attest/signature.ts', VERIFY, {
    'another-type': [
      'if (envelope.payloadType !== IN_TOTO)',
      'if (false)',
      'test/unit/attest/signature.test.ts',
    ],
    'another-file': ['(one) => one.sha256 === sha256', '() => true'],
    'another-provenance': [
      'records.provenance !== null && !records.provenance.bytes.equals(payload)',
      'false',
    ],
    'another-key': ['if (!isSignedBy(envelope, publicKey))', 'if (false)'],
    'another-name': ['if (subject.name !== name)', 'if (false)'],
    'unsigned-and-required': ["requireSignature ? 'failed' : 'not-verified'", "'not-verified'"],
  }),
  ...mutantsOf('pipeline/image/attest/verify-sums.ts', ['test/unit/attest/verify-sums.test.ts'], {
    'wrong-sum': ['if (wrong.length > 0) return', 'if (false) return'],
    'not-listed': ['if (!listed.some((sum) => sum.name === name))', 'if (false)'],
    'listed-with-a-dot': [".replace(/^(\\.\\/+)+/, '')", ''],
    'absent-records': ['absent.length > 0 ?', 'false ?'],
  }),
  ...mutantsOf('pipeline/image/attest/strict-json.ts', VERIFY, {
    'a-member-twice': ['if (open.at(-1)?.has(key)) throw', 'if (false) throw'],
  }),
  ...mutantsOf('pipeline/image/attest/dsse.ts', ['test/unit/attest/dsse.test.ts'], {
    'type-is-signed': ['${Buffer.byteLength(type)} ${type} ', ''],
    'most-signatures': ['signatures.length <= MOST_SIGNATURES &&', ''],
    'no-signature': ['signatures.length > 0 &&', ''],
    'payload-is-base64': ['BASE64.test(payload) &&', ''],
    'signature-is-base64': [' && BASE64.test(one.sig)', ''],
  }),
];
