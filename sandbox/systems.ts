/** Ubuntu's series, as distro-info lists them. */
const UBUNTU = [
  ...[
    'warty',
    'hoary',
    'breezy',
    'dapper',
    'edgy',
    'feisty',
    'gutsy',
    'hardy',
    'intrepid',
    'jaunty',
    'karmic',
  ],
  ...['lucid', 'maverick', 'natty', 'oneiric', 'precise', 'quantal', 'raring', 'saucy', 'trusty', 'utopic'],
  ...['vivid', 'wily', 'xenial', 'yakkety', 'zesty', 'artful', 'bionic', 'cosmic', 'disco', 'eoan', 'focal'],
  ...['groovy', 'hirsute', 'impish', 'jammy', 'kinetic', 'lunar', 'mantic', 'noble', 'oracular', 'plucky'],
  ...['questing', 'resolute'],
];

/** Whether MAAS takes a series as base; it knows those of Ubuntu and believes any of the others. */
export function isSupported(osystem: string, series: string): boolean {
  return osystem === 'ubuntu' ? UBUNTU.includes(series) : true;
}

/** The systems that images.maas.io offers: these names, and their parts, are not for custom images. */
const OFFERED = [
  ...['trusty', 'xenial', 'bionic', 'focal', 'jammy', 'noble'].map((series) => `ubuntu/${series}`),
  'centos/centos70',
  'centos/8',
];

export const RESERVED = new Set(OFFERED.flatMap((name) => [name, ...name.split('/')]));
