/** The benchmarks, each a file of this folder, with what makes it quick. */
export const ROWS: readonly { name: string; quick: readonly string[] }[] = [
  { name: 'start', quick: ['--runs', '5'] },
  { name: 'pack', quick: ['--size', '300M', '--runs', '1'] },
  { name: 'validate', quick: ['--size', '500M', '--runs', '2'] },
  { name: 'upload', quick: ['--size', '200M', '--runs', '2'] },
  { name: 'idle-night', quick: ['--runs', '3'] },
  { name: 'night', quick: ['--units', '40', '--many', '1000'] },
  { name: 'install', quick: ['--only', 'namespace,layer', '--runs', '1'] },
];
