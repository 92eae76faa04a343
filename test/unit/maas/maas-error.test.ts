import { describe, expect, test } from 'vitest';
import { explainMaasError, plainText } from '../../../pipeline/maas/api/maas-error.ts';
import { MAAS_ERRORS } from '../../../pipeline/maas/api/maas-error-table.ts';

const form = (field: string, message: string) => JSON.stringify({ [field]: [message] });

/** Answers as MAAS gives them: status, body, the row that explains it, and a phrase its sentence or remedy must hold. */
const ANSWERS: [number, string, string, string][] = [
  [
    400,
    form('filetype', 'Select a valid choice. squashfs is not one of the available choices.'),
    'filetype',
    '"squashfs"',
  ],
  [
    400,
    form('name', "Unsupport operating system foo, supported operating systems: ['ubuntu', 'centos']"),
    'name-osystem',
    '"foo"',
  ],
  [400, form('name', 'ubuntu/jammy is a reserved name'), 'name-reserved', '"ubuntu/jammy"'],
  [
    400,
    form('name', 'Ensure this value has at most 255 characters (it has 300).'),
    'name-length',
    '300 characters',
  ],
  [400, form('name', 'This field is required.'), 'name-missing', 'custom/dgx1-5.0'],
  [500, 'too many values to unpack (expected 2)', 'name-slashes', 'one slash'],
  [
    400,
    form(
      'architecture',
      "'amd64' is not a valid architecture.  It should be one of: 'amd64/generic', 'arm64/generic'.",
    ),
    'architecture',
    "'amd64/generic', 'arm64/generic' (upload --architecture, or resource.architecture in dgxos-maas.yaml)",
  ],
  [
    400,
    form('architecture', "'amd64/generic' is not a valid architecture.  It should be one of: ''."),
    'architecture-none',
    'Import',
  ],
  [400, form('base_image', 'This field is required.'), 'base-image-required', '--base-image'],
  [
    400,
    form('base_image', 'a base image must follow the format: <osystem>/<series>'),
    'base-image-format',
    'ubuntu/focal',
  ],
  [
    400,
    form('base_image', 'custom images require a valid non-custom OS type base image'),
    'base-image-custom',
    'rhel',
  ],
  [
    400,
    form('base_image', 'please select a valid base image OS and version'),
    'base-image-unknown',
    '--base-image',
  ],
  [400, form('size', 'Enter a whole number.'), 'size', 'size'],
  [400, form('size', 'Ensure this value is less than or equal to 9223372036854775807.'), 'size', 'size'],
  [400, form('sha256', 'Ensure this value has at least 64 characters (it has 63).'), 'sha256', '64'],
  [400, 'File already exists with sha256 that is of different size.', 'size-differs', 'a different size'],
  [400, 'Missing data.', 'no-data', 'an empty chunk'],
  [400, "Content-Length doesn't equal size of received data.", 'chunk-cut', 'part of a chunk'],
  [400, 'Too much data received.', 'too-much', 'Delete'],
  [400, 'Saved content does not match given SHA256 value.', 'wrong-sum', 'sha256'],
  [
    500,
    "[Errno 2] No such file or directory: '/var/lib/maas/image-storage/785b075.incomplete'",
    'part-gone',
    'starts again',
  ],
  [400, 'Cannot upload to a complete file.', 'complete', 'already has the complete file'],
  [403, 'Cannot upload to a resource of type: 0.', 'synced', 'another name'],
  [400, 'No space left on device', 'server-disk-full', 'prune'],
  [403, 'This method is reserved for admin users.', 'admin-only', 'administrator'],
  [
    403,
    "User does not have permission to perform this operation. The user should have permission 'can_edit_boot_entities'",
    'entitlement',
    'can_edit_boot_entities',
  ],
  [404, 'Unknown API endpoint: /MAAS/api/2.0/boot-resources.', 'no-endpoint', '/MAAS/api/2.0/boot-resources'],
  [400, 'Unrecognised signature: method=GET op=x', 'operation', ' x'],
  [500, 'BootResource matching query does not exist.', 'gone', 'BootResource'],
  [
    400,
    JSON.stringify({
      kind: 'Error',
      code: 400,
      details: [
        { field: 'name', message: "To upload an Ubuntu custom image you have to specify 'custom' as the OS" },
      ],
    }),
    'name-ubuntu',
    'ubuntu/',
  ],
  [500, 'Invalid content type application/octet-stream', 'inline-octets', 'proxies'],
];

describe('every error has a sentence and a remedy', () => {
  test.each(ANSWERS)('%i %s', (status, body, row, phrase) => {
    const error = explainMaasError('POST boot-resources/', status, body, null);
    expect(error.row).toBe(row);
    expect(`${error.message} ${error.hint}`).toContain(phrase);
    expect(`${error.message} ${error.hint}`).not.toMatch(/\$\d/);
    expect(error.message).not.toMatch(/[.\n]$/);
    expect(error.hint).toMatch(/\.$/);
  });

  test('no row of the table is without an answer here', () => {
    expect(new Set(ANSWERS.map(([, , row]) => row))).toEqual(new Set(MAAS_ERRORS.map(({ id }) => id)));
  });
});

describe('a 401 is explained and its text never shown', () => {
  const SECRET = 'q8Xw2Vb7Nm4Kj6Hg9Fd1Sa3Po5Iu0Yt2';
  test.each([
    ['Forbidden', 'unsigned'],
    ['Authorization Error: Invalid API key.', 'consumer'],
    [`Authorization Error: 'Invalid access token: ${SECRET}'`, 'token'],
    [`Authorization Error: 'Nonce already used: ${SECRET}'`, 'nonce'],
    [
      `Authorization Error: 'Expired timestamp: given 1 and now 2 has a greater difference than threshold 300' ${SECRET}`,
      'expired',
    ],
    [`Authorization Error: 'Invalid signature. Expected signature base string: &${SECRET}'`, 'secret'],
  ])('%s', (body, row) => {
    const error = explainMaasError('GET x/', 401, body, null);
    expect(error).toMatchObject({ code: 'MAAS_UNAUTHORIZED', exitCode: 7, row });
    expect(JSON.stringify([error, error.stack])).not.toContain(SECRET);
  });
});

describe('an answer that no row explains', () => {
  test.each([408, 409, 425, 429, 500, 502, 503, 504])('%i passes', (status) => {
    expect(explainMaasError('PUT x/', status, '<html><title>Oops</title></html>', '7')).toMatchObject({
      code: 'MAAS_BUSY',
      exitCode: 75,
      retryAfterS: 7,
      detail: 'Oops',
    });
  });

  test.each([400, 402, 405, 406, 410, 413, 418, 501, 505])('%i does not', (status) => {
    expect(explainMaasError('PUT x/', status, 'no', null).exitCode).toBe(7);
  });

  test('Retry-After may be a date', () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterS } = explainMaasError('PUT x/', 503, '', inAMinute);
    expect(retryAfterS).toBeGreaterThan(55);
    expect(retryAfterS).toBeLessThanOrEqual(60);
    expect(explainMaasError('PUT x/', 503, '', 'soon').retryAfterS).toBeUndefined();
  });

  test('its text is shown without markup and control characters, shortened', () => {
    expect(plainText('<html><head><title>413 Request Entity Too Large</title></head></html>')).toBe(
      '413 Request Entity Too Large',
    );
    expect(plainText('a\u001b[31mb\u0000c')).toBe('a [31mb c');
    expect(explainMaasError('GET x/', 400, 'x'.repeat(10_000), null).detail?.length).toBe(600);
  });
});
