interface Row {
  /** Of its file in this folder. */
  name: string;
  /** Options that make it quick. */
  quick: readonly string[];
  /** It takes long in any form, and is run only when it is named. */
  whenNamed?: true;
}

export const ROWS: readonly Row[] = [
  { name: 'start', quick: ['--runs', '5'] },
  { name: 'pack', quick: ['--size', '300M', '--runs', '1'] },
  { name: 'validate', quick: ['--size', '500M', '--runs', '2'] },
  { name: 'diff', quick: ['--size', '1100M', '--runs', '2'] },
  { name: 'upload', quick: ['--size', '200M', '--runs', '2'] },
  { name: 'idle-night', quick: ['--runs', '3'] },
  { name: 'night', quick: ['--units', '40', '--many', '1000'] },
  { name: 'install', quick: ['--only', 'namespace,layer', '--runs', '1'] },
  { name: 'rehearse', quick: [], whenNamed: true },
];
