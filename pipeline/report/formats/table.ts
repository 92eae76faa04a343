/** The commands whose result can be had in other forms than their table and --json. */
export type Reporting =
  | 'validate'
  | 'accept'
  | 'rehearse'
  | 'diff'
  | 'nightly'
  | 'checks'
  | 'config settings';

/**
 * The destination of a format: the file that its option names, stdout in place of the table, or a fixed name in its
 * folder of results, or where GitHub Actions wants a job's outputs.
 */
export type Destination = 'file' | 'stdout' | 'folder' | 'job';

export interface Format {
  /** Its long option, where it has one. */
  option: string | null;
  /** The help of the option. */
  help: Partial<Record<'file' | 'stdout', string>>;
  /** Its name in a folder of results. */
  file: string | null;
  commands: Partial<Record<Reporting, Destination>>;
}

/** Every format of reports: its option, its help, and where it can be had. A command has no list of its own. */
export const FORMATS = {
  junit: {
    option: '--junit',
    help: { file: 'write a JUnit report' },
    file: 'junit.xml',
    commands: { validate: 'file', accept: 'file', rehearse: 'file', nightly: 'folder' },
  },
  markdown: {
    option: '--markdown',
    help: { file: 'write a Markdown summary', stdout: 'print Markdown instead of the table' },
    file: 'summary.md',
    commands: {
      validate: 'file',
      accept: 'file',
      rehearse: 'file',
      diff: 'stdout',
      checks: 'stdout',
      'config settings': 'stdout',
      nightly: 'folder',
    },
  },
  sarif: {
    option: '--sarif',
    help: { file: 'write a SARIF 2.1.0 log for code scanning' },
    file: null,
    commands: { validate: 'file', accept: 'file' },
  },
  github: {
    option: '--github',
    help: {
      stdout:
        'print annotations for GitHub Actions instead of the table, and write the job summary and outputs',
    },
    file: null,
    commands: { validate: 'stdout', accept: 'stdout', nightly: 'stdout' },
  },
  html: { option: null, help: {}, file: 'summary.html', commands: { nightly: 'folder' } },
  outputs: { option: null, help: {}, file: null, commands: { nightly: 'job' } },
  dotenv: { option: null, help: {}, file: 'nightly.env', commands: { nightly: 'folder' } },
  gitlab: { option: null, help: {}, file: 'annotations.json', commands: { nightly: 'folder' } },
  json: {
    option: '--json',
    help: { stdout: 'write one JSON object to stdout' },
    file: 'summary.json',
    commands: { nightly: 'folder' },
  },
} as const satisfies Record<string, Format>;

export type FormatId = keyof typeof FORMATS;

/** The writer of a report in each format that it has; null: there is nothing to write. */
export type Writers<T> = Partial<Record<FormatId, (document: T) => string | null | Promise<string | null>>>;

/** The formats that a command writes to a destination, in the table's order. */
export function formatsOf(command: Reporting, destination: Destination): (Format & { id: FormatId })[] {
  return Object.entries<Format>(FORMATS)
    .filter(([, { commands }]) => commands[command] === destination)
    .map(([id, format]) => ({ id: id as FormatId, ...format }));
}

/** A command's options for formats, as its help has them. */
export function formatOptions(command: Reporting): { flags: string; help: string }[] {
  return (['file', 'stdout'] as const).flatMap((destination) =>
    formatsOf(command, destination).flatMap(({ option, help }) =>
      option
        ? [{ flags: destination === 'file' ? `${option} <file>` : option, help: help[destination] ?? '' }]
        : [],
    ),
  );
}
