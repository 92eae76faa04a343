import type { AcceptanceCheck, Condition, LogCommand, OutputExpectation } from './types.ts';

export interface WrittenOutput extends Omit<OutputExpectation, 'hasLines' | 'notMatches'> {
  has_lines?: string;
  not_matches?: string;
}
export interface WrittenCheck extends Pick<AcceptanceCheck, 'id' | 'title' | 'command' | 'why' | 'fix'> {
  severity?: AcceptanceCheck['severity'];
  when?: Condition;
  root?: boolean;
  timeout?: string;
  expect?: {
    exit?: number;
    stdout?: WrittenOutput;
    stderr?: WrittenOutput;
    fresh?: 'deployment' | 'machine';
  };
}
/** A checks file as it is written, by schema/acceptance.schema.json. */
export interface WrittenChecks {
  use?: string[];
  without?: string[];
  gpus?: Record<string, number>;
  checks?: WrittenCheck[];
  logs?: { id: string; when?: Condition; command: LogCommand['command']; root?: boolean }[];
}
