/** The images that every boot source of the sandbox offers. */
export const OFFERED = new Map([
  ['ubuntu', ['trusty', 'xenial', 'bionic', 'focal', 'jammy', 'noble']],
  ['centos', ['centos70', '8']],
]);
export const ARCHITECTURES = ['amd64', 'arm64', 'ppc64el', 's390x'];
export const SUBARCHES = [
  'generic',
  'ga-20.04',
  'ga-22.04',
  'ga-24.04',
  'hwe-20.04',
  'hwe-22.04',
  'hwe-24.04',
];
export const LABELS = ['stable', 'candidate'];
