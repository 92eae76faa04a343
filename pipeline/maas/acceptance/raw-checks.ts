import type { AcceptanceCheck, Condition, LogCommand, OutputExpectation } from './types.ts';

export interface RawOutput extends Omit<OutputExpectation, 'hasLines' | 'notMatches'> {
  has_lines?: string;
  not_matches?: string;
}
export interface RawCheck extends Pick<AcceptanceCheck, 'id' | 'title' | 'command' | 'why' | 'fix'> {
  wrong?: string;
  severity?: AcceptanceCheck['severity'];
  when?: Condition;
  hardware?: boolean;
  root?: boolean;
  timeout?: string;
  expect?: {
    exit?: number;
    stdout?: RawOutput;
    stderr?: RawOutput;
    fresh?: 'deployment' | 'machine';
  };
}
/** A checks file as it is written, by schema/acceptance.schema.json. */
export interface RawChecks {
  use?: string[];
  without?: string[];
  gpus?: Record<string, number>;
  checks?: RawCheck[];
  logs?: { id: string; when?: Condition; command: LogCommand['command']; root?: boolean }[];
}
