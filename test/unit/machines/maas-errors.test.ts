import { expect, test } from 'vitest';
import { isTemporary } from '../../../pipeline/host/http/retry-budget.ts';
import { explainMaasError } from '../../../pipeline/maas/api/maas-error.ts';
import { MAAS_ERRORS } from '../../../pipeline/maas/api/maas-error-table.ts';
import { MACHINE_ERRORS } from '../../../pipeline/maas/api/machine-error-table.ts';

/** As MAAS words them, from its source. */
const ANSWERS: [status: number, body: string, row: string, says: string][] = [
  [409, "Can't deploy a machine that is in the 'New' state", 'machine-deploy-state', 'that is New'],
  [
    409,
    "Machine cannot be released in its current state ('Testing').",
    'machine-release-state',
    "('Testing')",
  ],
  [
    409,
    "Machine(s) cannot be released in their current state: abc ('New').",
    'machine-release-state',
    "abc ('New')",
  ],
  [409, "Can't allocate a machine belonging to another user.", 'machine-other-user', 'another user'],
  [409, "Can't start node: it hasn't been allocated.", 'machine-not-allocated', 'only allocated machines'],
  [409, 'No machine with system ID x available.', 'machine-none', 'No matching machine is free'],
  [
    409,
    'Cannot change the storage layout on a machine that is not Ready.',
    'machine-storage-state',
    'only of Ready machines',
  ],
  [409, 'Invalid transition: New -> Deploying.', 'machine-transition', 'New -> Deploying'],
  [
    400,
    '{"commission": ["Commission is not available because of the current state of the node."]}',
    'commission-state',
    'cannot be commissioned',
  ],
  [400, 'Ephemeral operating system ubuntu focal is unavailable.', 'commission-image', 'ubuntu focal'],
  [
    400,
    `{"distro_series": ["'custom/x' is not a valid distro_series.  It should be one of: '', 'ubuntu/jammy'."]}`,
    'distro-series',
    'no image "custom/x"',
  ],
  [400, '{"hwe_kernel": ["jammy has no kernels available."]}', 'kernel-none', 'no kernel of Ubuntu jammy'],
  [
    400,
    '{"hwe_kernel": ["jammy has no kernels available which meet min_hwe_kernel(ga-24.04)."]}',
    'kernel-minimum',
    'as new as the machine requires (ga-24.04)',
  ],
  [
    400,
    '{"hwe_kernel": ["hwe-20.04 is not available for ubuntu/jammy on amd64/generic."]}',
    'hwe-kernel',
    'the requested kernel: hwe-20.04',
  ],
  [400, "Failed to configure storage layout 'lvm': no disk", 'storage-layout', 'lvm'],
  [
    400,
    '{"storage": ["UEFI system requires a /boot/efi filesystem. Please configure /boot/efi to proceed."]}',
    'storage-issues',
    '/boot/efi',
  ],
  [
    503,
    'Unconfigured power type. Please configure the power type and try again.',
    'power-type-none',
    'how to control its power',
  ],
  [503, 'No rack controllers can access the BMC of node gpu01', 'no-rack', 'No rack controller'],
];

test.each(ANSWERS)('%d %s: %s', (status, body, row, says) => {
  const error = explainMaasError('POST machines/x/?op=deploy', status, body, null);
  expect(error.row).toBe(row);
  expect(error.message).toContain(says);
  expect(error.hint).not.toMatch(/\$\d/);
  // Waiting does not help; only an allocation may succeed later.
  expect(isTemporary(error)).toBe(row === 'machine-none');
});

test('every row has an answer here, and a conflict of transactions still passes', () => {
  expect(new Set(ANSWERS.map(([, , row]) => row))).toEqual(new Set(MACHINE_ERRORS.map(({ id }) => id)));
  const conflict = explainMaasError(
    'POST x',
    409,
    'Conflict error. Try your request again, as it will most likely succeed.',
    '5',
  );
  expect([isTemporary(conflict), conflict.retryAfterS]).toEqual([true, 5]);
});

test('a remedy that speaks of an option says of which command it is: nobody may have given one', () => {
  const bare = [...MAAS_ERRORS, ...MACHINE_ERRORS].filter(({ remedy }) => {
    const [first = ''] = remedy.split(/ ?--[a-z]/);
    return first !== remedy && !/(dgxos-maas [a-z]|\bupload$|\bdeploy$)/.test(first);
  });
  expect(bare.map(({ id, remedy }) => `${id}: ${remedy}`)).toEqual([]);
});
