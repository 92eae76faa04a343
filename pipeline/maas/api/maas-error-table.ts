import type { FaultCode } from '../../core/faults/catalogue.ts';

/** One thing MAAS says no with: how it is recognised, what it means in a sentence, and what to do. */
export interface MaasErrorRow {
  /** The name that callers decide by. */
  id: string;
  status: number;
  /** Against the answer's text; of a JSON form error, `field: message`. Groups fill $1, $2 of the sentence and the remedy. */
  says: RegExp;
  code: FaultCode;
  sentence: string;
  remedy: string;
}

const NAME_RULE = 'Use a name such as custom/dgx1-5.0: one slash at most, letters, digits, dots, dashes.';

/** The refusals of MAAS 2.8 to 3.8, in the order in which they are tried. */
export const MAAS_ERRORS: readonly MaasErrorRow[] = [
  // POST boot-resources/: what is asked for
  {
    id: 'filetype',
    status: 400,
    says: /filetype: Select a valid choice\. (.+?) is not one of/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS does not accept the file type "$1"',
    remedy:
      'Use one of tgz, tbz, txz, ddtgz, ddtbz, ddtxz, ddtar, ddbz2, ddgz, ddxz, ddraw (upload --filetype).',
  },
  {
    id: 'name-osystem',
    status: 400,
    says: /Unsupport(?:ed)? operating system (.*?), supported/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS has no operating system "$1", the part of the name before the slash',
    remedy: NAME_RULE,
  },
  {
    id: 'name-ubuntu',
    status: 400,
    says: /To upload an Ubuntu custom image you have to specify 'custom'/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS reserves names below ubuntu/ for its own images',
    remedy: NAME_RULE,
  },
  {
    id: 'name-reserved',
    status: 400,
    says: /(?:name: )?(\S+) is a reserved name/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS reserves the name "$1"',
    remedy: 'Choose another name (upload --name, or resource.name in dgxos-maas.yaml).',
  },
  {
    id: 'name-length',
    status: 400,
    says: /name: Ensure this value has at most (\d+) characters \(it has (\d+)\)/,
    code: 'MAAS_REFUSED',
    sentence: 'The name has $2 characters and MAAS accepts $1',
    remedy: 'Choose a shorter name (upload --name, or resource.name in dgxos-maas.yaml).',
  },
  {
    id: 'name-missing',
    status: 400,
    says: /name: This field is required/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS reads that name as an empty one',
    remedy: NAME_RULE,
  },
  {
    id: 'name-slashes',
    status: 500,
    says: /too many values to unpack/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS fails on a name with more than one slash',
    remedy: NAME_RULE,
  },
  {
    id: 'architecture-none',
    status: 400,
    says: /'(.*?)' is not a valid architecture\.\s+It should be one of: ''/,
    code: 'MAAS_REFUSED',
    sentence: 'This MAAS has no usable architecture yet: no boot image is imported',
    remedy:
      'Import an Ubuntu image for that architecture first (maas PROFILE boot-resources import), then run again.',
  },
  {
    id: 'architecture',
    status: 400,
    says: /'(.*?)' is not a valid architecture\.\s+It should be one of: (.+?)\.?$/m,
    code: 'MAAS_REFUSED',
    sentence: 'This MAAS has no usable architecture "$1"',
    remedy:
      'Use one of $2 (upload --architecture, or resource.architecture in dgxos-maas.yaml), or import an Ubuntu image for the architecture wanted.',
  },
  {
    id: 'base-image-required',
    status: 400,
    says: /base_image: This field is required/,
    code: 'MAAS_REFUSED',
    sentence: 'This MAAS requires a base image for a custom image',
    remedy:
      'Set the Ubuntu release that the image is based on, such as ubuntu/focal (upload --base-image, or resource.base_image in dgxos-maas.yaml).',
  },
  {
    id: 'base-image-format',
    status: 400,
    says: /a base image must follow the format/,
    code: 'MAAS_REFUSED',
    sentence: 'The base image is not of the form OS/SERIES',
    remedy: 'Write it as ubuntu/focal (upload --base-image, or resource.base_image in dgxos-maas.yaml).',
  },
  {
    id: 'base-image-custom',
    status: 400,
    says: /custom images require a valid non-custom OS type base image/,
    code: 'MAAS_REFUSED',
    sentence:
      'The base image must be of an operating system that MAAS supports: ubuntu, centos, rhel or, from 3.5, ol',
    remedy: 'Write it as ubuntu/focal (upload --base-image, or resource.base_image in dgxos-maas.yaml).',
  },
  {
    id: 'base-image-unknown',
    status: 400,
    says: /please select a valid base image OS and version|custom images require a valid base image version/,
    code: 'MAAS_REFUSED',
    sentence: 'This MAAS does not know the series of the base image',
    remedy:
      'Use one that this MAAS offers, such as ubuntu/focal or ubuntu/jammy (upload --base-image, or resource.base_image in dgxos-maas.yaml).',
  },
  {
    id: 'size',
    status: 400,
    says: /size: (?:Enter a whole number|Ensure this value is less than or equal to)/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS does not accept the size of this file',
    remedy: 'Check the file with ls -l: it must have between 1 byte and 8 EiB.',
  },
  {
    id: 'sha256',
    status: 400,
    says: /sha256: Ensure this value has at (?:least|most)/,
    code: 'MAAS_REFUSED',
    sentence: 'The sha256 sum sent is not one of 64 characters',
    remedy: 'Pack the image again: its manifest is damaged.',
  },
  {
    id: 'size-differs',
    status: 400,
    says: /File already exists with sha256 that is of different size/,
    code: 'MAAS_REFUSED',
    sentence:
      'MAAS has a file with the same sha256 and a different size: an earlier upload declared a wrong size',
    remedy: 'Delete that image in MAAS (`dgxos-maas images` lists them), then run again.',
  },
  {
    id: 'inline-octets',
    status: 500,
    says: /application\/octet-stream/,
    code: 'MAAS_PROTOCOL',
    sentence: 'MAAS received data instead of a form',
    remedy: 'Check the proxies in front of MAAS: one of them changes the requests.',
  },
  // PUT upload_uri: chunks
  {
    id: 'no-data',
    status: 400,
    says: /Missing data\./,
    code: 'MAAS_PROTOCOL',
    sentence: 'MAAS received an empty chunk',
    remedy: 'Check the proxies in front of MAAS: one of them drops or re-encodes the body of PUT requests.',
  },
  {
    id: 'chunk-cut',
    status: 400,
    says: /Content-Length doesn't equal size of received data/,
    code: 'MAAS_BUSY',
    sentence: 'MAAS received only a part of a chunk',
    remedy: 'Run the command again to continue.',
  },
  {
    id: 'too-much',
    status: 400,
    says: /Too much data received\./,
    code: 'UPLOAD_MISMATCH',
    sentence: 'MAAS has more of this file than it reports',
    remedy: 'Delete the unfinished image in MAAS, then run the command again.',
  },
  {
    id: 'wrong-sum',
    status: 400,
    says: /Saved content does not match given SHA256 value|Provided SHA256 does not match calculated one/,
    code: 'UPLOAD_MISMATCH',
    sentence: 'What MAAS has stored does not have the sha256 sum of this file',
    remedy:
      'Delete the unfinished image in MAAS, then run the command again; make sure that nobody else uploads it at the same time.',
  },
  {
    // 3.5 to 3.7: one file serves every upload of a sum, and the first that ends takes it away.
    id: 'part-gone',
    status: 500,
    says: /No such file or directory: .*\.incomplete\b/,
    code: 'UPLOAD_MISMATCH',
    sentence: 'MAAS no longer has the data sent so far: another upload of the same data has replaced it',
    remedy: 'Run the command again: the upload starts again. Run such uploads one after the other.',
  },
  {
    id: 'complete',
    status: 400,
    says: /Cannot upload to a complete file\./,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS already has the complete file',
    remedy: 'Run the command again: it checks whether the image is complete.',
  },
  {
    id: 'synced',
    status: 403,
    says: /Cannot upload to a resource of type: (\S+?)\.?$/m,
    code: 'MAAS_REFUSED',
    sentence: 'That image comes from a boot source of MAAS and cannot be uploaded to',
    remedy: 'Choose another name (upload --name, or resource.name in dgxos-maas.yaml).',
  },
  {
    id: 'server-disk-full',
    status: 400,
    says: /No space left on device/,
    code: 'MAAS_DISK_FULL',
    sentence: 'The disk of the MAAS server is full',
    remedy:
      'Free space there (`dgxos-maas prune` removes old images); the upload continues where it stopped.',
  },
  // whichever endpoint
  {
    id: 'admin-only',
    status: 403,
    says: /reserved for admin users/,
    code: 'MAAS_FORBIDDEN',
    sentence:
      'The API key does not belong to a MAAS administrator, and MAAS allows this only to administrators',
    remedy: 'Use the key of an administrator, or make the user an administrator in MAAS.',
  },
  {
    // 3.8: entitlements in place of the administrator.
    id: 'entitlement',
    status: 403,
    says: /should have permission '(\w+)'/,
    code: 'MAAS_FORBIDDEN',
    sentence: 'The user of this API key does not have the permission $1 in MAAS',
    remedy: 'Ask a MAAS administrator to grant the permission, or use the key of a user who has it.',
  },
  {
    id: 'no-endpoint',
    status: 404,
    says: /Unknown API endpoint: (\S+?)\.?$/m,
    code: 'MAAS_PROTOCOL',
    sentence: 'This MAAS has no endpoint $1',
    remedy: 'Check the URL (it must end in /MAAS) and the version of MAAS (2.8 or later).',
  },
  {
    id: 'operation',
    status: 400,
    says: /Unrecognised signature: method=(\S+) op=(\S+)/,
    code: 'MAAS_PROTOCOL',
    sentence: 'This MAAS does not know the operation $2',
    remedy: 'Check the version of MAAS: 2.8 or later is needed.',
  },
  {
    id: 'gone',
    status: 500,
    says: /(\S+) matching query does not exist/,
    code: 'MAAS_NOT_FOUND',
    sentence: 'MAAS no longer has it ($1)',
    remedy: '`dgxos-maas images` lists the images of this MAAS.',
  },
];
